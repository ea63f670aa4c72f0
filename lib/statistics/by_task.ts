/**
 * Reads what was counted of each task, with one look at the storage.
 * @module
 */
import { upperBoundMs } from "./histogram.ts";
import { classesOf, MOST_ROWS, readCounts, rowOf, summaryOf } from "./read.ts";
import type { Clock } from "../primitives/clock.ts";
import type { CountRow, Storage } from "../storage.ts";
import type { Stats, StatsOptions, StatsRow } from "../types/statistics.ts";

/** What was counted of one task. */
export interface TaskStats {
  /** A row for each step of time in which something happened, oldest first. */
  readonly rows: readonly StatsRow[];
  /** Of all rows together. */
  readonly totals: Stats["totals"];
  /** How many attempts took up to so many seconds, and longer than those before; classes without any are left out. */
  readonly runTimes: readonly RunTimes[];
}

/** A class of run times. */
export interface RunTimes {
  /** The longest of the class. */
  readonly seconds: number;
  /** How many there are. */
  readonly count: number;
}

/** A class of four is a doubling wide. */
const JOINED = 4;

/**
 * Counts and times of each task in a range of time.
 *
 * @param options The range, the step, and the task if it is one alone.
 * @returns `cut`: there are more rows than are read, and the oldest are left out
 * @throws {TypeError | RangeError} For wrong options.
 */
export async function readStatsByTask(
  storage: Storage,
  clock: Clock,
  options: StatsOptions = {},
): Promise<{ tasks: Map<string, TaskStats>; cut: boolean }> {
  const rows = await readCounts(storage, clock, options);
  const byTask = Map.groupBy(rows, ({ taskName }) => taskName);
  const tasks = new Map([...byTask].map(([name, own]) => [name, statsOf(own)]));
  return { tasks, cut: rows.length >= MOST_ROWS };
}

function statsOf(rows: readonly CountRow[]): TaskStats {
  return { rows: rows.map(rowOf), totals: summaryOf(rows), runTimes: runTimesOf(rows) };
}

function runTimesOf(rows: readonly CountRow[]): RunTimes[] {
  const counts = new Map<number, number>();
  for (const [index, count] of classesOf(rows, "run")) {
    const last = Math.ceil(index / JOINED) * JOINED;
    counts.set(last, (counts.get(last) ?? 0) + count);
  }
  return [...counts].sort(([one], [other]) => one - other).map(([last, count]) => ({
    seconds: upperBoundMs(last) / 1000,
    count,
  }));
}
