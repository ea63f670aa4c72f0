/** What the server refuses: for good or not, as a whole, alone; and what is too large together. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import type { Claim, Item } from "../../lib/storage.ts";
import { adviceFor, explained } from "../../storage/redis/connection/refusal.ts";
import { PriorityRedisStorage, RedisExpireStorage, RedisStorage } from "../../storage/redis/front.ts";
import { type RedisServer, startRedis, until } from "../redis_server.ts";

const OWNER = { consumer: "c", worker: "w" };
const LIMIT_MS = 60_000;
const MEGABYTE = 1024 * 1024;

let server: RedisServer;
let storage: RedisStorage;

beforeAll(async () => void (server = await startRedis(["--proto-max-bulk-len", String(MEGABYTE)])));
afterAll(() => server.stop());
beforeEach(async () => {
  await server.command("FLUSHALL");
  storage = new RedisStorage({ port: server.port, host: server.host });
});
afterEach(() => storage.close());

function item(id: string, size: number = 1, priority: number = 0): Item {
  return { id, data: new Uint8Array(size), priority, track: true };
}

describe("the words of the server", () => {
  const old = (text: string): Error =>
    new Error(`ERR Error running script (call to f_45e8): @user_script:88: @user_script: 88: -${text}`);

  test("mean the same wherever a version puts them", () => {
    for (const wrap of [(text: string): Error => new Error(text), old]) {
      expect(adviceFor(wrap("READONLY You can't write against a read only replica."))).toBe("elsewhere");
      expect(adviceFor(wrap("NOREPLICAS Not enough good replicas to write."))).toBe("later");
      expect(adviceFor(wrap("ERR Script killed by user with SCRIPT KILL. script: 8d74, on @user_script:1."))).toBe("later");
      expect(adviceFor(wrap("LOADING Redis is loading the dataset in memory"))).toBe("later");
      expect(adviceFor(wrap("OOM command not allowed when used memory > 'maxmemory'."))).toBe("refused");
    }
    expect(adviceFor(new Error("MOVED 3999 127.0.0.1:6381"))).toBe("elsewhere");
    expect(adviceFor(new Error("NOSCRIPT No matching script."))).toBe("script");
    expect(adviceFor(new Error("Socket closed unexpectedly"))).toBe("lost");
  });

  test("tell what is for good", () => {
    const isPermanent = (text: string): boolean => explained(new Error(text)).permanent;
    expect(isPermanent("WRONGTYPE Operation against a key")).toBe(true);
    expect(isPermanent("ERR Protocol error: invalid bulk length")).toBe(true);
    expect(isPermanent("ERR user_script:3: attempt to index a nil value")).toBe(true);
    expect(isPermanent("OOM command not allowed when used memory > 'maxmemory'.")).toBe(false);
    expect(isPermanent("MISCONF Redis is configured to save RDB snapshots")).toBe(false);
    for (const what of ["run this command or subcommand", "access at least one of the keys mentioned in the command"]) {
      expect(isPermanent(`ERR The user executing the script can't ${what} script: 8d74, on @user_script:61.`)).toBe(false);
    }
    expect(isPermanent("NOPERM this user has no permissions to run the 'lpop' command")).toBe(false);
  });
});

describe("what is too large together", () => {
  test("goes all the same: calls of one turn, one call of many, settlements", async () => {
    await Promise.all(Array.from({ length: 30 }, (_, n) => storage.enqueue([item(`a${n}`, 90_000)])));
    await storage.enqueue(Array.from({ length: 30 }, (_, n) => item(`b${n}`, 90_000)));
    expect(await storage.pendingCount()).toBe(60);
    const claims: Claim[] = [];
    while (claims.length < 60) claims.push(...(await storage.claim(60, OWNER)).claims);
    const result = new Uint8Array(90_000);
    const settled = await Promise.all(claims.map((claim) => {
      return storage.settle({
        claim,
        id: claim.id,
        ending: "complete",
        result,
        noticeTtlMs: LIMIT_MS,
        enqueue: [item(claim.id, 90_000)],
      });
    }));
    expect(settled.every(({ held }) => held)).toBe(true);
    expect(await storage.results.size()).toBe(60);
    expect(await storage.pendingCount()).toBe(60);
  }, LIMIT_MS);

  for (const Opened of [RedisStorage, PriorityRedisStorage]) {
    test(`${Opened.name}: is handed out, and becomes due, a few at a time and in order`, async () => {
      await storage.close();
      storage = new Opened({ port: server.port, host: server.host });
      const ids = Array.from({ length: 60 }, (_, n) => `${n}`);
      await storage.enqueue(ids.map((id, n) => ({ ...item(id, 200_000), dueMs: n + 1 })));
      const [moved, claimed]: string[][] = [[], []];
      for (let found = await storage.promoteDue(500); found.length > 0; found = await storage.promoteDue(500)) {
        expect(found.length).toBeLessThan(20);
        moved!.push(...found.map(({ id }) => id));
      }
      for (let { claims } = await storage.claim(100, OWNER); claims.length > 0; { claims } = await storage.claim(100, OWNER)) {
        expect(claims.length).toBeLessThan(20);
        claimed!.push(...claims.map(({ id }) => id));
      }
      expect([moved, claimed]).toEqual([ids, ids]);
    }, LIMIT_MS);
  }

  test("what is left behind for that reason is claimed by whoever waits", async () => {
    const waiting = new RedisStorage({ port: server.port, host: server.host, readTimeout: 50 });
    await storage.enqueue(Array.from({ length: 40 }, (_, n) => item(`${n}`, 200_000)));
    await storage.claim(100, OWNER);
    const { claims } = await waiting.claimOrWait!(100, OWNER, 50_000, new AbortController().signal);
    expect(claims.length).toBeGreaterThan(0);
    await waiting.close();
  }, LIMIT_MS);

  test("one message beyond the longest string of the server goes too", async () => {
    await storage.enqueue([item("a", 3 * MEGABYTE)]);
    expect((await storage.claim(1, OWNER)).claims[0]!.data.length).toBe(3 * MEGABYTE);
  }, LIMIT_MS);

  test("what is refused for good is refused alone", async () => {
    const refused = storage.data.put("key", new Uint8Array(2 * MEGABYTE)).catch((error) => error);
    const others = Promise.all(Array.from({ length: 5 }, (_, n) => storage.enqueue([item(`a${n}`)])));
    expect(await refused).toBeInstanceOf(StorageError);
    expect((await refused).permanent).toBe(true);
    await others;
    expect(await storage.pendingCount()).toBe(5);
  }, LIMIT_MS);
});

describe("a queue of the other kind", () => {
  test("is refused for good, before anything is written", async () => {
    const sorted = new PriorityRedisStorage({ port: server.port, host: server.host });
    await storage.enqueue([item("a"), item("b", 1)]);
    const { claims } = await storage.claim(2, OWNER);
    await sorted.enqueue([item("c")]);
    const calls = [
      storage.settle({ claim: claims[0], id: "a", noticeTtlMs: LIMIT_MS, result: new Uint8Array(1), enqueue: [item("d")] }),
      storage.release([claims[1]!]),
      storage.recover(OWNER),
      storage.enqueue([item("e")]),
      storage.enqueueOnce("slot", LIMIT_MS, item("f")),
    ];
    for (const error of await Promise.all(calls.map((call) => call.then(() => undefined, (reason) => reason)))) {
      expect(error).toBeInstanceOf(StorageError);
      expect(error.permanent).toBe(true);
      expect(error.message).toContain("other kind of storage");
    }
    expect((await storage.claimed(OWNER)).map(({ id }) => id)).toEqual(["a", "b"]);
    expect(await storage.results.size()).toBe(0);
    expect(await storage.meta.size()).toBe(0);
    await sorted.close();
  }, LIMIT_MS);
});

describe("what is left", () => {
  test("an instance that has closed leaves no key of its own", async () => {
    await storage.enqueue([item("a")]);
    const keys = async (): Promise<string> => await server.command("DBSIZE");
    await storage.close();
    const before = await keys();
    for (let n = 0; n < 5; n++) {
      const other = new RedisStorage({ port: server.port, host: server.host });
      await other.enqueue([item(`b${n}`)]);
      const stop = new AbortController();
      const { claims } = await other.claim(1, OWNER);
      await other.release(claims);
      const waiting = other.claimOrWait!(20, OWNER, LIMIT_MS, stop.signal);
      await other.release((await waiting).claims);
      stop.abort();
      await other.close();
    }
    // What was put back is remembered for the queue, and numbers are given to claims.
    const added = Number((await keys()).slice(1)) - Number(before.slice(1));
    expect(added).toBeLessThan(4);
    expect(await server.command("KEYS huey2:*replies*")).toContain("*0");
    expect(await server.command("KEYS huey2:*wake*")).toContain("*0");
  }, LIMIT_MS);

  test("results of the expiring storages, and the ends of their tasks, are ended by the server", async () => {
    const expiring = new RedisExpireStorage({ port: server.port, host: server.host, expireTime: 0.2 });
    await expiring.settle({ id: "a", ending: "complete", result: new Uint8Array(1000), noticeTtlMs: 300 });
    expect(await expiring.results.size()).toBe(1);
    await expiring.close();
    await until(async () => (await server.command("DBSIZE")).startsWith(":0"));
  }, LIMIT_MS);

  test("work of version 0.1 is refused with a word about how to drain it", async () => {
    await server.command("RPUSH huey:{huey}:queue old");
    const error = await new RedisStorage({ port: server.port, host: server.host }).pendingCount().catch((reason) => reason);
    expect(error).toBeInstanceOf(StorageError);
    expect(error.permanent).toBe(true);
    expect(error.message).toContain("Run a consumer of 0.1");
    await server.command("DEL huey:{huey}:queue");
    await server.command("HSET huey:{huey}:data id result");
    expect(await storage.pendingCount()).toBe(0);
  }, LIMIT_MS);
});

test("what follows with a higher priority is claimed before what waited", async () => {
  const sorted = new PriorityRedisStorage({ port: server.port, host: server.host });
  await sorted.enqueue([item("high", 1, 5), item("low")]);
  await server.command("SCRIPT FLUSH");
  const { claims: [claim] } = await sorted.claim(1, OWNER);
  const settled = sorted.settle({ claim, id: "high", noticeTtlMs: LIMIT_MS, enqueue: [item("next", 1, 5)] });
  const { claims } = await sorted.claim(1, OWNER);
  expect(claims.map(({ id }) => id)).toEqual(["next"]);
  expect((await settled).held).toBe(true);
  await sorted.close();
}, LIMIT_MS);
