/**
 * A process that is killed before any of its statements: what it leaves is the file as it is before or after the operation under way,
 * and whoever opens it goes on from there. A kill leaves the files as they are at that moment, so copies of them are what it leaves.
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { Storage } from "../../lib/storage.ts";
import { ALL_CLASSES, limitMs, size } from "../sizes.ts";
import { Fixture, MEMORY_FOLDER, RUNTIMES } from "./_sqlite_fixture.ts";
import { Statements } from "./_sqlite_statements.ts";
import { STEP_COUNT, Story, tellAll } from "./_sqlite_story.ts";

/** The files of a database, but for the index of the log, which whoever comes first makes anew. */
const FILES = ["", "-wal", "-journal"];

/** Tells the story in a process of its own, which is killed. */
const TOLD = new URL("./_sqlite_told.ts", import.meta.url);

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

/** What a kill has left. */
interface Left {
  readonly filename: string;
  readonly step: number;
  readonly sql: string;
  /** What was sent before it. */
  readonly settlement: Story["settlement"];
}

/** What there is before and after each step. */
interface Moment {
  readonly before: string;
  after: string;
}

/** Tells the whole story, and copies the files before each statement. */
async function tellAndCopy(journalMode: string): Promise<{ lefts: Left[]; moments: Moment[] }> {
  const lefts: Left[] = [];
  const moments: Moment[] = [];
  const story = new Story();
  const storage = fixture.open({ journalMode, clock: story.clock });
  for (; story.step < STEP_COUNT; story.step++) {
    const before = story.step === 0 ? "" : await tellAll(storage);
    await statements.during(() => story.tell(storage), (sql, run) => {
      lefts.push({ filename: copyFiles(lefts.length), step: story.step, sql, settlement: story.settlement });
      return run();
    });
    const after = await tellAll(storage);
    lefts.push({ filename: copyFiles(lefts.length), step: story.step, sql: "", settlement: story.settlement });
    moments.push({ before: story.step === 0 ? after : before, after });
  }
  return { lefts, moments };
}

function copyFiles(number: number): string {
  const filename = join(fixture.folder, `left-${number}`);
  for (const end of FILES) if (existsSync(fixture.filename + end)) copyFileSync(fixture.filename + end, filename + end);
  return filename;
}

/** So many of them, from all parts. */
function evenly<T>(all: readonly T[], count: number): T[] {
  const between = Math.ceil(all.length / count);
  return all.filter((_, index) => index % between === 0);
}

/** Whatever was written, all of it is there or nothing. Who sends a settlement again learns which. */
async function openLeft(left: Left, moments: readonly Moment[], journalMode: string): Promise<[Story, Storage]> {
  const story = new Story(left.step);
  const storage = fixture.open({ filename: left.filename, journalMode, clock: story.clock });
  const found = await tellAll(storage);
  const { before, after } = moments[left.step]!;
  if (found !== after) expect(found).toBe(before);
  if (left.settlement !== undefined) {
    expect(await storage.settle({ ...left.settlement, again: true })).toMatchObject({ held: true });
  } else if (found !== after) await story.tell(storage);
  expect(await tellAll(storage)).toBe(after);
  return [story, storage];
}

describe("killed before any statement", () => {
  for (const journalMode of ["wal", "delete"]) {
    test(`all of an operation is there or nothing, and the next one goes on (${journalMode})`, async () => {
      const { lefts, moments } = await tellAndCopy(journalMode);
      expect(lefts.length).toBeGreaterThan(250);
      const count = size(lefts.length / (journalMode === "wal" ? 2 : 6), lefts.length);
      const between = Math.ceil(lefts.length / size(12, lefts.length));
      for (const [number, left] of evenly(lefts, count).entries()) {
        try {
          const [story, storage] = await openLeft(left, moments, journalMode);
          for (story.step++; number % between === 0 && story.step < STEP_COUNT; story.step++) {
            await story.tell(storage);
            expect(await tellAll(storage)).toBe(moments[story.step]!.after);
          }
          await storage.close();
        } catch (error) {
          throw new Error(`step ${left.step}, killed before ${JSON.stringify(left.sql)}`, { cause: error });
        }
      }
    }, limitMs(300_000));
  }

  // What runs this test makes no difference to the processes that it starts.
  for (const runtime of ALL_CLASSES ? RUNTIMES : []) {
    test(`a process of its own leaves no more and no less (${runtime})`, async () => {
      const { lefts, moments } = await tellAndCopy("wal");
      const count = lefts.length - STEP_COUNT;
      for (const number of evenly(Array.from({ length: count }, (_, index) => index), size(6, 60))) {
        const filename = join(fixture.folder, `${runtime}-${number}`);
        const steps = await fixture.run(runtime, TOLD, filename, String(number));
        expect(steps.at(-1)).not.toBe("end");
        const story = new Story(Number(steps.at(-1)));
        const storage = fixture.open({ filename, clock: story.clock });
        const found = await tellAll(storage);
        const { before, after } = moments[story.step]!;
        if (found !== after) expect(found).toBe(before);
      }
    }, limitMs(300_000));
  }
});
