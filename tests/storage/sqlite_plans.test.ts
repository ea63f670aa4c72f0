/** No operation looks through a whole table, however many rows it has: SQLite is asked for the plan of each statement. @module */
import { afterEach, beforeEach, expect, test } from "bun:test";
import process from "node:process";
import type { Claim, Item, Storage } from "../../lib/storage.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { bytes, claim, complete, FAR_MS, item, items, lease, LONG_MS, owner } from "../../testing/contract/helpers.ts";
import { Fixture } from "./_sqlite_fixture.ts";

interface Preparing {
  prepare(sql: string): unknown;
}

/** The class of the runtime's binding. */
function bindingClass(): { readonly prototype: Preparing } {
  const load = process.getBuiltinModule as (
    id: string,
  ) => Readonly<Record<string, { readonly prototype: Preparing }>> | undefined;
  return (load("bun:sqlite")?.["Database"] ?? load("node:sqlite")?.["DatabaseSync"])!;
}

const binding = bindingClass().prototype;
const { prepare } = binding;
let fixture: Fixture;
let statements: Set<string>;
beforeEach(() => {
  fixture = new Fixture();
  const seen = statements = new Set();
  binding.prepare = function (sql: string): unknown {
    seen.add(sql);
    return prepare.call(this, sql);
  };
});
afterEach(async () => {
  binding.prepare = prepare;
  await fixture.end();
});

const BOUNDS = { minuteAgeMs: LONG_MS, hourAgeMs: LONG_MS, recent: 10 };

/** Deletes as many rows as it looks at. */
const EMPTIES = /^delete from \w+ where (queue|seq >=)[^()]*$|huey_schedule where queue = \?1\)|select steps from huey_dead/;

/** What is looked through is small: one row for each queue, owner or lease, or a bounded part that was found by an index. */
const SMALL = /huey_(queue|owner|lease|schema|length)\b|sqlite_master|\(subquery|json_each|said|CONSTANT ROW|VALUES CLAUSE/;

/** Statements that look at so many rows only, in the order of an index; at claims, which are as many as there are slots; at one task. */
const BOUNDED =
  /select seq from \(\s+select seq, due_ms|left join huey_owner|huey_lost order by id limit 100|limit 10000\)|\(select \* from huey_count .* limit \?\)/;

/** An index is no help to one that counts all rows of a long list. */
const COUNTS_ROWS = /select count\(\*\) as n from huey_(schedule|blocked|dead) where queue = \?$/;

test("no statement looks through a table of messages", async () => {
  const storage = fixture.open();
  await queueUp(storage);
  await settleAll(storage);
  await lookAround(storage);
  binding.prepare = prepare;
  expect(scans([...statements].filter((sql) => !EMPTIES.test(sql)))).toEqual([]);
  expect([...statements].filter((sql) => COUNTS_ROWS.test(sql))).toEqual([]);
  expect(statements.size).toBeGreaterThan(100);
});

test("a statement that looks through a table is found", async () => {
  await fixture.open().enqueue([item("a")]);
  binding.prepare = prepare;
  expect(scans(["select * from huey_task where task_id = 'a'"])).toHaveLength(1);
});

/** Whether a step of a plan has to do with all rows. */
function isUnbounded(detail: string, sql: string): boolean {
  if (detail.startsWith("SCAN")) return !SMALL.test(detail) && !BOUNDED.test(sql);
  return detail.includes("TEMP B-TREE") && !BOUNDED.test(sql);
}

function scans(all: readonly string[]): string[] {
  const database = openDatabase(fixture.filename);
  try {
    return all.filter((sql) => /^\s*(select|insert|update|delete)/i.test(sql)).flatMap((sql) => {
      const plan = database.prepare(`explain query plan ${sql}`).all().map(({ detail }) => String(detail));
      return plan.filter((detail) => isUnbounded(detail, sql)).map((detail) => `${detail}: ${sql}`);
    });
  } finally {
    database.close();
  }
}

async function queueUp(storage: Storage): Promise<void> {
  const gate = { key: "gate", limit: 2 };
  const all: Item[] = [...items("a", 60), item("p", { priority: 1 }), item("n", { priority: -1 }), item("r", { track: false })];
  await storage.enqueue(all, [{ id: "chord", size: 1, callback: item("callback", { gate }) }]);
  await storage.enqueue(items("g", 8, { gate, about: "about" }));
  for (const until of ["start", "end", 1, LONG_MS] as const) {
    await storage.enqueue([item(`u ${until}`, { unique: { key: `k ${until}`, until } })]);
  }
  await storage.enqueue([
    item("later", { dueMs: FAR_MS, gate }),
    item("due", { dueMs: 1, gate }),
    item("soon", { dueMs: 2, track: false }),
  ]);
  await storage.enqueueOnce("once", LONG_MS, item("once"));
  await storage.promoteDue(10);
  for (const id of ["later", "nothing"]) await storage.promote(id);
  await storage.pause({});
  await storage.claim(1, owner());
  await storage.resume();
}

async function settleAll(storage: Storage): Promise<void> {
  await storage.renewLease(lease());
  const claims = [...await claim(storage, 1), ...await claim(storage, 1), ...await claim(storage, 100)];
  for (const [index, one] of claims.entries()) await settleOne(storage, one, index);
  for (const one of await claim(storage, 3)) await storage.settle({ ...complete(one), next: { ...one, retry: true } });
  await storage.release(await claim(storage, 2));
  await claim(storage, 5, { owner: owner("gone") });
  await storage.recover({ consumer: "gone", worker: "worker" });
  await claim(storage, 5, { owner: owner("gone") });
  await storage.recover({ consumer: "gone" });
  await storage.recover(undefined, lease());
  await storage.endLease("consumer");
}

async function settleOne(storage: Storage, one: Claim, index: number): Promise<void> {
  await storage.locks.putIfEmpty(`lock ${index}`, bytes("1"), { holder: one.token, ttlMs: LONG_MS });
  if (index % 3 === 0) await storage.keep(one, "step", bytes("1"));
  const kind = (["failed", "unknown", "unreadable"] as const)[index % 3]!;
  const bury = {
    id: `letter ${index}`,
    kind,
    reason: "why",
    atMs: Date.now() + index,
    data: one.data,
    taskId: one.id,
    taskName: "noop",
  };
  const plain = { claim: one, id: one.id, ending: "empty" as const, noticeTtlMs: LONG_MS };
  const ways = [
    plain,
    { ...plain, about: `${index}` },
    { ...complete(one), result: bytes("1"), resultTtlMs: 1000, dropSteps: one.id, dropLocks: true, dropRevocations: ["r:a"] },
    { ...complete(one), bury, buryBounds: { count: 2, ageMs: LONG_MS } },
    { ...complete(one), passLocks: owner(), chord: { id: "chord", index: 0, value: bytes("1") } },
    { ...complete(one), canceled: [{ id: "never" }], dropChord: "chord" },
  ];
  const isHeld = await storage.begin(one);
  expect((await storage.settle(ways[index % ways.length]!)).held).toBe(isHeld);
  await storage.settle({ ...complete(one), again: true, chord: { id: "chord", index: 0, value: bytes("1") } });
  if (index % 2 === 0) await storage.leaveGate(one);
}

async function lookAround(storage: Storage): Promise<void> {
  for (const id of ["a1", "g1", "later", "nothing", "letter 3"]) {
    await storage.state(id);
    await storage.endedOf([id]);
    await storage.kept(id);
    await storage.deadLetter(id);
  }
  for (const limit of [1, undefined]) {
    for (const list of ["pending", "scheduled", "running", "blocked"] as const) await storage[list](limit);
    await storage.recent(limit ?? Infinity);
  }
  for (const count of ["pendingCount", "scheduledCount", "blockedCount", "oldestMs", "dueMs", "leases", "paused"] as const) {
    await storage[count]();
  }
  for (const kind of ["failed", undefined] as const) {
    for (const taskName of ["noop", undefined]) {
      for (const beforeMs of [FAR_MS, undefined]) {
        await storage.deadLetters({ kind, taskName, beforeMs });
        await storage.deadLetterCount({ kind, taskName, beforeMs });
      }
    }
  }
  const letters = await storage.deadLetters();
  await storage.requeueDeadLetter(
    letters[0]!.id,
    item("again", { gate: { key: "gate", limit: 1 }, unique: { key: "k", until: "end" } }),
  );
  await storage.deleteDeadLetter(letters[1]!.id);
  const row = { step: "minute" as const, atMs: 1, taskName: "noop", sums: { complete: 1 }, maxima: {} };
  for (const recent of [[], [bytes("end")]]) await storage.count([row], recent, BOUNDS);
  for (const taskName of ["noop", undefined]) {
    await storage.counts({ step: "minute", fromMs: 0, toMs: FAR_MS, limit: 10, taskName });
  }
  await lookAtSpaces(storage);
  await storage.flush();
}

async function lookAtSpaces(storage: Storage): Promise<void> {
  await storage.increment("counter", 1, LONG_MS);
  await storage.collect("chord");
  for (const space of [storage.results, storage.locks, storage.data, storage.revocations, storage.meta]) {
    await space.put("key", bytes("1"), LONG_MS);
    await space.peekMany(["key"]);
    await space.replaceIfEqual("key", bytes("1"), bytes("2"));
    await space.has("other");
    await space.pop("key");
    await space.putIfEmpty("key", bytes("1"));
    await space.deleteIfEqual("key", bytes("1"));
    for (const all of ["size", "entries", "flush"] as const) await space[all]();
  }
}
