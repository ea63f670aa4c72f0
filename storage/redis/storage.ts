/**
 * The Redis storages: a list or a sorted set as the queue, results that stay until they are read or until they expire.
 * @module
 */
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  Collected,
  CountBounds,
  CountQuery,
  CountRow,
  DeadLetterQuery,
  Enqueued,
  FlushPart,
  Item,
  Lease,
  Moved,
  Owner,
  Pause,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredRunning,
  StoredState,
  Topic,
} from "../../lib/storage.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import { ALL_PARTS } from "../flush_parts.ts";
import { RedisCore } from "./core.ts";
import { count, counts, recent } from "./counts.ts";
import { deadLetter, deadLetterCount, deadLetters, deleteDeadLetter } from "./dead_letters.ts";
import { increment, RedisKeyValue, RedisResults } from "./key_value.ts";
import { collect, leases, renewLease, scheduled, stateOf } from "./ledger.ts";
import { blocked, oldestMs, running } from "./listings.ts";
import { COUNT } from "./lua_data.ts";
import { FLUSH } from "./lua_flush.ts";
import type { Script } from "./lua.ts";
import type { QueueKind } from "./lua_kinds.ts";
import { type QueueScripts, queueScripts } from "./lua_queue.ts";
import { plainOptions, type RedisExpireOptions, type RedisOptions, redisSettings } from "./options.ts";
import { pause, paused, resume } from "./pause.ts";
import { RedisQueue } from "./queue.ts";
import { keep, kept } from "./steps.ts";
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

const SCRIPTS: Readonly<Record<QueueKind, QueueScripts>> = { list: queueScripts("list"), sorted: queueScripts("sorted") };

/** What all four storages do; they differ in the kind of queue and in the life of results. */
abstract class RedisStorageBase implements Storage {
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
  readonly #kind: QueueKind;
  readonly #resume: Script;

  constructor(options: Named & RedisExpireOptions, variant: Variant) {
    const settings = redisSettings(options, variant.expires);
    const scripts = SCRIPTS[variant.kind];
    this.name = settings.name;
    this.#core = new RedisCore(settings);
    this.#queue = new RedisQueue(this.#core, scripts, variant.kind);
    this.#waits = new Waits(this.#core);
    this.#kind = variant.kind;
    this.#resume = scripts.resume;
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
    return this.#queue.enqueue(items, chords);
  }

  enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    return this.#queue.enqueueOnce(key, ttlMs, item);
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

  keep(claim: Claim, name: string, value: Uint8Array): Promise<boolean> {
    return keep(this.#core, claim, name, value);
  }

  kept(key: string): Promise<Map<string, Uint8Array>> {
    return kept(this.#core, key);
  }

  leaveGate(claim: Claim): Promise<readonly Item[]> {
    return this.#queue.leaveGate(claim);
  }

  release(claims: readonly Claim[]): Promise<void> {
    return this.#queue.release(claims);
  }

  claimed(owner: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#queue.claimed(owner);
  }

  renewLease(lease: Lease): Promise<readonly string[]> {
    return renewLease(this.#core, lease);
  }

  endLease(consumer: string): Promise<void> {
    return this.#queue.endLease(consumer);
  }

  leases(): Promise<StoredLease[]> {
    return leases(this.#core);
  }

  recover(target?: { readonly consumer: string; readonly worker?: string }, own?: Lease): Promise<Claim[]> {
    return this.#queue.recover(target, own);
  }

  promoteDue(limit: number): Promise<Moved[]> {
    return this.#queue.promoteDue(limit);
  }

  promote(id: string): Promise<Moved | undefined> {
    return this.#queue.promote(id);
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

  pause(asked: Pause): Promise<void> {
    return pause(this.#core, asked);
  }

  resume(): Promise<boolean> {
    return resume(this.#core, this.#resume);
  }

  paused(): Promise<Pause | undefined> {
    return paused(this.#core);
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

  running(limit?: number): Promise<StoredRunning[]> {
    return running(this.#core, limit);
  }

  blocked(limit?: number): Promise<Item[]> {
    return blocked(this.#core, limit);
  }

  async blockedCount(): Promise<number> {
    return await this.#core.run(COUNT, "ZCARD", "blocked") as number;
  }

  oldestMs(): Promise<number | undefined> {
    return oldestMs(this.#core, this.#kind);
  }

  deadLetters(query: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    return deadLetters(this.#core, query);
  }

  deadLetterCount(query: DeadLetterQuery = {}): Promise<number> {
    return deadLetterCount(this.#core, query);
  }

  deadLetter(id: string): Promise<StoredDeadLetter | undefined> {
    return deadLetter(this.#core, id);
  }

  requeueDeadLetter(id: string, item: Item, others?: readonly string[]): Promise<Enqueued | undefined> {
    return this.#queue.requeueDeadLetter(id, item, others);
  }

  deleteDeadLetter(id: string): Promise<boolean> {
    return deleteDeadLetter(this.#core, id);
  }

  count(rows: readonly CountRow[], ends: readonly Uint8Array[], bounds: CountBounds): Promise<void> {
    return count(this.#core, rows, ends, bounds);
  }

  counts(query: CountQuery): Promise<CountRow[]> {
    return counts(this.#core, query);
  }

  recent(limit: number): Promise<Uint8Array[]> {
    return recent(this.#core, limit);
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
