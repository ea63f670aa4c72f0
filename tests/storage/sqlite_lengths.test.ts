/** The lengths that triggers keep are those of the lists, whatever has happened to the rows. @module */
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Storage } from "../../lib/storage.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { claim, FAR_MS, item, items, owner } from "../../testing/contract/helpers.ts";
import { Fixture } from "./_sqlite_fixture.ts";

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(() => fixture.end());

const GATE = { key: "gate", limit: 1 };

async function lengths(storage: Storage): Promise<number[]> {
  const [scheduled, blocked] = await Promise.all([storage.scheduledCount(), storage.blockedCount()]);
  expect(scheduled).toBe((await storage.scheduled()).length);
  expect(blocked).toBe((await storage.blocked()).length);
  return [scheduled, blocked];
}

test("what comes, goes and is flushed is counted", async () => {
  const storage = fixture.open();
  const other = fixture.open({ name: "other" });
  expect(await lengths(storage)).toEqual([0, 0]);
  await storage.enqueue([
    ...items("s", 20, { dueMs: FAR_MS }),
    ...items("d", 5, { dueMs: 1 }),
    ...items("g", 4, { gate: GATE }),
  ]);
  await other.enqueue([item("theirs", { dueMs: FAR_MS })]);
  expect(await lengths(storage)).toEqual([25, 3]);
  await storage.promoteDue(3);
  await storage.promote("s1");
  const claims = await claim(storage, 100);
  for (const one of claims.filter(({ id }) => id.startsWith("g"))) {
    await storage.settle({ claim: one, id: one.id, noticeTtlMs: 1000, next: { ...one, dueMs: FAR_MS, retry: true } });
  }
  expect((await lengths(storage))[0]).toBe(22);
  await storage.flush(["schedule"]);
  expect((await lengths(storage))[0]).toBe(0);
  await storage.enqueue([...items("s", 2, { dueMs: FAR_MS }), ...items("h", 3, { gate: GATE })]);
  await storage.flush();
  expect(await lengths(storage)).toEqual([0, 0]);
  expect(await lengths(other)).toEqual([1, 0]);
  expect(await claim(storage, 1, { owner: owner("late") })).toEqual([]);
});

test.each(["-1", "'many'", "1.5", "1e300"])("a length of %s, which is none of ours, is counted anew", async (n) => {
  const storage = fixture.open();
  await storage.enqueue(items("s", 3, { dueMs: FAR_MS }));
  await storage.enqueue(items("g", 3, { gate: GATE }));
  const database = openDatabase(fixture.filename);
  database.exec(`update huey_length set n = ${n}`);
  database.close();
  expect(await lengths(storage)).toEqual([3, 2]);
});
