// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * The storage that keeps everything in the memory of one isolate; for tests, immediate mode and small programs. It is also the
 * contract in its shortest form: what a driver has to do is said here without a medium.
 * @module
 */
import { unbuilt } from "../unbuilt.ts";
import { StorageError } from "../../lib/errors.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  Collected,
  DeadLetterQuery,
  Enqueued,
  FlushPart,
  Item,
  KeyValue,
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
import { ALL_PARTS } from "../flush_parts.ts";
import { isOf, type Target } from "./claims.ts";
import { checkItem } from "./item.ts";
import { memoryName, type MemoryStorageOptions } from "./options.ts";
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
    this.#store.add(items);
    return {};
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    this.#assertOpen();
    checkItem(item);
    const isFree = this.#store.meta.changeNow(key, undefined, new Uint8Array(), { ttlMs });
    if (isFree) this.#store.add([item], "soon");
    return isFree ? {} : undefined;
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  async claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    this.#assertOpen();
    const wanted = Math.min(limit, this.#store.queue.size);
    const claims = Array.from({ length: wanted }, () => this.#store.claims.add(this.#store.queue.take()!, owner));
    for (const claim of claims) this.#store.tracker.running(claim, owner.worker);
    return { claims, revocations: this.#store.revocations.count > 0 };
  }

  async begin(claim: Claim): Promise<boolean> {
    this.#assertOpen();
    return this.#store.claims.begin(claim);
  }

  async settle(settlement: Settlement): Promise<Settled> {
    this.#assertOpen();
    return this.#store.settle(settlement);
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

  async renewLease(lease: Lease): Promise<void> {
    this.#assertOpen();
    this.#store.claims.renew(lease);
  }

  async endLease(consumer: string): Promise<void> {
    this.#assertOpen();
    this.#store.claims.endLease(consumer);
    this.#store.locks.dropPassed((owner) => owner.consumer === consumer);
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
    this.#store.locks.dropPassed((owner) =>
      target ? isOf(target, owner) : owner.consumer !== own?.consumer && !this.#store.claims.isAlive(owner.consumer)
    );
    return lost.map((held) => held.claim);
  }

  // ---- schedule -----------------------------------------------------------------------------------------------------

  async promoteDue(limit: number): Promise<Item[]> {
    this.#assertOpen();
    return this.#store.promote(limit);
  }

  async dueMs(): Promise<number | undefined> {
    this.#assertOpen();
    return this.#store.schedule.nextDueMs;
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
    const ending = live === undefined ? this.#store.results.endingOf(id) : undefined;
    return ending ? { state: ending } : live;
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

  async deadLetters({ limit = Infinity }: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    this.#assertOpen();
    return this.#store.deadLetters.list(limit);
  }

  async deadLetterCount(): Promise<number> {
    this.#assertOpen();
    return this.#store.deadLetters.size;
  }

  async requeueDeadLetter(id: string, _item?: Item): Promise<Enqueued | undefined> {
    this.#assertOpen();
    const item = this.#store.deadLetters.take(id);
    if (item === undefined) return undefined;
    this.#store.results.forget(item.id);
    this.#store.add([item]);
    return {};
  }

  async deleteDeadLetter(id: string): Promise<boolean> {
    this.#assertOpen();
    const item = this.#store.deadLetters.take(id);
    if (item) this.#store.tracker.forget(item.id);
    return item !== undefined;
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
