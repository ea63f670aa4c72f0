/**
 * What the memory storage keeps, and the steps that change it. None of them waits, so each is atomic.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Claim, FlushPart, Item, Settled, Settlement } from "../../lib/storage.ts";
import { ExpiringMap } from "../expiring_map.ts";
import { MemoryChords } from "./chords.ts";
import { type Held, MemoryClaims } from "./claims.ts";
import { MemoryDeadLetters } from "./dead_letters.ts";
import { checkItem } from "./item.ts";
import { MemoryKeyValue } from "./key_value.ts";
import { MemoryLocks } from "./locks.ts";
import { MemoryQueue } from "./queue.ts";
import { MemoryResults } from "./results.ts";
import { MemorySchedule } from "./schedule.ts";
import { MemoryTracker } from "./tracker.ts";
import { MemoryWaits } from "./waits.ts";

/** The content of one queue. */
export class MemoryStore {
  readonly results: MemoryResults;
  readonly locks: MemoryLocks;
  readonly data: MemoryKeyValue;
  readonly revocations: MemoryKeyValue;
  readonly meta: MemoryKeyValue;
  readonly counters: ExpiringMap<number>;
  readonly queue: MemoryQueue = new MemoryQueue();
  readonly schedule: MemorySchedule = new MemorySchedule();
  readonly claims: MemoryClaims;
  readonly chords: MemoryChords;
  readonly tracker: MemoryTracker;
  readonly deadLetters: MemoryDeadLetters = new MemoryDeadLetters();
  readonly waits: MemoryWaits;
  readonly #clock: Clock;

  /** @param assertOpen Called by the spaces of keys and values before anything else. */
  constructor(clock: Clock, assertOpen: () => void) {
    this.#clock = clock;
    const waits = this.waits = new MemoryWaits();
    this.results = new MemoryResults({ clock, assertOpen, onStored: (id) => waits.ended(id) });
    this.locks = new MemoryLocks({ clock, assertOpen });
    this.data = new MemoryKeyValue({ clock, assertOpen });
    this.revocations = new MemoryKeyValue({ clock, assertOpen, onStored: () => waits.revoked() });
    this.meta = new MemoryKeyValue({ clock, assertOpen });
    this.counters = new ExpiringMap(clock);
    this.claims = new MemoryClaims(clock);
    this.chords = new MemoryChords(clock);
    this.tracker = new MemoryTracker(clock);
  }

  /** See `Storage.settle`. */
  settle(settlement: Settlement): Settled {
    const enqueue = [...settlement.enqueue ?? [], ...settlement.next ? [settlement.next] : []];
    const { claim, again, canceled = [], chords = [], chord, dropChord } = settlement;
    if (claim !== undefined && !this.claims.has(claim)) {
      return again ? this.#settledBefore(claim, settlement) : { held: false };
    }
    for (const item of [...enqueue, ...chords.map(({ callback }) => callback)]) checkItem(item);
    // Nothing below fails, so that all of it happens or none.
    if (claim) this.#endClaim(claim, settlement);
    this.#end(settlement);
    this.#bury(settlement);
    for (const step of canceled) this.#end({ ...settlement, result: undefined, ...step, ending: "canceled" });
    this.revocations.removeMany(settlement.forget ?? []);
    for (const record of chords) this.chords.add(record);
    this.add(enqueue);
    const callback = chord && this.chords.report(chord, claim?.token);
    if (callback) this.add([this.#notPast(callback)]);
    if (dropChord !== undefined) this.chords.drop(dropChord);
    return { held: true, callback };
  }

  /**
   * Appends items to the queue or the schedule.
   *
   * @param wake `"soon"`: whoever moves the items gets to tell of them before a worker of the same isolate has them.
   */
  add(items: readonly Item[], wake: "now" | "soon" = "now"): void {
    for (const item of items) checkItem(item);
    const soonestMs = this.schedule.nextDueMs;
    for (const item of items) {
      const copy = { ...item, data: item.data.slice() };
      if (item.dueMs === undefined) this.queue.append(copy);
      else this.schedule.add(copy, item.dueMs);
      this.tracker.waiting(item, item.dueMs === undefined ? "waiting" : "scheduled");
      this.results.forgetNotice(item.id);
    }
    if (this.queue.size > 0 && items.length > 0) this.waits.queued(wake);
    if (this.schedule.nextDueMs !== soonestMs) this.waits.scheduled();
  }

  /** Moves items that are due to the queue. @returns them, in due order */
  promote(limit: number): Item[] {
    const due = this.schedule.takeDue(this.#clock.now(), limit);
    this.add(due.map((item) => ({ ...item, dueMs: undefined })), "soon");
    return due;
  }

  /** What is due already need not go to the schedule. */
  #notPast(item: Item): Item {
    return item.dueMs === undefined || item.dueMs > this.#clock.now() ? item : { ...item, dueMs: undefined };
  }

  /** The answer to a settlement whose claim is gone: unless somebody took it, the settlement was written. */
  #settledBefore(claim: Claim, { chord }: Settlement): Settled {
    if (this.claims.wasTaken(claim)) return { held: false };
    return { held: true, callback: chord && this.chords.filledBy(chord.id, claim.token) };
  }

  /** Puts back a claim that was taken from its holder, and drops its locks. */
  giveBack(held: Held | undefined, delivery: "counted" | "not counted"): void {
    if (held === undefined) return;
    const { claim, entry } = held;
    this.locks.dropHeld(claim.token);
    this.queue.putBack({ ...entry, deliveries: entry.deliveries - (delivery === "counted" ? 0 : 1) });
    this.tracker.waiting(entry.item, "waiting");
    this.waits.queued("now");
  }

  #end({ id, result, resultTtlMs, ending, noticeTtlMs }: Settlement): void {
    if (ending) this.tracker.forget(id);
    this.results.store(id, result, resultTtlMs, ending && { ending, ttlMs: noticeTtlMs });
    if (ending) this.waits.ended(id);
  }

  #bury({ id, claim, bury }: Settlement): void {
    if (bury === undefined) return;
    const item = this.deadLetters.bury(bury, bury.taskId ?? id, claim);
    this.tracker.dead(item.id, item.track);
  }

  #endClaim(claim: Claim, { dropLocks, passLocks }: Settlement): void {
    this.claims.settle(claim);
    this.tracker.forget(claim.id);
    if (dropLocks) this.locks.dropHeld(claim.token);
    else if (passLocks) this.locks.pass(claim.token, passLocks);
    else this.locks.forgetHeld(claim.token);
  }

  /** Deletes one part. */
  flushPart(part: FlushPart): void {
    switch (part) {
      case "queue":
        for (const { claim } of this.claims.all()) this.giveBack(this.claims.take(claim.token), "counted");
        return this.chords.clear(), this.#forget(this.queue.takeAll());
      case "schedule":
        return this.#forget(this.schedule.takeAll());
      case "deadLetters":
        return this.#forget(this.deadLetters.takeAll());
      case "results":
        return this.results.clearAll();
      case "counters":
        return this.meta.clear(), this.counters.clear();
      case "stats":
        return;
      default:
        return this[part].clear();
    }
  }

  #forget(items: readonly Item[]): void {
    for (const { id } of items) this.tracker.forget(id);
  }
}
