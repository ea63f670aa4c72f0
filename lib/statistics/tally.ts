/**
 * What one process has counted and not written yet: numbers by minute and task, and the tasks that ended last.
 * @module
 */
import { classOf } from "./histogram.ts";
import { encodeEnd, type NotedEnd } from "./recent.ts";
import { HOUR_MS, MINUTE_MS } from "../primitives/time.ts";
import type { CountRow, CountStep } from "../storage.ts";
import type { StatsCounts } from "../types/statistics.ts";

/** What can be counted. */
export type Counted = keyof StatsCounts;

/** A length of time that is measured: of attempts, and of waits for them. */
export type Measured = "run" | "wait";

/** So many ends are noted between two writings; of more, the last ones. */
const MOST_ENDS = 100;

/** So many rows are kept while the storage is away; then the oldest minutes go. */
const MOST_ROWS = 10_000;

/** The numbers of one task in one minute. */
class Numbers {
  readonly counts: Map<Counted, number> = new Map();
  readonly run: Times = new Times();
  readonly wait: Times = new Times();

  /** As they are stored. */
  toRow(step: CountStep, atMs: number, taskName: string): CountRow {
    const sums: Record<string, number> = Object.fromEntries(this.counts);
    const maxima: Record<string, number> = {};
    for (const [name, { totalMs, longestMs, classes }] of [["run", this.run], ["wait", this.wait]] as const) {
      if (classes.size === 0) continue;
      sums[name] = totalMs;
      maxima[name] = longestMs;
      for (const [index, count] of classes) sums[`${name}:${index}`] = count;
    }
    return { step, atMs, taskName, sums, maxima };
  }

  /** Adds others. */
  add(others: Numbers): void {
    for (const [what, count] of others.counts) this.counts.set(what, (this.counts.get(what) ?? 0) + count);
    this.run.add(others.run);
    this.wait.add(others.wait);
  }
}

/** Lengths of time, by their classes. */
class Times {
  totalMs = 0;
  longestMs = 0;
  readonly classes: Map<number, number> = new Map();

  measure(ms: number): void {
    const index = classOf(ms);
    this.classes.set(index, (this.classes.get(index) ?? 0) + 1);
    this.totalMs += ms;
    if (ms > this.longestMs) this.longestMs = ms;
  }

  add(others: Times): void {
    for (const [index, count] of others.classes) this.classes.set(index, (this.classes.get(index) ?? 0) + count);
    this.totalMs += others.totalMs;
    this.longestMs = Math.max(this.longestMs, others.longestMs);
  }
}

/** The numbers of each task, by the start of the minute. */
type Minutes = Map<number, Map<string, Numbers>>;

/** What was counted, taken to be written. */
export interface Taken {
  readonly minutes: Minutes;
  readonly rows: readonly CountRow[];
  readonly ends: readonly Uint8Array[];
}

/** Counts in memory. Nothing here waits: it is on the path of each task. */
export class Tally {
  #minutes: Minutes = new Map();
  #minuteMs = -Infinity;
  #names = new Map<string, Numbers>();
  #ends: NotedEnd[] = [];
  /** Where the next end goes, once there are as many as may be. */
  #oldest = 0;

  /** Whether nothing was counted since the last `take`. */
  get isEmpty(): boolean {
    return this.#minutes.size === 0 && this.#ends.length === 0;
  }

  /** Counts something that happened. */
  count(taskName: string, what: Counted, nowMs: number, by: number = 1): void {
    const { counts } = this.#numbers(taskName, nowMs);
    counts.set(what, (counts.get(what) ?? 0) + by);
  }

  /** Counts a length of time. */
  measure(taskName: string, what: Measured, ms: number, nowMs: number): void {
    this.#numbers(taskName, nowMs)[what].measure(ms);
  }

  /** Notes the end of a task. */
  note(end: NotedEnd): void {
    if (this.#ends.length < MOST_ENDS) this.#ends.push(end);
    else this.#ends[this.#oldest++ % MOST_ENDS] = end;
  }

  /** Everything since the last time, for minutes and for hours; the tally is empty then. */
  take(): Taken {
    const minutes = this.#minutes;
    const turn = this.#oldest % MOST_ENDS;
    const ends = [...this.#ends.slice(turn), ...this.#ends.slice(0, turn)].map(encodeEnd);
    this.#minutes = new Map();
    this.#minuteMs = -Infinity;
    this.#ends = [];
    this.#oldest = 0;
    return { minutes, rows: rowsOf(minutes), ends };
  }

  /** Adds what was taken and could not be written. The ends are a sample: those are let go. */
  putBack({ minutes }: Taken): void {
    let room = MOST_ROWS - [...this.#minutes.values()].reduce((sum, names) => sum + names.size, 0);
    for (const [atMs, names] of [...minutes].toReversed()) {
      for (const [taskName, numbers] of names) if (room-- > 0) this.#numbers(taskName, atMs).add(numbers);
    }
  }

  #numbers(taskName: string, nowMs: number): Numbers {
    const sinceMs = nowMs - this.#minuteMs;
    if (sinceMs < 0 || sinceMs >= MINUTE_MS) this.#turnTo(nowMs - nowMs % MINUTE_MS);
    let numbers = this.#names.get(taskName);
    if (numbers === undefined) this.#names.set(taskName, numbers = new Numbers());
    return numbers;
  }

  #turnTo(minuteMs: number): void {
    let names = this.#minutes.get(minuteMs);
    if (names === undefined) this.#minutes.set(minuteMs, names = new Map());
    this.#names = names;
    this.#minuteMs = minuteMs;
  }
}

function rowsOf(minutes: Minutes): CountRow[] {
  const rows: CountRow[] = [];
  const hours: Minutes = new Map();
  for (const [atMs, names] of minutes) {
    const hourMs = atMs - atMs % HOUR_MS;
    const sums = hours.get(hourMs) ?? new Map<string, Numbers>();
    hours.set(hourMs, sums);
    for (const [taskName, numbers] of names) {
      rows.push(numbers.toRow("minute", atMs, taskName));
      const sum = sums.get(taskName) ?? new Numbers();
      sum.add(numbers);
      sums.set(taskName, sum);
    }
  }
  for (const [atMs, names] of hours) {
    for (const [taskName, numbers] of names) rows.push(numbers.toRow("hour", atMs, taskName));
  }
  return rows;
}
