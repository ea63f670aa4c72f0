/**
 * The Redis storages: a list or a sorted set as the queue, results that stay until they are read or until they expire.
 * @module
 */
import { unbuilt } from "../unbuilt.ts";
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  Collected,
  DeadLetterQuery,
  Enqueued,
  FlushPart,
  Item,
  Lease,
  Owner,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredState,
  Topic,
} from "../../lib/storage.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import { RedisCore } from "./core.ts";
import { increment, RedisKeyValue, RedisResults } from "./key_value.ts";
import { collect, deadLetters, deleteDeadLetter, endLease, leases, renewLease, scheduled, stateOf } from "./ledger.ts";
import { COUNT } from "./lua_data.ts";
import { FLUSH } from "./lua_flush.ts";
import type { QueueKind } from "./lua_kinds.ts";
import { type QueueScripts, queueScripts } from "./lua_queue.ts";
import { plainOptions, type RedisExpireOptions, type RedisOptions, redisSettings } from "./options.ts";
import { RedisQueue } from "./queue.ts";
import { Waits } from "./waits.ts";

export type { RedisExpireOptions, RedisOptions };

/** Name of the queue, default "huey", and the clock, by default that of the machine. */
interface Named {
  name?: string;
  clock?: Clock;
}

/** What differs between the variants. */
interface Variant {
  readonly className: string;
  readonly kind: QueueKind;
  readonly expires: boolean;
}

const ALL_PARTS: readonly FlushPart[] = [
  "queue",
  "schedule",
  "results",
  "locks",
  "data",
  "revocations",
  "counters",
  "deadLetters",
];

const SCRIPTS: Readonly<Record<QueueKind, QueueScripts>> = { list: queueScripts("list"), sorted: queueScripts("sorted") };

/** What all four storages do; they differ in the kind of queue and in the life of results. */
abstract class RedisStorageBase implements Storage {
  readonly keep: Storage["keep"] = unbuilt;
  readonly kept: Storage["kept"] = unbuilt;
  readonly leaveGate: Storage["leaveGate"] = unbuilt;
  readonly promote: Storage["promote"] = unbuilt;
  readonly pause: Storage["pause"] = unbuilt;
  readonly resume: Storage["resume"] = unbuilt;
  readonly paused: Storage["paused"] = unbuilt;
  readonly running: Storage["running"] = unbuilt;
  readonly blocked: Storage["blocked"] = unbuilt;
  readonly blockedCount: Storage["blockedCount"] = unbuilt;
  readonly oldestMs: Storage["oldestMs"] = unbuilt;
  readonly deadLetter: Storage["deadLetter"] = unbuilt;
  readonly count: Storage["count"] = unbuilt;
  readonly counts: Storage["counts"] = unbuilt;
  readonly recent: Storage["recent"] = unbuilt;

  readonly name: string;
  readonly shared: boolean = true;
  readonly descriptor: StorageDescriptor | undefined;
  readonly results: RedisResults;
  readonly locks: RedisKeyValue;
  readonly data: RedisKeyValue;
  readonly revocations: RedisKeyValue;
  readonly meta: RedisKeyValue;
  /** Only where it may block a connection. */
  readonly claimOrWait: Storage["claimOrWait"];
  readonly #core: RedisCore;
  readonly #queue: RedisQueue;
  readonly #waits: Waits;

  constructor(options: Named & RedisExpireOptions, variant: Variant) {
    const settings = redisSettings(options, variant.expires);
    const scripts = SCRIPTS[variant.kind];
    this.name = settings.name;
    this.#core = new RedisCore(settings);
    this.#queue = new RedisQueue(this.#core, scripts, variant.kind);
    this.#waits = new Waits(this.#core);
    this.results = new RedisResults(this.#core, variant.expires);
    this.locks = new RedisKeyValue(this.#core, "locks");
    this.data = new RedisKeyValue(this.#core, "data");
    this.revocations = new RedisKeyValue(this.#core, "revocations");
    this.meta = new RedisKeyValue(this.#core, "meta");
    if (settings.blocking) this.claimOrWait = (...asked) => this.#queue.claimOrWait(...asked);
    const plain = plainOptions(options);
    this.descriptor = plain && { module: import.meta.url, className: variant.className, options: plain };
  }

  check(item: Item): void {
    this.#queue.check(item);
  }

  enqueue(items: readonly Item[], chords?: readonly ChordRecord[]): Promise<Enqueued> {
    return this.#queue.enqueue(items, chords).then(() => ({}));
  }

  enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    return this.#queue.enqueueOnce(key, ttlMs, item).then((isFree) => isFree ? {} : undefined);
  }

  claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    return this.#queue.claim(limit, owner);
  }

  settle(settlement: Settlement): Promise<Settled> {
    return this.#queue.settle(settlement);
  }

  begin(claim: Claim): Promise<boolean> {
    return this.#queue.begin(claim);
  }

  release(claims: readonly Claim[]): Promise<void> {
    return this.#queue.release(claims);
  }

  claimed(owner: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#queue.claimed(owner);
  }

  renewLease(lease: Lease): Promise<void> {
    return renewLease(this.#core, lease);
  }

  endLease(consumer: string): Promise<void> {
    return endLease(this.#core, consumer);
  }

  leases(): Promise<StoredLease[]> {
    return leases(this.#core);
  }

  recover(target?: { readonly consumer: string; readonly worker?: string }, own?: Lease): Promise<Claim[]> {
    return this.#queue.recover(target, own);
  }

  promoteDue(limit: number): Promise<Item[]> {
    return this.#queue.promoteDue(limit);
  }

  dueMs(): Promise<number | undefined> {
    return this.#waits.dueMs();
  }

  endedOf(ids: readonly string[]): Promise<string[]> {
    return this.#waits.endedOf(ids);
  }

  listen(topic: Topic, wake: () => void): Promise<() => void> {
    return this.#waits.listen(topic, wake);
  }

  state(id: string): Promise<StoredState | undefined> {
    return stateOf(this.#core, id);
  }

  increment(key: string, by: number, ttlMs?: number): Promise<number> {
    return increment(this.#core, key, by, ttlMs);
  }

  collect(chordId: string): Promise<Collected> {
    return collect(this.#core, chordId);
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
    return await this.#core.run(COUNT, "ZCARD", "schedule") as number;
  }

  deadLetters({ limit }: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    return deadLetters(this.#core, limit);
  }

  async deadLetterCount(): Promise<number> {
    return await this.#core.run(COUNT, "HLEN", "dead") as number;
  }

  requeueDeadLetter(id: string, _item?: Item): Promise<Enqueued | undefined> {
    return this.#queue.requeueDeadLetter(id).then((found) => found ? {} : undefined);
  }

  deleteDeadLetter(id: string): Promise<boolean> {
    return deleteDeadLetter(this.#core, id);
  }

  async flush(parts: readonly FlushPart[] = ALL_PARTS): Promise<void> {
    await this.#core.run(FLUSH, ...parts);
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
