/**
 * The storages as applications make them. What a driver has beside the contract is its own business, so that each is shown as a
 * class that makes a `Storage`.
 * @module
 */
import type { Storage } from "../lib/storage.ts";
import { BlackHoleStorage as BlackHole } from "./black_hole.ts";
import { FileStorage as InFiles } from "./file/front.ts";
import type { FileOptions } from "./file/options.ts";
import { MemoryStorage as InMemory } from "./memory/front.ts";
import type { StorageOptions } from "./options.ts";
import {
  PriorityRedisExpireStorage as SortedExpiring,
  PriorityRedisStorage as Sorted,
  RedisExpireStorage as ListExpiring,
  RedisStorage as List,
} from "./redis/front.ts";
import type { RedisExpireOptions, RedisOptions } from "./redis/options.ts";
import { SqliteStorage as InSqlite } from "./sqlite/front.ts";
import type { SqliteOptions } from "./sqlite/options.ts";

export type { StorageOptions };

/** A class that makes storages. */
export interface StorageClass<A extends unknown[] = [options?: StorageOptions]> {
  /**
   * Makes a storage. It opens its medium when it is first used.
   *
   * @param args The name of the queue, and what the class takes beside it.
   * @returns The storage.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For options that contradict each other.
   */
  new (...args: A): Storage;
}

/**
 * Keeps everything in the memory of one isolate, until the process ends: for tests, and for consumers in the same isolate.
 *
 * @example
 * ```ts
 * import { Huey, MemoryStorage } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new MemoryStorage({ name }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export const MemoryStorage: StorageClass = InMemory;
/** A storage in memory. */
export type MemoryStorage = Storage;

/**
 * Keeps nothing. A claim waits as on an empty queue, and a wait for a result ends at once, because no result will ever come.
 *
 * @example
 * ```ts
 * import { BlackHoleStorage, Huey } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new BlackHoleStorage({ name }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export const BlackHoleStorage: StorageClass = BlackHole;
/** A storage that keeps nothing. */
export type BlackHoleStorage = Storage;

/**
 * A storage in a SQLite file, for any number of processes of all runtimes on one machine. Several queues may share one file, and
 * the application may have tables of its own in it.
 *
 * @example
 * ```ts
 * import { Huey, SqliteStorage } from "@hueyjs/huey";
 *
 * const storage = new SqliteStorage({ name: "reports", filename: ":memory:" });
 * const huey = new Huey({ name: "reports", storage });
 * console.log(await huey.pendingCount()); // 0
 * await huey.close();
 * ```
 */
export const SqliteStorage: StorageClass<[options?: StorageOptions & SqliteOptions]> = InSqlite;
/** A storage in a SQLite file. */
export type SqliteStorage = Storage;

/**
 * Keeps everything in files. A crash of the process loses nothing; one of the computer may, unless `fsync` is set.
 *
 * @example
 * ```ts
 * import { FileStorage, Huey } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new FileStorage({ name, path: "data/huey" }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export const FileStorage: StorageClass<[options: StorageOptions & FileOptions]> = InFiles;
/** A storage in files. */
export type FileStorage = Storage;

/**
 * A storage in Redis, first in first out, without priorities; a read of a result takes it.
 *
 * @example
 * ```ts
 * import { RedisStorage } from "@hueyjs/huey";
 *
 * // Connects when it is first used.
 * const storage = new RedisStorage({ name: "emails", host: "redis.example" });
 * console.log(storage.name); // emails
 * await storage.close();
 * ```
 */
export const RedisStorage: StorageClass<[options?: StorageOptions & RedisOptions]> = List;
/** A storage in Redis. */
export type RedisStorage = Storage;

/**
 * A storage in Redis with priorities; a read of a result takes it.
 *
 * @example
 * ```ts
 * import { PriorityRedisStorage } from "@hueyjs/huey";
 *
 * // Connects when it is first used.
 * const storage = new PriorityRedisStorage({ name: "emails", url: "redis://redis.example/1" });
 * console.log(storage.name); // emails
 * await storage.close();
 * ```
 */
export const PriorityRedisStorage: StorageClass<[options?: StorageOptions & RedisOptions]> = Sorted;
/** A storage in Redis with priorities. */
export type PriorityRedisStorage = Storage;

/**
 * A storage in Redis without priorities; results stay when they are read, and end after `expireTime`.
 *
 * @example
 * ```ts
 * import { RedisExpireStorage } from "@hueyjs/huey";
 *
 * // Connects when it is first used.
 * const storage = new RedisExpireStorage({ name: "emails", expireTime: { hours: 1 } });
 * console.log(storage.name); // emails
 * await storage.close();
 * ```
 */
export const RedisExpireStorage: StorageClass<[options?: StorageOptions & RedisExpireOptions]> = ListExpiring;
/** A storage in Redis whose results expire. */
export type RedisExpireStorage = Storage;

/**
 * A storage in Redis with priorities; results stay when they are read, and end after `expireTime`.
 *
 * @example
 * ```ts
 * import { PriorityRedisExpireStorage } from "@hueyjs/huey";
 *
 * // Connects when it is first used.
 * const storage = new PriorityRedisExpireStorage({ name: "emails", expireTime: { days: 7 } });
 * console.log(storage.name); // emails
 * await storage.close();
 * ```
 */
export const PriorityRedisExpireStorage: StorageClass<[options?: StorageOptions & RedisExpireOptions]> = SortedExpiring;
/** A storage in Redis with priorities whose results expire. */
export type PriorityRedisExpireStorage = Storage;
