/** Rows of a SQLite file that nobody of ours has written: they are read as something, set aside or skipped, and all others run. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import process from "node:process";
import { coreOf } from "../../lib/core/core.ts";
import { Consumer, Huey, SqliteStorage } from "../../mod.ts";
import type { Storage } from "../../lib/storage.ts";
import { openDatabase, type Row, type SqlValue, type Statement } from "../../storage/sqlite/connection/database.ts";
import { until } from "../../testing/contract/context.ts";
import { bytes, claim, item, lease, LONG_MS, owner } from "../../testing/contract/helpers.ts";
import { Dice } from "../dice.ts";
import { silent } from "../helpers.ts";
import { lookAtEverything } from "./onlookers.ts";
import { Fixture } from "../storage/_sqlite_fixture.ts";
import { size } from "../sizes.ts";

const ROWS = size(4_000, 80_000);
const SEED = Number(process.env["HUEY_HOSTILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const LIMIT_MS = 300_000;
const TASKS = 200;
const BOUNDS = { minuteAgeMs: LONG_MS, hourAgeMs: LONG_MS, recent: 10 };

/** What stands in a column instead. */
const ODD: readonly SqlValue[] = [
  null,
  -1,
  0,
  1,
  65_535,
  65_536,
  70_000,
  2 ** 45,
  2 ** 53 + 2,
  9_223_372_036_854_775_807n,
  -9_223_372_036_854_775_808n,
  -0.5,
  1e308,
  Infinity,
  "",
  "text",
  "\x01",
  "1.5",
  "9".repeat(400),
  "}",
  new Uint8Array(),
  Uint8Array.of(0, 255, 254),
  new Uint8Array(2000).fill(65),
];

let fixture: Fixture;
let huey: Huey;
beforeEach(() => {
  fixture = new Fixture();
  huey = new Huey({ name: "q", storage: new SqliteStorage({ name: "q", filename: fixture.filename }), logger: silent });
});
afterEach(async () => {
  await huey.close();
  await fixture.end();
});

/** Something in every table. */
async function fill(): Promise<void> {
  const { storage } = coreOf(huey)!;
  const template = huey.task("template", () => 1);
  await storage.renewLease(lease("gone"));
  await template();
  const { callback } = { callback: item("callback", { dueMs: Date.now() + LONG_MS }) };
  await storage.enqueue([item("m0"), item("m1", { chord: { id: "chord", index: 0 } })], [{ id: "chord", size: 3, callback }]);
  const [first, second, third] = await claim(storage, 3);
  await storage.locks.putIfEmpty("lock", bytes("1"), { holder: first!.token });
  await storage.settle({ claim: second!, id: "m0", ending: "empty", noticeTtlMs: LONG_MS });
  const bury = {
    id: "letter",
    kind: "unreadable" as const,
    reason: "no",
    atMs: 1,
    data: bytes("x"),
    taskId: "m1",
    taskName: "m",
  };
  const report = { id: "chord", index: 0, value: bytes("1") } as never;
  await storage.settle({ claim: third!, id: "m1", ending: "dead", noticeTtlMs: LONG_MS, bury, chord: report });
  await storage.release([first!]);
  await storage.settle({ id: "result", ending: "failed", result: bytes("1"), resultTtlMs: 1000, noticeTtlMs: LONG_MS });
  for (const space of [storage.data, storage.revocations, storage.meta]) await space.put("key", bytes("1"), LONG_MS);
  await storage.increment("counter", 3);
  await fillGates(storage);
  await fillEnds(storage);
  await template.schedule({ delay: 1000 });
  await template();
  await claim(storage, 1);
}

/** Tasks that have ended together, and left nothing. */
async function fillEnds(storage: Storage): Promise<void> {
  const all = Array.from({ length: 40 }, (_, index) => item(`end${index}`));
  await storage.enqueue(all);
  const claims = await claim(storage, 100);
  const ends = claims.filter(({ id }) => id.startsWith("end"));
  await storage.release(claims.filter((claim) => !ends.includes(claim)));
  const settled = ends.map((claim) =>
    storage.settle({ claim, id: claim.id, ending: "empty", noticeTtlMs: LONG_MS, about: "about" })
  );
  expect(await Promise.all(settled)).toEqual(all.map(() => ({ held: true })));
}

/** Something at a gate, a key that is held, steps, counts. All of it stays where it is. */
async function fillGates(storage: Storage): Promise<void> {
  const gate = { key: "gate", limit: 1 };
  await storage.enqueue([
    item("passes", { gate, about: "about", priority: 5 }),
    item("waits", { gate }),
    item("waits too", { gate }),
  ]);
  const [passed] = await claim(storage, 1, { owner: owner("gone") });
  await storage.keep(passed!, "step", bytes("1"));
  const later = { dueMs: Date.now() + LONG_MS };
  await storage.enqueue([
    item("holds", { ...later, unique: { key: "key", until: "end" } }),
    item("holds for a time", { ...later, unique: { key: "key 2", until: LONG_MS } }),
  ]);
  const other = { key: "other gate", limit: 1 };
  await storage.enqueue([item("runs on", { gate: other, priority: 5 })]);
  const [runsOn] = await claim(storage, 1, { owner: owner("gone") });
  const passLocks = { consumer: "gone", worker: "1" };
  await storage.settle({ claim: runsOn!, id: "runs on", ending: "failed", noticeTtlMs: LONG_MS, about: "about", passLocks });
  const row = { step: "minute" as const, atMs: Date.now(), taskName: "work", sums: { failed: 1 }, maxima: { run: 2 } };
  await storage.count([row], [bytes("end")], BOUNDS);
}

/** Puts rows into every table that are like one that is there, with other things in some columns. @returns how many */
function spoil(dice: Dice, rows: number): number {
  const database = openDatabase(fixture.filename);
  const tables = database.prepare("select name from sqlite_master where type = 'table' and name like 'huey_%'").all()
    .map(({ name }) => String(name)).filter((name) => name !== "huey_schema" && name !== "huey_queue");
  const makers = tables.map((table) => {
    const templates = database.prepare(`select * from ${table}`).all().filter((row) => !isReal(row));
    expect([table, templates.length > 0]).toEqual([table, true]);
    const columns = Object.keys(templates[0]!);
    const places = columns.map(() => "?").join(", ");
    const insert = database.prepare(`insert or ignore into ${table} (${columns}) values (${places})`);
    return () => tryRow(insert, mutated(dice, dice.pick(templates), columns));
  });
  let spoiled = 0;
  database.exec("begin immediate");
  while (spoiled < rows) for (const make of makers) spoiled += make();
  database.exec("commit");
  database.close();
  return spoiled;
}

/** Copies of real tasks would run, or fail, in their place. */
function isReal(row: Row): boolean {
  const message = Object.values(row).filter((value) => value instanceof Uint8Array).map((value) =>
    new TextDecoder().decode(value)
  );
  return message.some((text) => text.includes('"work"'));
}

/** A number of a row must be one; what the file itself refuses cannot be there. @returns how many rows were made */
function tryRow(insert: Statement, values: SqlValue[]): number {
  try {
    return insert.run(...values);
  } catch (error) {
    if (!/mismatch/.test((error as Error).message)) throw error;
    return 0;
  }
}

/** Keys are moved aside, so that most rows find a place. */
function mutated(dice: Dice, template: Row, columns: readonly string[]): SqlValue[] {
  const changed = new Set(Array.from({ length: 1 + dice.below(3) }, () => dice.pick(columns)));
  return columns.map((column) => {
    const value = template[column]!;
    if (changed.has(column)) return dice.pick(ODD);
    if (column === "seq") return Number(value) + dice.below(1000);
    return ["id", "key", "consumer"].includes(column) && typeof value === "string"
      ? `${value} ${dice.below(1_000_000)}`
      : value;
  });
}

describe("a SQLite file with rows of strangers", () => {
  test(`all tasks run, and everything can be listed (HUEY_HOSTILE_SEED=${SEED})`, async () => {
    const dice = new Dice(SEED);
    const ran: number[] = [];
    const work = huey.task("work", (n: number) => {
      ran.push(n);
      return n;
    });
    await fill();
    let spoiled = 0;
    const results = [];
    for (let round = 0; round < 4; round++) {
      results.push(...await Promise.all(Array.from({ length: TASKS / 4 }, (_, n) => work(round * TASKS / 4 + n))));
      spoiled += spoil(dice, ROWS / 4);
    }
    expect(spoiled).toBeGreaterThanOrEqual(ROWS);
    const consumer = new Consumer(huey, { workers: 20, periodic: false, lease: 1 });
    await consumer.start();
    try {
      await until(() => Promise.resolve(ran.length >= TASKS));
      spoil(dice, ROWS / 20);
      const last = await work(TASKS);
      expect(await last.get({ blocking: true, timeout: 60 })).toBe(TASKS);
      await until(async () => await huey.pendingCount() === 0);
    } finally {
      await consumer.stop({ graceful: false, grace: 0 });
    }
    expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: TASKS + 1 }, (_, n) => n));
    for (const [n, result] of results.entries()) expect([n, await result.get()]).toEqual([n, n]);
    await readEverything();
  }, LIMIT_MS);

  test("a queue whose number was changed gets another one", async () => {
    for (const number of ["9223372036854775807", "-9223372036854775808", "9007199254740993", "-1", "0", "99999"]) {
      const open = (): Huey =>
        new Huey({ name: "odd", storage: new SqliteStorage({ name: "odd", filename: fixture.filename }), logger: silent });
      await open().put("made", 1);
      const database = openDatabase(fixture.filename);
      database.exec(`update huey_queue set id = ${number} where name = 'odd'`);
      database.close();
      const odd = open();
      const work = odd.task("work", (n: number) => n);
      const results = [await work(1), await work.schedule({ args: [2], delay: 0.01 })];
      const consumer = new Consumer(odd, { workers: 2, periodic: false });
      await consumer.start();
      const values = await Promise.all(results.map((result) => result.get({ blocking: true, timeout: 20 })));
      expect([number, values]).toEqual([number, [1, 2]]);
      await consumer.stop();
      await odd.close();
    }
  }, LIMIT_MS);

  test("a task runs after its queue's own row was changed", async () => {
    const work = huey.task("work", (n: number) => n);
    await work(0);
    for (
      const [column, value] of [["low", "'x'"], ["high", "9223372036854775807"], ["low", "9e15"], ["high", "-1"], [
        "low",
        "x'00'",
      ]]
    ) {
      const result = await work(1);
      const database = openDatabase(fixture.filename);
      database.exec(`update huey_queue set ${column} = ${value}`);
      database.close();
      const consumer = new Consumer(huey, { workers: 2, periodic: false, lease: 1 });
      await consumer.start();
      expect([column, value, await result.get({ blocking: true, timeout: 20 })]).toEqual([column, value, 1]);
      await consumer.stop();
    }
  }, LIMIT_MS);
});

async function readEverything(): Promise<void> {
  const { storage } = coreOf(huey)!;
  expect(await lookAtEverything(huey, ["m0", "passes", "letter", ""])).toEqual([]);
  await huey.pending();
  await huey.scheduled();
  await huey.deadLetters();
  await huey.allResults();
  expect(typeof await huey.resultCount()).toBe("number");
  expect(typeof await huey.scheduledCount()).toBe("number");
  await storage.leases();
  await storage.recover();
  await storage.dueMs();
  await storage.promoteDue(10);
  for (const id of ["m0", "m1", "result", "text", ""]) await storage.state(id);
  await storage.collect("chord");
  await readMore(storage);
  for (const space of [storage.results, storage.locks, storage.data, storage.revocations, storage.meta]) {
    for (const key of (await space.entries()).keys()) await space.peek(key);
  }
}

/** What was put at gates, counted and set aside; and everything that changes it. */
async function readMore(storage: Storage): Promise<void> {
  for (const limit of [3, undefined]) {
    await storage.running(limit);
    await storage.blocked(limit);
    await storage.recent(limit ?? Infinity);
    for (const taskName of ["m", undefined]) await storage.deadLetters({ kind: "unreadable", taskName, limit });
  }
  expect(await storage.blockedCount()).toBeGreaterThan(0);
  expect(typeof await storage.deadLetterCount()).toBe("number");
  expect(typeof await storage.deadLetterCount({ beforeMs: Date.now(), taskName: "m" })).toBe("number");
  const range = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1000 };
  for (const step of ["minute", "hour"] as const) await storage.counts({ step, ...range });
  await storage.oldestMs();
  await storage.paused();
  await storage.kept("passes");
  for (const id of ["letter", "m1", ""]) await storage.deadLetter(id);
  await storage.count([{ step: "minute", atMs: 0, taskName: "work", sums: { failed: 1 }, maxima: {} }], [bytes("end")], BOUNDS);
  await storage.promote("holds");
  await storage.recover({ consumer: "gone" });
  await storage.flush(["schedule", "deadLetters", "stats", "queue"]);
  expect([await storage.blockedCount(), await storage.deadLetterCount()]).toEqual([0, 0]);
}
