// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * Keys and values of the memory storage.
 * @module
 */
import type { Ending, KeyValue, PutIfEmptyOptions } from "../../lib/storage.ts";
import { equalBytes } from "../bytes.ts";
import { ExpiringMap } from "../expiring_map.ts";

/** How a task ended, and how long that is worth knowing. */
export interface Notice {
  readonly ending: Ending;
  readonly ttlMs: number;
}

interface Stored {
  readonly value: Uint8Array;
  /** Token of the claim that holds this lock. */
  readonly holder?: string | undefined;
  /** Kept with the result of an ended task. */
  readonly notice?: Notice | undefined;
}

/** What the storage wants to be asked or told. */
export interface KeyValueHooks {
  /** Called before anything else. @throws StorageError if the storage is closed */
  assertOpen(): void;
  /** A value was put. */
  stored?(key: string): void;
  /** The result of an ended task was popped. */
  popped?(key: string, notice: Notice): void;
}

/** One name space in memory. */
export class MemoryKeyValue implements KeyValue {
  readonly #entries = new ExpiringMap<Stored>();
  /** Keys of the locks that a claim holds. */
  readonly #held = new Map<string, Set<string>>();
  readonly #hooks: KeyValueHooks;

  constructor(hooks: KeyValueHooks) {
    this.#hooks = hooks;
  }

  async put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    this.#hooks.assertOpen();
    this.#set(key, { value: value.slice() }, ttlMs);
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    this.#hooks.assertOpen();
    return keys.map((key) => this.#entries.get(key)?.value);
  }

  async peek(key: string): Promise<Uint8Array | undefined> {
    this.#hooks.assertOpen();
    return this.#entries.get(key)?.value;
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    this.#hooks.assertOpen();
    const stored = this.#entries.get(key);
    if (stored === undefined) return undefined;
    this.#delete(key);
    if (stored.notice) this.#hooks.popped?.(key, stored.notice);
    return stored.value;
  }

  async delete(key: string): Promise<boolean> {
    this.#hooks.assertOpen();
    return this.#delete(key);
  }

  async has(key: string): Promise<boolean> {
    this.#hooks.assertOpen();
    return this.#entries.has(key);
  }

  async putIfEmpty(key: string, value: Uint8Array, options: PutIfEmptyOptions = {}): Promise<boolean> {
    this.#hooks.assertOpen();
    return this.setIfEmpty(key, value, options);
  }

  async deleteIfEqual(key: string, value: Uint8Array): Promise<boolean> {
    this.#hooks.assertOpen();
    return equalBytes(this.#entries.get(key)?.value, value) && this.#delete(key);
  }

  async replaceIfEqual(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
    ttlMs?: number,
  ): Promise<boolean> {
    this.#hooks.assertOpen();
    if (!equalBytes(this.#entries.get(key)?.value, expected)) return false;
    this.#set(key, { value: value.slice() }, ttlMs);
    return true;
  }

  async size(): Promise<number> {
    this.#hooks.assertOpen();
    return this.count;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    this.#hooks.assertOpen();
    return new Map(this.#entries.toMap().entries().map(([key, stored]) => [key, stored.value]));
  }

  async flush(): Promise<void> {
    this.#hooks.assertOpen();
    this.clear();
  }

  // ---- for the storage itself ---------------------------------------------------------------------------------------

  /** How many entries there are. */
  get count(): number {
    return this.#entries.size;
  }

  /** Whether there is an entry. */
  isStored(key: string): boolean {
    return this.#entries.has(key);
  }

  /** What is known of the ending of a task whose result is still there. */
  noticeOf(key: string): Notice | undefined {
    return this.#entries.get(key)?.notice;
  }

  /** Stores the result of a task, with its notice if it has ended. */
  setResult(key: string, value: Uint8Array, notice: Notice | undefined): void {
    this.#set(key, { value: value.slice(), notice });
  }

  /** @returns whether it was put */
  setIfEmpty(key: string, value: Uint8Array, options: PutIfEmptyOptions): boolean {
    if (this.#entries.has(key)) return false;
    const { holder, ttlMs } = options;
    this.#set(key, { value: value.slice(), holder }, ttlMs);
    if (holder !== undefined) this.#heldBy(holder).add(key);
    return true;
  }

  /** Deletes keys. */
  deleteMany(keys: readonly string[]): void {
    for (const key of keys) this.#delete(key);
  }

  /** Deletes the locks of a claim. */
  dropHeld(holder: string): void {
    for (const key of this.#held.get(holder) ?? []) {
      if (this.#entries.get(key)?.holder === holder) this.#entries.delete(key);
    }
    this.#held.delete(holder);
  }

  /** Forgets which locks a claim holds; they stay. */
  forgetHeld(holder: string): void {
    this.#held.delete(holder);
  }

  /** Removes all entries. */
  clear(): void {
    this.#entries.clear();
    this.#held.clear();
  }

  #set(key: string, stored: Stored, ttlMs?: number): void {
    this.#forgetHolder(key);
    this.#entries.set(key, stored, ttlMs);
    this.#hooks.stored?.(key);
  }

  #delete(key: string): boolean {
    this.#forgetHolder(key);
    return this.#entries.delete(key);
  }

  #heldBy(holder: string): Set<string> {
    let keys = this.#held.get(holder);
    if (keys === undefined) this.#held.set(holder, keys = new Set());
    return keys;
  }

  #forgetHolder(key: string): void {
    const holder = this.#held.size > 0 ? this.#entries.get(key)?.holder : undefined;
    if (holder === undefined) return;
    const keys = this.#held.get(holder);
    keys?.delete(key);
    if (keys?.size === 0) this.#held.delete(holder);
  }
}
