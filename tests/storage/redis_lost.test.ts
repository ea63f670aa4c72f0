/** Replies that come late or never: what was claimed for nobody goes back as if it had never been handed out, and what was lost is found. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import type { Item } from "../../lib/storage.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { type Gate, openGate } from "../gate.ts";
import { type RedisServer, startRedis, until } from "../redis_server.ts";

const NEVER = new AbortController().signal;
const OWNER = { consumer: "c", worker: "w" };
const LIMIT_MS = 60_000;

let server: RedisServer;
let gate: Gate;
let other: RedisStorage;
let opened: RedisStorage[] = [];

beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());
beforeEach(async () => {
  await server.command("FLUSHALL");
  gate = await openGate(server.port);
  opened = [];
  other = open(server.port);
});
afterEach(async () => {
  gate.open();
  await Promise.all(opened.map((storage) => storage.close()));
  await gate.close();
});

function open(port: number, Opened: typeof RedisStorage = RedisStorage): RedisStorage {
  const storage = new Opened({ host: server.host, port, readTimeout: 30 });
  opened.push(storage);
  return storage;
}

function items(...ids: string[]): Item[] {
  return ids.map((id) => ({ id, data: new Uint8Array(100), priority: 0, track: true }));
}

/** Connected, and the server knows its scripts, so that each call is one request. */
async function warm(storage: RedisStorage): Promise<RedisStorage> {
  await storage.claim(1, OWNER);
  await storage.recover(OWNER);
  return storage;
}

async function claimsOf(storage: RedisStorage): Promise<string[]> {
  return (await storage.claimed(OWNER)).map(({ id }) => id);
}

describe("a claim whose reply is late", () => {
  for (const Opened of [RedisStorage, PriorityRedisStorage]) {
    test(`${Opened.name}: does not count as handed out when the consumer ends meanwhile`, async () => {
      other = open(server.port, Opened);
      const storage = await warm(open(gate.port, Opened));
      await other.enqueue(items("a", "b"));
      gate.hold();
      const stop = new AbortController();
      const claimed = storage.claimOrWait!(2, OWNER, 0, stop.signal);
      await until(async () => (await claimsOf(other)).length === 2);
      stop.abort();
      expect((await claimed).claims).toEqual([]);
      const recovered = storage.recover({ consumer: OWNER.consumer });
      await until(async () => await other.pendingCount() === 2);
      gate.open();
      await recovered;
      const { claims } = await other.claim(2, OWNER);
      expect(claims.map(({ id, deliveries }) => [id, deliveries])).toEqual([["a", 1], ["b", 1]]);
    }, LIMIT_MS);
  }

  test("nor does one that stood behind the bell", async () => {
    const storage = await warm(open(gate.port));
    const stop = new AbortController();
    const claimed = storage.claimOrWait!(2, OWNER, LIMIT_MS, stop.signal);
    await until(async () => (await server.command("INFO clients")).includes("blocked_clients:1"));
    gate.hold();
    await other.enqueue(items("a"));
    await until(async () => (await claimsOf(other)).length === 1);
    stop.abort();
    expect((await claimed).claims).toEqual([]);
    const recovered = storage.recover({ consumer: OWNER.consumer });
    await until(async () => await other.pendingCount() === 1);
    gate.open();
    await recovered;
    expect((await other.claim(1, OWNER)).claims[0]!.deliveries).toBe(1);
  }, LIMIT_MS);

  test("counts as handed out when its reply has come", async () => {
    await other.enqueue(items("a"));
    const storage = open(gate.port);
    await storage.claim(1, OWNER);
    await storage.recover({ consumer: OWNER.consumer });
    expect((await other.claim(1, OWNER)).claims[0]!.deliveries).toBe(2);
  }, LIMIT_MS);
});

describe("a claim whose reply never comes", () => {
  test("is found by the same request in the order of the queue", async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `t${index}`);
    const storage = await warm(open(gate.port));
    await other.enqueue(items(...ids));
    gate.hold();
    const claimed = storage.claim(200, OWNER);
    await until(async () => (await claimsOf(other)).length === 200);
    gate.cut();
    gate.open();
    expect((await claimed).claims.map(({ id }) => id)).toEqual(ids);
  }, LIMIT_MS);

  test("goes back when the server can be reached again, although the call has failed", async () => {
    const storage = await warm(open(gate.port));
    await other.enqueue(items("a", "b"));
    gate.hold();
    const claimed = storage.claim(2, OWNER).catch((error) => error);
    await until(async () => (await claimsOf(other)).length === 2);
    gate.cut();
    expect(await claimed).toBeInstanceOf(StorageError);
    gate.open();
    const found: (readonly [string, number])[] = [];
    while (found.length < 2) {
      const { claims } = await storage.claimOrWait!(2, OWNER, 1000, NEVER);
      found.push(...claims.map(({ id, deliveries }) => [id, deliveries] as const));
    }
    expect(found).toEqual([["a", 1], ["b", 1]]);
  }, LIMIT_MS);

  test("is not looked for if the server has refused it", async () => {
    const storage = await warm(open(gate.port));
    await server.command("ZADD huey2:{huey}:queue 0 text");
    for (let n = 0; n < 3; n++) {
      const error = await storage.claim(1, OWNER).catch((reason) => reason);
      expect(error.message).toContain("other kind of storage");
    }
    await server.command("DEL huey2:{huey}:queue");
    await server.command("CONFIG RESETSTAT");
    await storage.claim(1, OWNER);
    await storage.close();
    expect(await server.command("INFO commandstats")).toContain("cmdstat_evalsha:calls=1,");
  }, LIMIT_MS);
});
