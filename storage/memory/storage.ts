// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * The storage that keeps everything in the memory of one isolate; for tests, immediate mode and small programs. It is also the
 * contract in its shortest form: what a driver has to do is said here without a medium.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
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
  KeyValue,
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
import { ALL_PARTS } from "../flush_parts.ts";
import { isOf, type Target } from "./claims.ts";
import { checkItem } from "./item.ts";
import { memoryName, type MemoryStorageOptions } from "./options.ts";
import { stepsKey } from "./steps.ts";
import { MemoryStore } from "./store.ts";

export type { MemoryStorageOptions };

/**
 * Keeps everything in the memory of this isolate. Two instances share nothing, whatever their names. Of tasks that have ended
 * without a result, the last 50,000 are remembered.
 *
 * Bytes are copied on the way in; those that come out are the stored ones and must not be changed.
 *
 * @example
 * ```ts
 * import { MemoryStorage, Huey } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new MemoryStorage({ name }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export class MemoryStorage implements Storage {
  readonly name: string;
  readonly shared: boolean = false;
  readonly descriptor: StorageDescriptor | undefined = undefined;
  readonly results: KeyValue;
  readonly locks: KeyValue;
  readonly data: KeyValue;
  readonly revocations: KeyValue;
  readonly meta: KeyValue;

  readonly #store: MemoryStore;
  #closed = false;

  /** @param options Name of the queue, and the clock. @throws {TypeError} For an unknown option, or a wrong value. */
  constructor(options: MemoryStorageOptions = {}) {
    this.name = memoryName(options);
    const store = this.#store = new MemoryStore(options.clock ?? systemClock, () => this.#assertOpen());
    this.results = store.results;
    this.locks = store.locks;
    this.data = store.data;
    this.revocations = store.revocations;
    this.meta = store.meta;
  }

  check(item: Item): void {
    checkItem(item);
  }

  async enqueue(items: readonly Item[], chords: readonly ChordRecord[] = []): Promise<Enqueued> {
    this.#assertOpen();
    for (const item of [...items, ...chords.map(({ callback }) => callback)]) checkItem(item);
    for (const chord of chords) this.#store.chords.add(chord);
    return this.#store.add(items);
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    this.#assertOpen();
    checkItem(item);
    const isFree = this.#store.meta.changeNow(key, undefined, new Uint8Array(), { ttlMs });
    return isFree ? this.#store.add([item], "soon") : undefined;
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  async claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    this.#assertOpen();
    return this.#store.claim(limit, owner);
  }

  async begin(claim: Claim): Promise<boolean> {
    this.#assertOpen();
    return this.#store.claims.begin(claim);
  }

  async keep(claim: Claim, name: string, value: Uint8Array): Promise<boolean> {
    this.#assertOpen();
    const isHeld = this.#store.claims.has(claim);
    if (isHeld) this.#store.steps.keep(stepsKey(claim), name, value);
    return isHeld;
  }

  async kept(key: string): Promise<Map<string, Uint8Array>> {
    this.#assertOpen();
    return this.#store.steps.kept(key);
  }

  async settle(settlement: Settlement): Promise<Settled> {
    this.#assertOpen();
    return this.#store.settle(settlement);
  }

  async leaveGate(claim: Claim): Promise<readonly Item[]> {
    this.#assertOpen();
    return this.#store.leaveGate(claim);
  }

  async release(claims: readonly Claim[]): Promise<void> {
    this.#assertOpen();
    for (const { token } of claims) this.#store.giveBack(this.#store.claims.take(token), "not counted");
  }

  async claimed(owner: Target): Promise<Claim[]> {
    this.#assertOpen();
    return this.#store.claims.of(owner).map((held) => held.claim);
  }

  // ---- leases and recovery ------------------------------------------------------------------------------------------

  async renewLease(lease: Lease): Promise<readonly string[] | void> {
    this.#assertOpen();
    this.#store.claims.renew(lease);
  }

  async endLease(consumer: string): Promise<void> {
    this.#assertOpen();
    this.#store.claims.endLease(consumer);
    this.#store.dropPassed((owner) => owner.consumer === consumer);
  }

  async leases(): Promise<StoredLease[]> {
    this.#assertOpen();
    return this.#store.claims.leases();
  }

  async recover(target?: Target, own?: Lease): Promise<Claim[]> {
    this.#assertOpen();
    if (own !== undefined) this.#store.claims.renew(own);
    if (target === undefined) this.#store.claims.expireLeases();
    const lost = target ? this.#store.claims.of(target) : this.#store.claims.orphaned(own?.consumer);
    for (const held of lost) this.#store.giveBack(this.#store.claims.take(held.claim.token), "counted");
    this.#store.dropPassed((owner) =>
      target ? isOf(target, owner) : owner.consumer !== own?.consumer && !this.#store.claims.isAlive(owner.consumer)
    );
    return lost.map((held) => held.claim);
  }

  // ---- schedule -----------------------------------------------------------------------------------------------------

  async promoteDue(limit: number): Promise<Moved[]> {
    this.#assertOpen();
    return this.#store.promoteDue(limit);
  }

  async promote(id: string): Promise<Moved | undefined> {
    this.#assertOpen();
    return this.#store.promote(id);
  }

  async dueMs(): Promise<number | undefined> {
    this.#assertOpen();
    const dueMs = Math.min(this.#store.schedule.nextDueMs ?? Infinity, this.#store.pause.endMs ?? Infinity);
    return dueMs === Infinity ? undefined : dueMs;
  }

  async pause(pause: Pause): Promise<void> {
    this.#assertOpen();
    this.#store.pause.begin(pause);
    this.#store.waits.scheduled();
  }

  async resume(): Promise<boolean> {
    this.#assertOpen();
    const wasPaused = this.#store.pause.end();
    this.#store.waits.queued("now");
    return wasPaused;
  }

  async paused(): Promise<Pause | undefined> {
    this.#assertOpen();
    return this.#store.pause.current;
  }

  // ---- results, states, counters, chords ----------------------------------------------------------------------------

  async endedOf(ids: readonly string[]): Promise<string[]> {
    this.#assertOpen();
    return this.#store.waits.endedOf(ids, (id) => this.#store.results.hasEnded(id));
  }

  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    this.#assertOpen();
    return this.#store.waits.listen(topic, wake);
  }

  async state(id: string): Promise<StoredState | undefined> {
    this.#assertOpen();
    const live = this.#store.tracker.stateOf(id);
    if (live !== undefined) return live;
    const ended = this.#store.results.endedOf(id);
    return ended && { state: ended.ending, ...(ended.about !== undefined && { about: ended.about }) };
  }

  async increment(key: string, by: number, ttlMs?: number): Promise<number> {
    this.#assertOpen();
    const count = this.#store.counters.get(key);
    if (count === undefined) this.#store.counters.set(key, by, ttlMs);
    else this.#store.counters.update(key, count + by);
    return (count ?? 0) + by;
  }

  async collect(chordId: string): Promise<Collected> {
    this.#assertOpen();
    return this.#store.chords.collect(chordId);
  }

  // ---- listings -----------------------------------------------------------------------------------------------------

  async pending(limit: number = Infinity): Promise<Item[]> {
    this.#assertOpen();
    return this.#store.queue.list(limit);
  }

  async scheduled(limit: number = Infinity): Promise<Item[]> {
    this.#assertOpen();
    return this.#store.schedule.list(limit);
  }

  async pendingCount(): Promise<number> {
    this.#assertOpen();
    return this.#store.queue.size;
  }

  async scheduledCount(): Promise<number> {
    this.#assertOpen();
    return this.#store.schedule.size;
  }

  async running(limit: number = Infinity): Promise<StoredRunning[]> {
    this.#assertOpen();
    return this.#store.claims.running(limit);
  }

  async blocked(limit: number = Infinity): Promise<Item[]> {
    this.#assertOpen();
    return this.#store.gates.list(limit);
  }

  async blockedCount(): Promise<number> {
    this.#assertOpen();
    return this.#store.gates.blockedCount;
  }

  async oldestMs(): Promise<number | undefined> {
    this.#assertOpen();
    return this.#store.queue.oldestMs();
  }

  // ---- dead letters -------------------------------------------------------------------------------------------------

  async deadLetters(query: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    this.#assertOpen();
    return this.#store.deadLetters.list(query);
  }

  async deadLetterCount(query: DeadLetterQuery = {}): Promise<number> {
    this.#assertOpen();
    return this.#store.deadLetters.count(query);
  }

  async deadLetter(id: string): Promise<StoredDeadLetter | undefined> {
    this.#assertOpen();
    return this.#store.deadLetters.find(id)?.letter;
  }

  async requeueDeadLetter(id: string, item: Item, others: readonly string[] = []): Promise<Enqueued | undefined> {
    this.#assertOpen();
    return this.#store.requeue(id, item, others);
  }

  async deleteDeadLetter(id: string): Promise<boolean> {
    this.#assertOpen();
    const grave = this.#store.deadLetters.take(id);
    if (grave) this.#store.forgetGrave(grave);
    return grave !== undefined;
  }

  // ---- counts -------------------------------------------------------------------------------------------------------

  async count(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): Promise<void> {
    this.#assertOpen();
    this.#store.stats.add(rows, recent, bounds);
  }

  async counts(query: CountQuery): Promise<CountRow[]> {
    this.#assertOpen();
    return this.#store.stats.list(query);
  }

  async recent(limit: number): Promise<Uint8Array[]> {
    this.#assertOpen();
    return this.#store.stats.recent(limit);
  }

  // ---- end ----------------------------------------------------------------------------------------------------------

  async flush(parts: readonly FlushPart[] = ALL_PARTS): Promise<void> {
    this.#assertOpen();
    for (const part of parts) this.#store.flushPart(part);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const part of ALL_PARTS) this.#store.flushPart(part);
    this.#store.waits.end();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StorageError(`Storage "${this.name}" is closed`);
  }
}
