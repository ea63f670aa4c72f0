/**
 * What `huey.config.ts` says: the types of the settings.
 * @module
 */
import type { ConsumerOptions } from "../consumer/options/settings.ts";
import type { Huey } from "../lib/huey/huey.ts";
import type { Duration } from "../lib/primitives/time.ts";
import type { Resource } from "../lib/types/definition.ts";
import type { HueyOptions } from "../lib/types/options.ts";
import type { FileOptions } from "../storage/file/options.ts";
import type { RedisOptions } from "../storage/redis/options.ts";
import type { SqliteOptions } from "../storage/sqlite/options.ts";
import type { HueyClass } from "./hueys.ts";

/** Options of the consumer that the application runs; those of the command line win over them. */
export type ConsumerSettings = Omit<ConsumerOptions, "module" | "exportName">;

/** A `Database`, whatever its handle. */
export interface AnyDatabase {
  /** The handle that is open around the running code. */
  readonly current: unknown;
  /** The same, if there is one. */
  readonly currentIfAny: unknown;
}

/** Settings that have nothing to do with the storage. */
export interface ApplicationSettings {
  /** What `dbTask` opens before a task and closes after it: what `kyselyDatabase` and its like return, or any resource. */
  database?: Resource | AnyDatabase;
  /** Options of the consumer. */
  consumer?: ConsumerSettings;
  /** Names, or patterns of paths, of the modules that the consumer imports. Default `["tasks.ts", "*.tasks.ts"]`, and `.js`. */
  tasks?: string | readonly string[];
  /** Names of further folders in which no tasks are looked for. */
  ignore?: readonly string[];
}

/** Settings of a Huey that is made from them. */
export interface HueySettings extends HueyOptions, ApplicationSettings {
  /** Makes `immediate: true` the default, so that tasks run in the call. Default false. */
  debug?: boolean;
  /** The Huey is made from the settings. */
  huey?: never;
}

/** How to reach Redis; what else is given must be an option of node-redis, as those in `clientOptions` are. */
export type RedisConnection = Omit<RedisOptions, "blocking"> & { readonly [option: string]: unknown };

/** A Huey in Redis, the default. */
export interface RedisSettings extends HueySettings {
  /** Default "RedisHuey". */
  hueyClass?: "RedisHuey" | "PriorityRedisHuey" | "RedisExpireHuey" | "PriorityRedisExpireHuey";
  /** Default: the environment variable `HUEY_URL`, else `REDIS_URL`, unless `connection` says where Redis is. */
  url?: string;
  /** Block on the server instead of polling. Default true. */
  blocking?: boolean;
  /** Life of a result, for the two classes whose results expire. Default a day. */
  expireTime?: Duration;
  /** How to reach Redis. Default `localhost:6379`. */
  connection?: RedisConnection;
}

/** A Huey in a SQLite file. */
export interface SqliteSettings extends HueySettings {
  /** The class. */
  hueyClass: "SqliteHuey";
  /** Default "huey.db"; also in `connection`. */
  filename?: string;
  /** Options of the storage. */
  connection?: SqliteOptions;
}

/** A Huey in a folder. */
export interface FileSettings extends HueySettings {
  /** The class. */
  hueyClass: "FileHuey";
  /** The folder; also in `connection`. */
  path?: string;
  /** Options of the storage. */
  connection?: Partial<FileOptions>;
}

/** A Huey without a medium. */
export interface MemorySettings extends HueySettings {
  /** The class. */
  hueyClass: "MemoryHuey" | "BlackHoleHuey";
}

/** A Huey of another class. */
export interface ClassSettings extends HueySettings {
  /** Made as `new (name, options)`; the options are those of the settings, and what is in `connection`. */
  hueyClass: HueyClass;
  /** Passed on as an option. */
  url?: string;
  /** Passed on as options. */
  connection?: Readonly<Record<string, unknown>>;
}

/** A Huey that is there already. */
export interface InstanceSettings extends ApplicationSettings {
  /** The Huey. */
  huey: Huey;
}

/** The settings of an application. */
export type Settings = RedisSettings | SqliteSettings | FileSettings | MemorySettings | ClassSettings | InstanceSettings;

/** Settings, or a part of them, of which nothing is known yet. */
export type Given = Readonly<Record<string, unknown>>;
