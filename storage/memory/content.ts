/**
 * What the memory storage keeps, and the steps that change it. None of them waits, so each is atomic.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Claim, ClaimBatch, Enqueued, FlushPart, Item, Moved, Owner, Settled, Settlement } from "../../lib/storage.ts";
import { stepsKey } from "../../lib/steps_key.ts";
import { checkItem } from "../check_item.ts";
import { ExpiringMap } from "../expiring_map.ts";
import { MemoryChords } from "./chords.ts";
import { type HeldClaim, MemoryClaims } from "./claims.ts";
import { MemoryCounts } from "./counts.ts";
import { type Grave, MemoryDeadLetters } from "./dead_letters.ts";
import { MemoryGates } from "./gates.ts";
import { copyItem } from "./item.ts";
import { MemoryLocks } from "./locks.ts";
import { MemoryPause } from "./pause.ts";
import { MemoryQueue } from "./queue.ts";
import { MemoryResults } from "./results.ts";
import { MemorySchedule } from "./schedule.ts";
import { MemorySpace } from "./space.ts";
import { MemorySteps } from "./steps.ts";
import { MemoryTracker } from "./tracker.ts";
import { MemoryUniqueKeys } from "./unique.ts";
import { MemoryWaits } from "./waits.ts";

/** An `Enqueued` in the making. */
interface EnqueuedParts {
  duplicates?: Map<number, string>;
  blocked?: Set<number>;
  admitted?: Item[];
}

/** For what is left out; made once, since each settlement leaves most of it out. */
const NONE: readonly never[] = [];

/** The content of one queue. */
export class MemoryContent {
  readonly results: MemoryResults;
  readonly locks: MemoryLocks;
  readonly data: MemorySpace;
  readonly revocations: MemorySpace;
  readonly meta: MemorySpace;
  readonly counters: ExpiringMap<number>;
  readonly queue: MemoryQueue = new MemoryQueue();
  readonly schedule: MemorySchedule = new MemorySchedule();
  readonly gates: MemoryGates = new MemoryGates();
  readonly uniqueKeys: MemoryUniqueKeys;
  readonly pause: MemoryPause;
  readonly claims: MemoryClaims;
  readonly steps: MemorySteps = new MemorySteps();
  readonly chords: MemoryChords;
  readonly tracker: MemoryTracker = new MemoryTracker();
  readonly deadLetters: MemoryDeadLetters = new MemoryDeadLetters();
  readonly stats: MemoryCounts;
  readonly waits: MemoryWaits;
  readonly #clock: Pick<Clock, "now">;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    const waits = this.waits = new MemoryWaits();
    this.results = new MemoryResults(clock, (id) => waits.ended(id));
    this.locks = new MemoryLocks(clock);
    this.data = new MemorySpace(clock);
    this.revocations = new MemorySpace(clock, () => waits.revoked());
    this.meta = new MemorySpace(clock);
    this.counters = new ExpiringMap(clock);
    this.uniqueKeys = new MemoryUniqueKeys(clock);
    this.pause = new MemoryPause(clock);
    this.claims = new MemoryClaims(clock);
    this.chords = new MemoryChords(clock);
    this.stats = new MemoryCounts(clock);
  }

  // ---- in -----------------------------------------------------------------------------------------------------------

  /**
   * Appends items that were checked to the queue, the schedule or the line of their gate, but for those whose unique key is held.
   *
   * @param wake `"soon"`: whoever moves the items gets to tell of them before a worker of the same isolate has them.
   */
  add(items: readonly Item[], wake: "now" | "soon" = "now"): Enqueued {
    const answer: EnqueuedParts = {};
    if (items.length === 0) return answer;
    const soonestMs = this.schedule.nextDueMs;
    const nowMs = this.#clock.now();
    for (let index = 0; index < items.length; index++) this.#addOne(items[index]!, nowMs, index, answer);
    this.#ring(soonestMs, wake);
    return answer;
  }

  /** Moves items that are due to the queue or the line of their gate. @returns them, in due order */
  promoteDue(limit: number): Moved[] {
    if (this.pause.clearEnded()) this.waits.queued("soon");
    return this.#move(this.schedule.takeDue(this.#clock.now(), limit));
  }

  /** See `Storage.promote`. */
  promote(id: string): Moved | undefined {
    const item = this.schedule.take(id);
    return item && this.#move([item])[0];
  }

  /** See `Storage.requeueDeadLetter`. */
  requeue(id: string, item: Item, others: readonly string[]): Enqueued | undefined {
    checkItem(item);
    if (!this.deadLetters.has(id)) return undefined;
    const holder = item.unique && this.uniqueKeys.holderFor(item.id, item.unique);
    if (holder !== undefined) return { duplicates: new Map([[0, holder]]) };
    const { taskId } = this.deadLetters.take(id)!;
    for (const ended of [taskId, ...others]) this.results.forget(ended);
    this.tracker.forgetDead(taskId);
    return this.add([item]);
  }

  #move(items: readonly Item[]): Moved[] {
    const answer: EnqueuedParts = {};
    const nowMs = this.#clock.now();
    for (const [index, item] of items.entries()) this.#place({ ...item, dueMs: undefined }, nowMs, index, answer);
    if (items.length > 0) this.#ring(this.schedule.nextDueMs, "soon");
    return items.map((item, index) => answer.blocked?.has(index) ? { ...item, blocked: true } : item);
  }

  #addOne(item: Item, nowMs: number, index: number, answer: EnqueuedParts): void {
    const holder = item.unique && this.uniqueKeys.holderFor(item.id, item.unique);
    if (holder !== undefined) return void (answer.duplicates ??= new Map()).set(index, holder);
    const copy = copyItem(item);
    if (copy.unique) this.uniqueKeys.take(copy.id, copy.unique);
    this.#place(copy, nowMs, index, answer);
  }

  #place(item: Item, nowMs: number, index: number, answer: EnqueuedParts): void {
    this.results.forgetNotice(item.id);
    if (item.dueMs !== undefined) {
      this.schedule.add(item, item.dueMs);
      this.tracker.waiting(item, "scheduled");
    } else if (item.gate === undefined) {
      this.#append(item, nowMs);
    } else {
      const admitted = this.gates.arrive(item, item.gate);
      this.#admit(admitted.filter((other) => other !== item), answer);
      if (admitted.includes(item)) return this.#append(item, nowMs);
      this.tracker.waiting(item, "blocked");
      (answer.blocked ??= new Set()).add(index);
    }
  }

  #append(item: Item, nowMs: number): void {
    this.queue.append(item, nowMs);
    this.tracker.waiting(item, "waiting");
  }

  /** Items that waited at their gate go to the queue. */
  #admit(items: readonly Item[], answer: EnqueuedParts = {}): void {
    if (items.length === 0) return;
    const nowMs = this.#clock.now();
    for (const item of items) this.#append(item, nowMs);
    answer.admitted = [...answer.admitted ?? [], ...items];
    this.waits.queued("now");
  }

  #ring(soonestMs: number | undefined, wake: "now" | "soon"): void {
    if (this.queue.size > 0) this.waits.queued(wake);
    if (this.schedule.nextDueMs !== soonestMs) this.waits.scheduled();
  }

  // ---- out and back -------------------------------------------------------------------------------------------------

  /** See `Storage.claim`. */
  claim(limit: number, owner: Owner): ClaimBatch {
    const wanted = this.pause.current === undefined ? Math.min(limit, this.queue.size) : 0;
    const nowMs = this.#clock.now();
    const claims: Claim[] = [];
    while (claims.length < wanted) {
      const claim = this.claims.add(this.queue.take()!, owner, nowMs);
      if (claim.unique) this.uniqueKeys.free(claim.unique, "start");
      this.tracker.running(claim, owner.worker, nowMs);
      claims.push(claim);
    }
    return { claims, revocations: this.revocations.size() > 0 };
  }

  /** Puts back a claim that was taken from its holder, and drops its locks. It keeps its gate. */
  giveBack(held: HeldClaim | undefined, delivery: "counted" | "not counted"): void {
    if (held === undefined) return;
    const { claim, entry } = held;
    this.locks.dropHeld(claim.token);
    if (delivery === "not counted") entry.deliveries--;
    this.queue.putBack(entry);
    this.tracker.waiting(entry.item, "waiting");
    this.waits.queued("now");
  }

  /** The function of a settled claim, to whose worker the gate was passed, has ended. @returns who is admitted */
  leaveGate({ token }: Claim): Item[] {
    const admitted = this.gates.leavePassed(token);
    this.#admit(admitted);
    return admitted;
  }

  /** Drops the locks and leaves the gates that were passed to workers that are lost. */
  dropPassed(isLost: (owner: Owner) => boolean): void {
    this.locks.dropPassed(isLost);
    this.#admit(this.gates.leaveLost(isLost));
  }

  // ---- settlements --------------------------------------------------------------------------------------------------

  /** See `Storage.settle`. */
  settle(settlement: Settlement): Settled {
    const { claim, again, canceled = NONE, enqueue = NONE, next, chords = NONE, chord, dropChord, dropSteps } = settlement;
    const ended = claim && this.claims.itemOf(claim);
    if (claim !== undefined && ended === undefined) {
      return again ? this.#settledBefore(claim, settlement) : { held: false };
    }
    for (const item of enqueue) checkItem(item);
    if (next) checkItem(next);
    for (const { callback } of chords) checkItem(callback);
    // Nothing below fails, so that all of it happens or none.
    const answer: EnqueuedParts = {};
    if (ended) this.#endClaim(claim!, ended, settlement, answer);
    this.#end(settlement);
    this.#bury(settlement);
    for (const { id, result } of canceled) this.#end({ ...settlement, id, result, ending: "canceled", about: undefined });
    this.revocations.removeMany(settlement.dropRevocations ?? NONE);
    for (const record of chords) this.chords.add(record);
    if (dropSteps !== undefined) this.steps.drop(dropSteps);
    if (enqueue.length > 0) merge(answer, this.add(enqueue));
    if (next) this.#addNext(next, ended, settlement, answer);
    const callback = chord && this.chords.report(chord, claim?.token);
    const moved = callback && this.#addCallback(callback, answer);
    if (dropChord !== undefined) this.chords.drop(dropChord);
    return { held: true, callback: moved, blocked: answer.blocked, admitted: answer.admitted };
  }

  /** @param item That of the claim, as it is stored. */
  #endClaim(claim: Claim, item: Item, settlement: Settlement, answer: EnqueuedParts): void {
    const { dropLocks, passLocks, next } = settlement;
    this.claims.settle(claim);
    this.tracker.forget(claim.id);
    if (dropLocks) this.locks.dropHeld(claim.token);
    else if (passLocks) this.locks.pass(claim.token, passLocks);
    else this.locks.forgetHeld(claim.token);
    if (item.unique && !next) this.uniqueKeys.free(item.unique, "end");
    if (item.gate === undefined || keepsGate(item, settlement)) return;
    if (passLocks) this.gates.pass(claim.token, item.gate.key, passLocks);
    else this.#admit(this.gates.leave(item.gate.key), answer);
  }

  #end({ id, claim, result, resultTtlMs, ending, noticeTtlMs, about }: Settlement): void {
    if (ending && id !== claim?.id) this.tracker.forget(id);
    const said = claim === undefined || claim.track ? about : undefined;
    this.results.store(id, result, resultTtlMs, ending && { ending, ttlMs: noticeTtlMs, about: said });
    if (ending) this.waits.ended(id);
  }

  #bury({ id, claim, bury, buryBounds, about }: Settlement): void {
    if (bury === undefined) return;
    const { priority = 0, track = true } = claim ?? {};
    const taskId = bury.taskId ?? id;
    this.deadLetters.bury(bury, { priority, taskId, steps: claim ? stepsKey(claim) : id });
    if (track && bury.kind !== "failed") this.tracker.dead(taskId, about);
    const trimmed = buryBounds ? this.deadLetters.trim(bury.kind, buryBounds, this.#clock.now()) : [];
    for (const grave of trimmed) this.forgetGrave(grave);
  }

  /** Forgets what was kept for a dead letter that is gone. */
  forgetGrave({ steps, taskId }: Grave): void {
    this.steps.drop(steps);
    this.tracker.forgetDead(taskId);
  }

  /** Enqueues the next attempt, whoever holds its unique key. If the ended item still holds it, the attempt takes it over. */
  #addNext(next: Item, ended: Item | undefined, settlement: Settlement, answer: EnqueuedParts): void {
    const soonestMs = this.schedule.nextDueMs;
    const nowMs = this.#clock.now();
    const copy = copyItem(next);
    if (ended?.unique) this.uniqueKeys.passOn(ended.unique, copy);
    if (ended && keepsGate(ended, settlement)) this.#append(copy, nowMs);
    else this.#place(copy, nowMs, settlement.enqueue?.length ?? 0, answer);
    this.#ring(soonestMs, "now");
  }

  #addCallback(callback: Item, answer: EnqueuedParts): Moved {
    // What is due already need not go to the schedule.
    const isDue = callback.dueMs !== undefined && callback.dueMs <= this.#clock.now();
    const { blocked, admitted } = this.add([isDue ? { ...callback, dueMs: undefined } : callback]);
    merge(answer, { admitted });
    return blocked === undefined ? callback : { ...callback, blocked: true };
  }

  /** The answer to a settlement whose claim is gone: unless somebody took it, the settlement was written. */
  #settledBefore(claim: Claim, { chord }: Settlement): Settled {
    if (this.claims.wasTaken(claim)) return { held: false };
    return { held: true, callback: chord && this.chords.filledBy(chord.id, claim.token) };
  }

  // ---- deletion -----------------------------------------------------------------------------------------------------

  /** Deletes one part. */
  flushPart(part: FlushPart): void {
    switch (part) {
      case "queue":
        for (const { claim } of this.claims.all()) this.giveBack(this.claims.take(claim.token), "counted");
        this.chords.clear();
        this.uniqueKeys.freeAllBut(this.schedule.list(Infinity));
        this.steps.dropAllBut([...this.schedule.list(Infinity).map(stepsKey), ...this.deadLetters.stepsKeys()]);
        return this.#forget([...this.queue.takeAll(), ...this.gates.takeAll()]);
      case "schedule":
        return this.#forgetScheduled(this.schedule.takeAll());
      case "deadLetters":
        return this.deadLetters.takeAll().forEach((grave) => this.forgetGrave(grave));
      case "results":
        return this.results.flushAll();
      case "counters":
        return this.meta.flush(), this.counters.clear();
      case "stats":
        return this.stats.clear();
      default:
        return this[part].flush();
    }
  }

  #forgetScheduled(items: readonly Item[]): void {
    this.uniqueKeys.freeDeleted(items);
    for (const item of items) this.steps.drop(stepsKey(item));
    this.#forget(items);
  }

  #forget(items: readonly Item[]): void {
    for (const { id } of items) this.tracker.forget(id);
  }
}

/** Whether the next attempt takes the gate of an item over that is settled. */
function keepsGate({ gate }: Item, { next, passLocks }: Settlement): boolean {
  if (gate === undefined || next === undefined || next.dueMs !== undefined || passLocks !== undefined) return false;
  return next.gate?.key === gate.key;
}

function merge(answer: EnqueuedParts, { blocked, admitted }: Enqueued): void {
  if (blocked !== undefined) answer.blocked = new Set(blocked);
  if (admitted !== undefined) answer.admitted = [...answer.admitted ?? [], ...admitted];
}
