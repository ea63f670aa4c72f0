/**
 * One name space of keys and values of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { KeyValue, PutIfEmptyOptions } from "../../lib/storage.ts";
import { copyBytes, equalBytes } from "../bytes.ts";
import type { Immediate } from "../calls.ts";
import { ExpiringMap, type SavedEntry } from "../expiring_map.ts";

/** A value and what is known of it. */
export interface Stored {
  readonly value: Uint8Array;
  /** Who holds it, if it is a lock. */
  readonly holder?: string | undefined;
}

/** One name space. Its methods are those of `KeyValue`, which has their docs. */
export class MemorySpace<S extends Stored = Stored> implements Immediate<KeyValue> {
  protected readonly map: ExpiringMap<Stored | S>;
  readonly #onStored: ((key: string) => void) | undefined;

  /** @param onStored Told that a value was put. */
  constructor(clock: Pick<Clock, "now">, onStored?: (key: string) => void) {
    this.map = new ExpiringMap(clock);
    this.#onStored = onStored;
  }

  /** See `KeyValue.put`. */
  put(key: string, value: Uint8Array, ttlMs?: number): void {
    this.set(key, { value: copyBytes(value) }, ttlMs);
  }

  /** See `KeyValue.peekMany`. */
  peekMany(keys: readonly string[]): (Uint8Array | undefined)[] {
    return keys.map((key) => this.peek(key));
  }

  /** See `KeyValue.peek`. */
  peek(key: string): Uint8Array | undefined {
    return this.map.get(key)?.value;
  }

  /** See `KeyValue.has`. */
  has(key: string): boolean {
    return this.map.has(key);
  }

  /** See `KeyValue.pop`. */
  pop(key: string): Uint8Array | undefined {
    const value = this.peek(key);
    if (value !== undefined) this.remove(key);
    return value;
  }

  /** See `KeyValue.delete`. */
  delete(key: string): boolean {
    return this.pop(key) !== undefined;
  }

  /** See `KeyValue.putIfEmpty`. */
  putIfEmpty(key: string, value: Uint8Array, options?: PutIfEmptyOptions): boolean {
    return this.change(key, undefined, value, options);
  }

  /** See `KeyValue.deleteIfEqual`. */
  deleteIfEqual(key: string, value: Uint8Array): boolean {
    return this.change(key, value, undefined);
  }

  /** See `KeyValue.replaceIfEqual`. */
  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): boolean {
    return this.change(key, expected, value, { ttlMs });
  }

  /** See `BaseKeyValue.change`. */
  change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    { ttlMs, holder }: PutIfEmptyOptions = {},
  ): boolean {
    const found = this.map.get(key);
    if (!equalBytes(found?.value, expected)) return false;
    if (value !== undefined) this.set(key, { value: copyBytes(value), holder: found ? found.holder : holder }, ttlMs);
    else if (found !== undefined) this.remove(key);
    return true;
  }

  /** See `KeyValue.entries`. */
  entries(): Map<string, Uint8Array> {
    return new Map(this.map.toMap().entries().map(([key, stored]) => [key, stored.value]));
  }

  /** See `KeyValue.size`. */
  size(): number {
    return this.map.size;
  }

  /** See `KeyValue.flush`. */
  flush(): void {
    this.map.clear();
  }

  // ---- for the storage itself ---------------------------------------------------------------------------------------

  /** Deletes an entry, if it is there. */
  remove(key: string): void {
    this.map.delete(key);
  }

  /** Deletes entries. */
  removeMany(keys: readonly string[]): void {
    for (const key of keys) this.remove(key);
  }

  /** Everything there is. */
  savedEntries(): SavedEntry<Stored | S>[] {
    return this.map.saved();
  }

  /** Takes over what was saved, in place of everything. Nobody is told. */
  restoreEntries(saved: readonly SavedEntry<Stored | S>[]): void {
    this.map.restore(saved);
  }

  protected set(key: string, stored: Stored | S, ttlMs?: number): void {
    this.map.set(key, stored, ttlMs);
    this.#onStored?.(key);
  }
}
