/** What happens when Redis goes away, forgets its scripts, or drops connections: nothing is lost and nothing happens twice. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import type { Claim, Item } from "../../lib/storage.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { type RedisServer, startRedis, until } from "../redis_server.ts";
import { waitForEnd } from "../../testing/contract/helpers.ts";

const NEVER = new AbortController().signal;
const OWNER = { consumer: "consumer", worker: "worker" };
const TIME_LIMIT_MS = 120_000;

let server: RedisServer;
let opened: RedisStorage[] = [];

function open(Opened: typeof RedisStorage = RedisStorage): RedisStorage {
  const storage = new Opened({ url: server.url });
  opened.push(storage);
  return storage;
}

function item(id: string): Item {
  return { id, data: new TextEncoder().encode(id), priority: 0, track: true };
}

/** Claims and settles until `stop` says so. @returns how often each task was settled */
async function consume(storage: RedisStorage, stop: () => boolean): Promise<Map<string, number>> {
  const settled = new Map<string, number>();
  const settle = async (claim: Claim): Promise<void> => {
    const { id } = claim;
    const settlement = {
      claim,
      id,
      ending: "complete",
      noticeTtlMs: 60_000,
      enqueue: id.startsWith("a") ? [item(`next ${id}`)] : [],
    } as const;
    let again = false;
    const { held } = await insist(() => {
      const sent = storage.settle({ ...settlement, again });
      again = true;
      return sent;
    });
    if (held) settled.set(id, (settled.get(id) ?? 0) + 1);
  };
  const busy = new Set<Promise<void>>();
  while (!stop()) {
    const { claims } = await insist(() => storage.claimOrWait!(10, OWNER, 50, NEVER));
    for (const claim of claims) {
      const work = settle(claim);
      busy.add(work);
      work.finally(() => busy.delete(work));
    }
  }
  await Promise.all(busy);
  return settled;
}

/** A call again and again while the server is away. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }
}

/** Enqueues `count` tasks, a few at a time, while `disturb` does its worst. @returns how often each of the tasks was settled */
async function workThrough(
  count: number,
  disturb: (round: number) => Promise<void>,
  Opened?: typeof RedisStorage,
): Promise<void> {
  const producer = open(Opened);
  const consumer = open(Opened);
  let done = false;
  const consuming = consume(consumer, () => done);
  const ids = Array.from({ length: count }, (_, index) => `a${index}`);
  for (let start = 0; start < count; start += 20) {
    const sent = Promise.all(ids.slice(start, start + 20).map((id) => producer.enqueue([item(id)])));
    if (start % 100 === 0) await disturb(start / 100);
    await sent;
  }
  await until(async () => await consumer.pendingCount() === 0 && (await consumer.claimed(OWNER)).length === 0);
  done = true;
  const settled = await consuming;
  const expected = ids.flatMap((id) => [id, `next ${id}`]);
  expect([...settled.keys()].sort()).toEqual(expected.sort());
  expect([...settled.values()].filter((times) => times !== 1)).toEqual([]);
}

async function killConnections(): Promise<void> {
  await server.command("CLIENT KILL TYPE normal");
  await server.command("CLIENT KILL TYPE pubsub");
}

describe("when Redis goes away", () => {
  beforeEach(async () => {
    server = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map((storage) => storage.close()));
    await server.stop();
  });

  for (const Opened of [RedisStorage, PriorityRedisStorage]) {
    test(`${Opened.name}: connections killed in the middle of work lose and double nothing`, async () => {
      await workThrough(1000, killConnections, Opened);
    }, TIME_LIMIT_MS);
  }

  test("killed connections at every moment", async () => {
    let killing = true;
    const killer = (async () => {
      while (killing) await killConnections();
    })();
    const stop = setTimeout(() => killing = false, 1500);
    await workThrough(500, () => Promise.resolve());
    clearTimeout(stop);
    killing = false;
    await killer;
  }, TIME_LIMIT_MS);

  test("a server that is killed and started again loses and doubles nothing", async () => {
    await workThrough(500, async (round) => {
      if (round === 0) return;
      await server.kill();
      await server.start();
    });
  }, TIME_LIMIT_MS);

  test("forgotten scripts are sent again", async () => {
    await workThrough(500, async () => void await server.command("SCRIPT FLUSH"));
  }, TIME_LIMIT_MS);

  test("a claim that waits goes on when the server is back", async () => {
    const storage = open();
    await storage.pendingCount();
    const found = insist(() => storage.claimOrWait!(1, OWNER, 50_000, NEVER));
    await storage.pendingCount();
    await server.kill();
    await server.start();
    await open().enqueue([item("b")]);
    expect((await found).claims.map(({ id }) => id)).toEqual(["b"]);
  }, TIME_LIMIT_MS);

  test("a wait for a result goes on when the server is back", async () => {
    const storage = open();
    const waited = waitForEnd(storage, "b");
    await storage.pendingCount();
    await server.kill();
    await server.start();
    await open().settle({ id: "b", ending: "complete", noticeTtlMs: 60_000 });
    expect(await waited).toBe(true);
  }, TIME_LIMIT_MS);

  test("calls reject while the server is away, and work again when it is back", async () => {
    const storage = open();
    await storage.enqueue([item("b")]);
    await server.kill();
    const calls = [storage.enqueue([item("c")]), storage.data.peek("key"), open().increment("counter", 1)];
    const reasons = await Promise.all(calls.map((call) => call.catch((error) => error)));
    for (const reason of reasons) {
      expect(reason).toBeInstanceOf(StorageError);
      expect(reason.message).toContain(`127.0.0.1:${server.port}`);
    }
    await server.start();
    expect((await storage.pending()).map(({ id }) => id)).toEqual(["b"]);
  }, TIME_LIMIT_MS);

  test("closing writes what was called before it was connected", async () => {
    const storage = open();
    const calls = [storage.enqueue([item("a")]), storage.data.put("key", new Uint8Array(1)), storage.enqueue([item("b")])];
    await storage.close();
    await Promise.all(calls);
    expect((await open().pending()).map(({ id }) => id)).toEqual(["a", "b"]);
  }, TIME_LIMIT_MS);

  test("closing does not wait for a server that is away", async () => {
    const storage = open();
    await storage.enqueue([item("b")]);
    const claim = await storage.claim(10, OWNER);
    expect(claim.claims).toHaveLength(1);
    const waiting = storage.claimOrWait!(1, OWNER, 50_000, NEVER).catch((error) => error);
    await storage.pendingCount();
    await server.kill();
    const late = storage.enqueue([item("c")]).catch((error) => error);
    await storage.close();
    expect(await late).toBeInstanceOf(StorageError);
    await waiting;
  }, TIME_LIMIT_MS);
});
