/**
 * Hueys in Redis, in four variants.
 * @module
 */
import { Huey } from "../lib/huey.ts";
import { splitOptions } from "../lib/huey_options.ts";
import type { Storage } from "../lib/storage.ts";
import type { HueyOptions } from "../lib/types/options.ts";
import { PriorityRedisExpireStorage, PriorityRedisStorage, RedisExpireStorage, RedisStorage } from "./redis.ts";
import type { RedisExpireOptions, RedisOptions } from "./redis_options.ts";

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
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For more than one of `url`, `host` and `port`, `client`, `pool`.
   */
  constructor(options?: HueyOptions & RedisOptions);
  constructor(name: string, options?: HueyOptions & RedisOptions);
  constructor(first?: string | (HueyOptions & RedisOptions), second?: HueyOptions & RedisOptions) {
    const { huey, storage } = splitOptions<RedisOptions>(first, second);
    super({ ...huey, name: storage.name, storage: new new.target.storageClass(storage) });
  }
}

/** A Huey in Redis with priorities: a sorted set as queue. */
export class PriorityRedisHuey extends RedisHuey {
  protected static override readonly storageClass: StorageClass<RedisOptions> = PriorityRedisStorage;
}

/** A Huey in Redis whose results live for `expireTime`, a day by default; reading one does not delete it. */
export class RedisExpireHuey extends Huey {
  /** The driver; a subclass names its own. */
  protected static readonly storageClass: StorageClass<RedisExpireOptions> = RedisExpireStorage;
  /**
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For more than one of `url`, `host` and `port`, `client`, `pool`.
   */
  constructor(options?: HueyOptions & RedisExpireOptions);
  constructor(name: string, options?: HueyOptions & RedisExpireOptions);
  constructor(first?: string | (HueyOptions & RedisExpireOptions), second?: HueyOptions & RedisExpireOptions) {
    const { huey, storage } = splitOptions<RedisExpireOptions>(first, second);
    super({ ...huey, name: storage.name, storage: new new.target.storageClass(storage) });
  }
}

/** `RedisExpireHuey` with priorities. */
export class PriorityRedisExpireHuey extends RedisExpireHuey {
  protected static override readonly storageClass: StorageClass<RedisExpireOptions> = PriorityRedisExpireStorage;
}
