/**
 * Counts of the storage in map_storage.ts.
 * @module
 */
import type { CountBounds, CountQuery, CountRow } from "@hueyjs/huey";

/** What was counted, by task and step of time, and the recent ends of tasks. */
export class MapCounts {
  readonly #rows: Map<string, CountRow> = new Map();
  /** Newest first. */
  #recent: Uint8Array[] = [];

  add(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds, nowMs: number): void {
    for (const row of rows) {
      const key = JSON.stringify([row.step, row.atMs, row.taskName]);
      const { sums, maxima } = this.#rows.get(key) ?? { sums: {}, maxima: {} };
      const added = { sums: join(sums, row.sums, (one, other) => one + other), maxima: join(maxima, row.maxima, Math.max) };
      this.#rows.set(key, { ...row, ...added });
    }
    for (const [key, { step, atMs }] of this.#rows) if (atMs < nowMs - bounds[`${step}AgeMs`]) this.#rows.delete(key);
    this.#recent = [...recent.map((end) => end.slice()).reverse(), ...this.#recent].slice(0, bounds.recent);
  }

  list({ step, fromMs, toMs, taskName, limit }: CountQuery): CountRow[] {
    const rows = [...this.#rows.values()].filter((row) =>
      row.step === step && row.atMs >= fromMs && row.atMs < toMs && (taskName === undefined || row.taskName === taskName)
    );
    return rows.sort((one, other) => one.atMs - other.atMs).slice(Math.max(0, rows.length - limit));
  }

  recent(limit: number): Uint8Array[] {
    return this.#recent.slice(0, limit);
  }

  clear(): void {
    this.#rows.clear();
    this.#recent = [];
  }
}

type Numbers = Readonly<Record<string, number>>;

function join(one: Numbers, other: Numbers, by: (one: number, other: number) => number): Numbers {
  const joined = new Map(Object.entries(one));
  for (const [name, value] of Object.entries(other)) joined.set(name, joined.has(name) ? by(joined.get(name)!, value) : value);
  return Object.fromEntries(joined);
}

// Output:
