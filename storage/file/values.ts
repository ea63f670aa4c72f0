/**
 * A name space of keys and values: a file for each, in folders by the hash of the key, with the key inside.
 *
 * Reading, putting, deleting and popping are single steps of the file system. What reads and then writes holds the key's lock,
 * and so does `put`, because it must not slip in between. The result of a task is put by its settlement without the lock:
 * nobody compares and swaps those.
 * @module
 */
import type { KeyValue, PutIfEmptyOptions } from "../../lib/storage.ts";
import { equalBytes } from "../bytes.ts";
import { type Disk, pauseAt } from "./disk.ts";
import type { Expiry } from "./expiry.ts";
import type { KeyLocks } from "./key_lock.ts";
import { hashOf } from "./layout.ts";
import type { Ended, Notices } from "./notices.ts";
import { decodeWhole, encodeRecord, type FileRecord } from "./record.ts";

/** What is written beside a value. */
export interface Entry {
  readonly key: string;
  readonly expiresMs?: number | undefined;
  /** Token of the claim that holds this lock. */
  readonly holder?: string | undefined;
  /** The transaction that is committed by this entry being there. */
  readonly transaction?: string | undefined;
  /** The task whose result this is has ended. */
  readonly ended?: Ended | undefined;
}

/** What the name spaces of one storage share. */
export interface ValueParts {
  readonly disk: Disk;
  readonly locks: KeyLocks;
  readonly expiry: Expiry;
  /** Removes all entries that have ended. */
  readonly prune: () => Promise<void>;
  readonly notices: Notices;
  /** Levels of folders. */
  readonly levels: number;
  /** Called after a `put`. */
  readonly onPut: (space: string) => void;
  /** Runs every access: refuses after the close, and makes a `StorageError` of a failure. */
  readonly run: <T>(action: () => T | Promise<T>) => Promise<T>;
}

/** The path of an entry. */
export function entryPath(space: string, hash: string, levels: number): string {
  return `${space}/${[...hash.slice(0, levels), hash].join("/")}`;
}

/** One name space. */
export class FileValues implements KeyValue {
  readonly space: string;
  readonly #parts: ValueParts;
  readonly #disk: Disk;

  /** @param space Name of its folder. */
  constructor(space: string, parts: ValueParts) {
    this.space = space;
    this.#parts = parts;
    this.#disk = parts.disk;
  }

  put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    return this.#parts.run(async () => {
      await this.#locked(key, (path) => this.#replace(path, this.entry(key, ttlMs), value));
      this.#parts.onPut(this.space);
    });
  }

  peek(key: string): Promise<Uint8Array | undefined> {
    return this.#parts.run(() => this.read(key)?.data);
  }

  peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#parts.run(async () => {
      const values: (Uint8Array | undefined)[] = [];
      for (const key of keys) {
        values.push(this.read(key)?.data);
        await pauseAt(values.length);
      }
      return values;
    });
  }

  pop(key: string): Promise<Uint8Array | undefined> {
    return this.#parts.run(() => this.#take(key, ({ ttlMs }) => Date.now() + ttlMs)?.data);
  }

  delete(key: string): Promise<boolean> {
    return this.#parts.run(() => this.#take(key, ({ untilMs }) => untilMs) !== undefined);
  }

  has(key: string): Promise<boolean> {
    return this.#parts.run(() => this.read(key) !== undefined);
  }

  putIfEmpty(key: string, value: Uint8Array, options: PutIfEmptyOptions = {}): Promise<boolean> {
    return this.#parts.run(async () => {
      const staged = this.stage({ ...this.entry(key, options.ttlMs), holder: options.holder }, value);
      try {
        const mark = options.holder && `${holderFolder(options.holder)}/${this.space}~${hashOf(key)}`;
        // Before the lock itself, so that none is held that its holder's recovery does not know of.
        if (mark) this.#disk.create(mark);
        const isPut = await this.linkIfEmpty(staged, key);
        if (mark && !isPut && this.read(key)?.about.holder !== options.holder) this.#disk.remove(mark);
        return isPut;
      } finally {
        this.#disk.remove(staged);
      }
    });
  }

  deleteIfEqual(key: string, value: Uint8Array): Promise<boolean> {
    return this.#parts.run(() =>
      this.#locked(key, (path) => {
        const found = this.read(key);
        return equalBytes(found?.data, value) && this.#disk.remove(path);
      })
    );
  }

  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): Promise<boolean> {
    return this.#parts.run(() =>
      this.#locked(key, (path) => {
        const found = this.read(key);
        if (!equalBytes(found?.data, expected)) return false;
        this.#replace(path, this.entry(key, ttlMs), value);
        return true;
      })
    );
  }

  size(): Promise<number> {
    return this.#parts.run(async () => {
      await this.#parts.prune();
      return this.#disk.count(this.space, this.#parts.levels);
    });
  }

  entries(): Promise<Map<string, Uint8Array>> {
    return this.#parts.run(async () => {
      const found = new Map<string, Uint8Array>();
      for (const path of this.#paths()) {
        const record = this.#readPath(path);
        if (record) found.set(record.about.key, record.data);
        await pauseAt(found.size);
      }
      return found;
    });
  }

  flush(): Promise<void> {
    return this.#parts.run(() => this.#disk.removeTree(this.space));
  }

  /** Whether there is an entry; stops at the first. */
  any(): boolean {
    for (const path of this.#paths()) {
      if (this.#readPath(path)) return true;
    }
    return false;
  }

  /** What is stored under a key, if it has not ended. */
  read(key: string): { readonly about: Entry; readonly data: Uint8Array } | undefined {
    return this.#readPath(this.path(key));
  }

  /** Where a key's file is. */
  path(key: string): string {
    return entryPath(this.space, hashOf(key), this.#parts.levels);
  }

  /** The description of a new entry; its ending is noted. */
  entry(key: string, ttlMs?: number): Entry {
    if (ttlMs === undefined) return { key };
    const expiresMs = Date.now() + ttlMs;
    this.#parts.expiry.note({ space: this.space, hash: hashOf(key) }, expiresMs);
    return { key, expiresMs };
  }

  /** Writes an entry where nobody looks. @returns its path */
  stage(entry: Entry, value: Uint8Array): string {
    const staged = this.#disk.stagedPath();
    this.#disk.write(staged, encodeRecord(entry, value));
    return staged;
  }

  /** Gives a staged entry its place if that is empty. @returns whether it was */
  async linkIfEmpty(staged: string, key: string): Promise<boolean> {
    const path = this.path(key);
    if (this.#disk.link(staged, path)) return true;
    if (this.read(key)) return false;
    // Somebody's entry has ended, or is torn: out of the way with it, unless it was replaced this moment.
    return await this.#locked(key, () => {
      if (this.read(key)) return false;
      this.#disk.remove(path);
      return this.#disk.link(staged, path);
    });
  }

  /** Changes a value by reading and writing it. @param change Gets the old value, returns the new one and its time to live. */
  update(key: string, ttlMs: number | undefined, change: (old: Uint8Array | undefined) => Uint8Array): Promise<Uint8Array> {
    return this.#locked(key, (path) => {
      const found = this.read(key);
      const value = change(found?.data);
      this.#replace(path, found ? found.about : this.entry(key, ttlMs), value);
      return value;
    });
  }

  /** Removes an entry of any name space if its time is over. */
  async dropExpired(space: string, hash: string): Promise<void> {
    const path = entryPath(space, hash, this.#parts.levels);
    await this.#parts.locks.hold(`${space}~${hash}`, () => {
      const entry = decodeWhole(this.#disk.read(path))?.about as Entry | undefined;
      if (entry && isOver(entry)) this.#disk.remove(path);
    });
  }

  /** Removes a lock if this claim still holds it. */
  async dropHeld(hash: string, holder: string): Promise<void> {
    const path = entryPath(this.space, hash, this.#parts.levels);
    await this.#parts.locks.hold(`${this.space}~${hash}`, () => {
      if (this.#readPath(path)?.about.holder === holder) this.#disk.remove(path);
    });
  }

  /** Takes an entry away, if it is still there; that of a task that has ended leaves a notice. */
  #take(key: string, noticeUntilMs: (ended: Ended) => number): FileRecord | undefined {
    const found = this.read(key);
    if (found === undefined) return undefined;
    const { ended } = found.about;
    // First, so that there is no moment at which the task is unknown.
    if (ended) this.#parts.notices.put(hashOf(key), { ...ended, untilMs: noticeUntilMs(ended) });
    const taken = this.#disk.stagedPath();
    if (!this.#disk.move(this.path(key), taken)) return undefined;
    const record = decodeWhole(this.#disk.read(taken));
    this.#disk.remove(taken);
    return record;
  }

  #replace(path: string, entry: Entry, value: Uint8Array): void {
    const staged = this.stage(entry, value);
    this.#disk.move(staged, path);
  }

  #locked<T>(key: string, action: (path: string) => T): Promise<T> {
    return this.#parts.locks.hold(`${this.space}~${hashOf(key)}`, () => action(this.path(key)));
  }

  #readPath(path: string): { readonly about: Entry; readonly data: Uint8Array } | undefined {
    const record = decodeWhole(this.#disk.read(path));
    const about = record?.about as unknown as Entry | undefined;
    return record === undefined || about === undefined || isOver(about) ? undefined : { about, data: record.data };
  }

  *#paths(folder: string = this.space, levels: number = this.#parts.levels): Generator<string> {
    const names = this.#disk.list(folder);
    if (names.length === 0 && folder !== this.space) this.#disk.removeEmpty(folder);
    for (const name of names) {
      if (levels === 0) yield `${folder}/${name}`;
      else yield* this.#paths(`${folder}/${name}`, levels - 1);
    }
  }
}

/** Where it is noted which locks a claim holds. */
export function holderFolder(token: string): string {
  return `holders/${hashOf(token)}`;
}

function isOver(entry: Entry): boolean {
  return entry.expiresMs !== undefined && entry.expiresMs <= Date.now();
}
