/**
 * Everything that one queue stores, and the steps that concern more than one part of it. All of them are taken while the lock is held,
 * and their changes are written together.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type {
  ChordRecord,
  ChordReport,
  Claim,
  DeadLetterKind,
  Enqueued,
  FlushPart,
  Item,
  Lease,
  Moved,
  Settled,
  Settlement,
  StoredState,
} from "../../lib/storage.ts";
import { Arrivals, Outcome } from "./arrivals.ts";
import { Chords } from "./chords.ts";
import { Claims, fileOf, folderOf, type Target } from "./claims.ts";
import { Counts } from "./counts.ts";
import { DeadLetters, KINDS } from "./dead_letters.ts";
import type { Disk } from "./disk.ts";
import { Gates, PLACE_DIGITS } from "./gates.ts";
import { HeldLocks } from "./held_locks.ts";
import type { Change } from "./journal.ts";
import { Leases } from "./leases.ts";
import type { Counted } from "./lock.ts";
import { dueOf, lineOf, Messages, readMessage } from "./messages.ts";
import { birthOf } from "./names.ts";
import { News } from "./news.ts";
import { PAUSE, QueuePause } from "./pause.ts";
import { Records, Sweep } from "./records.ts";
import type { Shelf } from "./shelf.ts";
import { Steps, stepsKey } from "./steps.ts";
import { Tasks } from "./tasks.ts";
import type { Transaction } from "./transaction.ts";
import { UniqueKeys } from "./unique.ts";

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
  readonly gates: Gates;
  readonly unique: UniqueKeys;
  readonly arrivals: Arrivals;
  readonly steps: Steps;
  readonly pause: QueuePause;
  readonly counts: Counts;
  readonly #disk: Disk;
  readonly #clock: Clock;

  constructor({ disk, clock, levels }: QueueOptions) {
    this.#disk = disk;
    this.#clock = clock;
    const sweep = this.sweep = new Sweep(disk);
    const records = (space: string, counted?: Counted): Records => new Records(space, { disk, clock, levels, sweep }, counted);
    this.data = records("data");
    this.locks = records("locks");
    this.revocations = records("revocations", "revocations");
    this.meta = records("meta");
    this.counters = records("counters");
    this.news = new News(disk, clock);
    this.steps = new Steps(disk);
    this.pause = new QueuePause(clock);
    this.counts = new Counts(disk, clock);
    this.chords = new Chords(disk, clock);
    this.leases = new Leases(disk, clock);
    this.tasks = new Tasks(records("tasks"), this.news, clock);
    this.messages = new Messages(disk, clock, this.tasks, (message) => this.claims.tokenOf(message) !== undefined);
    this.deadLetters = new DeadLetters({ ...this, disk, clock, names: records("letters") });
    this.gates = new Gates({
      records: records("gates"),
      messages: this.messages,
      setAside: (transaction, file, message) => this.claims.setAside(transaction, file, message),
    });
    this.unique = new UniqueKeys(records("unique"), clock, (...message) => this.#isThere(...message));
    this.heldLocks = new HeldLocks(this.locks, (...place) => this.gates.isInside(...place));
    this.claims = new Claims({ ...this, disk, clock, lost: records("lost") });
    this.arrivals = new Arrivals(this.messages, this.gates, this.unique);
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
    if (what === "paused") return this.#disk.exists(PAUSE) ? 1 : 0;
    return this.#shelfOf(what)?.count() ?? 0;
  }

  /** Adds items, and the chords whose members are among them. */
  enqueue(transaction: Transaction, items: readonly Item[], chords: readonly ChordRecord[]): Enqueued {
    const outcome = new Outcome();
    for (const chord of chords) this.chords.add(transaction, chord);
    for (const [position, item] of items.entries()) this.arrivals.add(transaction, item, position, outcome);
    return outcome.enqueued;
  }

  /** See `Storage.settle`. */
  settle(transaction: Transaction, settlement: Settlement): Settled {
    const { claim, again, canceled = [], chord, dropChord, dropSteps, forget = [] } = settlement;
    if (claim !== undefined && !this.claims.isHeld(transaction, claim)) {
      return again ? this.#settledBefore(transaction, claim, settlement) : { held: false };
    }
    const outcome = new Outcome();
    if (claim !== undefined) this.#endClaim(transaction, claim, settlement, outcome);
    const isTracked = claim?.track ?? true;
    this.tasks.ended(transaction, isTracked ? settlement : { ...settlement, about: undefined });
    this.#bury(transaction, settlement);
    for (const step of canceled) {
      this.tasks.ended(transaction, { ...settlement, result: undefined, about: undefined, ...step, ending: "canceled" });
    }
    for (const key of forget) this.revocations.delete(transaction, key);
    this.#follow(transaction, settlement, outcome);
    const callback = chord && this.#report(transaction, chord, claim?.token, outcome);
    if (dropChord !== undefined) this.chords.drop(transaction, dropChord);
    if (dropSteps !== undefined) this.steps.drop(transaction, dropSteps);
    const { blocked, admitted } = outcome.enqueued;
    return { held: true, ...callback && { callback }, ...blocked && { blocked }, ...admitted && { admitted } };
  }

  /** See `Storage.recover`. Looks into folders. */
  recover(transaction: Transaction, target: Target | undefined, own: Lease | undefined): Claim[] {
    if (own !== undefined) this.leases.renew(transaction, own);
    if (target !== undefined) return this.claims.recover(transaction, folderOf(target));
    const alive = this.leases.expire(transaction, own?.consumer);
    const gone = this.claims.consumers().filter((name) => !alive.has(name));
    const recovered = gone.flatMap((consumer) => this.claims.recover(transaction, { consumer }));
    if (transaction.total("blocked") > 0) this.#mendGates(transaction);
    return recovered;
  }

  /** See `Storage.promoteDue`. */
  promoteDue(transaction: Transaction, nowMs: number, limit: number): Moved[] {
    this.pause.expire(transaction);
    const items: Moved[] = [];
    if (limit <= 0) return items;
    for (const file of this.messages.later.files()) {
      if (dueOf(file.name) > nowMs) return items;
      const message = readMessage(transaction.read(file.path), file.name);
      if (message !== undefined && typeof message !== "string") {
        items.push(this.arrivals.promote(transaction, file, message));
      } else {
        this.messages.take(transaction, "later", file);
        this.claims.setAside(transaction, file, message);
      }
      if (items.length >= limit) return items;
    }
    transaction.counts.later = 0;
    return items;
  }

  /** See `Storage.promote`. */
  promote(transaction: Transaction, id: string): Moved | undefined {
    const found = this.messages.findLater(transaction, id);
    return found && this.arrivals.promote(transaction, found.file, found.message);
  }

  /** See `Storage.dueMs`. */
  dueMs(transaction: Transaction): number | undefined {
    const times = [this.messages.dueMs(), this.pause.endMs(transaction)].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** See `Storage.state`. Looks into folders. */
  state(transaction: Transaction, id: string): StoredState | undefined {
    for (const place of this.messages.places.of(transaction, id)) {
      const waits = this.messages.find(place);
      const message = waits && readMessage(transaction.read(waits.path), waits.name);
      if (message !== undefined && typeof message !== "string" && message.track) {
        const state = { waiting: "waiting", later: "scheduled", blocked: "blocked" } as const;
        const line = lineOf(place);
        return withAbout({ state: message.retry && line !== "blocked" ? "retrying" : state[line] }, message.about);
      }
      const running = waits === undefined ? this.claims.find(transaction, place) : undefined;
      if (running?.claim.track) {
        return withAbout({ state: "running", worker: running.owner.worker, sinceMs: running.sinceMs }, running.claim.about);
      }
    }
    const status = this.tasks.status(transaction, id);
    const ending = status && this.tasks.endingOf(status);
    return ending && withAbout({ state: ending }, status.about);
  }

  /** See `Storage.requeueDeadLetter`. */
  requeue(transaction: Transaction, id: string, item: Item, others: readonly string[]): Enqueued | undefined {
    const letter = this.deadLetters.get(transaction, id);
    if (letter === undefined) return undefined;
    const holder = this.unique.holder(transaction, item);
    if (holder !== undefined) return { duplicates: new Map([[0, holder]]) };
    this.deadLetters.remove(transaction, letter, true);
    for (const ended of [letter.grave.itemId, ...others]) this.tasks.forget(transaction, ended);
    return this.enqueue(transaction, [item], []);
  }

  /** Deletes a dead letter. @returns whether it was there */
  deleteLetter(transaction: Transaction, id: string): boolean {
    const letter = this.deadLetters.get(transaction, id);
    if (letter !== undefined) this.deadLetters.remove(transaction, letter);
    return letter !== undefined;
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
        return this.#flushQueue(transaction);
      case "schedule": {
        const later = this.#scheduledBirths();
        this.unique.flush(transaction, (birth) => later.has(birth));
        if (!this.steps.isEmpty) { for (const key of this.#scheduledSteps(transaction)) this.steps.drop(transaction, key); }
        return this.#dropTrees(transaction, "later");
      }
      case "deadLetters":
        this.tasks.forgetDead(transaction);
        this.steps.flushDead(transaction);
        return this.#dropTrees(transaction, "dead", "letters");
      case "results":
        return this.tasks.forgetEnds(transaction);
      case "counters":
        return this.#dropTrees(transaction, "meta", "counters");
      case "stats":
        return this.#dropTrees(transaction, "counts");
      default:
        return this.#dropTrees(transaction, part);
    }
  }

  #flushQueue(transaction: Transaction): void {
    const later = this.#scheduledBirths();
    this.unique.flush(transaction, (birth) => !later.has(birth));
    this.steps.flushAllBut(transaction, () => this.#scheduledSteps(transaction));
    this.claims.flush(transaction);
    this.#dropTrees(transaction, "waiting", "blocked", "gates", "running", "chords", "spare");
  }

  #scheduledBirths(): Set<string> {
    return new Set([...this.messages.later.files()].map(({ name }) => birthOf(name)));
  }

  *#scheduledSteps(transaction: Transaction): Generator<string> {
    for (const { path, name } of this.messages.later.files()) {
      const message = readMessage(transaction.read(path), name);
      if (message !== undefined && typeof message !== "string") yield stepsKey(message);
    }
  }

  /** Frees what the claim holds, unless its next attempt takes it over. */
  #endClaim(transaction: Transaction, claim: Claim, settlement: Settlement, outcome: Outcome): void {
    const { next, dropLocks, passLocks } = settlement;
    this.claims.end(transaction, claim, dropLocks ? "drop" : passLocks ?? "forget");
    const { unique, gate, token } = claim;
    if (unique !== undefined && next?.unique?.key !== unique.key) {
      this.unique.free(transaction, claim, birthOf(fileOf(token)));
    }
    if (gate === undefined || passLocks !== undefined || staysInside(claim, settlement)) return;
    outcome.admitted.push(...this.gates.leave(transaction, gate.key, fileOf(token)));
  }

  /** Follow-ups, and the next attempt. */
  #follow(transaction: Transaction, settlement: Settlement, outcome: Outcome): void {
    const { claim, enqueue = [], next, chords = [] } = settlement;
    for (const chord of chords) this.chords.add(transaction, chord);
    for (const [position, item] of enqueue.entries()) this.arrivals.add(transaction, item, position, outcome);
    if (next === undefined) return;
    const before = claim && fileOf(claim.token);
    if (before !== undefined && staysInside(claim!, settlement)) this.arrivals.addInside(transaction, next, before);
    else this.arrivals.add(transaction, next, enqueue.length, outcome, before);
  }

  /** The callback of a chord that is full now. */
  #report(transaction: Transaction, report: ChordReport, token: string | undefined, { admitted }: Outcome): Moved | undefined {
    const callback = this.chords.report(transaction, report, token);
    if (callback === undefined) return undefined;
    const own = new Outcome();
    this.arrivals.add(transaction, this.#notPast(callback), 0, own);
    admitted.push(...own.admitted);
    return own.blocked.size > 0 ? { ...callback, blocked: true } : callback;
  }

  /** The answer to a settlement whose claim is gone: unless somebody took it, the settlement was written. */
  #settledBefore(transaction: Transaction, claim: Claim, { chord }: Settlement): Settled {
    if (this.claims.wasTaken(transaction, claim)) return { held: false };
    const callback = chord && this.chords.filledBy(transaction, chord.id, claim.token);
    return callback === undefined ? { held: true } : { held: true, callback };
  }

  #bury(transaction: Transaction, { id, claim, bury, buryBounds, about }: Settlement): void {
    if (bury === undefined) return;
    const { priority, track } = claim ?? { priority: 0, track: true };
    const itemId = bury.taskId ?? id;
    const steps = claim === undefined ? id : stepsKey(claim);
    this.deadLetters.bury(transaction, bury, { itemId, priority, track, steps, about: track ? about : undefined }, buryBounds);
  }

  /** Whether a message of a task is still there, in any of its places. */
  #isThere(transaction: Transaction, id: string, birth: string): boolean {
    const places = this.messages.places.of(transaction, id).filter((place) => birthOf(place) === birth);
    return places.some((place) => this.messages.find(place) !== undefined || this.claims.tokenOf(place) !== undefined);
  }

  #mendGates(transaction: Transaction): void {
    const inside = new Set([...this.claims.names(transaction)].map((name) => name.slice(0, PLACE_DIGITS)));
    this.gates.mend(transaction, (place) => inside.has(place));
  }

  #notPast(item: Item): Item {
    return item.dueMs === undefined || item.dueMs > this.#clock.now() ? item : { ...item, dueMs: undefined };
  }

  #dropTrees(transaction: Transaction, ...folders: string[]): void {
    for (const folder of folders) {
      transaction.dropTree(folder);
      for (const kind of folder === "dead" ? KINDS : [folder]) {
        if (kind in transaction.counts) transaction.counts[kind as Counted] = 0;
      }
    }
    this.forget();
  }

  #shelfOf(what: Counted): Shelf | undefined {
    if (what === "waiting" || what === "later" || what === "blocked") return this.messages[what];
    return this.deadLetters.shelves[what as DeadLetterKind];
  }

  #shelves(): Shelf[] {
    const { waiting, later, blocked } = this.messages;
    return [waiting, later, blocked, ...Object.values(this.deadLetters.shelves)];
  }
}

/** Whether the next attempt takes over the place of a claim in its gate. */
function staysInside({ gate }: Claim, { next, passLocks }: Settlement): boolean {
  return gate !== undefined && next?.gate?.key === gate.key && next.dueMs === undefined && passLocks === undefined;
}

function withAbout(state: StoredState, about: unknown): StoredState {
  return typeof about === "string" ? { ...state, about } : state;
}
