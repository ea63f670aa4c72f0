/**
 * Records by key: a file for each, in folders by the hash of the key, with the key inside. A record may end by itself.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Disk } from "./disk.ts";
import type { Counted } from "./lock.ts";
import { HASH, hashOf } from "./names.ts";
import { type About, copyOf, decodeWhole, encodeRecord, type FileRecord } from "./record.ts";
import type { Transaction } from "./transaction.ts";

const LOOKS_PER_WRITE = 1 / 8;
const LOOKS_PER_FIND = 2;
/** Looks in one stretch of the way, */
const LEAST_LOOKS = 4;
/** so that others get their turn. */
const MOST_LOOKS = 200;

/** What the records of one queue share. */
export interface RecordsOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Levels of folders above the files. */
  readonly levels: number;
  readonly sweep: Sweep;
}

/** The records of one name space. */
export class Records {
  readonly space: string;
  readonly #options: RecordsOptions;
  readonly #counted: Counted | undefined;

  /**
   * @param space Name of its folder.
   * @param counted Under which name its records are counted.
   */
  constructor(space: string, options: RecordsOptions, counted?: Counted) {
    this.space = space;
    this.#options = options;
    this.#counted = counted;
    options.sweep.add(this);
  }

  /** The record of a key, if there is one and its time is not over. */
  get(transaction: Transaction, key: string): FileRecord | undefined {
    const record = decodeWhole(transaction.read(this.#path(key)));
    return record !== undefined && record.about["key"] === key && !this.isOver(record) ? record : undefined;
  }

  /**
   * The record as it is in this moment, for whoever does not hold the lock.
   *
   * @returns `undefined` if that cannot be told since somebody changes it
   */
  glance(key: string): { readonly record: FileRecord | undefined } | undefined {
    const bytes = this.#options.disk.read(this.#path(key));
    const record = decodeWhole(bytes);
    if (bytes !== undefined && record?.about["key"] !== key) return undefined;
    return { record: record !== undefined && this.isOver(record) ? undefined : record };
  }

  /** Whether its time is over. */
  isOver({ expiresMs }: FileRecord): boolean {
    return expiresMs !== 0 && expiresMs <= this.#options.clock.now();
  }

  /** Writes a record. @param expiresMs When it ends; 0: never. */
  set(transaction: Transaction, key: string, data: Uint8Array, about: About = {}, expiresMs = 0): void {
    const path = this.#path(key);
    if (this.#counted !== undefined && !transaction.exists(path)) transaction.count(this.#counted, 1);
    if (expiresMs !== 0) this.#options.sweep.noteWrite();
    transaction.put(path, encodeRecord({ ...about, key }, data, expiresMs));
  }

  /** Removes a record. @returns what it was, if it was there and its time was not over */
  delete(transaction: Transaction, key: string): FileRecord | undefined {
    const found = this.get(transaction, key);
    this.drop(transaction, this.#path(key), found?.data.length);
    return found;
  }

  /** Removes whatever is under a path. @param size Of its data, where that is known */
  drop(transaction: Transaction, path: string, size?: number): void {
    if (!transaction.exists(path)) return;
    if (this.#counted !== undefined) transaction.count(this.#counted, -1);
    transaction.remove(path, size);
  }

  /** All records whose time is not over. Looks into folders, so nothing must be under way. */
  *all(): Generator<{ readonly key: string; readonly record: FileRecord }> {
    for (const path of this.paths()) {
      const record = decodeWhole(this.#options.disk.read(path));
      const key = record?.about["key"];
      if (record === undefined || typeof key !== "string" || this.isOver(record) || this.#path(key) !== path) continue;
      yield { key, record: { ...record, data: copyOf(record.data) } };
    }
  }

  /** Where records are. */
  *paths(): Generator<string> {
    for (const folder of this.folders()) yield* this.pathsIn(folder);
  }

  /** The folders that hold records. */
  folders(): string[] {
    let folders = [this.space];
    for (let level = 0; level < this.#options.levels; level++) {
      folders = folders.flatMap((folder) => this.#options.disk.folders(folder).map((name) => `${folder}/${name}`));
    }
    return folders;
  }

  /** The records of one folder. */
  pathsIn(folder: string): string[] {
    return this.#options.disk.list(folder).filter((name) => HASH.test(name)).map((name) => `${folder}/${name}`);
  }

  #path(key: string): string {
    const hash = hashOf(key);
    return [this.space, ...hash.slice(0, this.#options.levels), hash].join("/");
  }
}

/**
 * Removes records whose time is over, going round and round through all of them. Some of the records with an end that are written pay
 * for a look at another one, and each one found that is over pays for more. So no index of ends has to be kept, little is looked at
 * while nothing ends, and about half at most of what is there is over.
 */
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
