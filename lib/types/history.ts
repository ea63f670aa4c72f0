/**
 * The attempts that a task has behind it.
 * @module
 */

/** An attempt that has ended. Of one that was put off again and again, as by a lock, only the last time is told. */
export interface PastAttempt {
  /** 1 for the first run, 2 for the first retry. */
  readonly attempt: number;

  /** How it ended. "retry": it asked to be tried again. "canceled": it was canceled, and asked to be tried again. */
  readonly outcome: "error" | "timeout" | "locked" | "rate-limited" | "retry" | "canceled";

  /** When it was due, if it had to wait for a time: that of a schedule, or the delay of a retry. */
  readonly dueAt: Date | undefined;

  /** When it started; `undefined` if nobody knows, as its worker died. */
  readonly startedAt: Date | undefined;

  /** When its end was written. */
  readonly endedAt: Date;

  /** Name of the worker that ran it; empty if it is not known. */
  readonly worker: string;

  /** Id of the consumer of that worker; empty if it is not known. */
  readonly consumer: string;

  /** How often it was handed out; above 1 after a worker died with it. */
  readonly deliveries: number;

  /** How often in a row it was put off like this; 1 if it ran. */
  readonly times: number;

  /** What it threw. Long texts are cut; the stacks of older attempts may be left out. */
  readonly error: DeadLetterError | undefined;

  /** The last lines that it wrote through `context.logger`, cut. */
  readonly log: readonly TaskLine[];
}

/** A line that a task has written through `context.logger`. */
export interface TaskLine {
  /** When. */
  readonly at: Date;

  /** What kind of line it is. */
  readonly level: "info" | "warn" | "error";

  /** The line. */
  readonly text: string;
}

/** What is read of a line of LogTape; its `LogRecord` is one. */
export interface LogTapeLine {
  /** Who has written it. */
  readonly category: readonly string[];

  /** "info", "warning", "error", ... */
  readonly level: string;

  /** Texts, with the values between them. */
  readonly message: readonly unknown[];

  /** What else it says; an `error` is kept with the line. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The error of a failed task. Long texts are cut. */
export interface DeadLetterError {
  /** Name of the error. */
  readonly name: string;

  /** Its message. */
  readonly message: string;

  /** Its stack, if it has one. */
  readonly stack: string | undefined;
}
