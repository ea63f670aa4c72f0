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
  /** Stores a value, in place of one that is there; with `ttlMs` it ends by itself after so many milliseconds. */
  abstract put(key: string, value: Uint8Array, ttlMs?: number): Promise<void>;

  /** Reads several values and leaves them there: in the order of the keys, `undefined` for what is not there. */
  abstract peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;

  /** Reads and deletes. @returns `undefined` for what is not there */
  abstract pop(key: string): Promise<Uint8Array | undefined>;

  /** Everything that is there. @returns the values by key */
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

  /** Reads a value and leaves it there. @returns `undefined` for what is not there */
  async peek(key: string): Promise<Uint8Array | undefined> {
    return (await this.peekMany([key]))[0];
  }

  /** Whether there is a value. @returns true if so */
  async has(key: string): Promise<boolean> {
    return await this.peek(key) !== undefined;
  }

  /** Deletes a value. @returns whether it was there */
  async delete(key: string): Promise<boolean> {
    return await this.pop(key) !== undefined;
  }

  /** Stores a value if there is none. @returns whether it was put */
  putIfEmpty(key: string, value: Uint8Array, options?: PutIfEmptyOptions): Promise<boolean> {
    return this.change(key, undefined, value, options);
  }

  /** Deletes a value if it is the one expected. @returns whether it was */
  deleteIfEqual(key: string, value: Uint8Array): Promise<boolean> {
    return this.change(key, value, undefined);
  }

  /** Replaces `expected` (`undefined`: nothing there) by `value`. @returns whether it was replaced */
  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): Promise<boolean> {
    return this.change(key, expected, value, { ttlMs });
  }

  /** How many keys there are. @returns their number */
  async size(): Promise<number> {
    return (await this.entries()).size;
  }

  /** Deletes everything in this name space. */
  async flush(): Promise<void> {
    for (const key of (await this.entries()).keys()) await this.pop(key);
  }
}
