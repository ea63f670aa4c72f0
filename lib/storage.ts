/**
 * The storage contract: what lib asks of a driver. Bytes in, bytes out.
 *
 * Words used here and everywhere else:
 * - **item**: a message (the bytes of one task invocation) with the little that a storage must know of it.
 * - **queue**: items that may run now; higher priority first, first in first out within a priority.
 * - **schedule**: items that wait for their due time.
 * - **claim**: an item handed to a worker. The storage keeps it until it is settled, released or recovered.
 * - **settlement**: everything that finishing one attempt means, written at once or not at all.
 * - **lease**: the sign of life of a consumer; when it runs out, its claims are recovered.
 * - **notice**: the note that a task has ended, kept for a while so that waiters and `state()` can learn of it.
 * - **dead letter**: a message that nobody could run, or whose task failed for good, set aside with the reason. A **burial** is the part of
 *   a settlement that makes one.
 * - **gate**: lets so many items through at once; the others wait in its line, and are **blocked**.
 * - **step**: a value that an invocation keeps over its attempts.
 * - **chord**: members, each with a place in it, and a callback; the storage keeps them together in one record.
 *
 * Every method is safe to call at once from several tasks, isolates and processes. Times are milliseconds since the epoch
 * (names end in `Ms`); drivers read the present from the `Clock` that they were made with, Redis from its server. A driver rejects
 * with `StorageError` when its medium fails; the call may then have been carried out all the same.
 *
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
  DeadLetterKind,
  DeadLetterQuery,
  Ending,
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
} from "./storage_records.ts";

export type * from "./storage_records.ts";

/** All endings of a task. */
export const ENDINGS: readonly Ending[] = ["complete", "empty", "failed", "revoked", "expired", "canceled", "dead"];

/** All kinds of dead letters. */
export const DEAD_LETTER_KINDS: readonly DeadLetterKind[] = ["failed", "unknown", "unreadable"];

/** All parts of what a queue stores. */
export const FLUSH_PARTS: readonly FlushPart[] = [
  "queue",
  "schedule",
  "results",
  "locks",
  "data",
  "revocations",
  "counters",
  "deadLetters",
  "stats",
];

/** A listing that says so examines at most so many records. */
export const MOST_EXAMINED = 10_000;

/** Options of a conditional put. */
export interface PutIfEmptyOptions {
  /** The entry ends by itself after this time. */
  readonly ttlMs?: number | undefined;
  /** Token of a claim: the entry is deleted when that claim is released or recovered, or settled with `dropLocks`. */
  readonly holder?: string | undefined;
}

/** One name space of keys and values. Each method is atomic. Entries whose `ttlMs` has passed are not there. */
export interface KeyValue {
  /** Stores a value, in place of one that is there; with `ttlMs` it ends by itself. */
  put(key: string, value: Uint8Array, ttlMs?: number): Promise<void>;
  /** In the order of the keys, `undefined` for what is not there; one round trip. */
  peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** Reads a value and leaves it there. @returns `undefined` for what is not there */
  peek(key: string): Promise<Uint8Array | undefined>;
  /** Reads and deletes. A popped result of an ended task leaves its notice. */
  pop(key: string): Promise<Uint8Array | undefined>;
  /** Deletes a value. @returns whether it was there */
  delete(key: string): Promise<boolean>;
  /** Whether there is a value. @returns true if so */
  has(key: string): Promise<boolean>;
  /** Stores a value if there is none. @returns whether it was put */
  putIfEmpty(key: string, value: Uint8Array, options?: PutIfEmptyOptions): Promise<boolean>;
  /** Deletes a value if it is the one expected. @returns whether the value was there and equal to `value` */
  deleteIfEqual(key: string, value: Uint8Array): Promise<boolean>;
  /** Replaces `expected` (`undefined`: nothing there) by `value`; who holds the entry stays. @returns whether it was replaced */
  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): Promise<boolean>;
  /** How many keys there are. @returns their number */
  size(): Promise<number>;
  /** Everything that is there. @returns the values by key */
  entries(): Promise<Map<string, Uint8Array>>;
  /** Deletes everything in this name space. */
  flush(): Promise<void>;
}

/** Names the driver's class, so that another isolate can open the same storage without the application's module. */
export interface StorageDescriptor {
  /** URL of the module that exports the class. */
  readonly module: string;
  /** Name of its export. */
  readonly className: string;
  /** The constructor's argument; plain data. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a driver offers. */
export interface Storage {
  /** Name of the queue; keeps several Hueys apart in one medium. */
  readonly name: string;
  /** Whether other isolates and processes see the same data. */
  readonly shared: boolean;
  /** For people: the absolute path of its file, or its server and database; never a login. Left out where there is nothing to tell. */
  readonly place?: string | undefined;
  /** How to open it from another isolate; `undefined` if that cannot be told in plain data. */
  readonly descriptor: StorageDescriptor | undefined;
  /** Results, by the id of their task. A read takes them. */
  readonly results: KeyValue;
  /** Locks. */
  readonly locks: KeyValue;
  /** Values put by the application. */
  readonly data: KeyValue;
  /** Revocations, by `r:<task id>` and `rt:<task name>`. */
  readonly revocations: KeyValue;
  /** What is neither result nor application data: progress, periodic slots, rate limits. */
  readonly meta: KeyValue;

  /** Refuses an item that this storage could never hold, before anything is written. @throws Error with the rule */
  check(item: Item): void;
  /**
   * Appends a batch in one round trip, to the queue, the line of a gate or, with `dueMs`, to the schedule: all or none, but for items
   * whose unique key is held.
   *
   * @returns what became of those with a gate or a unique key
   */
  enqueue(items: readonly Item[], chords?: readonly ChordRecord[]): Promise<Enqueued>;
  /**
   * Puts `key` into `meta` if it is not there, and enqueues the item: both or neither. An item whose unique key is held is not written;
   * `key` is put all the same.
   * @returns what became of the item; `undefined` if the key was not free
   */
  enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined>;
  /** Moves up to `limit` items to the owner's claims, atomically. Looks once. While the queue is paused there are none. */
  claim(limit: number, owner: Owner): Promise<ClaimBatch>;
  /**
   * The same, and waits for a first item: only for media that wait better than by a ring and another look.
   *
   * @param waitMs Longest wait.
   * @param signal An abort ends the wait at once, resolves with no claims, and loses nothing.
   */
  claimOrWait?(limit: number, owner: Owner, waitMs: number, signal: AbortSignal): Promise<ClaimBatch>;
  /** All or nothing: if the claim is no longer held, nothing is written. */
  settle(settlement: Settlement): Promise<Settled>;
  /**
   * Marks a claim as begun: its task may run at most once, so whoever is handed the message again is told, and fails the task.
   * May be sent again.
   *
   * @returns whether the claim is still held
   */
  begin(claim: Claim): Promise<boolean>;
  /**
   * Keeps a value under the steps of a claim (`claim.steps ?? claim.id`), until a settlement with `dropSteps`, or the deletion of its
   * dead letter. May be sent again.
   *
   * @returns whether the claim is still held; if not, nothing is written
   */
  keep(claim: Claim, name: string, value: Uint8Array): Promise<boolean>;
  /** What was kept under a key of steps. @returns the values by their names */
  kept(key: string): Promise<Map<string, Uint8Array>>;
  /**
   * The function of a settled claim, to whose worker the gate was passed (`passLocks`), has ended: it leaves the gate. May be sent again.
   *
   * @returns the items that were admitted
   */
  leaveGate(claim: Claim): Promise<readonly Item[]>;
  /**
   * Puts claims back where they came from, as if they had never been handed out: the delivery is not counted, and the locks that
   * they hold are dropped. What is no longer held is left alone.
   */
  release(claims: readonly Claim[]): Promise<void>;
  /** Claims that a worker, or all workers of a consumer, hold. */
  claimed(owner: OwnerFilter): Promise<Claim[]>;

  /**
   * Grants or renews the lease that covers all claims of a consumer.
   *
   * @returns lines for the log, if there are any: what the driver itself has set aside since the last renewal
   */
  renewLease(lease: Lease): Promise<readonly string[] | void>;
  /** Ends the lease; claims that are left are recovered by others. Gates that are left by it admit in an order that is open, as in `recover`. */
  endLease(consumer: string): Promise<void>;
  /** The leases of all consumers. @returns also those that have run out and were not ended */
  leases(): Promise<StoredLease[]>;
  /**
   * Puts claims back where they came from, each exactly once, and drops the locks that they hold: those of `target`, else those
   * of all consumers whose lease has run out. Which of several gates that are left by this (`passLocks`) admits first is open.
   *
   * @param target Whose claims.
   * @param own The lease of the consumer that recovers, renewed first, in the same step: who cannot renew does not take. Its own
   * claims are never taken without a `target`.
   * @returns the claims that were put back
   */
  recover(target?: OwnerFilter, own?: Lease): Promise<Claim[]>;

  /**
   * Moves due items to the queue, or the line of their gate, in due order, atomically, each once. Which of several that are due in the
   * same millisecond comes first is open. Rings for the queue when a pause has ended by itself. Items that waited, and that a higher
   * limit has admitted, are not told.
   * @returns what was moved, at most `limit`
   */
  promoteDue(limit: number): Promise<Moved[]>;
  /**
   * Moves one scheduled item, the soonest of this id, to the queue. Looks at no more than the first 10,000 scheduled ones.
   * @returns `undefined` if it was not found
   */
  promote(id: string): Promise<Moved | undefined>;
  /**
   * When the soonest scheduled item is due, or a pause ends, whichever is first. A pause that has ended by itself counts until `promoteDue`
   * has rung for it.
   *
   * @returns `undefined` if there is neither
   */
  dueMs(): Promise<number | undefined>;
  /** Those of the tasks that have ended, or have left a result. Whoever waits for one of the others is rung for it. */
  endedOf(ids: readonly string[]): Promise<string[]>;
  /**
   * Calls `wake` soon after something may have changed: an item that can be claimed, or a claim put back (`queue`; not where there is `claimOrWait`); an item that is due
   * sooner than all others, or a pause with an end (`schedule`); the end of a task that an `endedOf` of this instance has asked for (`results`); a revocation
   * (`revocations`). It may ring for nothing. A medium that was away rings when it is back; one that has no bell never rings. Whoever
   * listens looks now and then all the same.
   *
   * @returns what ends it
   */
  listen(topic: Topic, wake: () => void): Promise<() => void>;

  /** From now on `claim` finds nothing, until the end of the pause or `resume`. A second pause replaces the first. */
  pause(pause: Pause): Promise<void>;
  /** Ends the pause, and rings. @returns whether there was one */
  resume(): Promise<boolean>;
  /** The pause of the queue. @returns `undefined` if there is none, or it has ended */
  paused(): Promise<Pause | undefined>;

  /** Where the task is, as far as tracked. An ended task is known while its result or its notice is there. */
  state(id: string): Promise<StoredState | undefined>;
  /** Adds to a counter; missing counts as 0. `ttlMs` starts when the counter is made. Counters never collide with keys. */
  increment(key: string, by: number, ttlMs?: number): Promise<number>;
  /** What the members of a chord have reported. */
  collect(chordId: string): Promise<Collected>;

  /** In the order in which they will be claimed; claimed items are not listed. */
  pending(limit?: number): Promise<Item[]>;
  /** Soonest first. */
  scheduled(limit?: number): Promise<Item[]>;
  /** How many items are on the queue. @returns without those that are claimed */
  pendingCount(): Promise<number>;
  /** How many items are on the schedule. @returns their number */
  scheduledCount(): Promise<number>;
  /** What workers hold, longest first. At most 10,000 are examined. */
  running(limit?: number): Promise<StoredRunning[]>;
  /** What waits at gates, in the order in which it came. At most 10,000 are examined. */
  blocked(limit?: number): Promise<Item[]>;
  /** How many items wait at gates. @returns their number */
  blockedCount(): Promise<number>;
  /**
   * When the item that has been on the queue for longest entered it (was enqueued, became due, was admitted), as far as the heads of at most
   * 100 priorities tell, the highest first. @returns `undefined` if the queue is empty
   */
  oldestMs(): Promise<number | undefined>;
  /** Newest first. At most 10,000 are examined. */
  deadLetters(query?: DeadLetterQuery): Promise<StoredDeadLetter[]>;
  /** How many dead letters there are. With a `taskName` or `beforeMs`, at most 10,000 are examined. @returns their number */
  deadLetterCount(query?: DeadLetterQuery): Promise<number>;
  /** A dead letter, by its own id or by that of its task (of several the newest). @returns `undefined` for what is not there */
  deadLetter(id: string): Promise<StoredDeadLetter | undefined>;
  /**
   * Puts a message in the place of a dead letter: deletes it, with the ending and the result of its task, and enqueues `item`, as new; all
   * of it or nothing. Steps stay. If another item holds the unique key, nothing changes, and the answer says so.
   *
   * @param id Of the dead letter.
   * @param others Ids of tasks whose endings and results are deleted with it: the steps that were canceled with its task.
   * @returns what became of the item; `undefined` if there is no such dead letter
   */
  requeueDeadLetter(id: string, item: Item, others?: readonly string[]): Promise<Enqueued | undefined>;
  /** Deletes a dead letter, and its steps. @returns whether it was there */
  deleteDeadLetter(id: string): Promise<boolean>;

  /**
   * Adds to the counts: sums are added up, of maxima the largest stays. Trims rows by their age, in steps of bounded work.
   *
   * @param rows Not more than one for the same step, time and task.
   * @param recent Ends of tasks, oldest first; opaque.
   */
  count(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): Promise<void>;
  /** Counts, oldest first. */
  counts(query: CountQuery): Promise<CountRow[]>;
  /** The ends that were added last, newest first. */
  recent(limit: number): Promise<Uint8Array[]>;

  /**
   * Deletes everything of this name, or the parts that are named. `queue` goes with the claims, the chords, what waits at gates, the
   * gates, and all unique keys and steps but those of scheduled items and of dead letters, which go with `schedule` and `deadLetters`;
   * `results` with the notices, `counters` with everything in `meta`. Leases stay, and a pause.
   */
  flush(parts?: readonly FlushPart[]): Promise<void>;
  /** Ends waits, writes what is under way, closes. Idempotent; later calls reject with `StorageError`. */
  close(): Promise<void>;
}
