/** Storages that are handed a clock keep its time, whatever the machine's says. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import { FileStorage } from "../../storage/file/front.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { SqliteStorage } from "../../storage/sqlite/front.ts";
import { TestClock } from "../../testing/clock.ts";
import { bytes, claim, claimOne, complete, enqueueAndClaim, ids, item, lease } from "../../testing/contract/helpers.ts";

const NOON = Date.UTC(2030, 4, 14, 12, 0, 0);
const DAY_MS = 86_400_000;

const STORAGES: Readonly<Record<string, (folder: string, clock: Clock) => Storage>> = {
  memory: (_folder, clock) => new MemoryStorage({ clock }),
  SQLite: (folder, clock) => new SqliteStorage({ filename: join(folder, "huey.db"), clock }),
  files: (folder, clock) => new FileStorage({ path: join(folder, "queue"), clock }),
};

describe.each(Object.entries(STORAGES))("%s with a clock of its own", (_label, open) => {
  let folder: string;
  let clock: TestClock;
  let storage: Storage;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "huey-clock-"));
    clock = new TestClock(NOON);
    storage = open(folder, clock);
  });
  afterEach(async () => {
    await storage.close();
    rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 20 });
  });

  test("entries, results and notices end by it", async () => {
    await storage.data.put("key", bytes("1"), DAY_MS);
    await storage.locks.putIfEmpty("lock", bytes("1"), { ttlMs: DAY_MS });
    await storage.increment("counter", 5, DAY_MS);
    await storage.settle({ id: "a", ending: "complete", result: bytes("1"), resultTtlMs: 10 * DAY_MS, noticeTtlMs: DAY_MS });
    await storage.settle({ id: "b", ending: "empty", noticeTtlMs: DAY_MS });
    clock.moveTo(NOON + DAY_MS - 1);
    expect([await storage.data.has("key"), await storage.locks.has("lock")]).toEqual([true, true]);
    expect((await storage.endedOf(["a", "b"])).sort()).toEqual(["a", "b"]);
    clock.moveTo(NOON + DAY_MS + 1);
    expect([await storage.data.has("key"), await storage.locks.has("lock")]).toEqual([false, false]);
    expect(await storage.endedOf(["a", "b"])).toEqual(["a"]);
    expect(await storage.increment("counter", 1)).toBe(1);
    clock.moveTo(NOON + 20 * DAY_MS);
    expect(await storage.results.size()).toBe(0);
    expect(await storage.state("a")).toBe(undefined);
  });

  test("leases run out by it", async () => {
    await storage.renewLease(lease("consumer", DAY_MS));
    expect((await storage.leases())[0]?.expiresMs).toBe(NOON + DAY_MS);
    await enqueueAndClaim(storage, "a");
    clock.moveTo(NOON + DAY_MS - 1);
    expect(await storage.recover()).toEqual([]);
    clock.moveTo(NOON + DAY_MS + 1);
    expect(ids(await storage.recover())).toEqual(["a"]);
  });

  test("states and filled chords tell its time", async () => {
    const callback = item("callback", { dueMs: NOON + DAY_MS });
    await storage.enqueue([item("a")], [{ id: "chord", size: 1, callback }]);
    clock.moveTo(NOON + 5000);
    const claimed = await claimOne(storage);
    expect(await storage.state("a")).toMatchObject({ state: "running", sinceMs: NOON + 5000 });
    clock.moveTo(NOON + DAY_MS);
    await storage.settle(complete(claimed, { chord: { id: "chord", index: 0, value: bytes("1") } as never }));
    expect((await storage.collect("chord")).filledMs).toBe(NOON + DAY_MS);
    expect(ids(await claim(storage))).toEqual(["callback"]);
  });

  test("what is due is due by it", async () => {
    await storage.enqueue([item("later", { dueMs: NOON + DAY_MS })]);
    expect(await storage.dueMs()).toBe(NOON + DAY_MS);
    clock.moveTo(NOON + DAY_MS - 1);
    expect(await storage.promoteDue(1)).toEqual([]);
    clock.moveTo(NOON + DAY_MS);
    expect(ids(await storage.promoteDue(1))).toEqual(["later"]);
  });
});
