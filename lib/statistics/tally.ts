/**
 * What one process has counted and not written yet: numbers by minute and task, and the tasks that ended last.
 * @module
 */
import { classOf } from "./histogram.ts";
import { encodeEnd, type NotedEnd } from "./recent.ts";
import type { CountRow } from "../storage.ts";
import type { StatsCounts } from "../types/statistics.ts";

/** What can be counted. */
export type Counted = keyof StatsCounts;

/** A length of time that is measured: of attempts, and of waits for them. */
export type Measured = "run" | "wait";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** So many ends are noted between two writings; of more, the last ones. */
const MOST_ENDS = 100;

/** So many rows are kept while the storage is away; then the oldest minutes go. */
const MOST_ROWS = 10_000;

/** The numbers of one task in one minute. */
interface Numbers {
  readonly sums: Record<string, number>;
  readonly maxima: Record<string, number>;
}

/** What was counted, taken to be written. */
export interface Taken {
  readonly rows: readonly CountRow[];
  readonly ends: readonly Uint8Array[];
}

/** Counts in memory. Nothing here waits: it is on the path of each task. */
export class Tally {
  /** By the start of the minute, then by task. */
  #minutes = new Map<number, Map<string, Numbers>>();
  #minuteMs = -1;
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
    const { sums } = this.#numbers(taskName, nowMs);
    sums[what] = (sums[what] ?? 0) + by;
  }

  /** Counts a length of time. */
  measure(taskName: string, what: Measured, ms: number, nowMs: number): void {
    const { sums, maxima } = this.#numbers(taskName, nowMs);
    const field = `${what}:${classOf(ms)}`;
    sums[field] = (sums[field] ?? 0) + 1;
    sums[what] = (sums[what] ?? 0) + ms;
    if (!(maxima[what]! >= ms)) maxima[what] = ms;
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
    this.#minuteMs = -1;
    this.#ends = [];
    this.#oldest = 0;
    return { rows: rowsOf(minutes), ends };
  }

  /** Adds what was taken and could not be written. The ends are a sample: those are let go. */
  putBack({ rows }: Taken): void {
    let room = MOST_ROWS - [...this.#minutes.values()].reduce((sum, names) => sum + names.size, 0);
    for (const row of rows.toReversed()) {
      if (row.step !== "minute" || room-- <= 0) continue;
      const { sums, maxima } = this.#numbers(row.taskName, row.atMs);
      for (const [name, value] of Object.entries(row.sums)) sums[name] = (sums[name] ?? 0) + value;
      for (const [name, value] of Object.entries(row.maxima)) maxima[name] = Math.max(maxima[name] ?? value, value);
    }
  }

  #numbers(taskName: string, nowMs: number): Numbers {
    const minuteMs = nowMs - nowMs % MINUTE_MS;
    if (minuteMs !== this.#minuteMs) this.#turnTo(minuteMs);
    let numbers = this.#names.get(taskName);
    if (numbers === undefined) this.#names.set(taskName, numbers = { sums: {}, maxima: {} });
    return numbers;
  }

  #turnTo(minuteMs: number): void {
    let names = this.#minutes.get(minuteMs);
    if (names === undefined) this.#minutes.set(minuteMs, names = new Map());
    this.#names = names;
    this.#minuteMs = minuteMs;
  }
}

function rowsOf(minutes: ReadonlyMap<number, ReadonlyMap<string, Numbers>>): CountRow[] {
  const rows: CountRow[] = [];
  const hours = new Map<string, { atMs: number; taskName: string } & Numbers>();
  for (const [atMs, names] of minutes) {
    const hourMs = atMs - atMs % HOUR_MS;
    for (const [taskName, { sums, maxima }] of names) {
      rows.push({ step: "minute", atMs, taskName, sums, maxima });
      const key = `${hourMs} ${taskName}`;
      const hour = hours.get(key) ?? { atMs: hourMs, taskName, sums: {}, maxima: {} };
      for (const [name, value] of Object.entries(sums)) hour.sums[name] = (hour.sums[name] ?? 0) + value;
      for (const [name, value] of Object.entries(maxima)) hour.maxima[name] = Math.max(hour.maxima[name] ?? value, value);
      hours.set(key, hour);
    }
  }
  return [...rows, ...[...hours.values()].map((hour): CountRow => ({ step: "hour", ...hour }))];
}
