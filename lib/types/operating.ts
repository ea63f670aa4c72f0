/**
 * What a Huey tells of its queue while that works, and how it is operated.
 * @module
 */
import type { Duration, Instant } from "../primitives/time.ts";
import type { TaskInfo } from "./calling.ts";
import type { DeadLetterError, PastAttempt } from "./history.ts";

/** How long a queue is paused. */
export interface PauseOptions {
  /** The pause ends by itself: at this time, or after this time; a number is seconds. Default: it lasts until `resume`. */
  until?: Instant | Duration;
}

/** A task that runs now. */
export interface RunningTask extends TaskInfo {
  /** Name of the worker that runs it. */
  readonly worker: string;

  /** Id of the consumer of that worker, as in `ConsumerInfo.id`. */
  readonly consumer: string;

  /** When the worker took it. */
  readonly startedAt: Date;

  /** How often this attempt was handed out; above 1 after a worker died with it. */
  readonly deliveries: number;

  /** 1 for the first run, 2 for the first retry. */
  readonly attempt: number;
}

/** A consumer with a lease, and what it said of itself when it renewed that. */
export interface ConsumerInfo {
  /** Id of the consumer, unique for ever. */
  readonly id: string;

  /** Name of its host. */
  readonly host: string;

  /** Its process id. */
  readonly pid: number;

  /** When it started. */
  readonly startedAt: Date;

  /** When its lease runs out, if it is not renewed before. */
  readonly expiresAt: Date;

  /** Its lease has run out: it is probably dead. */
  readonly silent: boolean;

  /** Version of this library. */
  readonly version: string;

  /** Name and version of what runs it: "bun 1.4.5", "deno 2.9.5", "node 24.1.0". */
  readonly runtime: string;

  /** Where it runs its tasks. */
  readonly workerType: "greenlet" | "thread" | "process";

  /** How many tasks it can run at once. */
  readonly slots: number;

  /** How many it ran then. */
  readonly busy: number;

  /** Memory of its process then, in bytes; that of child processes not included. */
  readonly memoryBytes: number;
}

/** A registered periodic task. */
export interface PeriodicInfo {
  /** Name of the task. */
  readonly name: string;

  /** When it runs, in words: "*\/5 * * * * (Europe/Berlin)", "every 30 s", or "a function". */
  readonly schedule: string;

  /** When it runs next; `undefined` for a function, which can only be asked, and for what never runs again. */
  readonly next: Date | undefined;

  /** The last time that any consumer enqueued it for, if it is still known. */
  readonly last: Date | undefined;

  /** Whether the task is revoked now, so that it is enqueued and dropped. */
  readonly revoked: boolean;
}

/** Which dead letters are meant; all of what is given must be true of one. */
export interface DeadLetterFilter {
  /** Of this kind. */
  kind?: DeadLetter["kind"];

  /** Of the task of this name. */
  taskName?: string;

  /** Set aside before this time. */
  before?: Instant;
}

/** A message that is set aside: that of a task that failed for good, or one that nobody could run. */
export interface DeadLetter {
  /** Id of the dead letter, not of the task. */
  readonly id: string;

  /** "failed": it ran, and failed for good. "unknown": no consumer knew the task. "unreadable": it is no message. */
  readonly kind: "failed" | "unknown" | "unreadable";

  /** Why it was set aside, in words. */
  readonly reason: string;

  /** When it was set aside. */
  readonly at: Date;

  /** The message as it was. */
  readonly data: Uint8Array;

  /** Id of the task, if it could be read. */
  readonly taskId: string | undefined;

  /** Name of the task, if it could be read. */
  readonly taskName: string | undefined;

  /** The invocation, where its message can be read. */
  readonly task: TaskInfo | undefined;

  /** Of a failed one: the error of its last attempt. */
  readonly error: DeadLetterError | undefined;

  /** Of a failed one: how often it ran. */
  readonly attempts: number | undefined;

  /** The last attempts of this run of the task, the oldest first; the one with which it failed for good is among them. */
  readonly history: readonly PastAttempt[];
}
