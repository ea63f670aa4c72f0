/**
 * Reads what all processes have counted.
 * @module
 */
import { quantileMs } from "./histogram.ts";
import { decodeEnd } from "./recent.ts";
import type { Measured } from "./tally.ts";
import { checkNumber, show } from "../primitives/arguments.ts";
import type { Clock } from "../primitives/clock.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { HOUR_MS, instantMs, MINUTE_MS } from "../primitives/time.ts";
import type { CountRow, CountStep, Storage } from "../storage.ts";
import type { RecentTask, Stats, StatsCounts, StatsOptions, StatsRow, StatsTimes } from "../types/statistics.ts";

/** Length of each step. */
const STEP_MS: Readonly<Record<CountStep, number>> = { minute: MINUTE_MS, hour: HOUR_MS };
const DEFAULT_RANGE_MS = HOUR_MS;
/** Most rows that are read for one answer. */
export const MOST_ROWS = 10_000;
/** Most tasks that `recent` tells of. */
const MOST_RECENT = 1000;

const COUNTS: StatsCounts = {
  enqueued: 0,
  completed: 0,
  failed: 0,
  retried: 0,
  revoked: 0,
  expired: 0,
  canceled: 0,
  dead: 0,
  recovered: 0,
};

const RULES: Rules<StatsOptions> = {
  from: rule.instant,
  to: rule.instant,
  taskName: rule.string,
  step: rule.oneOf("minute", "hour"),
};

/**
 * Counts and times of a range of time.
 * @throws {TypeError | RangeError} For wrong options.
 */
export async function readStats(storage: Storage, clock: Clock, options: StatsOptions = {}): Promise<Stats> {
  const rows = await readCounts(storage, clock, options);
  return { rows: rows.map(rowOf), totals: summaryOf(rows) };
}

/**
 * The rows of a range of time, oldest first; at most the newest of `MOST_ROWS`.
 * @throws {TypeError | RangeError} For wrong options.
 */
export async function readCounts(storage: Storage, clock: Clock, options: StatsOptions = {}): Promise<CountRow[]> {
  checkOptions<StatsOptions>(options, "stats", RULES);
  const { step = "minute", taskName } = options;
  const toMs = options.to === undefined ? clock.now() + 1 : instantMs(options.to, "to");
  const fromMs = options.from === undefined ? toMs - DEFAULT_RANGE_MS : instantMs(options.from, "from");
  if (fromMs > toMs) throw new RangeError(`stats: from ${show(options.from)} is after to ${show(options.to)}`);
  const first = fromMs - fromMs % STEP_MS[step];
  return await storage.counts({ step, fromMs: first, toMs, taskName, limit: MOST_ROWS });
}

/** A row as applications see it. */
export function rowOf(row: CountRow): StatsRow {
  return { at: new Date(row.atMs), taskName: row.taskName, ...summaryOf([row]) };
}

/**
 * The tasks that ended last, as far as they are in the sample.
 * @throws {TypeError | RangeError} For a limit that is no whole number.
 */
export async function readRecent(storage: Storage, limit: number = MOST_RECENT): Promise<RecentTask[]> {
  checkNumber(limit, "limit", { min: 0, whole: true });
  const ends = (await storage.recent(MOST_RECENT)).map(decodeEnd).filter((end) => end !== undefined);
  // Each process writes its own ends when it comes to it, so that they are not in their order.
  return ends.sort((one, other) => other.endedAt.getTime() - one.endedAt.getTime()).slice(0, limit);
}

/** Counts and times of several rows together. */
export function summaryOf(rows: readonly CountRow[]): StatsCounts & StatsTimes {
  const counts = { ...COUNTS };
  for (const name of Object.keys(COUNTS) as (keyof StatsCounts)[]) {
    for (const { sums } of rows) counts[name] += numberOf(sums[name]);
  }
  const [run, wait] = [timesOf(rows, "run"), timesOf(rows, "wait")];
  return {
    ...counts,
    runMean: run.mean,
    runP50: run.at(0.5),
    runP95: run.at(0.95),
    runMax: run.max,
    waitMean: wait.mean,
    waitP95: wait.at(0.95),
  };
}

interface Times {
  readonly mean: number | undefined;
  readonly max: number | undefined;
  /** The time below which a share lies. */
  readonly at: (share: number) => number | undefined;
}

/** In seconds. */
function timesOf(rows: readonly CountRow[], what: Measured): Times {
  const classes = classesOf(rows, what);
  const number = [...classes.values()].reduce((sum, count) => sum + count, 0);
  if (number === 0) return { mean: undefined, max: undefined, at: () => undefined };
  const totalMs = rows.reduce((sum, { sums }) => sum + numberOf(sums[what]), 0);
  const longestMs = rows.reduce((longest, { maxima }) => Math.max(longest, numberOf(maxima[what])), 0);
  return {
    mean: totalMs / number / 1000,
    max: longestMs / 1000,
    at: (share) => Math.min(quantileMs(classes, share)!, longestMs) / 1000,
  };
}

/** How many times are in each class, of several rows together. */
export function classesOf(rows: readonly CountRow[], what: Measured): Map<number, number> {
  const classes = new Map<number, number>();
  for (const [field, value] of rows.flatMap(({ sums }) => Object.entries(sums))) {
    const index = field.startsWith(`${what}:`) ? Number(field.slice(what.length + 1)) : NaN;
    if (Number.isInteger(index) && index >= 0 && index <= 1000) classes.set(index, (classes.get(index) ?? 0) + numberOf(value));
  }
  return classes;
}

/** What the storage has may come from anybody. */
function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
