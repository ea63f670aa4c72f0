/** Options of the Redis storages, and what the user is told when they do not fit. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient, createClientPool } from "redis";
import { ConfigurationError, StorageError } from "../../lib/errors.ts";
import { nodeRedis } from "../../storage/redis/connection/node_redis.ts";
import { RedisExpireHuey } from "../../storage/redis/huey.ts";
import {
  PriorityRedisExpireStorage,
  PriorityRedisStorage,
  RedisExpireStorage,
  RedisStorage,
} from "../../storage/redis/front.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { claim, waitDue, waitForEnd } from "../../testing/contract/helpers.ts";

const OWNER = { consumer: "consumer", worker: "worker" };
const ITEM = { id: "a", data: new Uint8Array([1]), priority: 0, track: true };

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return await promise.then(() => new Error("Nothing was thrown"), (error) => error);
}

test("of node-redis only the client is loaded, without the commands of modules of the server", async () => {
  const client = (await nodeRedis()).createClient({}) as object;
  expect("sendCommand" in client).toBe(true);
  expect("json" in client).toBe(false);
});

describe("options of the Redis storages", () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await startRedis(["--requirepass", "open sesame"])));
  afterAll(() => server.stop());

  test("a value at the wrong place is not told: it may be a password", () => {
    for (const name of ["port", "db", "password", "clientOptions"]) {
      const given = { [name]: name === "password" ? 12_345_678 : "open sesame" } as never;
      expect(() => new RedisStorage(given)).toThrow(`${name} must be`);
      expect(() => new RedisStorage(given)).not.toThrow(/open sesame|12345678/);
    }
    expect(() => new RedisStorage({ username: ["open sesame"] as never })).toThrow("not a value of type object");
  });

  test("only one way to say where the server is", () => {
    for (
      const options of [{ url: "redis://a", host: "b" }, { url: "redis://a", port: 1 }, { host: "a", client: {} }, {
        client: {},
        pool: {},
      }]
    ) {
      expect(() => new RedisStorage(options)).toThrow(ConfigurationError);
    }
    expect(() => new RedisStorage({ url: "redis://a", host: "b" })).toThrow("url and host/port");
  });

  test("what the client would leave out is refused", () => {
    const login = "redis://ann:hidden@a/1";
    for (const extra of [{ db: 2 }, { username: "bob" }, { password: "open sesame" }]) {
      const name = Object.keys(extra)[0]!;
      expect(() => new RedisStorage({ url: login, ...extra })).toThrow(`was given ${name} beside a url that has one`);
      expect(() => new RedisStorage({ url: login.replace("redis://", "unix://").replace("a/1", "/a?db=1"), ...extra })).toThrow(
        name,
      );
      expect(() => new RedisStorage({ client: createClient(), ...extra })).toThrow(`was given ${name} beside a client`);
      expect(() => new RedisStorage({ url: "redis://a", ...extra })).not.toThrow();
      expect(() => new RedisStorage({ url: login, ...extra })).not.toThrow(/hidden|sesame/);
    }
    for (const extra of [{ clientName: "me" }, { clientOptions: {} }]) {
      expect(() => new RedisStorage({ client: createClient(), ...extra })).toThrow(`was given ${Object.keys(extra)[0]} beside`);
      expect(() => new RedisStorage({ url: login, ...extra })).not.toThrow();
    }
    expect(() => new RedisStorage({ url: "redis://a/0", db: 2 })).toThrow(ConfigurationError);
    expect(() => new RedisStorage({ url: "redis://:hidden@a", username: "bob" })).not.toThrow();
  });

  test("what is undefined counts as not given", () => {
    expect(new RedisStorage({ url: "redis://a", host: undefined, port: undefined, db: undefined } as object).name).toBe("huey");
  });

  test("an impossible url, port, client or time is refused at once, and no password is shown", () => {
    expect(() => new RedisStorage({ url: "http://user:secret@a" })).toThrow(ConfigurationError);
    expect(() => new RedisStorage({ url: "http://user:secret@a" })).not.toThrow(/secret/);
    expect(() => new RedisStorage({ port: 70_000 })).toThrow("70000");
    expect(() => new RedisStorage({ client: {} })).toThrow(ConfigurationError);
    for (const name of ["client", "pool"]) expect(() => new RedisStorage({ [name]: null })).toThrow(`${name} must be`);
    expect(() => new RedisExpireHuey({ expireTime: null as never })).toThrow("expireTime must be");
    expect(() => new RedisStorage({ readTimeout: 0 })).toThrow(RangeError);
    expect(() => new RedisStorage({ readTimeout: -1 })).toThrow(RangeError);
  });

  test("a list has no priorities, and says who has", () => {
    for (const Opened of [RedisStorage, RedisExpireStorage]) {
      expect(() => new Opened().check({ ...ITEM, priority: 1 })).toThrow("PriorityRedisHuey");
      expect(() => new Opened().check(ITEM)).not.toThrow();
    }
    for (const Opened of [PriorityRedisStorage, PriorityRedisExpireStorage]) {
      expect(() => new Opened().check({ ...ITEM, priority: 1.5 })).not.toThrow();
    }
  });

  test("the descriptor is plain data, or there is none", () => {
    const storage = new PriorityRedisExpireStorage({
      name: "n",
      host: "h",
      port: 1,
      readTimeout: { milliseconds: 500 },
      expireTime: { minutes: 1 },
    });
    expect(storage.descriptor?.className).toBe("PriorityRedisExpireStorage");
    expect(storage.descriptor?.options).toEqual({ name: "n", host: "h", port: 1, readTimeout: 0.5, expireTime: 60 });
    expect(new RedisStorage({ client: createClient() }).descriptor).toBeUndefined();
    expect(new RedisStorage({ clientOptions: { socket: { reconnectStrategy: () => 1 } } }).descriptor).toBeUndefined();
  });

  test("a refused login is told without the password", async () => {
    for (
      const options of [{ port: server.port, password: "hunter2" }, { port: server.port }, {
        url: `redis://:hunter2@${server.host}:${server.port}`,
      }]
    ) {
      const storage = new RedisStorage(options);
      const reason = await rejection(storage.pendingCount());
      expect(reason).toBeInstanceOf(StorageError);
      expect(reason.message).toContain("refused the login");
      expect(`${reason.stack}${(reason.cause as Error)?.stack}`).not.toContain("hunter2");
      await storage.close();
    }
  });

  test("a database that does not exist is told", async () => {
    const storage = new RedisStorage({ port: server.port, password: "open sesame", db: 99 });
    const reason = await rejection(storage.pendingCount());
    expect(reason).toBeInstanceOf(StorageError);
    expect(reason.message).toContain("db");
    await storage.close();
  });

  test("host, port, password, database and name of the client are used", async () => {
    const storage = new RedisStorage({
      host: server.host,
      port: server.port,
      password: "open sesame",
      db: 3,
      clientName: "my-app",
    });
    await storage.enqueue([ITEM]);
    const client = await createClient({ url: server.url, password: "open sesame", database: 3 }).on("error", () => {})
      .connect();
    expect(await client.lLen("huey2:{huey}:queue")).toBe(1);
    expect((await client.sendCommand(["CLIENT", "LIST"]) as string).includes("name=my-app")).toBe(true);
    client.destroy();
    await storage.close();
  });

  test("a client or a pool of the application is a pattern, and stays open", async () => {
    const client = createClient({ url: server.url, password: "open sesame", database: 4 });
    client.on("error", () => {});
    await client.connect();
    const pool = createClientPool({ url: server.url, password: "open sesame", database: 4 });
    pool.on("error", () => {});
    await pool.connect();
    for (const options of [{ client }, { pool }]) {
      const storage = new RedisStorage({ name: "pattern", ...options });
      await storage.enqueue([ITEM]);
      expect((await storage.claim(1, OWNER)).claims).toHaveLength(1);
      await storage.close();
    }
    expect(await client.ping()).toBe("PONG");
    expect(await client.hLen("huey2:{pattern}:requests")).toBe(2);
    client.destroy();
    pool.destroy();
  });

  test("the other kind of queue under the same name is told", async () => {
    const options = { name: "changed", port: server.port, password: "open sesame" };
    const list = new RedisStorage(options);
    const sorted = new PriorityRedisStorage(options);
    await list.enqueue([ITEM]);
    const reason = await rejection(sorted.enqueue([ITEM]));
    expect(reason).toBeInstanceOf(StorageError);
    expect(reason.message).toContain("other kind of storage");
    expect(await list.pendingCount()).toBe(1);
    await list.flush();
    await Promise.all([list.close(), sorted.close()]);
  });

  test("without blocking, nothing rings, and whoever waits looks again and again", async () => {
    const options = { name: "polling", port: server.port, password: "open sesame", blocking: false };
    const waiting = new RedisStorage(options);
    const other = new RedisStorage(options);
    expect(waiting.claimOrWait).toBeUndefined();
    const found = claim(waiting, 1, { waitMs: 50_000 });
    const ended = waitForEnd(waiting, "b", { lookMs: 1 });
    const due = waitDue(waiting, 50_000);
    await other.enqueue([ITEM, { ...ITEM, id: "due", dueMs: Date.now() }]);
    expect((await found).map(({ id }) => id)).toEqual(["a"]);
    await other.settle({ id: "b", ending: "complete", noticeTtlMs: 60_000 });
    expect(await ended).toBe(true);
    await due;
    await Promise.all([waiting.close(), other.close()]);
  });

  test("results of the expiring storages stay when they are read, and end after their time", async () => {
    const options = { name: "expiring", port: server.port, password: "open sesame" };
    const storage = new RedisExpireStorage({ ...options, expireTime: 60 });
    const brief = new RedisExpireStorage({ ...options, expireTime: 0.05 });
    const value = new Uint8Array([1, 2]);
    await storage.settle({ id: "a", ending: "complete", result: value, noticeTtlMs: 60_000 });
    expect(await storage.results.pop("a")).toEqual(value);
    expect(await storage.results.pop("a")).toEqual(value);
    await brief.settle({ id: "b", ending: "complete", result: value, noticeTtlMs: 60_000 });
    while (await brief.results.has("b")) await storage.pendingCount();
    expect(await storage.results.size()).toBe(1);
    await brief.close();
    await storage.data.put("key", value);
    expect(await storage.data.pop("key")).toEqual(value);
    expect(await storage.data.has("key")).toBe(false);
    await storage.close();
  });
});
