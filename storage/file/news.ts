/**
 * Which tasks have ended for which somebody waits: a line for each in one file. Whoever waits for many tasks reads what is new there,
 * and not the records of all of them. The file begins with a line of its own each time that it is made anew.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Disk } from "./disk.ts";
import type { Transaction } from "./transaction.ts";

const PATH = "news/ended";
const MOST_BYTES = 8192;
/** The size is looked at before so many lines. */
const LINES_PER_LOOK = 16;
/** After this time the record of a task is looked at again, in case its line was lost. */
const KNOWN_MS = 5000;
const MOST_KNOWN = 100_000;

/** What one instance knows of the tasks that it waits for. */
export class News {
  readonly #disk: Disk;
  readonly #clock: Clock;
  /** Tasks that have not ended and will be in the news, and how long that is believed. */
  readonly #known = new Map<string, number>();
  #first: string | undefined;
  #read = 0;
  #noted = 0;

  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  /** A task has ended for which somebody waits. */
  note(transaction: Transaction, id: string): void {
    const isTooLarge = this.#noted++ % LINES_PER_LOOK === 0 && (this.#disk.size(PATH) ?? 0) > MOST_BYTES;
    if (isTooLarge) transaction.remove(PATH);
    const first = transaction.exists(PATH) ? "" : `#${transaction.newOrder()}\n`;
    transaction.append(PATH, Buffer.from(`${first}${JSON.stringify(id)}\n`));
  }

  /** Those of the tasks whose records must be looked at. */
  unknown(ids: readonly string[]): string[] {
    const nowMs = this.#clock.elapsed();
    this.#readNew();
    return ids.filter((id) => !((this.#known.get(id) ?? -Infinity) > nowMs));
  }

  /** A task has not ended, and its end will be in the news. */
  remember(id: string): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(id, this.#clock.elapsed() + KNOWN_MS);
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#known.clear();
  }

  #readNew(): void {
    if (this.#known.size === 0) return;
    const lines = Buffer.from(this.#disk.read(PATH) ?? []).toString().split("\n");
    if (lines[0] !== this.#first || lines.length < this.#read) {
      this.#first = lines[0];
      this.#known.clear();
    } else for (const line of lines.slice(this.#read)) if (line !== "") this.#known.delete(parsed(line));
    // The last one is empty, or not whole yet.
    this.#read = lines.length - 1;
  }
}

function parsed(line: string): string {
  try {
    return String(JSON.parse(line));
  } catch {
    return "";
  }
}
