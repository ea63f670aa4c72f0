import { describe, expect, setSystemTime, test } from "bun:test";
import { testStorage } from "../../testing/contract/suite.ts";
import {
  bytes,
  claim,
  complete,
  enqueueAndClaim,
  ids,
  item,
  items,
  LONG_MS,
  rejection,
} from "../../testing/contract/helpers.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { RecentMap } from "../../storage/recent_map.ts";

testStorage("MemoryStorage", (options) => new MemoryStorage(options), { describe, test, expect });

describe("MemoryStorage alone", () => {
  test("is called huey unless named, and belongs to one isolate", async () => {
    await using stack = new AsyncDisposableStack();
    const one = stack.adopt(new MemoryStorage(), (opened) => opened.close());
    const other = stack.adopt(new MemoryStorage(), (opened) => opened.close());
    expect([one.name, one.shared, one.descriptor]).toEqual(["huey", false, undefined]);
    await one.enqueue([item("a")]);
    expect(await other.pendingCount()).toBe(0);
  });

  test("refuses priorities and due times that are no finite numbers, before anything is written", async () => {
    const storage = new MemoryStorage();
    const wrong = [item("a", { priority: NaN }), item("a", { priority: Infinity }), item("a", { dueMs: NaN })];
    for (const refused of wrong) {
      expect(() => storage.check(refused)).toThrow(RangeError);
      expect(await rejection(storage.enqueue([item("good"), refused]))).toBeInstanceOf(RangeError);
      const claimed = await enqueueAndClaim(storage, "running");
      const settlement = complete(claimed, { result: bytes("1"), enqueue: [item("good"), refused] });
      expect(await rejection(storage.settle(settlement))).toBeInstanceOf(RangeError);
      expect((await storage.settle(complete(claimed))).held).toBe(true);
    }
    expect(await storage.results.size()).toBe(0);
    expect(await storage.pendingCount() + await storage.scheduledCount()).toBe(0);
    await storage.close();
  });

  test("keeps the order of a long queue while the front is taken and put back", async () => {
    const storage = new MemoryStorage();
    await storage.enqueue(items("a", 6000));
    const taken: string[] = [];
    while (await storage.pendingCount() > 0) {
      const claims = await claim(storage, 100);
      await storage.release(claims.slice(50));
      for (const claimed of claims.slice(0, 50)) await storage.settle(complete(claimed));
      taken.push(...ids(claims.slice(0, 50)));
    }
    expect(taken).toEqual(ids(items("a", 6000)));
    await storage.close();
  });

  test("what it remembers of ended tasks has bounds, and the newest are always there", () => {
    const recent = new RecentMap<number>(100);
    for (let index = 0; index < 1000; index++) {
      recent.set(`key ${index}`, index);
      const known = Array.from({ length: index + 1 }, (_, other) => recent.get(`key ${other}`)).filter((value) =>
        value !== undefined
      );
      expect(known.length).toBeGreaterThanOrEqual(Math.min(index + 1, 100));
      expect(known.length).toBeLessThanOrEqual(200);
      expect(known.at(-1)).toBe(index);
    }
    recent.delete("key 999");
    expect(recent.get("key 999")).toBe(undefined);
    recent.clear();
    expect(recent.get("key 998")).toBe(undefined);
  });

  test("an entry that is renewed often keeps its last end", async () => {
    const storage = new MemoryStorage();
    setSystemTime(1_000_000);
    try {
      for (let renewal = 1; renewal <= 3000; renewal++) await storage.data.put("key", bytes("value"), LONG_MS + renewal);
      setSystemTime(1_000_000 + LONG_MS + 2999);
      expect(await storage.data.has("key")).toBe(true);
      setSystemTime(1_000_000 + LONG_MS + 3000);
      expect(await storage.data.has("key")).toBe(false);
    } finally {
      setSystemTime();
      await storage.close();
    }
  });
});
