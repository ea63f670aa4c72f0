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
 * - **dead letter**: a message that nobody could run, set aside with the reason.
 *
 * Every method is safe to call at once from several tasks, isolates and processes. Times are milliseconds since the epoch
 * (names end in `Ms`); drivers read the present from `Date.now()`. A driver rejects with `StorageError` when its medium fails.
 *
 * @module
 */

/** One message and what the storage must know of it. */
export interface Item {
  /** Id of the task invocation; several items may carry the same id. */
  readonly id: string;
  /** The serialised message. */
  readonly data: Uint8Array;
  /** Higher runs first. */
  readonly priority: number;
  /** Not before this time: the item goes to the schedule instead of the queue. */
  readonly dueMs?: number | undefined;
  /** A further attempt after a failure: `state()` says `retrying` while it waits. */
  readonly retry?: boolean | undefined;
  /** Keep what `state()` needs for this item. */
  readonly track: boolean;
}

/** An item handed out to a worker. */
export interface Claim extends Item {
  /** Identifies this hand-out; opaque outside the driver. A later hand-out of the same item has another token. */
  readonly token: string;
  /** How often this item was handed out, this time included. */
  readonly deliveries: number;
}

/** Who holds a claim. */
export interface Owner {
  /** Id of the consumer; its lease covers the claim. */
  readonly consumer: string;
  /** Name of the worker within the consumer. */
  readonly worker: string;
}

/** How to claim. */
export interface ClaimOptions {
  /** Who will hold the claims. */
  readonly owner: Owner;
  /** Longest wait for a first item; 0 looks once. */
  readonly waitMs: number;
  /** An abort ends the wait at once, resolves with no claims, and loses nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Intervals of a storage that has to poll. */
  readonly poll?: PollOptions | undefined;
}

/** Growth of the interval between two looks, for storages that poll. */
export interface PollOptions {
  /** First interval. */
  readonly initialMs: number;
  /** Factor from one interval to the next, at least 1. */
  readonly backoff: number;
  /** Longest interval. */
  readonly maxMs: number;
}

/** What `claim` found. */
export interface ClaimBatch {
  readonly claims: readonly Claim[];
  /** Whether any revocation was stored at that moment; if not, no claim of the batch needs to be checked. */
  readonly revocations: boolean;
}

/**
 * How a task ended. `"empty"`: complete, and it stored nothing, so that nobody has taken its value. `"running"` marks an
 * at-most-once task whose claim was given up before it ran.
 */
export type Ending = "complete" | "empty" | "failed" | "revoked" | "expired" | "canceled" | "running";

/** The report of one chord member. */
export interface ChordReport {
  /** Id of the chord. */
  readonly id: string;
  readonly index: number;
  readonly size: number;
  /** The serialised value of the member. */
  readonly value: Uint8Array;
  /** Enqueued in the same step when this was the last missing index. */
  readonly callback: Item;
}

/** Sets the claimed message aside. */
export interface Burial {
  /** Id of the dead letter. */
  readonly id: string;
  readonly reason: string;
  readonly atMs: number;
  readonly data: Uint8Array;
  readonly taskId?: string | undefined;
  readonly taskName?: string | undefined;
}

/** Everything that finishing one attempt means; applied at once or not at all. */
export interface Settlement {
  /** Must still be held, else nothing is written. Without one the writes are unconditional. The claim is dropped. */
  readonly claim?: Claim | undefined;
  /** Id of the task. */
  readonly id: string;
  /** Value (or error) to store under the task's id in `data`. Wakes those who wait for the result. */
  readonly result?: Uint8Array | undefined;
  /** Set when the task has ended for good. Wakes those who wait for the result. */
  readonly ending?: Ending | undefined;
  /** How long the notice of the ending is kept. */
  readonly noticeTtlMs: number;
  /** Revocations to delete. */
  readonly forget?: readonly string[] | undefined;
  /** Follow-ups and retries. */
  readonly enqueue?: readonly Item[] | undefined;
  readonly chord?: ChordReport | undefined;
  /** A chord whose collected values are no longer needed. */
  readonly dropChord?: string | undefined;
  readonly bury?: Burial | undefined;
  /** Delete the locks (`putIfEmpty` with `holder`) that this claim holds. */
  readonly dropLocks?: boolean | undefined;
}

/** A sign of life. */
export interface Lease {
  readonly consumer: string;
  /** How long from now the claims of the consumer are safe. */
  readonly ttlMs: number;
  /** Host name and process id, so that a consumer on the same host can see that this one is gone. */
  readonly host: string;
  readonly pid: number;
}

/** A lease as it is stored. */
export interface StoredLease extends Lease {
  readonly expiresMs: number;
}

/** Where a task is. `undefined` instead: nothing is known of it. */
export interface StoredState {
  readonly state:
    | "waiting"
    | "scheduled"
    | "retrying"
    | "running"
    | "complete"
    | "empty"
    | "failed"
    | "revoked"
    | "expired"
    | "canceled"
    | "dead";
  /** While running. */
  readonly worker?: string | undefined;
  readonly sinceMs?: number | undefined;
}

/** A message set aside. */
export interface StoredDeadLetter extends Burial {
  readonly priority: number;
}

/** Options of a conditional put. */
export interface PutIfEmptyOptions {
  /** The entry ends by itself after this time. */
  readonly ttlMs?: number | undefined;
  /** Token of a claim: the entry is deleted when that claim is recovered, or settled with `dropLocks`. */
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
  /** Replaces `expected` (`undefined`: nothing there) by `value`. @returns whether it was replaced */
  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): Promise<boolean>;
  /** How many keys there are. @returns their number */
  size(): Promise<number>;
  /** Everything that is there. @returns the values by key */
  entries(): Promise<Map<string, Uint8Array>>;
  /** Deletes everything in this name space. */
  flush(): Promise<void>;
}

/** How to wait for a task to end. */
export interface WaitOptions {
  /** Longest wait; `undefined`: no limit. */
  readonly timeoutMs?: number | undefined;
  /** An abort rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Intervals of a storage that has to poll. */
  readonly poll?: PollOptions | undefined;
}

/** Names the driver's class, so that another isolate can open the same storage without the application's module. */
export interface StorageDescriptor {
  /** URL of the module that exports the class. */
  readonly module: string;
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
  /** How to open it from another isolate; `undefined` if that cannot be told in plain data. */
  readonly descriptor: StorageDescriptor | undefined;
  /** Results, values put by the application, locks. A read of a result takes it. */
  readonly data: KeyValue;
  /** Revocations, by `r:<task id>` and `rt:<task name>`. */
  readonly revocations: KeyValue;
  /** What is neither result nor application data: progress, periodic slots, rate limits. */
  readonly meta: KeyValue;

  /** Refuses an item that this storage could never hold, before anything is written. @throws Error with the rule */
  check(item: Item): void;
  /** Appends a batch in one round trip, to the queue or, with `dueMs`, to the schedule: all or none. */
  enqueue(items: readonly Item[]): Promise<void>;
  /**
   * Puts `key` into `meta` if it is not there, and enqueues the item: both or neither.
   * @returns whether the key was free
   */
  enqueueOnce(key: string, ttlMs: number, item: Item): Promise<boolean>;
  /** Moves up to `limit` items to the owner's claims, atomically. Waits without busy polling. */
  claim(limit: number, options: ClaimOptions): Promise<ClaimBatch>;
  /** All or nothing. @returns false, and nothing is written, if the claim is no longer held */
  settle(settlement: Settlement): Promise<boolean>;
  /**
   * Puts claims back where they came from, as if they had never been handed out: the delivery is not counted, and the locks that
   * they hold are dropped. What is no longer held is left alone.
   */
  release(claims: readonly Claim[]): Promise<void>;
  /** Claims that a worker, or all workers of a consumer, hold. */
  claimed(owner: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]>;

  /** Grants or renews the lease that covers all claims of a consumer. */
  heartbeat(lease: Lease): Promise<void>;
  /** Ends the lease; claims that are left are recovered by others. */
  resign(consumer: string): Promise<void>;
  /** The leases of all consumers. @returns also those that have run out and were not ended */
  leases(): Promise<StoredLease[]>;
  /**
   * Puts claims back where they came from, each exactly once, and drops the locks that they hold: those of `target`, else those
   * of all consumers whose lease has run out.
   * @returns the claims that were put back
   */
  recover(target?: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]>;

  /**
   * Moves due items to the queue, in due order, atomically, each once. Which of several that are due in the same millisecond comes
   * first is open.
   * @returns what was moved, at most `limit`
   */
  promoteDue(nowMs: number, limit: number): Promise<Item[]>;
  /** Ends when the soonest scheduled item is due, also one scheduled meanwhile by another process, or after `maxMs`, or at an abort. */
  waitDue(maxMs: number, signal?: AbortSignal): Promise<void>;

  /** Ends as soon as a result is stored or the task has ended. @returns false after the time limit */
  waitForResult(id: string, options?: WaitOptions): Promise<boolean>;
  /** Where the task is, as far as tracked. An ended task is known while its result or its notice is there. */
  state(id: string): Promise<StoredState | undefined>;
  /** Adds to a counter; missing counts as 0. `ttlMs` starts when the counter is made. Counters never collide with keys. */
  increment(key: string, by: number, ttlMs?: number): Promise<number>;
  /** The values that the members of a chord reported, by index. */
  collect(chordId: string): Promise<(Uint8Array | undefined)[]>;

  /** In the order in which they will be claimed; claimed items are not listed. */
  pending(limit?: number): Promise<Item[]>;
  /** Soonest first. */
  scheduled(limit?: number): Promise<Item[]>;
  /** How many items are on the queue. @returns without those that are claimed */
  pendingCount(): Promise<number>;
  /** How many items are on the schedule. @returns their number */
  scheduledCount(): Promise<number>;
  /** Oldest first. */
  deadLetters(limit?: number): Promise<StoredDeadLetter[]>;
  /** How many dead letters there are. @returns their number */
  deadLetterCount(): Promise<number>;
  /** Puts the message back on the queue, as new. @returns whether it was there */
  requeueDeadLetter(id: string): Promise<boolean>;
  /** Deletes a dead letter. @returns whether it was there */
  deleteDeadLetter(id: string): Promise<boolean>;

  /** Deletes everything of this name: queue, schedule, claims, data, revocations, counters, chords, notices, dead letters. Leases stay. */
  flush(): Promise<void>;
  /** Ends waits, writes what is under way, closes. Idempotent; later calls reject with `StorageError`. */
  close(): Promise<void>;
}
