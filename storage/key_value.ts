/**
 * Keys and values for drivers: five methods are written for each medium, the others follow from them here.
 * @module
 */
import type { KeyValue, PutIfEmptyOptions } from "../lib/storage.ts";

/**
 * What every name space of keys and values has in common. A driver may replace a method that its medium does better, such as
 * `size`, which would read all values only to count them.
 *
 * @example
 * ```ts
 * import { BaseKeyValue } from "@hueyjs/huey";
 *
 * class Values extends BaseKeyValue {
 *   readonly #values = new Map<string, Uint8Array>();
 *
 *   put(key: string, value: Uint8Array): Promise<void> {
 *     return Promise.resolve(void this.#values.set(key, value));
 *   }
 *   peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
 *     return Promise.resolve(keys.map((key) => this.#values.get(key)));
 *   }
 *   async pop(key: string): Promise<Uint8Array | undefined> {
 *     const value = await this.peek(key);
 *     this.#values.delete(key);
 *     return value;
 *   }
 *   entries(): Promise<Map<string, Uint8Array>> {
 *     return Promise.resolve(new Map(this.#values));
 *   }
 *   change(key: string, expected?: Uint8Array, value?: Uint8Array): Promise<boolean> {
 *     if (String(this.#values.get(key)) !== String(expected)) return Promise.resolve(false);
 *     if (value === undefined) this.#values.delete(key);
 *     else this.#values.set(key, value);
 *     return Promise.resolve(true);
 *   }
 * }
 *
 * const values = new Values();
 * await values.put("key", new Uint8Array([1]));
 * console.log(await values.has("key"), await values.size()); // true 1
 * ```
 */
export abstract class BaseKeyValue implements KeyValue {
  /**
   * Stores a value, in place of one that is there.
   *
   * @param key The key.
   * @param value The value; the caller may change its bytes afterwards.
   * @param ttlMs Milliseconds after which it ends by itself. Default: it does not.
   */
  abstract put(key: string, value: Uint8Array, ttlMs?: number): Promise<void>;

  /**
   * Reads several values and leaves them there.
   *
   * @param keys The keys.
   * @returns The values in the order of the keys, `undefined` for what is not there.
   */
  abstract peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;

  /**
   * Reads and deletes a value.
   *
   * @param key The key.
   * @returns The value, `undefined` if there is none.
   */
  abstract pop(key: string): Promise<Uint8Array | undefined>;

  /**
   * Reads everything that is there.
   *
   * @returns The values by key.
   */
  abstract entries(): Promise<Map<string, Uint8Array>>;

  /**
   * Puts `value` in place of `expected`, atomically. Who holds the entry stays; `options.holder` is that of a new one.
   *
   * @param key The key.
   * @param expected What must be there; `undefined`: nothing.
   * @param value What is put; `undefined` deletes, as `pop` does.
   * @param options Life and holder of a new entry.
   * @returns Whether `expected` was there.
   */
  abstract change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options?: PutIfEmptyOptions,
  ): Promise<boolean>;

  /**
   * Reads a value and leaves it there.
   *
   * @param key The key.
   * @returns The value, `undefined` if there is none.
   */
  async peek(key: string): Promise<Uint8Array | undefined> {
    return (await this.peekMany([key]))[0];
  }

  /**
   * Looks whether there is a value.
   *
   * @param key The key.
   * @returns Whether there is one.
   */
  async has(key: string): Promise<boolean> {
    return await this.peek(key) !== undefined;
  }

  /**
   * Deletes a value.
   *
   * @param key The key.
   * @returns Whether it was there.
   */
  async delete(key: string): Promise<boolean> {
    return await this.pop(key) !== undefined;
  }

  /**
   * Stores a value if there is none.
   *
   * @param key The key.
   * @param value The value.
   * @param options Its life and who holds it.
   * @returns Whether it was put.
   */
  putIfEmpty(key: string, value: Uint8Array, options?: PutIfEmptyOptions): Promise<boolean> {
    return this.change(key, undefined, value, options);
  }

  /**
   * Deletes a value if it is the one expected.
   *
   * @param key The key.
   * @param value What must be there.
   * @returns Whether it was there.
   */
  deleteIfEqual(key: string, value: Uint8Array): Promise<boolean> {
    return this.change(key, value, undefined);
  }

  /**
   * Replaces a value if it is the one expected; who holds the entry stays.
   *
   * @param key The key.
   * @param expected What must be there; `undefined`: nothing.
   * @param value The new value.
   * @param ttlMs Milliseconds after which it ends by itself. Default: it does not.
   * @returns Whether it was replaced.
   */
  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): Promise<boolean> {
    return this.change(key, expected, value, { ttlMs });
  }

  /**
   * Counts the keys.
   *
   * @returns Their number.
   */
  async size(): Promise<number> {
    return (await this.entries()).size;
  }

  /** Deletes everything in this name space. */
  async flush(): Promise<void> {
    for (const key of (await this.entries()).keys()) await this.pop(key);
  }
}
