/**
 * Removes records whose time is over. Each record with an end that is written pays for a look at two others, going round and round
 * through all of them. So no index of ends has to be kept, and about a third at most of what is there is over.
 * @module
 */
import type { Disk } from "./disk.ts";
import { decodeWhole } from "./record.ts";
import type { Records } from "./records.ts";
import type { Transaction } from "./transaction.ts";

const LOOKS_PER_WRITE = 2;
/** Writes between two stretches of the way. */
const WRITES_AT_ONCE = 32;

/** The way round: space by space, folder by folder. */
export class Sweep {
  readonly #disk: Disk;
  readonly #spaces: Records[] = [];
  #folders: { readonly records: Records; readonly folder: string }[] = [];
  #paths: string[] = [];
  #records: Records | undefined;
  #writes = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Goes through this space too. */
  add(records: Records): void {
    this.#spaces.push(records);
  }

  /** A record was written that will end. */
  noteWrite(): void {
    this.#writes++;
  }

  /** Whether it is time to go on. */
  get isDue(): boolean {
    return this.#writes >= WRITES_AT_ONCE;
  }

  /** Goes on. @param atLeast So many looks, if there are as many records. */
  continue(transaction: Transaction, atLeast = 0): void {
    let looks = Math.max(atLeast, LOOKS_PER_WRITE * this.#writes);
    this.#writes = 0;
    let rounds = 0;
    while (looks-- > 0) {
      while (this.#paths.length === 0) if (!this.#nextFolder() && ++rounds > 1) return;
      this.#look(transaction, this.#paths.pop()!);
    }
  }

  #look(transaction: Transaction, path: string): void {
    const bytes = this.#disk.read(path);
    if (bytes === undefined) return;
    const record = decodeWhole(bytes);
    // What cannot be read is of no use to anybody.
    if (record === undefined || this.#records!.isOver(record)) this.#records!.drop(transaction, path);
  }

  /** @returns false when a round begins */
  #nextFolder(): boolean {
    const isNewRound = this.#folders.length === 0;
    if (isNewRound) {
      this.#folders = this.#spaces.flatMap((records) => records.folders().map((folder) => ({ records, folder })));
      // So that several processes do not all look at the same ones.
      const turn = Math.floor(Math.random() * this.#folders.length);
      this.#folders.push(...this.#folders.splice(0, turn));
    }
    const next = this.#folders.pop();
    this.#records = next?.records;
    this.#paths = next === undefined ? [] : next.records.pathsIn(next.folder);
    return !isNewRound;
  }
}
