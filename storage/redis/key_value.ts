/**
 * Keys and values in Redis.
 * @module
 */
import type { KeyValue, PutIfEmptyOptions } from "../../lib/storage.ts";
import { asBuffer, entry, entryValue } from "./bytes.ts";
import type { RedisCore } from "./core.ts";
import type { Argument } from "./dial.ts";
import { ALL, CHANGE_KEY, SIZE } from "./lua_data.ts";

/** One name space in Redis. */
export class RedisKeyValue implements KeyValue {
  readonly #core: RedisCore;
  readonly #space: string;
  readonly #resultsStay: boolean;

  /**
   * @param space Name of the space; a part of its key.
   * @param resultsStay `pop` leaves results where they are.
   */
  constructor(core: RedisCore, space: string, resultsStay: boolean = false) {
    this.#core = core;
    this.#space = space;
    this.#resultsStay = resultsStay;
  }

  async put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    await this.#change("put", key, entry(value, expiryOf(ttlMs)));
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const found = await this.#core.calls.command(["HMGET", this.#key, ...keys]) as (Buffer | null)[];
    const nowMs = Date.now();
    return found.map((bytes) => entryValue(bytes, nowMs));
  }

  async peek(key: string): Promise<Uint8Array | undefined> {
    return (await this.peekMany([key]))[0];
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    const value = await this.#change("pop", key, this.#resultsStay ? "1" : "0") as Buffer | null;
    return value === null ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.length);
  }

  async delete(key: string): Promise<boolean> {
    return await this.#change("delete", key) === 1;
  }

  async has(key: string): Promise<boolean> {
    return await this.peek(key) !== undefined;
  }

  async putIfEmpty(key: string, value: Uint8Array, options: PutIfEmptyOptions = {}): Promise<boolean> {
    const { ttlMs, holder } = options;
    return await this.#change("add", key, entry(value, expiryOf(ttlMs), holder), holder ?? "") === 1;
  }

  async deleteIfEqual(key: string, value: Uint8Array): Promise<boolean> {
    return await this.#change("delete-equal", key, asBuffer(value)) === 1;
  }

  async replaceIfEqual(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
    ttlMs?: number,
  ): Promise<boolean> {
    const args = [entry(value, expiryOf(ttlMs)), expected ? "1" : "0", asBuffer(expected ?? new Uint8Array())];
    return await this.#change("replace", key, ...args) === 1;
  }

  async size(): Promise<number> {
    return await this.#core.run(SIZE, this.#space, String(Date.now())) as number;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    const flat = await this.#core.run(ALL, this.#space) as Buffer[];
    const nowMs = Date.now();
    const entries = new Map<string, Uint8Array>();
    for (let index = 0; index < flat.length; index += 2) {
      const value = entryValue(flat[index + 1], nowMs);
      if (value) entries.set(String(flat[index]), value);
    }
    return entries;
  }

  async flush(): Promise<void> {
    await this.#core.calls.command(["UNLINK", this.#key, `${this.#key}:ttl`]);
  }

  get #key(): string {
    return this.#core.prefix + this.#space;
  }

  #change(operation: string, key: string, ...args: Argument[]): Promise<unknown> {
    return this.#core.calls.once(CHANGE_KEY, [this.#space, operation, key, ...args]);
  }
}

/** Adds to a counter; counters have a space of their own. @returns the new count */
export async function increment(core: RedisCore, key: string, by: number, ttlMs: number | undefined): Promise<number> {
  const count = await core.calls.once(CHANGE_KEY, ["counters", "count", key, String(by), String(expiryOf(ttlMs) ?? 0)]);
  return Number(String(count));
}

function expiryOf(ttlMs: number | undefined): number | undefined {
  return ttlMs === undefined ? undefined : Date.now() + ttlMs;
}
