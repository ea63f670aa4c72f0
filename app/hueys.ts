/**
 * The Hueys that settings can name, and what belongs to the storage of each.
 * @module
 */
import type { Huey } from "../lib/huey/huey.ts";
import { FileHuey } from "../storage/file/huey.ts";
import { FILE_KEYS } from "../storage/file/options.ts";
import { BlackHoleHuey, MemoryHuey } from "../storage/memory/huey.ts";
import { PriorityRedisExpireHuey, PriorityRedisHuey, RedisExpireHuey, RedisHuey } from "../storage/redis/huey.ts";
import { REDIS_KEYS } from "../storage/redis/options.ts";
import { SqliteHuey } from "../storage/sqlite/huey.ts";
import { SQLITE_KEYS } from "../storage/sqlite/options.ts";

/** A class that is made as `RedisHuey` is: `new (name, options)`. */
export type HueyClass = new (name: string, options: never) => Huey;

/** One Huey that has a name. */
export interface KnownHuey {
  readonly make: HueyClass;
  /** Settings beside `connection` that go to the storage. */
  readonly own: readonly string[];
  /** Options of `connection`. */
  readonly connection: readonly string[];
  /** Whether `connection` may have more, for the client library. */
  readonly redis: boolean;
}

/** `blocking` stands beside `connection`. */
const REDIS_CONNECTION = REDIS_KEYS.filter((key) => key !== "blocking");
const redis = (make: HueyClass): KnownHuey => ({ make, own: ["url", "blocking"], connection: REDIS_CONNECTION, redis: true });
const expiring = (make: HueyClass): KnownHuey => ({ ...redis(make), own: ["url", "blocking", "expireTime"] });
const nowhere = (make: HueyClass): KnownHuey => ({ make, own: [], connection: [], redis: false });

/** By name. */
export const HUEYS: Readonly<Record<string, KnownHuey>> = {
  RedisHuey: redis(RedisHuey),
  PriorityRedisHuey: redis(PriorityRedisHuey),
  RedisExpireHuey: expiring(RedisExpireHuey),
  PriorityRedisExpireHuey: expiring(PriorityRedisExpireHuey),
  SqliteHuey: { make: SqliteHuey, own: ["filename"], connection: SQLITE_KEYS, redis: false },
  FileHuey: { make: FileHuey, own: ["path"], connection: FILE_KEYS, redis: false },
  MemoryHuey: nowhere(MemoryHuey),
  BlackHoleHuey: nowhere(BlackHoleHuey),
};
