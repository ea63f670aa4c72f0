/**
 * What a Huey tells of what has happened: counts, times, and the tasks that ended last.
 * @module
 */
import type { Instant } from "../primitives/time.ts";

/** Which counts are wanted. */
export interface StatsOptions {
  /** From the step that holds this point of time. Default: an hour before `to`. */
  from?: Instant;

  /** Up to this point of time. Default: now. */
  to?: Instant;

  /** Of this task only. Default: of all. */
  taskName?: string;

  /** Length of a step. Minutes are kept for a day, hours for 30 days. Default "minute". */
  step?: "minute" | "hour";
}

/** How often things have happened. */
export interface StatsCounts {
  /** Calls and follow-ups that were enqueued or scheduled; retries are not. */
  enqueued: number;
  /** Attempts that ended with a value. */
  completed: number;
  /** Tasks that failed for good. */
  failed: number;
  /** Attempts that failed and are followed by another. */
  retried: number;
  /** Tasks that a revocation has stopped. */
  revoked: number;
  /** Tasks that had expired when their turn came. */
  expired: number;
  /** Tasks that `CancelExecution` has ended. */
  canceled: number;
  /** Messages that were set aside as unknown or unreadable. */
  dead: number;
  /** Claims that were taken over from a worker that is gone. */
  recovered: number;
}

/** How long things took, in seconds, within a fifth; `undefined` where nothing ran. */
export interface StatsTimes {
  /** Mean time of an attempt. */
  runMean: number | undefined;
  /** Half of the attempts took no longer. */
  runP50: number | undefined;
  /** 95 of 100 attempts took no longer. */
  runP95: number | undefined;
  /** The longest attempt. */
  runMax: number | undefined;
  /** Mean time between the call, or the time for which it was scheduled, and the start. */
  waitMean: number | undefined;
  /** 95 of 100 waited no longer. */
  waitP95: number | undefined;
}

/** The counts and times of one task in one step of time. */
export interface StatsRow extends StatsCounts, StatsTimes {
  /** When the step began. */
  readonly at: Date;
  /** Name of the task; empty for messages that cannot be read. */
  readonly taskName: string;
}

/** Counts and times of a range. */
export interface Stats {
  /** One row for each step and task in which something happened, oldest first; at most the 10,000 newest. */
  readonly rows: readonly StatsRow[];
  /** Of all rows together. */
  readonly totals: StatsCounts & StatsTimes;
}

/** A task that has ended. */
export interface RecentTask {
  /** Id of the invocation. */
  readonly id: string;
  /** Name of its task. */
  readonly name: string;
  /** How it ended. */
  readonly outcome: "complete" | "failed" | "revoked" | "expired" | "canceled";
  /** Name of the worker that ended it. */
  readonly worker: string;
  /** When its last attempt began; `undefined` if it did not run. */
  readonly startedAt: Date | undefined;
  /** When it ended. */
  readonly endedAt: Date;
  /** How often it ran. */
  readonly attempts: number;
}
