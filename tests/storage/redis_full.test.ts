/** A server whose memory is full: what only reads goes on, what ends does too, and nobody takes what a living consumer runs. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import type { Claim, Item } from "../../lib/storage.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { type RedisServer, startRedis, until } from "../redis_server.ts";
import { waitForEnd } from "../../testing/contract/helpers.ts";

const OWNER = { consumer: "living", worker: "w" };
const LIMIT_MS = 60_000;

let server: RedisServer;
let storage: RedisStorage;

beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());
beforeEach(async () => {
  await server.command("FLUSHALL");
  storage = new RedisStorage({ port: server.port, host: server.host });
});
afterEach(async () => {
  await setFull(false);
  await storage.close();
});

async function setFull(isFull: boolean): Promise<void> {
  await server.command(`CONFIG SET maxmemory ${isFull ? "64kb" : "0"}`);
}

function item(id: string): Item {
  return { id, data: new Uint8Array([1]), priority: 0, track: true };
}

async function running(id: string): Promise<Claim> {
  await storage.enqueue([item(id)]);
  return (await storage.claim(1, OWNER)).claims[0]!;
}

const LEASE = { consumer: OWNER.consumer, ttlMs: 500, host: "here", pid: 1 };

for (const Opened of [RedisStorage, PriorityRedisStorage]) {
  test(`${Opened.name}: leases are renewed, and whoever recovers renews first and leaves others alone`, async () => {
    await storage.close();
    storage = new Opened({ port: server.port, host: server.host });
    await storage.renewLease(LEASE);
    await running("a");
    await setFull(true);
    const before = (await storage.leases())[0]!.expiresMs;
    await until(async () => {
      await storage.renewLease({ ...LEASE, ttlMs: LIMIT_MS });
      return (await storage.leases())[0]!.expiresMs > before;
    });
    expect(await storage.recover(undefined, { ...LEASE, consumer: "other", ttlMs: LIMIT_MS })).toEqual([]);
    expect((await storage.leases()).map(({ consumer }) => consumer).sort()).toEqual(["living", "other"]);
    expect((await storage.claimed(OWNER)).map(({ id }) => id)).toEqual(["a"]);
  }, LIMIT_MS);

  test(`${Opened.name}: a queue can be drained, with begin, retries and releases`, async () => {
    await storage.close();
    storage = new Opened({ port: server.port, host: server.host });
    await storage.enqueue(["a", "b", "c"].map(item));
    await setFull(true);
    const { claims } = await storage.claim(3, OWNER);
    expect(claims.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(await storage.begin(claims[0]!)).toBe(true);
    const ended = {
      claim: claims[0],
      id: "a",
      ending: "complete",
      result: new Uint8Array([1]),
      noticeTtlMs: LIMIT_MS,
    } as const;
    expect((await storage.settle(ended)).held).toBe(true);
    const retry = { claim: claims[1], id: "b", noticeTtlMs: LIMIT_MS, enqueue: [{ ...item("b"), retry: true }] };
    expect((await storage.settle(retry)).held).toBe(true);
    await storage.release([claims[2]!]);
    expect((await storage.pending()).map(({ id }) => id).sort()).toEqual(["b", "c"]);
    expect(await storage.results.pop("a")).toEqual(new Uint8Array([1]));
  }, LIMIT_MS);
}

test("what becomes due goes to the queue, and to the line of its gate", async () => {
  const gate = { key: "g", limit: 1 };
  await storage.enqueue(["a", "b"].map((id, n) => ({ ...item(id), gate, dueMs: n + 1 })));
  await setFull(true);
  expect((await storage.promoteDue(10)).map(({ id, blocked }) => [id, blocked ?? false])).toEqual([["a", false], ["b", true]]);
  expect([await storage.pendingCount(), await storage.blockedCount(), await storage.scheduledCount()]).toEqual([1, 1, 0]);
}, LIMIT_MS);

test("what would add is refused, and not for good", async () => {
  await storage.enqueue([item("a")]);
  await setFull(true);
  const error = await storage.enqueue([item("b")]).catch((reason) => reason);
  expect(error).toBeInstanceOf(StorageError);
  expect(error.permanent).toBe(false);
  expect((await storage.pending()).map(({ id }) => id)).toEqual(["a"]);
}, LIMIT_MS);

test("waiting for a result goes on, by looks where the server cannot note who waits", async () => {
  const claim = await running("a");
  await setFull(true);
  const waited = waitForEnd(storage, "a");
  let rings = 0;
  const stop = await storage.listen("results", () => rings++);
  expect(await storage.endedOf(["a"])).toEqual([]);
  await until(() => Promise.resolve(rings > 1));
  stop();
  const other = new RedisStorage({ port: server.port, host: server.host });
  await other.settle({ claim, id: "a", ending: "complete", noticeTtlMs: LIMIT_MS });
  expect(await waited).toBe(true);
  await other.close();
}, LIMIT_MS);

test("a read that finds nothing, and a change that frees, are no writes", async () => {
  await storage.data.put("key", new Uint8Array([1]));
  await setFull(true);
  expect(await storage.results.pop("a")).toBeUndefined();
  expect(await storage.results.peek("a")).toBeUndefined();
  expect(await storage.data.delete("key")).toBe(true);
  expect(await storage.state("a")).toBeUndefined();
}, LIMIT_MS);
