/**
 * Removes records whose time is over, going round and round through all of them. Some of the records with an end that are written pay
 * for a look at another one, and each one found that is over pays for more. So no index of ends has to be kept, little is looked at
 * while nothing ends, and about half at most of what is there is over.
 * @module
 */
import type { Disk } from "./disk.ts";
import { decodeWhole } from "./record.ts";
import type { Records } from "./records.ts";
import type { Transaction } from "./transaction.ts";

const LOOKS_PER_WRITE = 1 / 8;
const LOOKS_PER_FIND = 2;
/** Looks in one stretch of the way, */
const LEAST_LOOKS = 4;
/** so that others get their turn. */
const MOST_LOOKS = 200;

/** The way round: space by space, folder by folder. */
export class Sweep {
  readonly #disk: Disk;
  readonly #spaces: Records[] = [];
  #folders: { readonly records: Records; readonly folder: string }[] = [];
  #paths: string[] = [];
  #records: Records | undefined;
  /** That are paid for. */
  #looks = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Goes through this space too. */
  add(records: Records): void {
    this.#spaces.push(records);
  }

  /** A record was written that will end. */
  noteWrite(): void {
    this.#looks += LOOKS_PER_WRITE;
  }

  /** Whether it is time to go on. */
  get isDue(): boolean {
    return this.#looks >= LEAST_LOOKS;
  }

  /** Goes on. @param atLeast So many looks, if there are as many records. */
  continue(transaction: Transaction, atLeast = 0): void {
    let rounds = 0;
    this.#looks = Math.max(this.#looks, atLeast);
    for (let count = 0; this.#looks >= 1 && count < MOST_LOOKS; count++) {
      while (this.#paths.length === 0) if (!this.#nextFolder() && ++rounds > 1) return void (this.#looks = 0);
      this.#looks += this.#look(transaction, this.#paths.pop()!) ? LOOKS_PER_FIND - 1 : -1;
    }
  }

  /** @returns whether it was over */
  #look(transaction: Transaction, path: string): boolean {
    const bytes = this.#disk.read(path);
    const record = decodeWhole(bytes);
    // What cannot be read is of no use to anybody.
    const isOver = bytes !== undefined && (record === undefined || this.#records!.isOver(record));
    if (isOver) this.#records!.drop(transaction, path);
    return isOver;
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
