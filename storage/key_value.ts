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
