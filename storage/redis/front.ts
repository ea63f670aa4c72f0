/**
 * The Redis storages, as applications make them: a list or a sorted set as the queue, results that stay until they are read or until
 * they expire.
 * @module
 */
import { type LazyOptions, LazyStorage } from "../lazy.ts";
import { checkClient } from "./connection/dial.ts";
import { checkItem } from "./item.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import { plainOptions, type RedisExpireOptions, type RedisOptions, redisSettings } from "./options.ts";
import type { Variant } from "./storage.ts";

export type { RedisExpireOptions, RedisOptions };

/** Name of the queue, default "huey", and the clock, by default that of the machine. */
interface Named {
  name?: string;
  clock?: Clock;
}

/** One of the storages. */
interface Variety extends Variant {
  readonly className: string;
}

/**
 * First in first out, without priorities; a read of a result takes it.
 *
 * Leases and lives are counted in the time of the server, so the clocks of hosts need not agree.
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
export class RedisStorage extends LazyStorage {
  /**
   * @param options Where the server is, and the name of the queue.
   * @throws ConfigurationError if the options contradict each other.
   */
  constructor(options: Named & RedisOptions = {}) {
    super(lazily(options, { className: "RedisStorage", kind: "list", expires: false }));
  }
}

/**
 * With priorities; a read of a result takes it.
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
export class PriorityRedisStorage extends LazyStorage {
  /**
   * @param options Where the server is, and the name of the queue.
   * @throws ConfigurationError if the options contradict each other.
   */
  constructor(options: Named & RedisOptions = {}) {
    super(lazily(options, { className: "PriorityRedisStorage", kind: "sorted", expires: false }));
  }
}

/**
 * Without priorities; results stay when they are read, and end after `expireTime`.
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
export class RedisExpireStorage extends LazyStorage {
  /**
   * @param options Where the server is, the name of the queue, and the life of results.
   * @throws ConfigurationError if the options contradict each other.
   */
  constructor(options: Named & RedisExpireOptions = {}) {
    super(lazily(options, { className: "RedisExpireStorage", kind: "list", expires: true }));
  }
}

/**
 * With priorities; results stay when they are read, and end after `expireTime`.
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
export class PriorityRedisExpireStorage extends LazyStorage {
  /**
   * @param options Where the server is, the name of the queue, and the life of results.
   * @throws ConfigurationError if the options contradict each other.
   */
  constructor(options: Named & RedisExpireOptions = {}) {
    super(lazily(options, { className: "PriorityRedisExpireStorage", kind: "sorted", expires: true }));
  }
}

function lazily(options: Named & RedisExpireOptions, { className, ...variant }: Variety): LazyOptions {
  const settings = redisSettings(options, variant.expires);
  checkClient(settings);
  const plain = plainOptions(options);
  const given = { ...options };
  return {
    name: settings.name,
    shared: true,
    place: `${settings.place}, database ${settings.database}`,
    descriptor: plain && { module: import.meta.url, className, options: plain },
    check: (item) => checkItem(item, settings.name, variant.kind),
    canWait: settings.blocking,
    load: async () => (await import("./storage.ts")).redisStorage(given, variant),
  };
}
