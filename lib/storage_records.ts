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

/** Sets the claimed message aside. */
export interface Burial {
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
  readonly forget?: readonly string[] | undefined;
  /** Follow-ups and retries. */
  readonly enqueue?: readonly Item[] | undefined;
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
  /** Delete the locks (`putIfEmpty` with `holder`) that this claim holds. */
  readonly dropLocks?: boolean | undefined;
  /**
   * Instead: the function still runs, so its locks stay, and belong to this worker from now on. They are deleted when the worker's
   * claims are recovered, or its consumer ends its lease.
   */
  readonly passLocks?: Owner | undefined;
}

/** What became of a settlement. */
export interface Settled {
  /** Whether the claim was still held, so that everything was written. */
  readonly held: boolean;
  /** The callback of a chord that this settlement has enqueued with the last report. */
  readonly callback?: Item | undefined;
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
  | "deadLetters";

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
}

/** A lease as it is stored. */
export interface StoredLease extends Lease {
  /** When it runs out. */
  readonly expiresMs: number;
}

/** Where a task is. `undefined` instead: nothing is known of it. */
export interface StoredState {
  /** Where it is. */
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
  /** While running: since when. */
  readonly sinceMs?: number | undefined;
}

/** A message set aside. */
export interface StoredDeadLetter extends Burial {
  /** Priority of the message. */
  readonly priority: number;
}
