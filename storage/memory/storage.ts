// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * The storage that keeps everything in the memory of one isolate; for tests, immediate mode and small programs. It is also the
 * contract in its shortest form: what a driver has to do is said here without a medium.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  ClaimOptions,
  Collected,
  FlushPart,
  Item,
  Lease,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredState,
  Topic,
  WaitOptions,
} from "../../lib/storage.ts";
import { ExpiringMap } from "../expiring_map.ts";
import { MemoryChords } from "./chords.ts";
import { type Held, isOf, MemoryClaims, type Target } from "./claims.ts";
import { MemoryDeadLetters } from "./dead_letters.ts";
import { MemoryKeyValue } from "./key_value.ts";
import { MemoryLocks } from "./locks.ts";
import { MemoryQueue } from "./queue.ts";
import { MemoryResults } from "./results.ts";
import { MemorySchedule } from "./schedule.ts";
import { memoryName, type MemoryStorageOptions } from "./options.ts";
import { MemoryTracker } from "./tracker.ts";
import { MemoryWaits } from "./waits.ts";

export type { MemoryStorageOptions };

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
  readonly results: MemoryResults;
  readonly locks: MemoryLocks;
  readonly data: MemoryKeyValue;
  readonly revocations: MemoryKeyValue;
  readonly meta: MemoryKeyValue;

  readonly #clock: Clock;
  readonly #queue = new MemoryQueue();
  readonly #schedule = new MemorySchedule();
  readonly #claims: MemoryClaims;
  readonly #counters: ExpiringMap<number>;
  readonly #chords: MemoryChords;
  readonly #tracker: MemoryTracker;
  readonly #deadLetters = new MemoryDeadLetters();
  readonly #waits: MemoryWaits;
  #closed = false;

  /** @param options Name of the queue, and the clock. @throws {TypeError} For an unknown option, or a wrong value. */
  constructor(options: MemoryStorageOptions = {}) {
    this.name = memoryName(options);
    const clock = this.#clock = options.clock ?? systemClock;
    const waits = this.#waits = new MemoryWaits(clock);
    const assertOpen = (): void => this.#assertOpen();
    this.results = new MemoryResults({ clock, assertOpen, onStored: (id) => waits.ended(id) });
    this.locks = new MemoryLocks({ clock, assertOpen });
    this.data = new MemoryKeyValue({ clock, assertOpen });
    this.revocations = new MemoryKeyValue({ clock, assertOpen, onStored: () => waits.revoked() });
    this.meta = new MemoryKeyValue({ clock, assertOpen });
    this.#claims = new MemoryClaims(clock);
    this.#counters = new ExpiringMap(clock);
    this.#chords = new MemoryChords(clock);
    this.#tracker = new MemoryTracker(clock);
  }

  check(item: Item): void {
    if (!Number.isFinite(item.priority)) throw new RangeError(`Priority must be a finite number: ${item.priority}`);
    if (item.dueMs !== undefined && !Number.isFinite(item.dueMs)) {
      throw new RangeError(`Due time must be a finite number of milliseconds: ${item.dueMs}`);
    }
  }

  async enqueue(items: readonly Item[], chords: readonly ChordRecord[] = []): Promise<void> {
    this.#assertOpen();
    for (const item of [...items, ...chords.map(({ callback }) => callback)]) this.check(item);
    for (const chord of chords) this.#chords.add(chord);
    this.#add(items);
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<boolean> {
    this.#assertOpen();
    this.check(item);
    const isFree = this.meta.changeNow(key, undefined, new Uint8Array(), { ttlMs });
    if (isFree) this.#add([item], "soon");
    return isFree;
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  async claim(limit: number, options: ClaimOptions): Promise<ClaimBatch> {
    this.#assertOpen();
    const { owner, waitMs, signal } = options;
    if (waitMs > 0) await this.#waits.forQueue(() => this.#queue.size > 0 || this.#closed, waitMs, signal);
    const wanted = signal?.aborted ? 0 : Math.min(limit, this.#queue.size);
    const claims = Array.from({ length: wanted }, () => this.#claims.add(this.#queue.take()!, owner));
    for (const claim of claims) this.#tracker.running(claim, owner.worker);
    return { claims, revocations: this.revocations.count > 0 };
  }

  async begin(claim: Claim): Promise<boolean> {
    this.#assertOpen();
    return this.#claims.begin(claim);
  }

  async settle(settlement: Settlement): Promise<Settled> {
    this.#assertOpen();
    const { claim, again, canceled = [], enqueue = [], chords = [], chord, dropChord } = settlement;
    if (claim !== undefined && !this.#claims.has(claim)) {
      return again ? this.#settledBefore(claim, settlement) : { held: false };
    }
    const callbacks = [...chords.map(({ callback }) => callback), ...(chord?.callback ? [chord.callback] : [])];
    for (const item of [...enqueue, ...callbacks]) this.check(item);
    // Nothing below fails, so that all of it happens or none.
    if (claim) this.#endClaim(claim, settlement);
    this.#end(settlement);
    this.#bury(settlement);
    for (const step of canceled) this.#end({ ...settlement, result: undefined, ...step, ending: "canceled" });
    this.revocations.removeMany(settlement.forget ?? []);
    for (const record of chords) this.#chords.add(record);
    this.#add(enqueue);
    const callback = chord && this.#chords.report(chord, claim?.token);
    if (callback) this.#add([this.#notPast(callback)]);
    if (dropChord !== undefined) this.#chords.drop(dropChord);
    return { held: true, callback };
  }

  async release(claims: readonly Claim[]): Promise<void> {
    this.#assertOpen();
    for (const { token } of claims) this.#giveBack(this.#claims.take(token), "not counted");
  }

  async claimed(owner: Target): Promise<Claim[]> {
    this.#assertOpen();
    return this.#claims.of(owner).map((held) => held.claim);
  }

  // ---- leases and recovery ------------------------------------------------------------------------------------------

  async heartbeat(lease: Lease): Promise<void> {
    this.#assertOpen();
    this.#claims.renew(lease);
  }

  async resign(consumer: string): Promise<void> {
    this.#assertOpen();
    this.#claims.resign(consumer);
    this.locks.dropPassed((owner) => owner.consumer === consumer);
  }

  async leases(): Promise<StoredLease[]> {
    this.#assertOpen();
    return this.#claims.leases();
  }

  async recover(target?: Target, own?: Lease): Promise<Claim[]> {
    this.#assertOpen();
    if (own !== undefined) this.#claims.renew(own);
    if (target === undefined) this.#claims.expireLeases();
    const lost = target ? this.#claims.of(target) : this.#claims.orphaned(own?.consumer);
    for (const held of lost) this.#giveBack(this.#claims.take(held.claim.token), "counted");
    this.locks.dropPassed((owner) =>
      target ? isOf(target, owner) : owner.consumer !== own?.consumer && !this.#claims.isAlive(owner.consumer)
    );
    return lost.map((held) => held.claim);
  }

  // ---- schedule -----------------------------------------------------------------------------------------------------

  async promoteDue(nowMs: number, limit: number): Promise<Item[]> {
    this.#assertOpen();
    const due = this.#schedule.takeDue(nowMs, limit);
    this.#add(due.map((item) => ({ ...item, dueMs: undefined })), "soon");
    return due;
  }

  async waitDue(maxMs: number, signal?: AbortSignal): Promise<void> {
    this.#assertOpen();
    await this.#waits.forDue(() => this.#closed ? 0 : this.#schedule.nextDueMs, maxMs, signal);
  }

  async dueMs(): Promise<number | undefined> {
    this.#assertOpen();
    return this.#schedule.nextDueMs;
  }

  // ---- results, states, counters, chords ----------------------------------------------------------------------------

  async waitForResult(id: string, options: WaitOptions = {}): Promise<boolean> {
    const hasEnded = (): boolean => {
      this.#assertOpen();
      return this.results.hasEnded(id);
    };
    return await this.#waits.forEnd(id, hasEnded, options);
  }

  async endedOf(ids: readonly string[]): Promise<string[]> {
    this.#assertOpen();
    return this.#waits.endedOf(ids, (id) => this.results.hasEnded(id));
  }

  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    this.#assertOpen();
    return this.#waits.listen(topic, wake);
  }

  async state(id: string): Promise<StoredState | undefined> {
    this.#assertOpen();
    const live = this.#tracker.stateOf(id);
    const ending = live === undefined ? this.results.endingOf(id) : undefined;
    return ending ? { state: ending } : live;
  }

  async increment(key: string, by: number, ttlMs?: number): Promise<number> {
    this.#assertOpen();
    const count = this.#counters.get(key);
    if (count === undefined) this.#counters.set(key, by, ttlMs);
    else this.#counters.update(key, count + by);
    return (count ?? 0) + by;
  }

  async collect(chordId: string): Promise<Collected> {
    this.#assertOpen();
    return this.#chords.collect(chordId);
  }

  // ---- listings -----------------------------------------------------------------------------------------------------

  async pending(limit: number = Infinity): Promise<Item[]> {
    this.#assertOpen();
    return this.#queue.list(limit);
  }

  async scheduled(limit: number = Infinity): Promise<Item[]> {
    this.#assertOpen();
    return this.#schedule.list(limit);
  }

  async pendingCount(): Promise<number> {
    this.#assertOpen();
    return this.#queue.size;
  }

  async scheduledCount(): Promise<number> {
    this.#assertOpen();
    return this.#schedule.size;
  }

  async deadLetters(limit: number = Infinity): Promise<StoredDeadLetter[]> {
    this.#assertOpen();
    return this.#deadLetters.list(limit);
  }

  async deadLetterCount(): Promise<number> {
    this.#assertOpen();
    return this.#deadLetters.size;
  }

  async requeueDeadLetter(id: string): Promise<boolean> {
    this.#assertOpen();
    const item = this.#deadLetters.take(id);
    if (item === undefined) return false;
    this.results.forget(item.id);
    this.#add([item]);
    return true;
  }

  async deleteDeadLetter(id: string): Promise<boolean> {
    this.#assertOpen();
    const item = this.#deadLetters.take(id);
    if (item) this.#tracker.forget(item.id);
    return item !== undefined;
  }

  // ---- end ----------------------------------------------------------------------------------------------------------

  async flush(parts: readonly FlushPart[] = ALL_PARTS): Promise<void> {
    this.#assertOpen();
    for (const part of parts) this.#flushPart(part);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const part of ALL_PARTS) this.#flushPart(part);
    this.#waits.end();
  }

  // ---- steps; none of them waits ------------------------------------------------------------------------------------

  #assertOpen(): void {
    if (this.#closed) throw new StorageError(`Storage "${this.name}" is closed`);
  }

  /** @param wake `"soon"`: whoever moves the items gets to tell of them before a worker of the same isolate has them. */
  #add(items: readonly Item[], wake: "now" | "soon" = "now"): void {
    for (const item of items) this.check(item);
    const soonestMs = this.#schedule.nextDueMs;
    for (const item of items) {
      const copy = { ...item, data: item.data.slice() };
      if (item.dueMs === undefined) this.#queue.append(copy);
      else this.#schedule.add(copy, item.dueMs);
      this.#tracker.waiting(item, item.dueMs === undefined ? "waiting" : "scheduled");
      this.results.forgetNotice(item.id);
    }
    if (this.#queue.size > 0 && items.length > 0) this.#waits.queued(wake);
    if (this.#schedule.nextDueMs !== soonestMs) this.#waits.scheduled();
  }

  /** What is due already need not go to the schedule. */
  #notPast(item: Item): Item {
    return item.dueMs === undefined || item.dueMs > this.#clock.now() ? item : { ...item, dueMs: undefined };
  }

  /** The answer to a settlement whose claim is gone: unless somebody took it, the settlement was written. */
  #settledBefore(claim: Claim, { chord }: Settlement): Settled {
    if (this.#claims.wasTaken(claim)) return { held: false };
    return { held: true, callback: chord && this.#chords.filledBy(chord.id, claim.token) };
  }

  #giveBack(held: Held | undefined, delivery: "counted" | "not counted"): void {
    if (held === undefined) return;
    const { claim, entry } = held;
    this.locks.dropHeld(claim.token);
    this.#queue.putBack({ ...entry, deliveries: entry.deliveries - (delivery === "counted" ? 0 : 1) });
    this.#tracker.waiting(entry.item, "waiting");
    this.#waits.queued("now");
  }

  #end({ id, result, resultTtlMs, ending, noticeTtlMs }: Settlement): void {
    if (ending) this.#tracker.forget(id);
    this.results.store(id, result, resultTtlMs, ending && { ending, ttlMs: noticeTtlMs });
    if (ending) this.#waits.ended(id);
  }

  #bury({ id, claim, bury }: Settlement): void {
    if (bury === undefined) return;
    const item = this.#deadLetters.bury(bury, bury.taskId ?? id, claim);
    this.#tracker.dead(item.id, item.track);
  }

  #endClaim(claim: Claim, { dropLocks, passLocks }: Settlement): void {
    this.#claims.settle(claim);
    this.#tracker.forget(claim.id);
    if (dropLocks) this.locks.dropHeld(claim.token);
    else if (passLocks) this.locks.pass(claim.token, passLocks);
    else this.locks.forgetHeld(claim.token);
  }

  #flushPart(part: FlushPart): void {
    switch (part) {
      case "queue":
        for (const { claim } of this.#claims.all()) this.#giveBack(this.#claims.take(claim.token), "counted");
        return this.#chords.clear(), this.#forget(this.#queue.takeAll());
      case "schedule":
        return this.#forget(this.#schedule.takeAll());
      case "deadLetters":
        return this.#forget(this.#deadLetters.takeAll());
      case "results":
        return this.results.clearAll();
      case "counters":
        return this.meta.clear(), this.#counters.clear();
      default:
        return this[part].clear();
    }
  }

  #forget(items: readonly Item[]): void {
    for (const { id } of items) this.#tracker.forget(id);
  }
}
