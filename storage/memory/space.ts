/**
 * One name space of keys and values of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { PutIfEmptyOptions } from "../../lib/storage.ts";
import { copyBytes, equalBytes } from "../bytes.ts";
import { ExpiringMap, type SavedEntry } from "../expiring_map.ts";

/** A value and what is known of it. */
export interface Stored {
  readonly value: Uint8Array;
  /** Who holds it, if it is a lock. */
  readonly holder?: string | undefined;
}

/** The methods of `BaseKeyValue` that are written for each medium; here they do not wait. */
export class MemorySpace<S extends Stored = Stored> {
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
    return keys.map((key) => this.map.get(key)?.value);
  }

  /** See `KeyValue.pop`. */
  pop(key: string): Uint8Array | undefined {
    const value = this.map.get(key)?.value;
    if (value !== undefined) this.remove(key);
    return value;
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

  /** How many entries there are. */
  size(): number {
    return this.map.size;
  }

  /** Removes all entries. */
  flush(): void {
    this.map.clear();
  }

  // ---- for the storage itself ---------------------------------------------------------------------------------------

  /** Whether there is an entry. */
  has(key: string): boolean {
    return this.map.has(key);
  }

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
