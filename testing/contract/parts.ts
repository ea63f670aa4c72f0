/** Cases of spaces that are apart, and of flushing one part. @module */
import type { FlushPart, Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { bytes, claimOne, complete, enqueueAndClaim, FAR_MS, ids, item, lease, owner, peekText } from "./helpers.ts";

const PARTS = ["queue", "schedule", "results", "locks", "data", "revocations", "counters", "deadLetters"] as const;

/** Something in each part. */
async function fill(storage: Storage): Promise<void> {
  await storage.renewLease(lease());
  const buried = await enqueueAndClaim(storage, "buried");
  const bury = { id: "letter", kind: "unreadable" as const, reason: "no", atMs: 1000, data: bytes("x"), taskId: "buried" };
  await storage.settle({ claim: buried, id: "buried", ending: "dead", noticeTtlMs: 0, bury });
  await storage.settle(complete(await enqueueAndClaim(storage, "ended"), { result: bytes("1") }));
  await storage.enqueue([item("running"), item("waiting")], [{ id: "chord", size: 1, callback: item("callback") }]);
  await claimOne(storage);
  await storage.enqueue([item("later", { dueMs: FAR_MS })]);
  await storage.locks.put("key", bytes("1"));
  await storage.data.put("key", bytes("1"));
  await storage.revocations.put("key", bytes("1"));
  await storage.meta.put("key", bytes("1"));
  await storage.increment("key", 1);
}

/** What is in each part. */
async function counts(storage: Storage): Promise<Record<FlushPart, number>> {
  const queued = await storage.pendingCount() + (await storage.claimed(owner())).length;
  return {
    queue: queued + (await storage.collect("chord")).values.length,
    schedule: await storage.scheduledCount(),
    results: await storage.results.size() + (await storage.state("ended") ? 1 : 0),
    locks: await storage.locks.size(),
    data: await storage.data.size(),
    revocations: await storage.revocations.size(),
    counters: await storage.meta.size() + await storage.increment("key", 0),
    deadLetters: await storage.deadLetterCount(),
    stats: 0,
  };
}

const FULL = { queue: 3, schedule: 1, results: 2, locks: 1, data: 1, revocations: 1, counters: 2, deadLetters: 1, stats: 0 };

/** Spaces and parts. */
export const partCases: Cases = {
  "the spaces do not mix": async (context, expect) => {
    const storage = await context.open();
    const spaces = [storage.results, storage.locks, storage.data, storage.revocations, storage.meta];
    for (const [index, space] of spaces.entries()) await space.put("key", bytes(`${index}`));
    for (const [index, space] of spaces.entries()) {
      expect(await peekText(space, "key")).toBe(`${index}`);
      expect(await space.size()).toBe(1);
      await space.delete("key");
    }
    await storage.data.put("a", bytes("1"));
    expect(await storage.endedOf(["a"])).toEqual([]);
    expect(await storage.state("a")).toBe(undefined);
  },

  "queues stay apart, whatever characters their names have": async (context, expect) => {
    const storages = new Map<string, Storage>();
    for (const name of ["q", "Q", "q\0", "q\0other", "{q}", "q:results", "../q", "q%00", "q\r\n", "\u{1f41d}"]) {
      storages.set(name, await context.open(name));
    }
    for (const storage of storages.values()) await fill(storage);
    for (const [name, storage] of storages) {
      expect([name, await counts(storage)]).toEqual([name, FULL]);
      expect([name, (await storage.state("ended"))?.state]).toEqual([name, "complete"]);
      await storage.flush();
      expect([name, Object.values(await counts(storage))]).toEqual([name, Object.values(FULL).map(() => 0)]);
    }
  },

  "a flush of one part leaves the others": async (context, expect) => {
    for (const part of PARTS) {
      const storage = await context.open(`flush ${part}`);
      await fill(storage);
      expect(await counts(storage)).toEqual(FULL);
      await storage.flush([part]);
      expect(await counts(storage)).toEqual({ ...FULL, [part]: 0 });
      expect(await storage.leases()).toHaveLength(1);
    }
  },

  "a flush of no part does nothing, and one of all parts leaves nothing": async (context, expect) => {
    const storage = await context.open();
    await fill(storage);
    await storage.flush([]);
    expect(await counts(storage)).toEqual(FULL);
    await storage.flush(PARTS);
    expect(Object.values(await counts(storage)).every((count) => count === 0)).toBe(true);
  },

  "what was flushed is not known any more": async (context, expect) => {
    const storage = await context.open();
    await fill(storage);
    await storage.flush(["queue"]);
    for (const id of ["running", "waiting"]) expect(await storage.state(id)).toBe(undefined);
    expect(await storage.state("later")).toMatchObject({ state: "scheduled" });
    await storage.flush(["schedule"]);
    expect(await storage.state("later")).toBe(undefined);
  },

  "a claim that was flushed is not held, and its locks are gone": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
    await storage.flush(["queue"]);
    expect(await storage.locks.has("lock")).toBe(false);
    expect((await storage.settle(complete(claimed))).held).toBe(false);
    expect(ids(await storage.claimed(owner()))).toEqual([]);
  },
};
