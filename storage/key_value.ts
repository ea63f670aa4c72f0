/**
 * Keys and values for drivers: five methods are written for each medium, the others follow from them here.
 * @module
 */
import type { KeyValue, PutIfEmptyOptions } from "../lib/storage.ts";

/**
 * What every name space of keys and values has in common. A driver may replace a method that its medium does better, such as
 * `size`, which would read all values only to count them.
 */
export abstract class BaseKeyValue implements KeyValue {
  abstract put(key: string, value: Uint8Array, ttlMs?: number): Promise<void>;

  abstract peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;

  abstract pop(key: string): Promise<Uint8Array | undefined>;

  abstract entries(): Promise<Map<string, Uint8Array>>;

  /**
   * Puts `value` in place of `expected`, atomically. Who holds the entry stays; `options.holder` is that of a new one.
   *
   * @param expected What must be there; `undefined`: nothing.
   * @param value What is put; `undefined` deletes, as `pop` does.
   * @returns whether `expected` was there
   */
  abstract change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options?: PutIfEmptyOptions,
  ): Promise<boolean>;

  async peek(key: string): Promise<Uint8Array | undefined> {
    return (await this.peekMany([key]))[0];
  }

  async has(key: string): Promise<boolean> {
    return await this.peek(key) !== undefined;
  }

  async delete(key: string): Promise<boolean> {
    return await this.pop(key) !== undefined;
  }

  putIfEmpty(key: string, value: Uint8Array, options?: PutIfEmptyOptions): Promise<boolean> {
    return this.change(key, undefined, value, options);
  }

  deleteIfEqual(key: string, value: Uint8Array): Promise<boolean> {
    return this.change(key, value, undefined);
  }

  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): Promise<boolean> {
    return this.change(key, expected, value, { ttlMs });
  }

  async size(): Promise<number> {
    return (await this.entries()).size;
  }

  async flush(): Promise<void> {
    for (const key of (await this.entries()).keys()) await this.pop(key);
  }
}
