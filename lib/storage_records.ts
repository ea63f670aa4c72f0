/**
 * What lib and a driver hand to each other: items, claims, settlements, leases, states. The words are those of `storage.ts`.
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
  /** The place in a chord that this item fills with its end, or the last of those that follow it. */
  readonly chord?: ChordPlace | undefined;
  /** How many items of its kind may run at once: see `Gate`. */
  readonly gate?: Gate | undefined;
  /** While it is there, no other item with this key is enqueued: see `UniqueKey`. */
  readonly unique?: UniqueKey | undefined;
  /** Key of its steps, where that is not its id: see `Storage.keep`. */
  readonly steps?: string | undefined;
  /** What `state()` hands back beside the state while it waits and runs; opaque, at most a few hundred bytes. */
  readonly about?: string | undefined;
}

/**
 * A gate lets `limit` items through at once. An item that is enqueued to the queue, or becomes due, is admitted, or waits in the line of
 * its gate, in the same step. An admitted item keeps the gate over claims, releases and recoveries. It leaves the gate with its
 * settlement, unless `Settlement.next` takes over; then the first of the line is admitted, in the same step, and appended to the queue.
 */
export interface Gate {
  /** Names the gate within its storage. */
  readonly key: string;
  /**
   * That of the item that came to the gate last (was enqueued without `dueMs`, or became due; not a `next` that takes over) is the limit
   * of the gate, at least 1. A higher one admits waiting items with the item that brings it, before that item.
   */
  readonly limit: number;
}

/**
 * A key that one item holds at a time: an item, not an id. An item of the same id takes it over, and is the only one to free it then.
 * `Settlement.next` is enqueued whoever holds the key; other follow-ups and the callbacks of chords come without a key.
 */
export interface UniqueKey {
  /** Names the key within its storage. */
  readonly key: string;
  /** Freed by its settlement, unless `Settlement.next` takes over (`end`); by its claim (`start`); or so long after the enqueue (a number, in milliseconds). */
  readonly until: "start" | "end" | number;
  /** Id of the task from which the item may take the key over, beside its own `id`: one that is put in another's place. */
  readonly from?: string | undefined;
}

/** What became of items that were enqueued, where it is not what usually becomes of them: an empty object for most batches. */
export interface Enqueued {
  /** By position in the batch: the id of the task that holds the unique key. Such an item was not written. */
  readonly duplicates?: ReadonlyMap<number, string> | undefined;
  /** Positions of the items that came to wait at their gate; one that a later item of the batch has let in is also among `admitted`. */
  readonly blocked?: ReadonlySet<number> | undefined;
  /** Items that waited, and were admitted since an item of the batch has raised the limit of their gate. */
  readonly admitted?: readonly Item[] | undefined;
}

/** An item that the storage itself has enqueued: one that became due, or the callback of a chord. */
export interface Moved extends Item {
  /** It waits at its gate. */
  readonly blocked?: boolean | undefined;
}

/** A place in a chord. */
export interface ChordPlace {
  /** Id of the chord. */
  readonly id: string;
  /** The place, from 0. */
  readonly index: number;
}

/** A chord as it is stored, once, together with its first members. One that is there already is left as it is. */
export interface ChordRecord {
  /** Id of the chord. */
  readonly id: string;
  /** How many places it has. */
  readonly size: number;
  /** Enqueued, in the same step, by the report that fills the last place. */
  readonly callback: Item;
}

/** An item handed out to a worker. */
export interface Claim extends Item {
  /** Identifies this hand-out; opaque outside the driver. A later hand-out of the same item has another token. */
  readonly token: string;
  /** How often this item was handed out, this time included. */
  readonly deliveries: number;
  /** It had begun when it was handed out before, and may run at most once: see `begin`. */
  readonly begun?: boolean | undefined;
}

/** Who holds a claim. */
export interface Owner {
  /** Id of the consumer; its lease covers the claim. */
  readonly consumer: string;
  /** Name of the worker within the consumer. */
  readonly worker: string;
}

/** All workers of a consumer, or one of them. */
export interface OwnerFilter {
  /** Id of the consumer. */
  readonly consumer: string;
  /** Name of the worker. Default: all of them. */
  readonly worker?: string | undefined;
}

/** Growth of the wait between two looks that no ring ends: of a storage without a bell, and in case that a ring was lost. */
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
  /** What was claimed, in the order in which it is to run. */
  readonly claims: readonly Claim[];
  /** Whether any revocation was stored at that moment; if not, no claim of the batch needs to be checked. */
  readonly revocations: boolean;
}

/** How a task ended. `"empty"`: complete, and it stored nothing, so that nobody has taken its value. `"dead"` comes with a burial. */
export type Ending = "complete" | "empty" | "failed" | "revoked" | "expired" | "canceled" | "dead";

/** The report of one chord member. Each place counts once; a chord that is not there is none of ours any more. */
export interface ChordReport {
  /** Id of the chord. */
  readonly id: string;
  /** The place of the member, from 0. */
  readonly index: number;
  /** The serialised value of the member. */
  readonly value: Uint8Array;
}

/**
 * Why a message is set aside: its task ran and has failed for good, no consumer knew its task, or it cannot be read.
 */
export type DeadLetterKind = "failed" | "unknown" | "unreadable";

/** Sets the claimed message aside. */
export interface Burial {
  /** Which list it belongs to. */
  readonly kind: DeadLetterKind;
  /** Id of the dead letter. */
  readonly id: string;
  /** Why nobody can run the message. */
  readonly reason: string;
  /** When it was set aside. */
  readonly atMs: number;
  /** The message as it was. */
  readonly data: Uint8Array;
  /** Id of the task, if it could be read. */
  readonly taskId?: string | undefined;
  /** Name of the task, if it could be read. */
  readonly taskName?: string | undefined;
  /** Of a failed task: the serialised error, and what else lib keeps of it; opaque. */
  readonly error?: Uint8Array | undefined;
  /** How often the task ran. */
  readonly attempts?: number | undefined;
}

/** How many dead letters of one kind stay. What is beyond goes with the next burial of the kind, the oldest first, with its steps. */
export interface DeadLetterBounds {
  /** At most so many. */
  readonly count: number;
  /** At most so long; `undefined`: for ever. */
  readonly ageMs?: number | undefined;
}

/** Which dead letters are wanted; all of what is given must be true of one. */
export interface DeadLetterQuery {
  /** Of this kind. */
  readonly kind?: DeadLetterKind | undefined;
  /** Of the task of this name. */
  readonly taskName?: string | undefined;
  /** Set aside before this time. */
  readonly beforeMs?: number | undefined;
  /** At most so many. */
  readonly limit?: number | undefined;
}

/** A step that ends before it was enqueued, since one before it did not succeed. */
export interface CanceledStep {
  /** Id of the task. */
  readonly id: string;
  /** The error to store under its id in `results`; `undefined` leaves a notice only. Both are kept as those of the settlement. */
  readonly result?: Uint8Array | undefined;
}

/** Everything that finishing one attempt means; applied at once or not at all. */
export interface Settlement {
  /** Must still be held, else nothing is written. Without one the writes are unconditional. The claim is dropped. */
  readonly claim?: Claim | undefined;
  /** Id of the task. */
  readonly id: string;
  /** It was sent before and its reply was lost: if it was written then, it is answered as it was answered then. */
  readonly again?: boolean | undefined;
  /** Value (or error) to store under the task's id in `results`. Wakes those who wait for the result. */
  readonly result?: Uint8Array | undefined;
  /** How long the result waits to be read; `undefined`: without a limit. */
  readonly resultTtlMs?: number | undefined;
  /** Set when the task has ended for good. Wakes those who wait for the result. */
  readonly ending?: Ending | undefined;
  /** How long the notice of the ending is kept. */
  readonly noticeTtlMs: number;
  /** Revocations to delete. */
  readonly dropRevocations?: readonly string[] | undefined;
  /** Follow-ups. */
  readonly enqueue?: readonly Item[] | undefined;
  /**
   * The next attempt of the same invocation, enqueued after the follow-ups. If it has the unique key that the claim holds, it takes it
   * over, for the rest of its time; and the gate of the claim, where it counts as admitted, unless it has `dueMs` or `passLocks` is given.
   */
  readonly next?: Item | undefined;
  /** The chords whose members are among the follow-ups. */
  readonly chords?: readonly ChordRecord[] | undefined;
  /** Of a member of a chord: its place, and its value. */
  readonly chord?: ChordReport | undefined;
  /** Steps that would have followed and never will: each ends as `canceled` in the same step, like the task itself. */
  readonly canceled?: readonly CanceledStep[] | undefined;
  /** A chord whose collected values are no longer needed. */
  readonly dropChord?: string | undefined;
  /** Sets the message aside. */
  readonly bury?: Burial | undefined;
  /** With `bury`: what stays of its kind. */
  readonly buryBounds?: DeadLetterBounds | undefined;
  /** Key of steps to delete, with all that was kept under it. */
  readonly dropSteps?: string | undefined;
  /** What `state()` hands back beside the ending, where the item was tracked; as `Item.about`. */
  readonly about?: string | undefined;
  /** Delete the locks (`putIfEmpty` with `holder`) that this claim holds. */
  readonly dropLocks?: boolean | undefined;
  /**
   * Instead: the function still runs, so its locks stay, and the gate stays taken; both belong to this worker from now on. They end when
   * the worker's claims are recovered, or its consumer ends its lease; the gate also with `leaveGate`.
   */
  readonly passLocks?: Owner | undefined;
}

/** What became of a settlement. */
export interface Settled {
  /** Whether the claim was still held, so that everything was written. */
  readonly held: boolean;
  /** The callback of a chord that this settlement has enqueued with the last report. */
  readonly callback?: Moved | undefined;
  /** Positions in `enqueue` (`next` comes after the last) of the items that wait at their gate. */
  readonly blocked?: ReadonlySet<number> | undefined;
  /** Items that waited at a gate and were admitted in this step. */
  readonly admitted?: readonly Item[] | undefined;
}

/** The values that the members of a chord reported. */
export interface Collected {
  /** By index; `undefined` for a place that nobody has filled. */
  readonly values: readonly (Uint8Array | undefined)[];
  /** When the last place was filled. */
  readonly filledMs: number | undefined;
}

/** A part of what a queue stores. Without leases and recoveries, which no flush touches. */
export type FlushPart =
  | "queue"
  | "schedule"
  | "results"
  | "locks"
  | "data"
  | "revocations"
  | "counters"
  | "deadLetters"
  | "stats";

/** What a bell rings for. */
export type Topic = "queue" | "schedule" | "results" | "revocations";

/** A sign of life. */
export interface Lease {
  /** Id of the consumer. */
  readonly consumer: string;
  /** How long from now the claims of the consumer are safe. */
  readonly ttlMs: number;
  /** Host name and process id, so that a consumer on the same host can see that this one is gone. */
  readonly host: string;
  /** Its process id. */
  readonly pid: number;
  /** What the consumer says of itself; opaque, replaced by each renewal that gives it. */
  readonly about?: string | undefined;
}

/** A lease as it is stored. */
export interface StoredLease extends Lease {
  /** When it runs out. */
  readonly expiresMs: number;
}

/** Where a task is. `undefined` instead: nothing is known of it. */
export interface StoredState {
  /** Where it is. */
  readonly state: "waiting" | "blocked" | "scheduled" | "retrying" | "running" | Ending;
  /** While running. */
  readonly worker?: string | undefined;
  /** While running: since when. */
  readonly sinceMs?: number | undefined;
  /** What the item, or for an ended task its settlement, has said of it. */
  readonly about?: string | undefined;
}

/** An item that a worker holds. */
export interface StoredRunning {
  /** The claim. */
  readonly claim: Claim;
  /** Who holds it. */
  readonly owner: Owner;
  /** Since when. */
  readonly sinceMs: number;
}

/** A pause of the queue. */
export interface Pause {
  /** When it ends by itself; `undefined`: not. */
  readonly untilMs?: number | undefined;
}

/** The steps of time in which counts are kept. */
export type CountStep = "minute" | "hour";

/** Counts of one task in one step of time. */
export interface CountRow {
  /** Length of the step. */
  readonly step: CountStep;
  /** When the step began. */
  readonly atMs: number;
  /** Name of the task. */
  readonly taskName: string;
  /** Numbers to add up, by name. */
  readonly sums: Readonly<Record<string, number>>;
  /** Numbers of which the largest counts, by name. */
  readonly maxima: Readonly<Record<string, number>>;
}

/** How long counts stay, and how many of the recent ends. */
export interface CountBounds {
  /** Age at which rows of minutes go. */
  readonly minuteAgeMs: number;
  /** Age at which rows of hours go. */
  readonly hourAgeMs: number;
  /** So many of the recent ends stay. */
  readonly recent: number;
}

/** Which rows are wanted. */
export interface CountQuery {
  /** Length of the steps. */
  readonly step: CountStep;
  /** Steps that began at or after this time. */
  readonly fromMs: number;
  /** Steps that began before this time. */
  readonly toMs: number;
  /** Of this task only. */
  readonly taskName?: string | undefined;
  /** At most so many rows; the newest are preferred. */
  readonly limit: number;
}

/** A message set aside. */
export interface StoredDeadLetter extends Burial {
  /** Priority of the message. */
  readonly priority: number;
}
