/**
 * The contract of `lib/storage.ts` without a medium and without waiting: what a driver has to do, in its shortest form. Nothing here
 * depends on anything but what was called before, and on the times that the clock gave then; what only looks changes nothing. So whoever
 * repeats the calls has the same state: the file storage does.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
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
  OwnerFilter,
  Pause,
  Settled,
  Settlement,
  StoredDeadLetter,
  StoredLease,
  StoredRunning,
  StoredState,
  Topic,
} from "../../lib/storage.ts";
import { FLUSH_PARTS } from "../../lib/storage.ts";
import { stepsKey } from "../../lib/steps_key.ts";
import type { ImmediateStorage } from "../calls.ts";
import { checkItem } from "../check_item.ts";
import { isOf } from "./claims.ts";
import { MemoryContent } from "./content.ts";
import { restoreContent, saveContent, type SavedState } from "./saved.ts";
import type { MemorySpace } from "./space.ts";
import type { MemoryWaits } from "./waits.ts";

export type { SavedState };

/** The state of one queue. Its methods are those of `Storage`, which has their docs. */
export class MemoryStore implements ImmediateStorage {
  readonly results: MemorySpace;
  readonly locks: MemorySpace;
  readonly data: MemorySpace;
  readonly revocations: MemorySpace;
  readonly meta: MemorySpace;
  /** Who listens to this store; no part of its state. */
  readonly waits: MemoryWaits;
  readonly #content: MemoryContent;

  /** @param clock Tells the time of what is called. */
  constructor(clock: Pick<Clock, "now">) {
    const content = this.#content = new MemoryContent(clock);
    this.results = content.results;
    this.locks = content.locks;
    this.data = content.data;
    this.revocations = content.revocations;
    this.meta = content.meta;
    this.waits = content.waits;
  }

  /** The whole state. It shares bytes and records with the store, and must not be changed. */
  saved(): SavedState {
    return saveContent(this.#content);
  }

  /** Puts a state that was saved in place of the whole state, and rings for everybody who listens. Bytes are taken as they are. */
  restore(saved: SavedState): void {
    restoreContent(this.#content, saved);
    this.waits.ringAll();
  }

  /** See `Storage.enqueue`. */
  enqueue(items: readonly Item[], chords: readonly ChordRecord[] = []): Enqueued {
    for (const item of items) checkItem(item);
    for (const { callback } of chords) checkItem(callback);
    for (const chord of chords) this.#content.chords.add(chord);
    return this.#content.add(items);
  }

  /** See `Storage.enqueueOnce`. */
  enqueueOnce(key: string, ttlMs: number, item: Item): Enqueued | undefined {
    checkItem(item);
    const isFree = this.#content.meta.change(key, undefined, new Uint8Array(), { ttlMs });
    return isFree ? this.#content.add([item], "soon") : undefined;
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  /** See `Storage.claim`. */
  claim(limit: number, owner: Owner): ClaimBatch {
    return this.#content.claim(limit, owner);
  }

  /** See `Storage.begin`. */
  begin(claim: Claim): boolean {
    return this.#content.claims.begin(claim);
  }

  /** See `Storage.keep`. */
  keep(claim: Claim, name: string, value: Uint8Array): boolean {
    const isHeld = this.#content.claims.itemOf(claim) !== undefined;
    if (isHeld) this.#content.steps.keep(stepsKey(claim), name, value);
    return isHeld;
  }

  /** See `Storage.kept`. */
  kept(key: string): Map<string, Uint8Array> {
    return this.#content.steps.kept(key);
  }

  /** See `Storage.settle`. */
  settle(settlement: Settlement): Settled {
    return this.#content.settle(settlement);
  }

  /** See `Storage.leaveGate`. */
  leaveGate(claim: Claim): readonly Item[] {
    return this.#content.leaveGate(claim);
  }

  /** See `Storage.release`. */
  release(claims: readonly Claim[]): void {
    for (const { token } of claims) this.#content.giveBack(this.#content.claims.take(token), "not counted");
  }

  /** See `Storage.claimed`. */
  claimed(owner: OwnerFilter): Claim[] {
    return this.#content.claims.of(owner).map((held) => held.claim);
  }

  // ---- leases and recovery ------------------------------------------------------------------------------------------

  /** See `Storage.renewLease`. */
  renewLease(lease: Lease): readonly string[] | void {
    this.#content.claims.renew(lease);
  }

  /** See `Storage.endLease`. */
  endLease(consumer: string): void {
    this.#content.claims.endLease(consumer);
    this.#content.dropPassed((owner) => owner.consumer === consumer);
  }

  /** See `Storage.leases`. */
  leases(): StoredLease[] {
    return this.#content.claims.leases();
  }

  /** See `Storage.recover`. */
  recover(target?: OwnerFilter, own?: Lease): Claim[] {
    if (own !== undefined) this.#content.claims.renew(own);
    if (target === undefined) this.#content.claims.expireLeases();
    const lost = target ? this.#content.claims.of(target) : this.#content.claims.orphaned(own?.consumer);
    for (const held of lost) this.#content.giveBack(this.#content.claims.take(held.claim.token), "counted");
    this.#content.dropPassed((owner) =>
      target ? isOf(target, owner) : owner.consumer !== own?.consumer && !this.#content.claims.isAlive(owner.consumer)
    );
    return lost.map((held) => held.claim);
  }

  // ---- schedule -----------------------------------------------------------------------------------------------------

  /** See `Storage.promoteDue`. */
  promoteDue(limit: number): Moved[] {
    return this.#content.promoteDue(limit);
  }

  /** See `Storage.promote`. */
  promote(id: string): Moved | undefined {
    return this.#content.promote(id);
  }

  /** See `Storage.dueMs`. */
  dueMs(): number | undefined {
    const dueMs = Math.min(this.#content.schedule.nextDueMs ?? Infinity, this.#content.pause.endMs ?? Infinity);
    return dueMs === Infinity ? undefined : dueMs;
  }

  /** See `Storage.pause`. */
  pause(pause: Pause): void {
    this.#content.pause.begin(pause);
    this.waits.scheduled();
  }

  /** See `Storage.resume`. */
  resume(): boolean {
    const wasPaused = this.#content.pause.end();
    this.waits.queued("now");
    return wasPaused;
  }

  /** See `Storage.paused`. */
  paused(): Pause | undefined {
    return this.#content.pause.current;
  }

  // ---- results, states, counters, chords ----------------------------------------------------------------------------

  /** See `Storage.endedOf`. */
  endedOf(ids: readonly string[]): string[] {
    return this.waits.endedOf(ids, (id) => this.#content.results.hasEnded(id));
  }

  /** See `Storage.listen`. */
  listen(topic: Topic, wake: () => void): () => void {
    return this.waits.listen(topic, wake);
  }

  /** See `Storage.state`. */
  state(id: string): StoredState | undefined {
    const live = this.#content.tracker.stateOf(id);
    if (live !== undefined) return live;
    const ended = this.#content.results.endedOf(id);
    return ended && { state: ended.ending, ...(ended.about !== undefined && { about: ended.about }) };
  }

  /** See `Storage.increment`. */
  increment(key: string, by: number, ttlMs?: number): number {
    const count = this.#content.counters.get(key);
    if (count === undefined) this.#content.counters.set(key, by, ttlMs);
    else this.#content.counters.update(key, count + by);
    return (count ?? 0) + by;
  }

  /** See `Storage.collect`. */
  collect(chordId: string): Collected {
    return this.#content.chords.collect(chordId);
  }

  // ---- listings -----------------------------------------------------------------------------------------------------

  /** See `Storage.pending`. */
  pending(limit: number = Infinity): Item[] {
    return this.#content.queue.list(limit);
  }

  /** See `Storage.scheduled`. */
  scheduled(limit: number = Infinity): Item[] {
    return this.#content.schedule.list(limit);
  }

  /** See `Storage.pendingCount`. */
  pendingCount(): number {
    return this.#content.queue.size;
  }

  /** See `Storage.scheduledCount`. */
  scheduledCount(): number {
    return this.#content.schedule.size;
  }

  /** See `Storage.running`. */
  running(limit: number = Infinity): StoredRunning[] {
    return this.#content.claims.running(limit);
  }

  /** See `Storage.blocked`. */
  blocked(limit: number = Infinity): Item[] {
    return this.#content.gates.list(limit);
  }

  /** See `Storage.blockedCount`. */
  blockedCount(): number {
    return this.#content.gates.blockedCount;
  }

  /** See `Storage.oldestMs`. */
  oldestMs(): number | undefined {
    return this.#content.queue.oldestMs();
  }

  // ---- dead letters -------------------------------------------------------------------------------------------------

  /** See `Storage.deadLetters`. */
  deadLetters(query: DeadLetterQuery = {}): StoredDeadLetter[] {
    return this.#content.deadLetters.list(query);
  }

  /** See `Storage.deadLetterCount`. */
  deadLetterCount(query: DeadLetterQuery = {}): number {
    return this.#content.deadLetters.count(query);
  }

  /** See `Storage.deadLetter`. */
  deadLetter(id: string): StoredDeadLetter | undefined {
    return this.#content.deadLetters.find(id)?.letter;
  }

  /** See `Storage.requeueDeadLetter`. */
  requeueDeadLetter(id: string, item: Item, others: readonly string[] = []): Enqueued | undefined {
    return this.#content.requeue(id, item, others);
  }

  /** See `Storage.deleteDeadLetter`. */
  deleteDeadLetter(id: string): boolean {
    const grave = this.#content.deadLetters.take(id);
    if (grave) this.#content.forgetGrave(grave);
    return grave !== undefined;
  }

  // ---- counts -------------------------------------------------------------------------------------------------------

  /** See `Storage.count`. */
  count(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): void {
    this.#content.stats.add(rows, recent, bounds);
  }

  /** See `Storage.counts`. */
  counts(query: CountQuery): CountRow[] {
    return this.#content.stats.list(query);
  }

  /** See `Storage.recent`. */
  recent(limit: number): Uint8Array[] {
    return this.#content.stats.recent(limit);
  }

  // ---- end ----------------------------------------------------------------------------------------------------------

  /** See `Storage.flush`. */
  flush(parts: readonly FlushPart[] = FLUSH_PARTS): void {
    for (const part of parts) this.#content.flushPart(part);
  }

  /** See `Storage.close`. */
  close(): void {
    this.flush();
    this.waits.end();
  }
}
