/**
 * Counts: a file for each step of time with the rows of all tasks, and one with the ends that were added last.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { CountBounds, CountQuery, CountRow, CountStep } from "../../lib/storage.ts";
import { joinBytes } from "../bytes.ts";
import type { Disk } from "./disk.ts";
import { numberOf, sortableTime } from "./names.ts";
import { copyOf, decodeWhole, encodeRecord } from "./record.ts";
import type { Transaction } from "./transaction.ts";

type Numbers = Readonly<Record<string, number>>;
type Rows = Map<string, { readonly sums: Numbers; readonly maxima: Numbers }>;

const NOTHING = new Uint8Array();
const RECENT = "counts/recent";
const TIME = /^[0-9a-f]{12}$/;
/** So many files are removed in one go. */
const MOST_TRIMMED = 100;

/** All counts of one queue. */
export class Counts {
  readonly #disk: Disk;
  readonly #clock: Clock;

  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  /** See `Storage.count`. Looks into folders. */
  add(transaction: Transaction, rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): void {
    const files = Map.groupBy(rows, ({ step, atMs }) => pathOf(step, atMs));
    let isNew = false;
    for (const [path, added] of files) {
      isNew ||= !transaction.exists(path);
      const before = readRows(transaction, path);
      for (const { taskName, sums, maxima } of added) {
        const found = before.get(taskName);
        before.set(taskName, {
          sums: merged(found?.sums, sums, (left, right) => left + right),
          maxima: merged(found?.maxima, maxima, Math.max),
        });
      }
      transaction.put(path, encodeRecord({ rows: [...before] }, NOTHING));
    }
    if (recent.length > 0) this.#addRecent(transaction, recent, bounds.recent);
    if (!isNew) return;
    this.#trim(transaction, "minute", bounds.minuteAgeMs);
    this.#trim(transaction, "hour", bounds.hourAgeMs);
  }

  /** See `Storage.counts`. Looks into folders. */
  list(transaction: Transaction, { step, fromMs, toMs, taskName, limit }: CountQuery): CountRow[] {
    const found: CountRow[] = [];
    const times = this.#times(step).filter((atMs) => atMs >= fromMs && atMs < toMs);
    for (const atMs of times.reverse()) {
      if (found.length >= limit) break;
      for (const [name, numbers] of readRows(transaction, pathOf(step, atMs))) {
        if (taskName === undefined || name === taskName) found.push({ step, atMs, taskName: name, ...numbers });
      }
    }
    return found.slice(0, Math.max(0, limit)).reverse();
  }

  /** See `Storage.recent`. */
  recent(transaction: Transaction, limit: number): Uint8Array[] {
    return readRecent(transaction).reverse().slice(0, Math.max(0, limit)).map((end) => end.slice());
  }

  #addRecent(transaction: Transaction, recent: readonly Uint8Array[], most: number): void {
    const ends = [...readRecent(transaction), ...recent];
    const kept = ends.slice(Math.max(0, ends.length - most));
    transaction.put(RECENT, encodeRecord({ lengths: kept.map(({ length }) => length) }, joinBytes(kept)));
  }

  #trim(transaction: Transaction, step: CountStep, ageMs: number): void {
    const firstMs = this.#clock.now() - ageMs;
    const old = this.#times(step).filter((atMs) => atMs < firstMs).slice(0, MOST_TRIMMED);
    for (const atMs of old) transaction.remove(pathOf(step, atMs));
  }

  #times(step: CountStep): number[] {
    return this.#disk.list(`counts/${step}`).filter((name) => TIME.test(name)).map(numberOf);
  }
}

function readRows(transaction: Transaction, path: string): Rows {
  const rows: unknown = decodeWhole(transaction.read(path))?.about["rows"];
  const valid: Rows = new Map();
  for (const row of Array.isArray(rows) ? rows as unknown[] : []) {
    const [name, numbers] = Array.isArray(row) ? row as unknown[] : [];
    const { sums, maxima } = (numbers ?? {}) as { sums?: unknown; maxima?: unknown };
    if (typeof name === "string") valid.set(name, { sums: numbersOf(sums), maxima: numbersOf(maxima) });
  }
  return valid;
}

function numbersOf(value: unknown): Numbers {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter(([, number]) => Number.isFinite(number)));
}

function merged(found: Numbers = {}, added: Numbers, merge: (left: number, right: number) => number): Numbers {
  const all: Record<string, number> = { ...found };
  for (const [name, number] of Object.entries(added)) all[name] = Object.hasOwn(all, name) ? merge(all[name]!, number) : number;
  return all;
}

function readRecent(transaction: Transaction): Uint8Array[] {
  const record = decodeWhole(transaction.read(RECENT));
  const lengths = record?.about["lengths"];
  if (
    record === undefined || !Array.isArray(lengths) || !lengths.every((length) => Number.isSafeInteger(length) && length >= 0)
  ) {
    return [];
  }
  const data = copyOf(record.data);
  let start = 0;
  return (lengths as number[]).map((length) => data.slice(start, start += length));
}

function pathOf(step: CountStep, atMs: number): string {
  return `counts/${step}/${sortableTime(atMs)}`;
}
