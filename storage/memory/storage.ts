// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * The storage that keeps everything in the memory of one isolate; for tests, immediate mode and small programs.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import type {
  ChordReport,
  Claim,
  ClaimBatch,
  ClaimOptions,
  Collected,
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
  WaitOptions,
} from "../../lib/storage.ts";
import { ExpiringMap } from "../expiring_map.ts";
import { MemoryDeadLetters } from "./dead_letters.ts";
import { MemoryKeyValue, type Notice } from "./key_value.ts";
import { type Entry, MemoryQueue } from "./queue.ts";
import { MemorySchedule } from "./schedule.ts";
import { memoryName, type MemoryStorageOptions } from "./options.ts";
import { MemoryTracker } from "./tracker.ts";
import { Deadline, KeyedWaitLists, WaitList } from "../waiters.ts";

export type { MemoryStorageOptions };

/** A claim and what is needed to put it back. */
interface Held {
  readonly claim: Claim;
  readonly owner: Owner;
  readonly entry: Entry;
}

interface Chord {
  readonly size: number;
  /** By index. */
  readonly values: Map<number, Uint8Array>;
}

/**
 * Keeps everything in the memory of this isolate. Two instances share nothing, whatever their names.
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
  readonly data: MemoryKeyValue;
  readonly results: MemoryKeyValue;
  readonly locks: MemoryKeyValue;
  readonly revocations: MemoryKeyValue;
  readonly meta: MemoryKeyValue;

  readonly #queue = new MemoryQueue();
  readonly #schedule = new MemorySchedule();
  readonly #claims = new Map<string, Held>();
  readonly #leases = new Map<string, StoredLease>();
  readonly #counters = new ExpiringMap<number>();
  readonly #chords = new Map<string, Chord>();
  readonly #tracker = new MemoryTracker();
  readonly #deadLetters = new MemoryDeadLetters();

  readonly #idle = new WaitList();
  readonly #scheduling = new WaitList();
  readonly #results = new KeyedWaitLists();
  #lastToken = 0;
  #closed = false;

  /** @param options Name of the queue. @throws {TypeError} For an unknown option, or a wrong name. */
  constructor(options: MemoryStorageOptions = {}) {
    this.name = memoryName(options);
    const assertOpen = (): void => this.#assertOpen();
    this.data = new MemoryKeyValue({
      assertOpen,
      stored: (key) => this.#results.wake(key),
      popped: (key, notice) => this.#tracker.note(key, notice),
    });
    this.results = this.data;
    this.locks = this.data;
    this.revocations = new MemoryKeyValue({ assertOpen });
    this.meta = new MemoryKeyValue({ assertOpen });
  }

  check(item: Item): void {
    if (!Number.isFinite(item.priority)) throw new RangeError(`Priority must be a finite number: ${item.priority}`);
    if (item.dueMs !== undefined && !Number.isFinite(item.dueMs)) {
      throw new RangeError(`Due time must be a finite number of milliseconds: ${item.dueMs}`);
    }
  }

  async enqueue(items: readonly Item[]): Promise<void> {
    this.#assertOpen();
    this.#add(items);
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<boolean> {
    this.#assertOpen();
    this.check(item);
    if (!this.meta.setIfEmpty(key, new Uint8Array(), { ttlMs })) return false;
    this.#add([item], "soon");
    return true;
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  async claim(limit: number, options: ClaimOptions): Promise<ClaimBatch> {
    this.#assertOpen();
    const deadline = new Deadline(options.waitMs);
    while (this.#queue.size === 0 && !deadline.passed && !options.signal?.aborted && !this.#closed) {
      await this.#idle.wait(deadline.remainingMs, options.signal);
    }
    const wanted = options.signal?.aborted ? 0 : Math.min(limit, this.#queue.size);
    return { claims: Array.from({ length: wanted }, () => this.#take(options.owner)), revocations: this.revocations.count > 0 };
  }

  async settle(settlement: Settlement): Promise<Settled> {
    this.#assertOpen();
    const { claim } = settlement;
    if (claim && !this.#claims.has(claim.token)) return { held: false };
    const added = [...settlement.enqueue ?? [], ...settlement.chord ? [settlement.chord.callback] : []];
    for (const item of added) this.check(item);
    // Nothing below fails, so that all of it happens or none.
    if (claim) this.#dropClaim(claim, settlement.dropLocks ?? false);
    this.#end(settlement);
    for (const step of settlement.canceled ?? []) {
      this.#end({ ...step, ending: "canceled", noticeTtlMs: settlement.noticeTtlMs });
    }
    this.#bury(settlement);
    this.revocations.deleteMany(settlement.forget ?? []);
    if (settlement.dropChord !== undefined) this.#chords.delete(settlement.dropChord);
    this.#add(settlement.enqueue ?? []);
    if (settlement.chord) this.#report(settlement.chord);
    return { held: true };
  }

  async release(claims: readonly Claim[]): Promise<void> {
    this.#assertOpen();
    for (const claim of claims) {
      const held = this.#claims.get(claim.token);
      if (held === undefined) continue;
      this.data.dropHeld(claim.token);
      this.#putBack({ ...held, entry: { ...held.entry, deliveries: held.entry.deliveries - 1 } });
    }
  }

  async claimed(owner: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    this.#assertOpen();
    return this.#heldBy(owner).map((held) => held.claim);
  }

  // ---- leases and recovery ------------------------------------------------------------------------------------------

  async heartbeat(lease: Lease): Promise<void> {
    this.#assertOpen();
    this.#leases.set(lease.consumer, { ...lease, expiresMs: Date.now() + lease.ttlMs });
  }

  async resign(consumer: string): Promise<void> {
    this.#assertOpen();
    this.#leases.delete(consumer);
  }

  async leases(): Promise<StoredLease[]> {
    this.#assertOpen();
    return [...this.#leases.values()];
  }

  async recover(target?: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    this.#assertOpen();
    const lost = target ? this.#heldBy(target) : this.#heldWithoutLease();
    for (const held of lost) {
      this.data.dropHeld(held.claim.token);
      this.#putBack(held);
    }
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
    const deadline = new Deadline(maxMs);
    while (!deadline.passed && !signal?.aborted && !this.#closed) {
      const dueInMs = (this.#schedule.nextDueMs ?? Infinity) - Date.now();
      if (dueInMs <= 0) return;
      await this.#scheduling.wait(Math.min(dueInMs, deadline.remainingMs ?? Infinity), signal);
    }
  }

  // ---- results, states, counters, chords ----------------------------------------------------------------------------

  async waitForResult(id: string, options: WaitOptions = {}): Promise<boolean> {
    this.#assertOpen();
    const deadline = new Deadline(options.timeoutMs);
    while (!this.#hasEnded(id)) {
      options.signal?.throwIfAborted();
      if (deadline.passed) return false;
      await this.#results.wait(id, deadline.remainingMs, options.signal);
      this.#assertOpen();
    }
    return true;
  }

  async state(id: string): Promise<StoredState | undefined> {
    this.#assertOpen();
    const live = this.#tracker.stateOf(id);
    if (live) return live;
    const ending = (this.data.noticeOf(id) ?? this.#tracker.noticeOf(id))?.ending;
    return ending && { state: ending };
  }

  async increment(key: string, by: number, ttlMs?: number): Promise<number> {
    this.#assertOpen();
    const count = (this.#counters.get(key) ?? 0) + by;
    if (this.#counters.get(key) === undefined) this.#counters.set(key, by, ttlMs);
    else this.#counters.update(key, count);
    return count;
  }

  async collect(chordId: string): Promise<Collected> {
    this.#assertOpen();
    const chord = this.#chords.get(chordId);
    return { values: Array.from({ length: chord?.size ?? 0 }, (_, index) => chord?.values.get(index)), filledMs: undefined };
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
    this.#add(item ? [item] : []);
    return item !== undefined;
  }

  async deleteDeadLetter(id: string): Promise<boolean> {
    this.#assertOpen();
    const item = this.#deadLetters.take(id);
    if (item) this.#tracker.forget(item.id);
    return item !== undefined;
  }

  // ---- end ----------------------------------------------------------------------------------------------------------

  async flush(): Promise<void> {
    this.#assertOpen();
    this.#clear();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#clear();
    this.#leases.clear();
    this.#idle.wakeAll();
    this.#scheduling.wakeAll();
    this.#results.wakeAll();
  }

  // ---- steps; none of them waits ------------------------------------------------------------------------------------

  #assertOpen(): void {
    if (this.#closed) throw new StorageError(`Storage "${this.name}" is closed`);
  }

  /** @param wake `"soon"`: whoever moves the items gets to tell of them before a worker of the same isolate has them. */
  #add(items: readonly Item[], wake: "now" | "soon" = "now"): void {
    for (const item of items) this.check(item);
    const copies = items.map((item) => ({ ...item, data: item.data.slice() }));
    for (const item of copies) {
      if (item.dueMs === undefined) this.#queue.append(item);
      else this.#schedule.add(item, item.dueMs);
      this.#tracker.waiting(item, item.dueMs === undefined ? "waiting" : "scheduled");
    }
    if (this.#queue.size > 0) wake === "now" ? this.#idle.wakeAll() : this.#idle.wakeAllSoon();
    if (copies.some((item) => item.dueMs !== undefined)) this.#scheduling.wakeAll();
  }

  #take(owner: Owner): Claim {
    const { item, place, deliveries } = this.#queue.take()!;
    const entry = { item, place, deliveries: deliveries + 1 };
    const claim = { ...item, token: String(++this.#lastToken), deliveries: entry.deliveries };
    this.#claims.set(claim.token, { claim, owner, entry });
    this.#tracker.running(item, owner.worker);
    return claim;
  }

  #putBack(held: Held): void {
    this.#claims.delete(held.claim.token);
    this.#queue.putBack(held.entry);
    this.#tracker.waiting(held.entry.item, "waiting");
    this.#idle.wakeAll();
  }

  #dropClaim(claim: Claim, dropLocks: boolean): void {
    this.#claims.delete(claim.token);
    this.#tracker.forget(claim.id);
    if (dropLocks) this.data.dropHeld(claim.token);
    else this.data.forgetHeld(claim.token);
  }

  #heldBy(owner: { readonly consumer: string; readonly worker?: string }): Held[] {
    const { consumer, worker } = owner;
    const isAsked = (held: Owner): boolean => held.consumer === consumer && (worker === undefined || held.worker === worker);
    return [...this.#claims.values()].filter((held) => isAsked(held.owner));
  }

  #heldWithoutLease(): Held[] {
    const nowMs = Date.now();
    for (const lease of [...this.#leases.values()]) if (lease.expiresMs <= nowMs) this.#leases.delete(lease.consumer);
    return [...this.#claims.values()].filter((held) => !this.#leases.has(held.owner.consumer));
  }

  #end({ id, result, ending, noticeTtlMs }: Settlement): void {
    const notice: Notice | undefined = ending && { ending, ttlMs: noticeTtlMs };
    if (ending) this.#tracker.forget(id);
    if (notice) this.#tracker.note(id, notice);
    if (result) this.data.setResult(id, result, notice);
    if (ending) this.#results.wake(id);
  }

  #bury({ id, claim, bury }: Settlement): void {
    if (bury === undefined) return;
    const { id: taskId, track } = this.#deadLetters.bury(bury, bury.taskId ?? id, claim);
    this.#tracker.dead(taskId, track);
  }

  #report({ id, index, size, value, callback }: ChordReport): void {
    let chord = this.#chords.get(id);
    if (chord === undefined) this.#chords.set(id, chord = { size, values: new Map() });
    if (chord.values.has(index)) return;
    chord.values.set(index, value.slice());
    if (chord.values.size === size) this.#add([callback]);
  }

  #hasEnded(id: string): boolean {
    const ending = this.#tracker.noticeOf(id)?.ending;
    return this.data.isStored(id) || (ending !== undefined && ending !== "running");
  }

  #clear(): void {
    for (const part of [this.data, this.revocations, this.meta, this.#queue, this.#schedule, this.#tracker]) part.clear();
    for (const part of [this.#claims, this.#counters, this.#chords, this.#deadLetters]) part.clear();
  }
}
