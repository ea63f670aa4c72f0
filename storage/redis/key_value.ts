/**
 * Keys and values in Redis.
 * @module
 */
import type { PutIfEmptyOptions } from "../../lib/storage.ts";
import { BaseKeyValue } from "../key_value.ts";
import { asBuffer, entryValue } from "./bytes.ts";
import type { RedisCore } from "./core.ts";
import type { Argument } from "./dial.ts";
import {
  ALL_RESULTS,
  CHANGE_KEY,
  CHANGE_RESULT,
  ENTRIES_OF,
  FLUSH_RESULTS,
  FLUSH_SPACE,
  RESULT_COUNT,
  RESULTS_OF,
  SIZE,
} from "./lua_data.ts";
import { plainBytes } from "./record.ts";

/** Most results that one script reads. */
const READ_AT_ONCE = 1000;

/** What both kinds of name spaces do in the same way. */
abstract class Space extends BaseKeyValue {
  protected readonly core: RedisCore;

  constructor(core: RedisCore) {
    super();
    this.core = core;
  }

  /** Runs an operation of the script that changes one key. */
  protected abstract call(operation: string, key: string, ...args: Argument[]): Promise<unknown>;
  protected abstract popped(key: string): Promise<unknown>;

  async put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    await this.call("put", key, asBuffer(value), lifeOf(ttlMs));
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    const value = await this.popped(key) as Buffer | null;
    return value === null ? undefined : plainBytes(value, 0);
  }

  /** Also where a read leaves the value. */
  override async delete(key: string): Promise<boolean> {
    return await this.call("delete", key) === 1;
  }

  async change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    { ttlMs, holder }: PutIfEmptyOptions = {},
  ): Promise<boolean> {
    if (value === undefined) {
      return expected === undefined ? !await this.has(key) : await this.call("delete-equal", key, asBuffer(expected)) === 1;
    }
    if (expected === undefined) return await this.call("add", key, asBuffer(value), lifeOf(ttlMs), holder ?? "") === 1;
    return await this.call("replace", key, asBuffer(value), lifeOf(ttlMs), "1", asBuffer(expected)) === 1;
  }
}

/** A name space in a hash. */
export class RedisKeyValue extends Space {
  readonly #name: string;

  /** @param name Name of the space. */
  constructor(core: RedisCore, name: string) {
    super(core);
    this.#name = name;
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const found = await this.#entries(keys);
    return keys.map((_, index) => found[index]![1]);
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    const entries = new Map<string, Uint8Array>();
    for (const [key, value] of await this.#entries([])) if (value) entries.set(key, value);
    return entries;
  }

  override async size(): Promise<number> {
    return await this.core.run(SIZE, this.#name) as number;
  }

  override async flush(): Promise<void> {
    await this.core.run(FLUSH_SPACE, this.#name);
  }

  protected call(operation: string, key: string, ...args: Argument[]): Promise<unknown> {
    return this.core.calls.once(CHANGE_KEY, [this.#name, operation, key, ...args]);
  }

  protected popped(key: string): Promise<unknown> {
    return this.call("pop", key);
  }

  async #entries(keys: readonly string[]): Promise<[string, Uint8Array | undefined][]> {
    const [nowMs, ...flat] = await this.core.run(ENTRIES_OF, this.#name, ...keys) as (Buffer | null)[];
    return Array.from({ length: flat.length / 2 }, (_, index) => {
      return [String(flat[2 * index]), entryValue(flat[2 * index + 1], Number(String(nowMs)))];
    });
  }
}

/** Results, in hashes that the server itself ends. */
export class RedisResults extends Space {
  readonly #stay: boolean;

  /** @param stay A read leaves them where they are. */
  constructor(core: RedisCore, stay: boolean) {
    super(core);
    this.#stay = stay;
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const values: (Uint8Array | undefined)[] = [];
    for (let start = 0; start < keys.length; start += READ_AT_ONCE) {
      const found = await this.core.run(RESULTS_OF, ...keys.slice(start, start + READ_AT_ONCE)) as (Buffer | null)[];
      for (const value of found) values.push(value === null ? undefined : plainBytes(value, 0));
    }
    return values;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    const flat = await this.core.run(ALL_RESULTS) as Buffer[];
    const entries = new Map<string, Uint8Array>();
    for (let index = 0; index < flat.length; index += 2) entries.set(String(flat[index]), plainBytes(flat[index + 1]!, 0));
    return entries;
  }

  override async size(): Promise<number> {
    return await this.core.run(RESULT_COUNT) as number;
  }

  override async flush(): Promise<void> {
    await this.core.run(FLUSH_RESULTS);
  }

  protected call(operation: string, key: string, ...args: Argument[]): Promise<unknown> {
    const ended = operation === "add" ? args.slice(0, 2) : args;
    return this.core.calls.once(CHANGE_RESULT, [operation, key, ...ended]);
  }

  protected popped(key: string): Promise<unknown> {
    return this.call("pop", key, this.#stay ? "1" : "0");
  }
}

/** Adds to a counter; counters have a space of their own. @returns the new count */
export async function increment(core: RedisCore, key: string, by: number, ttlMs: number | undefined): Promise<number> {
  const count = await core.calls.once(CHANGE_KEY, ["counters", "count", key, String(by), lifeOf(ttlMs)]);
  return Number(String(count));
}

function lifeOf(ttlMs: number | undefined): string {
  return ttlMs === undefined || ttlMs === Infinity ? "" : String(Math.ceil(ttlMs));
}
