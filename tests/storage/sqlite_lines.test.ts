/** What a consumer's log says of rows that somebody else has written: once for each, and not without end. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Storage } from "../../lib/storage.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { claim, item, lease, LONG_MS } from "../../testing/contract/helpers.ts";
import { Fixture } from "./_sqlite_fixture.ts";

let fixture: Fixture;
let storage: Storage;
beforeEach(() => {
  fixture = new Fixture();
  storage = fixture.open();
});
afterEach(() => fixture.end());

/** Writes into the file as somebody else does. */
function write(...statements: string[]): void {
  const database = openDatabase(fixture.filename);
  for (const statement of statements) database.exec(statement);
  database.close();
}

/** What the next two renewals say, the second by another connection. */
async function said(): Promise<readonly (readonly string[] | void)[]> {
  const other = fixture.open();
  return [await storage.renewLease(lease("one")), await other.renewLease(lease("two")), await storage.renewLease(lease("one"))];
}

const ODD: readonly (readonly [what: string, statement: string, line: RegExp])[] = [
  ["a claimed message whose data is a text", "update huey_task set data = 'x'", /^Row \d+ of huey_task was written/],
  ["a claimed message whose id is bytes", "update huey_task set task_id = x'00ff'", /^Row \d+ of huey_task was written/],
  ["a claimed message with an odd count", "update huey_task set deliveries = -3", /^Row \d+ of huey_task was written/],
  ["a priority that is none", "update huey_task set priority = 'high'", /^Row \d+ of huey_task was written/],
  ["numbers of the queue that are wrong", "update huey_queue set low = 'x'", /numbers of the queue .* are mended/],
  ["a message that is out of reach", "update huey_task set seq = -5", /^Row -5 of huey_task has a number that is not ours/],
  ["a due time that is none", "update huey_schedule set due_ms = 'soon'", /^Row \d+ of huey_schedule has no time/],
  ["a lease whose end is none", "update huey_lease set expires_ms = 'never'", /end of a lease .* cannot be read/],
];

describe("the next renewal of a lease says, once,", () => {
  for (const [what, statement, line] of ODD) {
    test(what, async () => {
      await storage.enqueue([item("waits"), item("later", { dueMs: Date.now() + LONG_MS })]);
      await storage.renewLease(lease("gone"));
      write(statement);
      await storage.recover();
      await claim(storage, 1);
      await storage.promoteDue(10);
      expect(await said()).toEqual([[expect.stringMatching(line)], [], []]);
    });
  }

  test("that a claim was held by nobody", async () => {
    await storage.enqueue([item("waits")]);
    await claim(storage, 1);
    write("update huey_task set token = 'x'", "delete from huey_owner");
    expect((await storage.recover()).length).toBe(1);
    expect(await said()).toEqual([[expect.stringMatching(/had a claim that nobody can hold/)], [], []]);
  });
});

test("of ten thousand odd rows a hundred lines are said at most, and those that are in order say nothing", async () => {
  await storage.enqueue(Array.from({ length: 10_000 }, (_, n) => item(`m${n}`)));
  await storage.renewLease(lease("one"));
  await claim(storage, 100);
  expect(await said()).toEqual([[], [], []]);
  write("update huey_task set task_id = x'00'");
  const lines: string[] = [];
  for (let round = 0; round < 60; round++) {
    await claim(storage, 100);
    lines.push(...await storage.renewLease(lease("one")) ?? []);
  }
  expect([lines.length, new Set(lines).size]).toEqual([100, 100]);
});

test("a flush leaves the lines, and they are no entries of anybody", async () => {
  await storage.enqueue([item("waits")]);
  write("update huey_task set data = 'x'");
  await claim(storage, 1);
  const spaces = [storage.data, storage.meta, storage.results, storage.locks, storage.revocations];
  expect(await Promise.all(spaces.map((space) => space.size()))).toEqual([0, 0, 0, 0, 0]);
  await storage.flush();
  expect((await said())[0]?.length).toBe(1);
});
