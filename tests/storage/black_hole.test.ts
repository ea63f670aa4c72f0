import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import { BlackHoleStorage } from "../../storage/black_hole.ts";
import { bytes, claim, item, lease, LONG_MS, owner, rejection, waitForEnd } from "../../testing/contract/helpers.ts";

describe("BlackHoleStorage", () => {
  let storage: BlackHoleStorage;
  beforeEach(() => void (storage = new BlackHoleStorage()));
  afterEach(() => storage.close());

  test("is called huey unless named, and can be opened elsewhere", async () => {
    expect(storage.name).toBe("huey");
    const { module, className, options } = structuredClone(new BlackHoleStorage({ name: "other" }).descriptor!);
    expect(new (await import(module))[className](options).name).toBe("other");
  });

  test("items vanish", async () => {
    await storage.enqueue([item("a"), item("b", { dueMs: 1 })]);
    expect(await storage.enqueueOnce("key", LONG_MS, item("c"))).toEqual({});
    expect(await claim(storage, 5)).toEqual([]);
    expect(await storage.promoteDue(5)).toEqual([]);
    expect([await storage.pending(), await storage.scheduled()]).toEqual([[], []]);
    expect([await storage.pendingCount(), await storage.scheduledCount()]).toEqual([0, 0]);
    expect(await storage.state("a")).toBeUndefined();
  });

  test("settling, leases and recovery leave no trace", async () => {
    const claimed = { ...item("a"), token: "1", deliveries: 1 };
    expect((await storage.settle({ claim: claimed, id: "a", noticeTtlMs: 0 })).held).toBe(true);
    await storage.release([claimed]);
    await storage.renewLease(lease());
    await storage.endLease(lease().consumer);
    expect(await storage.leases()).toEqual([]);
    expect(await storage.claimed(owner())).toEqual([]);
    expect(await storage.recover()).toEqual([]);
    expect(await storage.begin(claimed)).toBe(true);
    expect(await storage.dueMs()).toBe(undefined);
    expect(await storage.endedOf(["a", "b"])).toEqual(["a", "b"]);
    (await storage.listen("queue", () => {}))();
    await storage.flush(["queue"]);
    expect((await storage.collect("chord")).values).toEqual([]);
    expect(await storage.deadLetters()).toEqual([]);
    expect(await storage.deadLetterCount()).toBe(0);
    expect(await storage.requeueDeadLetter("a", item("a"))).toBeUndefined();
    expect(await storage.deleteDeadLetter("a")).toBe(false);
  });

  test("nothing is paused, blocked, kept or counted", async () => {
    await storage.pause({});
    expect([await storage.paused(), await storage.resume(), await storage.promote("a")]).toEqual([undefined, false, undefined]);
    const gate = { key: "gate", limit: 1 };
    const unique = { key: "key", until: "end" as const };
    expect(await storage.enqueue([item("a", { gate, unique }), item("b", { gate, unique })])).toEqual({});
    expect([await storage.blockedCount(), await storage.blocked(), await storage.running()]).toEqual([0, [], []]);
    expect([await storage.oldestMs(), await storage.deadLetter("a"), (await storage.kept("a")).size]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    await storage.count([], [bytes("end")], { minuteAgeMs: 1, hourAgeMs: 1, recent: 1 });
    expect(await storage.recent(1)).toEqual([]);
    expect(await storage.counts({ step: "hour", fromMs: 0, toMs: 1, limit: 1 })).toEqual([]);
  });

  test("every key is free", async () => {
    for (const space of [storage.results, storage.locks, storage.data, storage.revocations, storage.meta]) {
      await space.put("key", bytes("value"));
      expect(await space.peek("key")).toBeUndefined();
      expect(await space.pop("key")).toBeUndefined();
      expect(await space.peekMany(["key", "other"])).toEqual([undefined, undefined]);
      expect(await space.has("key")).toBe(false);
      expect(await space.delete("key")).toBe(false);
      expect(await space.putIfEmpty("key", bytes("value"))).toBe(true);
      expect(await space.putIfEmpty("key", bytes("value"))).toBe(true);
      expect(await space.deleteIfEqual("key", bytes("value"))).toBe(false);
      expect(await space.replaceIfEqual("key", undefined, bytes("value"))).toBe(true);
      expect(await space.replaceIfEqual("key", bytes("value"), bytes("other"))).toBe(false);
      expect(await space.size()).toBe(0);
      expect(await space.entries()).toEqual(new Map());
      await space.flush();
    }
  });

  test("a counter returns the amount", async () => {
    expect(await storage.increment("key", 3)).toBe(3);
    expect(await storage.increment("key", 4)).toBe(4);
  });

  test("the queue is always empty, and nothing is ever due", async () => {
    await storage.enqueue([item("a")]);
    expect(await storage.claim(1, owner())).toEqual({ claims: [], revocations: false });
    expect(await storage.dueMs()).toBeUndefined();
  });

  test("nobody waits for a result that never comes", async () => {
    expect(await waitForEnd(storage, "a")).toBe(true);
    const reason = new Error("no longer needed");
    expect(await rejection(waitForEnd(storage, "a", { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  test("calls after closing are refused", async () => {
    await storage.close();
    await storage.close();
    expect(await rejection(storage.enqueue([item("a")]))).toBeInstanceOf(StorageError);
    expect(await rejection(storage.data.peek("key"))).toBeInstanceOf(StorageError);
    expect(await rejection(storage.pending())).toBeInstanceOf(StorageError);
  });
});
