/** Tasks that end in place: the notice is right at every moment, also before it becomes an entry. @module */
import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import type { Claim, Item, Settlement, Storage } from "../../lib/storage.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { Fixture } from "./_sqlite_fixture.ts";
import { waitForEnd } from "../../testing/contract/helpers.ts";

let fixture: Fixture;
let storage: Storage;
beforeEach(() => {
  fixture = new Fixture();
  storage = fixture.open();
});
afterEach(async () => {
  setSystemTime();
  await fixture.end();
});

const owner = { consumer: "consumer", worker: "worker" };
const bytes = new Uint8Array([1]);

function items(count: number, prefix = "task"): Item[] {
  return Array.from({ length: count }, (_, index) => ({ id: `${prefix}${index}`, data: bytes, priority: 0, track: true }));
}

async function claim(limit: number): Promise<readonly Claim[]> {
  return (await storage.claim(limit, owner)).claims;
}

async function complete(claim: Claim, more: Partial<Settlement> = {}): Promise<boolean> {
  return (await storage.settle({ claim, id: claim.id, ending: "empty", noticeTtlMs: 60_000, ...more })).held;
}

async function run(count: number): Promise<boolean[]> {
  return await Promise.all((await claim(count)).map((claim) => complete(claim)));
}

/** Counts rows from outside. */
function count(from: string): unknown {
  const database = openDatabase(fixture.filename);
  try {
    return database.prepare(`select count(*) as n from ${from}`).get()?.n;
  } finally {
    database.close();
  }
}

describe("endings in a SQLite file", () => {
  test("one task is known to have ended, here and elsewhere, before its notice is an entry", async () => {
    await storage.enqueue(items(2));
    expect(await run(1)).toEqual([true]);
    expect([count("huey_task"), count("huey_ended")]).toEqual([2, 0]);
    for (const place of [storage, fixture.open()]) {
      expect(await place.state("task0")).toEqual({ state: "empty" });
      expect(await waitForEnd(place, "task0", { timeoutMs: 0 })).toBe(true);
      expect(await place.state("task1")).toEqual({ state: "waiting" });
      expect(await place.pendingCount()).toBe(1);
      expect(await place.claimed(owner)).toEqual([]);
      expect(await place.recover(owner)).toEqual([]);
    }
  });

  test("many notices are moved together, and are still known", async () => {
    await storage.enqueue(items(100));
    expect(await run(100)).toEqual(Array.from({ length: 100 }, () => true));
    expect([count("huey_task"), count("huey_ended")]).toEqual([0, 100]);
    expect(await storage.state("task99")).toEqual({ state: "empty" });
    expect(await waitForEnd(storage, "task0", { timeoutMs: 0 })).toBe(true);
  });

  test("a consumer that has nothing to do leaves no rows of ended tasks", async () => {
    await storage.enqueue(items(3));
    await run(3);
    expect((await storage.claim(1, owner)).claims).toEqual([]);
    while (count("huey_task") !== 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(count("huey_ended")).toBe(3);
  });

  test("a notice in place ends by itself", async () => {
    await storage.enqueue(items(1));
    await run(1);
    setSystemTime(new Date(Date.now() + 60_001));
    expect(await storage.state("task0")).toBeUndefined();
    expect(await waitForEnd(storage, "task0", { timeoutMs: 0 })).toBe(false);
  });

  test("of claims settled together, those that were lost are not held", async () => {
    await storage.enqueue(items(5));
    const claims = await claim(5);
    await storage.release([claims[2]!]);
    expect(await Promise.all(claims.map((claim) => complete(claim)))).toEqual([true, true, false, true, true]);
    expect(await storage.state("task2")).toEqual({ state: "waiting" });
    expect(await Promise.all(claims.map((claim) => complete(claim)))).toEqual([false, false, false, false, false]);
  });

  test("a task that is enqueued again has not ended, and ends as it ended last", async () => {
    await storage.enqueue(items(1));
    await run(1);
    await storage.enqueue(items(1));
    expect(await storage.state("task0")).toEqual({ state: "waiting" });
    expect(await waitForEnd(storage, "task0", { timeoutMs: 0 })).toBe(false);
    const [again] = await claim(1);
    expect((await storage.state("task0"))?.state).toBe("running");
    await complete(again!, { ending: "failed", result: bytes });
    expect(await storage.state("task0")).toEqual({ state: "failed" });
    await storage.enqueue(items(64, "other"));
    await run(64);
    expect(await storage.state("task0")).toEqual({ state: "failed" });
    expect(await storage.results.pop("task0")).toEqual(bytes);
  });

  test("older results stay under the id", async () => {
    await storage.enqueue(items(2));
    await storage.results.put("task0", bytes);
    await storage.settle({ id: "task1", result: bytes, ending: "failed", noticeTtlMs: 60_000 });
    await run(2);
    expect(await storage.state("task1")).toEqual({ state: "empty" });
    await storage.enqueue(items(64, "other"));
    await run(64);
    for (const id of ["task0", "task1"]) {
      expect(await storage.state(id)).toEqual({ state: "empty" });
      expect(await storage.results.pop(id)).toEqual(bytes);
      expect(await storage.state(id)).toEqual({ state: "empty" });
    }
  });

  test("an ending uses up its revocations", async () => {
    await storage.revocations.put("r:task0", bytes);
    await storage.enqueue(items(2));
    const claims = await claim(2);
    await Promise.all(claims.map((claim) => complete(claim, { dropRevocations: [`r:${claim.id}`] })));
    expect(await storage.revocations.size()).toBe(0);
  });

  test("what a process left behind is moved with the endings of others", async () => {
    await storage.enqueue(items(1));
    await run(1);
    await storage.close();
    storage = fixture.open();
    await storage.enqueue(items(1100, "other"));
    await run(1100);
    expect([count("huey_task"), count("huey_ended")]).toEqual([0, 1101]);
    expect(await storage.state("task0")).toEqual({ state: "empty" });
  });

  test("what is said about each task is told of that task, before and after its notice is moved", async () => {
    for (const together of [1, 5, 100]) {
      const prefix = `of ${together} `;
      await storage.enqueue(items(together, prefix).map((item) => ({ ...item, about: "waits" })));
      expect(await storage.state(`${prefix}0`)).toEqual({ state: "waiting", about: "waits" });
      const claims = await claim(together);
      const about = (index: number): string | undefined => index === 3 ? undefined : `said\0of ${index}`;
      await Promise.all(claims.map((claimed, index) => complete(claimed, { about: about(index) })));
      for (const index of [0, together - 1, Math.min(3, together - 1)]) {
        expect(await storage.state(`${prefix}${index}`)).toEqual({ state: "empty", about: about(index) });
      }
    }
  });
});
