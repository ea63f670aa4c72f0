/**
 * The Redis storages: a list or a sorted set as the queue, results that stay until they are read or until they expire.
 * @module
 */
import type {
  Claim,
  ClaimBatch,
  ClaimOptions,
  Collected,
  Item,
  Lease,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredState,
  WaitOptions,
} from "../../lib/storage.ts";
import { RedisCore } from "./core.ts";
import { increment, RedisKeyValue } from "./key_value.ts";
import { collect, deadLetters, deleteDeadLetter, heartbeat, leases, resign, scheduled, stateOf } from "./ledger.ts";
import type { QueueKind } from "./lua.ts";
import { FLUSH } from "./lua_data.ts";
import { type QueueScripts, queueScripts } from "./lua_queue.ts";
import { plainOptions, type RedisExpireOptions, type RedisOptions, redisSettings } from "./options.ts";
import { RedisQueue } from "./queue.ts";
import { waitDue, waitForResult } from "./waits.ts";

export type { RedisExpireOptions, RedisOptions };

/** Name of the queue, default "huey". */
interface Named {
  name?: string;
}

/** What differs between the variants. */
interface Variant {
  readonly className: string;
  readonly kind: QueueKind;
  readonly expires: boolean;
}

const SCRIPTS: Readonly<Record<QueueKind, QueueScripts>> = { list: queueScripts("list"), sorted: queueScripts("sorted") };

/** What all four storages do; they differ in the kind of queue and in the life of results. */
abstract class RedisStorageBase implements Storage {
  readonly name: string;
  readonly shared: boolean = true;
  readonly descriptor: StorageDescriptor | undefined;
  readonly results: RedisKeyValue;
  readonly locks: RedisKeyValue;
  readonly data: RedisKeyValue;
  readonly revocations: RedisKeyValue;
  readonly meta: RedisKeyValue;
  readonly #core: RedisCore;
  readonly #queue: RedisQueue;

  constructor(options: Named & RedisExpireOptions, variant: Variant) {
    const settings = redisSettings(options, variant.expires);
    const scripts = SCRIPTS[variant.kind];
    this.name = settings.name;
    this.#core = new RedisCore(settings);
    this.#queue = new RedisQueue(this.#core, scripts, variant.kind);
    this.data = new RedisKeyValue(this.#core, "data", variant.expires);
    this.results = this.data;
    this.locks = this.data;
    this.revocations = new RedisKeyValue(this.#core, "revocations");
    this.meta = new RedisKeyValue(this.#core, "meta");
    const plain = plainOptions(options);
    this.descriptor = plain && { module: import.meta.url, className: variant.className, options: plain };
  }

  check(item: Item): void {
    this.#queue.check(item);
  }

  enqueue(items: readonly Item[]): Promise<void> {
    return this.#queue.enqueue(items);
  }

  enqueueOnce(key: string, ttlMs: number, item: Item): Promise<boolean> {
    return this.#queue.enqueueOnce(key, ttlMs, item);
  }

  claim(limit: number, options: ClaimOptions): Promise<ClaimBatch> {
    return this.#queue.claim(limit, options);
  }

  async settle(settlement: Settlement): Promise<Settled> {
    return { held: await this.#queue.settle(settlement) };
  }

  release(claims: readonly Claim[]): Promise<void> {
    return this.#queue.release(claims);
  }

  claimed(owner: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#queue.claimed(owner);
  }

  heartbeat(lease: Lease): Promise<void> {
    return heartbeat(this.#core, lease);
  }

  resign(consumer: string): Promise<void> {
    return resign(this.#core, consumer);
  }

  leases(): Promise<StoredLease[]> {
    return leases(this.#core);
  }

  recover(target?: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#queue.recover(target);
  }

  promoteDue(nowMs: number, limit: number): Promise<Item[]> {
    return this.#queue.promoteDue(nowMs, limit);
  }

  waitDue(maxMs: number, signal?: AbortSignal): Promise<void> {
    return waitDue(this.#core, maxMs, signal);
  }

  waitForResult(id: string, options: WaitOptions = {}): Promise<boolean> {
    return waitForResult(this.#core, id, options);
  }

  state(id: string): Promise<StoredState | undefined> {
    return stateOf(this.#core, id);
  }

  increment(key: string, by: number, ttlMs?: number): Promise<number> {
    return increment(this.#core, key, by, ttlMs);
  }

  async collect(chordId: string): Promise<Collected> {
    return { values: await collect(this.#core, chordId), filledMs: undefined };
  }

  pending(limit?: number): Promise<Item[]> {
    return this.#queue.pending(limit);
  }

  scheduled(limit?: number): Promise<Item[]> {
    return scheduled(this.#core, limit);
  }

  pendingCount(): Promise<number> {
    return this.#queue.pendingCount();
  }

  async scheduledCount(): Promise<number> {
    return await this.#core.calls.command(["ZCARD", `${this.#core.prefix}schedule`]) as number;
  }

  deadLetters(limit?: number): Promise<StoredDeadLetter[]> {
    return deadLetters(this.#core, limit);
  }

  async deadLetterCount(): Promise<number> {
    return await this.#core.calls.command(["HLEN", `${this.#core.prefix}dead`]) as number;
  }

  requeueDeadLetter(id: string): Promise<boolean> {
    return this.#queue.requeueDeadLetter(id);
  }

  deleteDeadLetter(id: string): Promise<boolean> {
    return deleteDeadLetter(this.#core, id);
  }

  async flush(): Promise<void> {
    await this.#core.run(FLUSH);
  }

  close(): Promise<void> {
    return this.#core.close();
  }
}

/** The driver: see `RedisStorage` in `front.ts`. */
export class RedisStorage extends RedisStorageBase {
  /**
   * @param options Where the server is, and the name of the queue.
   * @throws ConfigurationError if the options contradict each other.
   */
  constructor(options: Named & RedisOptions = {}) {
    super(options, { className: "RedisStorage", kind: "list", expires: false });
  }
}

/** The driver: see `PriorityRedisStorage` in `front.ts`. */
export class PriorityRedisStorage extends RedisStorageBase {
  /**
   * @param options Where the server is, and the name of the queue.
   * @throws ConfigurationError if the options contradict each other.
   */
  constructor(options: Named & RedisOptions = {}) {
    super(options, { className: "PriorityRedisStorage", kind: "sorted", expires: false });
  }
}

/** The driver: see `RedisExpireStorage` in `front.ts`. */
export class RedisExpireStorage extends RedisStorageBase {
  /**
   * @param options Where the server is, the name of the queue, and the life of results.
   * @throws ConfigurationError if the options contradict each other.
   */
  constructor(options: Named & RedisExpireOptions = {}) {
    super(options, { className: "RedisExpireStorage", kind: "list", expires: true });
  }
}

/** The driver: see `PriorityRedisExpireStorage` in `front.ts`. */
export class PriorityRedisExpireStorage extends RedisStorageBase {
  /**
   * @param options Where the server is, the name of the queue, and the life of results.
   * @throws ConfigurationError if the options contradict each other.
   */
  constructor(options: Named & RedisExpireOptions = {}) {
    super(options, { className: "PriorityRedisExpireStorage", kind: "sorted", expires: true });
  }
}
