/**
 * The Hueys that settings can name, and what belongs to the storage of each.
 * @module
 */
import type { Huey } from "../lib/huey/huey.ts";
import { FileHuey } from "../storage/file/huey.ts";
import { BlackHoleHuey, MemoryHuey } from "../storage/memory/huey.ts";
import { PriorityRedisExpireHuey, PriorityRedisHuey, RedisExpireHuey, RedisHuey } from "../storage/redis/huey.ts";
import { SqliteHuey } from "../storage/sqlite/huey.ts";

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

const REDIS_CONNECTION = [
  "url",
  "host",
  "port",
  "db",
  "username",
  "password",
  "readTimeout",
  "clientName",
  "client",
  "pool",
  "clientOptions",
];
const redis = (make: HueyClass): KnownHuey => ({ make, own: ["url", "blocking"], connection: REDIS_CONNECTION, redis: true });
const expiring = (make: HueyClass): KnownHuey => ({ ...redis(make), own: ["url", "blocking", "expireTime"] });
const nowhere = (make: HueyClass): KnownHuey => ({ make, own: [], connection: [], redis: false });

/** By name. */
export const HUEYS: Readonly<Record<HueyName, KnownHuey>> = {
  RedisHuey: redis(RedisHuey),
  PriorityRedisHuey: redis(PriorityRedisHuey),
  RedisExpireHuey: expiring(RedisExpireHuey),
  PriorityRedisExpireHuey: expiring(PriorityRedisExpireHuey),
  SqliteHuey: {
    make: SqliteHuey,
    own: ["filename"],
    connection: ["filename", "cacheMb", "fsync", "journalMode", "timeout", "strictFifo"],
    redis: false,
  },
  FileHuey: { make: FileHuey, own: ["path"], connection: ["path", "levels", "fsync"], redis: false },
  MemoryHuey: nowhere(MemoryHuey),
  BlackHoleHuey: nowhere(BlackHoleHuey),
};

/** A name that `hueyClass` takes. */
export type HueyName =
  | "RedisHuey"
  | "PriorityRedisHuey"
  | "RedisExpireHuey"
  | "PriorityRedisExpireHuey"
  | "SqliteHuey"
  | "FileHuey"
  | "MemoryHuey"
  | "BlackHoleHuey";
