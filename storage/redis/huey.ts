/**
 * Hueys in Redis, in four variants.
 * @module
 */
import { Huey } from "../../lib/huey/huey.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import { splitOptions } from "../../lib/huey/options.ts";
import { rule } from "../../lib/primitives/option_rules.ts";
import type { Storage } from "../../lib/storage.ts";
import type { HueyOptions } from "../../lib/types/options.ts";
import { PriorityRedisExpireStorage, PriorityRedisStorage, RedisExpireStorage, RedisStorage } from "./front.ts";
import { REDIS_EXPIRE_KEYS, REDIS_KEYS, type RedisExpireOptions, type RedisOptions } from "./options.ts";

type StorageClass<O> = new (options: O & { name: string }) => Storage;

/**
 * A Huey in Redis: a list as queue, first in first out, without priorities. Results stay until they are read.
 *
 * @example
 * ```ts
 * import { RedisHuey } from "@hueyjs/huey";
 *
 * const huey = new RedisHuey("my-app", { url: "redis://localhost:6379/1" });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * console.log(add.name); // nothing is connected until the first call
 * await huey.close();
 * ```
 */
export class RedisHuey extends Huey {
  /** The driver; a subclass names its own. */
  protected static readonly storageClass: StorageClass<RedisOptions> = RedisStorage;
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param options Options of every Huey, and of the Redis storage.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For more than one of `url`, `host` and `port`, `client`, `pool`.
   */
  constructor(options?: HueyOptions & RedisOptions);
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param name Name of the queue.
   * @param options Options of every Huey, and of the Redis storage.
   */
  constructor(name: string, options?: HueyOptions & RedisOptions);
  constructor(first?: string | (HueyOptions & RedisOptions), second?: HueyOptions & RedisOptions) {
    const { huey, storage } = splitOptions<RedisOptions>(new.target.name, REDIS_KEYS, [first, second]);
    super({ ...huey, name: storage.name, storage: new new.target.storageClass(storage) });
  }
}

/**
 * A Huey in Redis with priorities: a sorted set as queue.
 *
 * @example
 * ```ts
 * import { PriorityRedisHuey } from "@hueyjs/huey";
 *
 * const huey = new PriorityRedisHuey("my-app");
 * const add = huey.task({ name: "add", priority: 10 }, (a: number, b: number) => a + b);
 * console.log(add.name); // add
 * await huey.close();
 * ```
 */
export class PriorityRedisHuey extends RedisHuey {
  /** The driver. */
  protected static override readonly storageClass: StorageClass<RedisOptions> = PriorityRedisStorage;
}

/**
 * A Huey in Redis whose results live for `expireTime`, a day by default; reading one does not delete it.
 *
 * @example
 * ```ts
 * import { RedisExpireHuey } from "@hueyjs/huey";
 *
 * const huey = new RedisExpireHuey("my-app", { expireTime: { hours: 1 } });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * console.log(add.name); // add
 * await huey.close();
 * ```
 */
export class RedisExpireHuey extends Huey {
  /** The driver; a subclass names its own. */
  protected static readonly storageClass: StorageClass<RedisExpireOptions> = RedisExpireStorage;
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param options Options of every Huey, and of the Redis storage.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For more than one of `url`, `host` and `port`, `client`, `pool`, or both `expireTime` and `resultTtl`.
   */
  constructor(options?: HueyOptions & RedisExpireOptions);
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param name Name of the queue.
   * @param options Options of every Huey, and of the Redis storage.
   */
  constructor(name: string, options?: HueyOptions & RedisExpireOptions);
  constructor(first?: string | (HueyOptions & RedisExpireOptions), second?: HueyOptions & RedisExpireOptions) {
    const { huey, storage } = splitOptions<RedisExpireOptions>(new.target.name, REDIS_EXPIRE_KEYS, [first, second]);
    const resultTtl = lifeOfResults(huey.resultTtl, storage.expireTime);
    const own = new new.target.storageClass({ ...storage, expireTime: resultTtl });
    super({ ...huey, name: storage.name, resultTtl, storage: own });
  }
}

/**
 * `RedisExpireHuey` with priorities.
 *
 * @example
 * ```ts
 * import { PriorityRedisExpireHuey } from "@hueyjs/huey";
 *
 * const huey = new PriorityRedisExpireHuey("my-app");
 * const add = huey.task({ name: "add", priority: 10 }, (a: number, b: number) => a + b);
 * console.log(add.name); // add
 * await huey.close();
 * ```
 */
export class PriorityRedisExpireHuey extends RedisExpireHuey {
  /** The driver. */
  protected static override readonly storageClass: StorageClass<RedisExpireOptions> = PriorityRedisExpireStorage;
}

/** `expireTime` is the name that these classes have for `resultTtl`. */
function lifeOfResults(
  resultTtl: HueyOptions["resultTtl"],
  expireTime: RedisExpireOptions["expireTime"],
): NonNullable<HueyOptions["resultTtl"]> {
  if (resultTtl !== undefined && expireTime !== undefined) {
    throw new ConfigurationError("Give either expireTime or resultTtl: they are two names for the life of a result");
  }
  if (resultTtl !== undefined) rule.ttl(resultTtl, "resultTtl");
  return expireTime === undefined ? resultTtl ?? { days: 1 } : expireTime;
}
