/** The storage with faults does what it says, so that runs on it mean something. @module */
import { describe, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { bytes, item, rejection } from "../../testing/contract/helpers.ts";
import { type FaultOptions, type Faulty, makeFaulty } from "../faulty.ts";

function faulty(options: Partial<FaultOptions>): { storage: MemoryStorage; faulty: Faulty } {
  const storage = new MemoryStorage();
  return { storage, faulty: makeFaulty(storage, { seed: 1, fail: 0, lose: 0, hang: 0, ...options }) };
}

describe("a storage with faults", () => {
  test("a call that fails does nothing", async () => {
    const { storage, faulty: { storage: tried, faults } } = faulty({ fail: 1 });
    expect(await rejection(tried.enqueue([item("a")]))).toBeInstanceOf(StorageError);
    expect(await rejection(tried.results.put("key", bytes("1")))).toBeInstanceOf(StorageError);
    expect([await storage.pendingCount(), await storage.results.size()]).toEqual([0, 0]);
    expect(faults).toEqual(["enqueue fails", "results.put fails"]);
  });

  test("a call whose reply is lost is carried out", async () => {
    const { storage, faulty: { storage: tried } } = faulty({ lose: 1 });
    expect(await rejection(tried.enqueue([item("a")]))).toBeInstanceOf(StorageError);
    expect(await rejection(tried.locks.putIfEmpty("key", bytes("1")))).toBeInstanceOf(StorageError);
    expect([await storage.pendingCount(), await storage.locks.size()]).toEqual([1, 1]);
  });

  test("a call that hangs ends one way or the other", async () => {
    const { storage, faulty: { storage: tried, faults } } = faulty({ hang: 1, hangMs: 2 });
    const ended = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => tried.enqueue([item(`a${index}`)])));
    const carriedOut = ended.filter(({ status }) => status === "fulfilled").length;
    expect(carriedOut).toBeGreaterThan(0);
    expect(carriedOut).toBeLessThan(30);
    expect(await storage.pendingCount()).toBe(carriedOut);
    expect(faults).toHaveLength(30);
  });

  test("rings are heard, and nobody listens after a lost reply", async () => {
    const rung = Promise.withResolvers<void>();
    const { storage, faulty: { storage: tried } } = faulty({ hang: 1, hangMs: 2, only: (call) => call === "enqueue" });
    await tried.listen("queue", rung.resolve);
    await storage.enqueue([item("a")]);
    await rung.promise;
    let rings = 0;
    const { storage: other, faulty: { storage: lost } } = faulty({ lose: 1 });
    expect(await rejection(lost.listen("queue", () => void rings++))).toBeInstanceOf(StorageError);
    await other.enqueue([item("a")]);
    await other.enqueue([item("b")]);
    expect(rings).toBe(0);
  });

  test("a seed draws the same faults each time, and healing ends them", async () => {
    const draw = async (seed: number): Promise<readonly string[]> => {
      const { faulty: { storage: tried, faults, heal } } = faulty({ seed, fail: 0.1, lose: 0.1, hang: 0.1, hangMs: 1 });
      for (let calls = 0; calls < 100; calls++) await tried.meta.put("key", bytes("1")).catch(() => {});
      heal();
      const before = faults.length;
      for (let calls = 0; calls < 100; calls++) await tried.meta.put("key", bytes("1"));
      expect(faults).toHaveLength(before);
      return faults;
    };
    const [first, again, other] = [await draw(7), await draw(7), await draw(8)];
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
    expect(first.length).toBeGreaterThan(10);
  });
});
