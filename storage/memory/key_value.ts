// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * Keys and values of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { PutIfEmptyOptions } from "../../lib/storage.ts";
import { equalBytes } from "../bytes.ts";
import { ExpiringMap } from "../expiring_map.ts";
import { BaseKeyValue } from "../key_value.ts";

/** A value and what is known of it. */
export interface Stored {
  readonly value: Uint8Array;
  /** Who holds it, if it is a lock. */
  readonly holder?: string | undefined;
}

/** What a name space is made with. */
export interface KeyValueOptions {
  readonly clock: Clock;
  /** Called before anything else. @throws StorageError if the storage is closed */
  readonly assertOpen: () => void;
  /** Told that a value was put. */
  readonly onStored?: (key: string) => void;
}

/** One name space in memory. */
export class MemoryKeyValue<S extends Stored = Stored> extends BaseKeyValue {
  protected readonly map: ExpiringMap<Stored | S>;
  readonly #assertOpen: () => void;
  readonly #onStored: ((key: string) => void) | undefined;

  constructor({ clock, assertOpen, onStored }: KeyValueOptions) {
    super();
    this.map = new ExpiringMap(clock);
    this.#assertOpen = assertOpen;
    this.#onStored = onStored;
  }

  async put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    this.#assertOpen();
    this.set(key, { value: value.slice() }, ttlMs);
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    this.#assertOpen();
    return keys.map((key) => this.map.get(key)?.value);
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const value = this.map.get(key)?.value;
    if (value !== undefined) this.remove(key);
    return value;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    this.#assertOpen();
    return new Map(this.map.toMap().entries().map(([key, stored]) => [key, stored.value]));
  }

  async change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options?: PutIfEmptyOptions,
  ): Promise<boolean> {
    this.#assertOpen();
    return this.changeNow(key, expected, value, options);
  }

  override async size(): Promise<number> {
    this.#assertOpen();
    return this.count;
  }

  override async flush(): Promise<void> {
    this.#assertOpen();
    this.clear();
  }

  // ---- for the storage itself ---------------------------------------------------------------------------------------

  /** How many entries there are. */
  get count(): number {
    return this.map.size;
  }

  /** Whether there is an entry. */
  isStored(key: string): boolean {
    return this.map.has(key);
  }

  /** As `change`. */
  changeNow(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    { ttlMs, holder }: PutIfEmptyOptions = {},
  ): boolean {
    const found = this.map.get(key);
    if (!equalBytes(found?.value, expected)) return false;
    if (value !== undefined) this.set(key, { value: value.slice(), holder: found ? found.holder : holder }, ttlMs);
    else if (found !== undefined) this.remove(key);
    return true;
  }

  /** Deletes an entry, if it is there. */
  remove(key: string): void {
    this.map.delete(key);
  }

  /** Deletes entries. */
  removeMany(keys: readonly string[]): void {
    for (const key of keys) this.remove(key);
  }

  /** Removes all entries. */
  clear(): void {
    this.map.clear();
  }

  protected set(key: string, stored: Stored | S, ttlMs?: number): void {
    this.map.set(key, stored, ttlMs);
    this.#onStored?.(key);
  }
}
