/**
 * Counts of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { CountBounds, CountQuery, CountRow, CountStep } from "../../lib/storage.ts";
import { copyBytes } from "../bytes.ts";

/** What was counted of one task in one step of time. */
interface Tally {
  readonly sums: Map<string, number>;
  readonly maxima: Map<string, number>;
}

/** Tallies by the beginning of their step of time and the name of their task. */
type Times = Map<number, Map<string, Tally>>;

/** A row of counts as it is saved: names beside their numbers, in their order. */
export interface SavedRow {
  readonly step: CountStep;
  readonly atMs: number;
  readonly taskName: string;
  readonly sums: readonly (readonly [string, number])[];
  readonly maxima: readonly (readonly [string, number])[];
}

/** Counts as they are saved. */
export interface SavedCounts {
  readonly rows: readonly SavedRow[];
  readonly recent: readonly Uint8Array[];
}

/** Counts by the minute and by the hour, and the recent ends of tasks. */
export class MemoryCounts {
  readonly #clock: Pick<Clock, "now">;
  readonly #times: Record<CountStep, Times> = { minute: new Map(), hour: new Map() };
  /** Oldest first. */
  #recent: Uint8Array[] = [];

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** See `Storage.count`. */
  add(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): void {
    for (const row of rows) addRow(this.#times[row.step], row);
    const all = [...this.#recent, ...recent.map(copyBytes)];
    this.#recent = all.slice(Math.max(0, all.length - bounds.recent));
    this.#trim("minute", bounds.minuteAgeMs);
    this.#trim("hour", bounds.hourAgeMs);
  }

  /** See `Storage.counts`. */
  list({ step, fromMs, toMs, taskName, limit }: CountQuery): CountRow[] {
    const rows: CountRow[] = [];
    for (const [atMs, tallies] of this.#times[step]) {
      if (atMs < fromMs || atMs >= toMs) continue;
      for (const [name, { sums, maxima }] of tallies) {
        if (taskName !== undefined && name !== taskName) continue;
        rows.push({ step, atMs, taskName: name, sums: Object.fromEntries(sums), maxima: Object.fromEntries(maxima) });
      }
    }
    return rows.sort((left, right) => left.atMs - right.atMs).slice(Math.max(0, rows.length - limit));
  }

  /** See `Storage.recent`. */
  recent(limit: number): Uint8Array[] {
    return this.#recent.toReversed().slice(0, limit);
  }

  /** Forgets all. */
  clear(): void {
    for (const times of Object.values(this.#times)) times.clear();
    this.#recent = [];
  }

  /** Everything there is. */
  saved(): SavedCounts {
    const rows: SavedRow[] = [];
    for (const step of ["minute", "hour"] as const) {
      for (const [atMs, tallies] of this.#times[step]) {
        for (const [taskName, { sums, maxima }] of tallies) {
          rows.push({ step, atMs, taskName, sums: [...sums], maxima: [...maxima] });
        }
      }
    }
    return { rows, recent: this.#recent };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ rows, recent }: SavedCounts): void {
    this.clear();
    for (const { step, atMs, taskName, sums, maxima } of rows) {
      const times = this.#times[step];
      let tallies = times.get(atMs);
      if (tallies === undefined) times.set(atMs, tallies = new Map());
      tallies.set(taskName, { sums: new Map(sums), maxima: new Map(maxima) });
    }
    this.#recent = [...recent];
  }

  /** Deletes what is older. There are never many steps of time, so that all are looked at. */
  #trim(step: CountStep, ageMs: number): void {
    const times = this.#times[step];
    const oldestMs = this.#clock.now() - ageMs;
    for (const atMs of [...times.keys()]) if (atMs < oldestMs) times.delete(atMs);
  }
}

function addRow(times: Times, { atMs, taskName, sums, maxima }: CountRow): void {
  let tallies = times.get(atMs);
  if (tallies === undefined) times.set(atMs, tallies = new Map());
  let tally = tallies.get(taskName);
  if (tally === undefined) tallies.set(taskName, tally = { sums: new Map(), maxima: new Map() });
  for (const [name, by] of Object.entries(sums)) tally.sums.set(name, (tally.sums.get(name) ?? 0) + by);
  for (const [name, value] of Object.entries(maxima)) tally.maxima.set(name, Math.max(tally.maxima.get(name) ?? value, value));
}
