/**
 * What a Huey holds in its storage: values, queue, schedule.
 * @module
 */
import { checkKey, checkNumber } from "../primitives/arguments.ts";
import { placeOf, readKey } from "../core/codec.ts";
import { HueyRegistration } from "./registration.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { tasksOf } from "../operation/listings.ts";
import type { FlushPart, KeyValue, Storage } from "../storage.ts";
import type { Task } from "../types/composition.ts";
import type { FlushOptions } from "../types/options.ts";

/**
 * The part of a Huey that reads and writes its storage.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * await huey.put("rates", { eur: 1.1 });
 * console.log(await huey.get("rates", { peek: true })); // { eur: 1.1 }
 * ```
 */
export abstract class HueyContents extends HueyRegistration {
  /**
   * Stores a value under a key of the application's own.
   *
   * @param key The key.
   * @param value Any value that can be stored.
   * @throws {TypeError} For a wrong key, or a value that cannot be stored.
   */
  async put(key: string, value: unknown): Promise<void> {
    checkKey(key, "key");
    await this.core.storage.data.put(key, await this.#encode(key, value));
  }

  /**
   * Reads a value. Takes it out of the store, unless `peek`.
   *
   * @param key The key.
   * @param options `peek: true` leaves the value there.
   * @returns The value; `undefined` if there is none.
   * @throws {TypeError} For a wrong key or option.
   */
  async get<T = unknown>(key: string, options: { peek?: boolean } = {}): Promise<T | undefined> {
    checkKey(key, "key");
    checkOptions<{ peek?: boolean }>(options, "get", { peek: rule.boolean });
    return (await readKey(this.core, "data", key, options.peek))?.value as T | undefined;
  }

  /**
   * Stores a value if there is none under the key.
   *
   * @param key The key.
   * @param value Any value that can be stored.
   * @returns Whether it was put.
   * @throws {TypeError} For a wrong key, or a value that cannot be stored.
   */
  async putIfEmpty(key: string, value: unknown): Promise<boolean> {
    checkKey(key, "key");
    return await this.core.storage.data.putIfEmpty(key, await this.#encode(key, value));
  }

  /**
   * Deletes a value.
   *
   * @param key The key.
   * @returns Whether it was there.
   * @throws {TypeError} For a wrong key.
   */
  async delete(key: string): Promise<boolean> {
    checkKey(key, "key");
    return await this.core.storage.data.delete(key);
  }

  /**
   * The tasks on the queue; nothing is taken.
   *
   * @param limit How many at most. Default: all.
   * @returns The tasks, in the order in which they will run.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async pending(limit?: number): Promise<Task[]> {
    return await tasksOf(this.core, await this.core.storage.pending(checkLimit(limit)));
  }

  /**
   * The tasks on the schedule.
   *
   * @param limit How many at most. Default: all.
   * @returns The tasks, soonest first.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async scheduled(limit?: number): Promise<Task[]> {
    return await tasksOf(this.core, await this.core.storage.scheduled(checkLimit(limit)));
  }

  /**
   * Everything in the result store: results, values put, locks, revocations.
   *
   * @returns The values by key, serialised.
   */
  async allResults(): Promise<Map<string, Uint8Array>> {
    const all = await Promise.all(resultSpaces(this.core.storage).map((space) => space.entries()));
    return new Map(all.flatMap((entries) => [...entries]));
  }

  /**
   * How many tasks are on the queue.
   *
   * @returns Their number.
   */
  async pendingCount(): Promise<number> {
    return await this.core.storage.pendingCount();
  }

  /**
   * How many tasks are on the schedule.
   *
   * @returns Their number.
   */
  async scheduledCount(): Promise<number> {
    return await this.core.storage.scheduledCount();
  }

  /**
   * How many keys are in the result store: results, values put, locks, revocations.
   *
   * @returns Their number.
   */
  async resultCount(): Promise<number> {
    const sizes = await Promise.all(resultSpaces(this.core.storage).map((space) => space.size()));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /**
   * Deletes everything of this name: queue, schedule, results, locks, revocations, counters, failed tasks and dead letters, statistics.
   * With parts, only those: `flush({ results: true })`. A pause stays, and what consumers say of themselves.
   *
   * @param parts What to delete. Default: everything.
   * @throws {TypeError} For an unknown part, a value that is no boolean, or if no part is named.
   */
  async flush(parts?: FlushOptions): Promise<void> {
    await this.core.storage.flush(parts === undefined ? undefined : flushParts(parts));
  }

  #encode(key: string, value: unknown): Uint8Array | Promise<Uint8Array> {
    return this.core.serializer.serialize(value, placeOf(this.core, "value", key));
  }
}

/** What callers see as one store; each space once, also where a storage keeps several of them together. */
function resultSpaces({ data, locks, revocations, results }: Storage): KeyValue[] {
  return [...new Set([data, locks, revocations, results])];
}

const FLUSH: Rules<FlushOptions> = {
  queue: rule.boolean,
  schedule: rule.boolean,
  results: rule.boolean,
  locks: rule.boolean,
  data: rule.boolean,
  revocations: rule.boolean,
  counters: rule.boolean,
  deadLetters: rule.boolean,
  stats: rule.boolean,
};

function flushParts(options: FlushOptions): FlushPart[] {
  checkOptions<FlushOptions>(options, "flush", FLUSH);
  const parts = (Object.keys(FLUSH) as FlushPart[]).filter((part) => options[part]);
  // Whoever names nothing may have meant everything or nothing.
  if (parts.length === 0) {
    throw new TypeError("flush needs a part, as in flush({ results: true }); without an argument it deletes everything");
  }
  return parts;
}

/** @throws {TypeError | RangeError} For a limit that is no whole number. */
export function checkLimit(limit: number | undefined): number | undefined {
  if (limit !== undefined) checkNumber(limit, "limit", { min: 0, whole: true });
  return limit;
}
