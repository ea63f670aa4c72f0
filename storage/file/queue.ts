/**
 * Everything that one queue stores, and the steps that concern more than one part of it. All of them are taken while the lock is held,
 * and their changes are written together.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { ChordRecord, Claim, FlushPart, Item, Lease, Settled, Settlement, StoredState } from "../../lib/storage.ts";
import { Chords } from "./chords.ts";
import { Claims, folderOf, type Target } from "./claims.ts";
import { DeadLetters } from "./dead_letters.ts";
import type { Disk } from "./disk.ts";
import { HeldLocks } from "./held_locks.ts";
import type { Change } from "./journal.ts";
import { Leases } from "./leases.ts";
import type { Counted } from "./lock.ts";
import { dueOf, itemOf, Messages, readMessage } from "./messages.ts";
import { LATER } from "./names.ts";
import { News } from "./news.ts";
import { Records, Sweep } from "./records.ts";
import { Tasks } from "./tasks.ts";
import type { Transaction } from "./transaction.ts";

/** What a queue is made with. */
export interface QueueOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly levels: number;
}

/** The content of one queue. */
export class Queue {
  readonly sweep: Sweep;
  readonly data: Records;
  readonly locks: Records;
  readonly revocations: Records;
  readonly meta: Records;
  readonly counters: Records;
  readonly news: News;
  readonly tasks: Tasks;
  readonly messages: Messages;
  readonly deadLetters: DeadLetters;
  readonly chords: Chords;
  readonly heldLocks: HeldLocks;
  readonly claims: Claims;
  readonly leases: Leases;
  readonly #clock: Clock;

  constructor({ disk, clock, levels }: QueueOptions) {
    this.#clock = clock;
    const sweep = this.sweep = new Sweep(disk);
    const records = (space: string, counted?: Counted): Records => new Records(space, { disk, clock, levels, sweep }, counted);
    this.data = records("data");
    this.locks = records("locks");
    this.revocations = records("revocations", "revocations");
    this.meta = records("meta");
    this.counters = records("counters");
    this.news = new News(disk, clock);
    this.tasks = new Tasks(records("tasks"), this.news, clock);
    this.messages = new Messages(disk, this.tasks, (message) => this.claims.holderOf(message) !== undefined);
    this.deadLetters = new DeadLetters(disk, records("letters"));
    this.chords = new Chords(disk, clock);
    this.heldLocks = new HeldLocks(this.locks);
    this.claims = new Claims({ ...this, disk, clock, lost: records("lost") });
    this.leases = new Leases(disk, clock);
  }

  /** Somebody else may have changed the folders. */
  forget(): void {
    for (const shelf of this.#shelves()) shelf.forget();
  }

  /** What is to be moved so that no folder gets too large. */
  balance(): Change[] {
    return this.#shelves().flatMap((shelf) => shelf.balance());
  }

  /** Counts by looking at everything. */
  recount(what: Counted): number {
    if (what === "revocations") return [...this.revocations.paths()].length;
    if (what === "dead") return this.deadLetters.shelf.count();
    return what === "waiting" || what === "later" ? this.messages[what].count() : 0;
  }

  /** Adds items, and the chords whose members are among them. */
  enqueue(transaction: Transaction, items: readonly Item[], chords: readonly ChordRecord[]): void {
    for (const chord of chords) this.chords.add(transaction, chord);
    for (const item of items) this.messages.add(transaction, item);
  }

  /** See `Storage.settle`. */
  settle(transaction: Transaction, settlement: Settlement): Settled {
    const { claim, again, canceled = [], enqueue = [], chords = [], chord, dropChord, forget = [], dropLocks, passLocks } =
      settlement;
    if (claim !== undefined && !this.claims.isHeld(transaction, claim)) {
      return again ? this.#settledBefore(transaction, claim, settlement) : { held: false };
    }
    if (claim !== undefined) this.claims.end(transaction, claim, dropLocks ? "drop" : passLocks ?? "forget");
    this.tasks.ended(transaction, settlement);
    this.#bury(transaction, settlement);
    for (const step of canceled) {
      this.tasks.ended(transaction, { ...settlement, result: undefined, ...step, ending: "canceled" });
    }
    for (const key of forget) this.revocations.delete(transaction, key);
    this.enqueue(transaction, enqueue, chords);
    const callback = chord && this.chords.report(transaction, chord, claim?.token);
    if (callback !== undefined) this.messages.add(transaction, this.#notPast(callback));
    if (dropChord !== undefined) this.chords.drop(transaction, dropChord);
    return callback === undefined ? { held: true } : { held: true, callback };
  }

  /** See `Storage.recover`. Looks into folders. */
  recover(transaction: Transaction, target: Target | undefined, own: Lease | undefined): Claim[] {
    if (own !== undefined) this.leases.renew(transaction, own);
    if (target !== undefined) return this.claims.recover(transaction, folderOf(target));
    const alive = this.leases.expire(transaction, own?.consumer);
    const gone = this.claims.consumers().filter((name) => !alive.has(name));
    return gone.flatMap((consumer) => this.claims.recover(transaction, { consumer }));
  }

  /** See `Storage.promoteDue`. */
  promote(transaction: Transaction, nowMs: number, limit: number): Item[] {
    const items: Item[] = [];
    if (limit <= 0) return items;
    for (const file of this.messages.later.files()) {
      if (dueOf(file.name) > nowMs) return items;
      const message = readMessage(transaction.read(file.path), file.name);
      if (message !== undefined && typeof message !== "string") {
        this.messages.promote(transaction, file, message);
        items.push({ ...itemOf(message), dueMs: dueOf(file.name) });
      } else {
        this.messages.later.take(transaction, file);
        transaction.count("later", -1);
        this.claims.setAside(transaction, file, message);
      }
      if (items.length >= limit) return items;
    }
    transaction.counts.later = 0;
    return items;
  }

  /** See `Storage.state`. Looks into folders. */
  state(transaction: Transaction, id: string): StoredState | undefined {
    for (const place of this.messages.places.of(transaction, id)) {
      const waits = this.messages.find(place);
      const message = waits && readMessage(transaction.read(waits.path), waits.name);
      if (message !== undefined && typeof message !== "string") {
        return { state: message.retry ? "retrying" : LATER.test(place) ? "scheduled" : "waiting" };
      }
      const holder = this.claims.holderOf(place);
      if (holder !== undefined) return { state: "running", ...holder };
    }
    const status = this.tasks.status(transaction, id);
    const ending = status && this.tasks.endingOf(status);
    return ending && { state: ending };
  }

  /** Puts a dead letter back on the queue. @returns whether it was there */
  requeue(transaction: Transaction, letter: string): boolean {
    const item = this.deadLetters.take(transaction, letter);
    if (item === undefined) return false;
    this.tasks.forget(transaction, item.id);
    this.messages.add(transaction, item);
    return true;
  }

  /** Deletes a dead letter. @returns whether it was there */
  deleteLetter(transaction: Transaction, letter: string): boolean {
    const item = this.deadLetters.take(transaction, letter);
    if (item?.track) this.tasks.buried(transaction, item.id, false);
    return item !== undefined;
  }

  /** Adds to a counter. */
  increment(transaction: Transaction, key: string, by: number, ttlMs: number | undefined): number {
    const found = this.counters.get(transaction, key);
    const before = Number(found?.about["count"] ?? 0);
    const count = (Number.isFinite(before) ? before : 0) + by;
    const expiresMs = found?.expiresMs ?? (ttlMs === undefined ? 0 : this.#clock.now() + ttlMs);
    this.counters.set(transaction, key, new Uint8Array(), { count }, expiresMs);
    return count;
  }

  /** Deletes a part. Looks into folders. */
  flush(transaction: Transaction, part: FlushPart): void {
    switch (part) {
      case "queue":
        this.claims.flush(transaction);
        return this.#dropTrees(transaction, "waiting", "running", "chords", "spare");
      case "schedule":
        return this.#dropTrees(transaction, "later");
      case "deadLetters":
        this.tasks.forgetDead(transaction);
        return this.#dropTrees(transaction, "dead", "letters");
      case "results":
        return this.tasks.forgetEnds(transaction);
      case "counters":
        return this.#dropTrees(transaction, "meta", "counters");
      default:
        return this.#dropTrees(transaction, part);
    }
  }

  /** The answer to a settlement whose claim is gone: unless somebody took it, the settlement was written. */
  #settledBefore(transaction: Transaction, claim: Claim, { chord }: Settlement): Settled {
    if (this.claims.wasTaken(transaction, claim)) return { held: false };
    const callback = chord && this.chords.filledBy(transaction, chord.id, claim.token);
    return callback === undefined ? { held: true } : { held: true, callback };
  }

  #bury(transaction: Transaction, { id, claim, bury }: Settlement): void {
    if (bury === undefined) return;
    const { priority, track, chord } = claim ?? { priority: 0, track: true };
    const itemId = bury.taskId ?? id;
    this.deadLetters.bury(transaction, bury, { itemId, priority, track, ...chord && { chord } });
    if (track) this.tasks.buried(transaction, itemId, true);
  }

  #notPast(item: Item): Item {
    return item.dueMs === undefined || item.dueMs > this.#clock.now() ? item : { ...item, dueMs: undefined };
  }

  #dropTrees(transaction: Transaction, ...folders: string[]): void {
    for (const folder of folders) {
      transaction.dropTree(folder);
      if (folder in transaction.counts) transaction.counts[folder as Counted] = 0;
    }
    this.forget();
  }

  #shelves() {
    return [this.messages.waiting, this.messages.later, this.deadLetters.shelf];
  }
}
