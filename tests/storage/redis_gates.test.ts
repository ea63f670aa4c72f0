/** Gates, unique keys and steps where much goes at once, where replies are lost, and where the server is full; and what is left of them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Claim, Item, Settlement } from "../../lib/storage.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { openGate } from "../gate.ts";
import { type RedisServer, startRedis, until } from "../redis_server.ts";

const OWNER = { consumer: "c", worker: "w" };
const LIMIT_MS = 60_000;

let server: RedisServer;
let opened: RedisStorage[] = [];

beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());
beforeEach(async () => void await server.command("FLUSHALL"));
afterEach(async () => {
  await server.command("CONFIG SET maxmemory 0");
  await Promise.all(opened.map((storage) => storage.close()));
  opened = [];
});

function open(Opened: typeof RedisStorage = RedisStorage, port: number = server.port): RedisStorage {
  const storage = new Opened({ host: server.host, port });
  opened.push(storage);
  return storage;
}

function item(id: string, extra: Partial<Item> = {}): Item {
  return { id, data: new Uint8Array(10), priority: 0, track: true, ...extra };
}

function gated(id: string, key: string, limit: number): Item {
  return item(id, { gate: { key, limit } });
}

function ended(claim: Claim, extra: Partial<Settlement> = {}): Settlement {
  return { claim, id: claim.id, ending: "empty", noticeTtlMs: LIMIT_MS, ...extra };
}

/** Names of the keys that are there, without those that stay: numbers, what waits for late requests, notices. */
async function keysLeft(): Promise<string[]> {
  const keys = (await server.command("KEYS *")).split(/\s+/).filter((key) => key.startsWith("huey2:"));
  const names = keys.map((key) => key.replace("huey2:{huey}:", ""));
  return names.filter((name) => !/^(numbers|recovered|bell|sets|(replies|notices):.*)$/.test(name)).sort();
}

for (const Opened of [RedisStorage, PriorityRedisStorage]) {
  describe(Opened.name, () => {
    test("settlements that travel together let through no more than the limit, and lose nobody", async () => {
      const [one, other] = [open(Opened), open(Opened)];
      const limits: Readonly<Record<string, number>> = { a: 1, b: 3, c: 7 };
      const all = Array.from({ length: 600 }, (_, n) => {
        const key = ["a", "b", "c", ""][n % 4]!;
        return key === "" ? item(`${n}`) : gated(`${n}`, key, limits[key]!);
      });
      await Promise.all([one.enqueue(all.slice(0, 300)), ...all.slice(300).map((each) => other.enqueue([each]))]);
      const running = new Map<string, Set<string>>();
      const done = new Set<string>();
      for (let round = 0; done.size < all.length; round++) {
        const storage = round % 2 ? one : other;
        const { claims } = await storage.claim(50, OWNER);
        expect([round, claims.length > 0]).toEqual([round, true]);
        for (const { id, gate } of claims) if (gate) running.set(gate.key, (running.get(gate.key) ?? new Set()).add(id));
        for (const [key, ids] of running) expect(ids.size).toBeLessThanOrEqual(limits[key]!);
        // Some go back, and keep their place.
        const [back, ending] = [claims.filter((_, n) => (n + round) % 5 === 0), claims.filter((_, n) => (n + round) % 5 > 0)];
        const settled = await Promise.all(ending.map((claim) => storage.settle(ended(claim))));
        expect(settled.every(({ held }) => held)).toBe(true);
        for (const { id, gate } of ending) {
          done.add(id);
          if (gate) running.get(gate.key)!.delete(id);
        }
        await storage.release(back);
      }
      expect([await one.pendingCount(), await one.blockedCount()]).toEqual([0, 0]);
      expect(await keysLeft()).toEqual([]);
    }, LIMIT_MS);

    test("20,000 that wait behind one key are no matter to the others, nor to those that leave", async () => {
      const storage = open(Opened);
      const many = Array.from({ length: 20_000 }, (_, n) => gated(`${n}`, "long", 1));
      for (let n = 0; n < many.length; n += 5000) await storage.enqueue(many.slice(n, n + 5000));
      expect(await storage.blockedCount()).toBe(19_999);
      await server.command("CONFIG RESETSTAT");
      for (let n = 0; n < 20; n++) {
        await storage.enqueue([gated(`short ${n}`, "short", 1)]);
        const [claim, short] = (await storage.claim(2, OWNER)).claims;
        expect(short!.id).toBe(`short ${n}`);
        await storage.settle(ended(short!));
        const { admitted } = await storage.settle(ended(claim!));
        expect([claim!.id, admitted?.map(({ id }) => id)]).toEqual([`${n}`, [`${n + 1}`]]);
      }
      // How many commands the server has run, whatever its speed: no scan of the line.
      const ran = [...(await server.command("INFO commandstats")).matchAll(/calls=(\d+)/g)];
      expect(ran.reduce((sum, [, calls]) => sum + Number(calls), 0)).toBeLessThan(20 * 150);
      await storage.flush();
      expect(await keysLeft()).toEqual([]);
    }, LIMIT_MS);

    test("a full server lets those that wait through as others end", async () => {
      const storage = open(Opened);
      await storage.enqueue([gated("a", "g", 1), gated("b", "g", 1)]);
      const [claim] = (await storage.claim(1, OWNER)).claims;
      await server.command("CONFIG SET maxmemory 64kb");
      const { admitted } = await storage.settle(ended(claim!));
      expect(admitted?.map(({ id }) => id)).toEqual(["b"]);
      const [next] = (await storage.claim(1, OWNER)).claims;
      expect((await storage.settle(ended(next!, { passLocks: OWNER }))).held).toBe(true);
      await storage.endLease(OWNER.consumer);
      await server.command("CONFIG SET maxmemory 0");
      expect(await storage.enqueue([gated("c", "g", 1)])).toEqual({});
    }, LIMIT_MS);
  });
}

describe("a reply that is lost", () => {
  test("is told again: duplicates, blocked ones, those that were admitted", async () => {
    const wire = await openGate(server.port);
    try {
      const [through, other] = [open(RedisStorage, wire.port), open()];
      const unique = { key: "u", until: "end" } as const;
      await through.enqueue([item("holder", { unique }), gated("first", "g", 1), gated("second", "g", 1)]);
      wire.hold();
      const answer = through.enqueue([item("late", { unique }), gated("third", "g", 2)]);
      await until(async () => await other.blockedCount() === 1 && await other.pendingCount() === 3);
      wire.cut();
      wire.open();
      const { duplicates, blocked, admitted } = await answer;
      expect([[...duplicates!], [...blocked!], admitted!.map(({ id }) => id)]).toEqual([[[0, "holder"]], [1], ["second"]]);
      expect(await other.pendingCount()).toBe(3);
    } finally {
      wire.open();
      await wire.close();
    }
  }, LIMIT_MS);
});
