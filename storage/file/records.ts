/**
 * Records by key: a file for each, in folders by the hash of the key, with the key inside. A record may end by itself.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Disk } from "./disk.ts";
import type { Counted } from "./lock.ts";
import { HASH, hashOf } from "./names.ts";
import { type About, copyOf, decodeWhole, encodeRecord, type FileRecord } from "./record.ts";
import type { Sweep } from "./sweep.ts";
import type { Transaction } from "./transaction.ts";

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
    this.drop(transaction, this.#path(key));
    return found;
  }

  /** Removes whatever is under a path. */
  drop(transaction: Transaction, path: string): void {
    if (!transaction.exists(path)) return;
    if (this.#counted !== undefined) transaction.count(this.#counted, -1);
    transaction.remove(path);
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
