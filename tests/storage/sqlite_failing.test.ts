/**
 * Each statement of each operation fails: once, or from then on until the operation has ended. What was asked for happens as a whole, or
 * is refused with a word and has not happened; then it can be asked for again.
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "../../lib/errors.ts";
import { ALL_CLASSES, limitMs, LONG } from "../sizes.ts";
import { Fixture, MEMORY_FOLDER } from "./_sqlite_fixture.ts";
import { type RawDatabase, Statements } from "./_sqlite_statements.ts";
import { STEP_COUNT, Story, tellAll } from "./_sqlite_story.ts";

let fixture: Fixture;
let statements: Statements;
beforeEach(() => {
  fixture = new Fixture(MEMORY_FOLDER);
  statements = new Statements();
});
afterEach(async () => {
  statements.end();
  await fixture.end();
});

/** How a statement fails. */
interface Failure {
  readonly name: string;
  readonly code: number;
  /** SQLite has ended the transaction by itself, as it does after some failures. */
  readonly isUndone?: boolean;
  /** All that follow fail too. */
  readonly isForGood?: boolean;
}

const KINDS: readonly Failure[] = [
  { name: "SQLITE_FULL", code: 13 },
  { name: "SQLITE_FULL", code: 13, isUndone: true },
  { name: "SQLITE_BUSY", code: 5 },
  { name: "SQLITE_IOERR", code: 10 },
];

const FAILURES: readonly Failure[] = KINDS.flatMap((kind) => [kind, { ...kind, isForGood: true }]);

/** The state of the files and of the storage before a step, and the state after it. */
interface Start {
  readonly filename: string;
  readonly before: string;
  readonly after: string;
}

/** Tells the story once, undisturbed. */
async function tellOnce(): Promise<Start[]> {
  const starts: Start[] = [];
  const story = new Story();
  const storage = fixture.open({ clock: story.clock });
  for (; story.step < STEP_COUNT; story.step++) {
    const before = story.step === 0 ? undefined : await tellAll(storage);
    const filename = join(fixture.folder, `start-${story.step}`);
    copyFiles(fixture.filename, filename);
    await story.tell(storage);
    const after = await tellAll(storage);
    starts.push({ filename, before: before ?? after, after });
  }
  return starts;
}

function copyFiles(from: string, to: string): void {
  for (const end of ["", "-wal"]) if (existsSync(from + end)) copyFileSync(from + end, to + end);
}

/** Throws what the binding of the runtime throws. */
function fail({ name, code, isUndone }: Failure, database: RawDatabase): never {
  try {
    if (isUndone) database.exec("rollback");
  } catch {
    // It was in no transaction.
  }
  throw Object.assign(new Error(name), { name: "SQLiteError", code: name, errno: code });
}

/** @returns whether the step has so many statements */
async function disturb(start: Start, step: number, statement: number, failure: Failure): Promise<boolean> {
  const filename = `${start.filename}-${statement}-${failure.name}-${failure.isUndone}-${failure.isForGood}`;
  copyFiles(start.filename, filename);
  const story = new Story(step);
  // Whoever meets a lock that stays is refused at the first try.
  const storage = fixture.open({ filename, clock: story.clock, ...failure.isForGood && { timeout: 0 } });
  if (step > 0) await storage.pendingCount();
  let seen = 0;
  const [outcome] = await statements.during(() => Promise.allSettled([story.tell(storage)]), (sql, run, database) => {
    const isHit = seen === statement || failure.isForGood === true && seen > statement && sql !== "rollback";
    seen++;
    return isHit ? fail(failure, database) : run();
  });
  const found = await tellAll(storage);
  if (outcome!.status === "fulfilled") expect(found).toBe(start.after);
  else {
    expect(outcome!.reason).toBeInstanceOf(StorageError);
    expect(found).toBe(start.before);
    await story.tell(storage);
    expect(await tellAll(storage)).toBe(start.after);
  }
  await storage.close();
  return seen > statement;
}

describe("a statement that fails", () => {
  test("leaves all of an operation or nothing, and it can be sent again", async () => {
    const starts = await tellOnce();
    let number = 0;
    const stride = ALL_CLASSES ? 1 : 3;
    for (const [step, start] of starts.entries()) {
      for (let statement = step % stride, isThere = true; isThere; statement += stride) {
        // In the usual run each statement fails in one of the ways.
        for (const failure of LONG ? FAILURES : [FAILURES[number++ % FAILURES.length]!]) {
          try {
            isThere = await disturb(start, step, statement, failure);
          } catch (error) {
            throw new Error(`step ${step}, statement ${statement}, ${JSON.stringify(failure)}`, { cause: error });
          }
        }
      }
    }
    expect(number === 0 || number > 400 / stride).toBe(true);
  }, limitMs(600_000));
});
