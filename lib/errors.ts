/**
 * Every error that callers may want to catch. Wrong arguments are `TypeError` or `RangeError` instead.
 * @module
 */
import { type Duration, durationMs, type Instant, instantMs } from "./time.ts";

/** Base of all errors of this library. */
export class HueyException extends Error {
  override name = "HueyException";
}

/** Options that contradict each other, a duplicate or missing name, something used where it cannot work. */
export class ConfigurationError extends HueyException {
  override name = "ConfigurationError";
}

/** The lock is held by somebody else. */
export class TaskLockedException extends HueyException {
  override name = "TaskLockedException";
  /** Name of the lock. */
  readonly lockName: string;
  constructor(lockName: string, message?: string) {
    super(message ?? `Lock "${lockName}" is held by another task`);
    this.lockName = lockName;
  }
}

/** What is stored of a failure. */
export interface TaskErrorMetadata {
  /** Name and message of the error. */
  readonly error: string;
  /** Stack of the error, as text. */
  readonly traceback: string;
  readonly taskId: string;
  /** Retries left before this attempt was counted. */
  readonly retries: number;
  /** How the task ended; the last three never ran. Default "failed". */
  readonly outcome?: "failed" | "revoked" | "expired" | "canceled";
}

/** From a handle: the task failed, or ended without running. `cause` is the error, rebuilt. */
export class TaskException extends HueyException {
  override name = "TaskException";
  readonly metadata: TaskErrorMetadata;
  constructor(metadata: TaskErrorMetadata, options?: ErrorOptions) {
    super(metadata.error || `Task ${metadata.taskId} failed`, options);
    this.metadata = metadata;
  }
}

/** A blocking `get` waited as long as it was allowed to. */
export class ResultTimeout extends HueyException {
  override name = "ResultTimeout";
}

/** A task ran longer than its timeout. */
export class TaskTimeout extends HueyException {
  override name = "TaskTimeout";
}

/** More calls than a rate limit allows. */
export class RateLimitExceeded extends HueyException {
  override name = "RateLimitExceeded";
  /** Name of the limit. */
  readonly key: string;
  /** Seconds until a new try makes sense. */
  readonly delay: number;
  /** Whether the task is tried again without using up its retries. */
  readonly retry: boolean;
  constructor(key: string, delay: number, retry: boolean = true) {
    if (typeof delay !== "number" || !(delay >= 0)) {
      throw new RangeError(`delay must be a number of seconds, at least 0: ${delay}`);
    }
    super(`Rate limit "${key}" is exceeded, try again in ${delay} s`);
    this.key = key;
    this.delay = delay;
    this.retry = retry;
  }
}

/** A message names a task that is not registered here. */
export class UnknownTaskError extends HueyException {
  override name = "UnknownTaskError";
  readonly taskName: string;
  constructor(taskName: string, message?: string) {
    super(message ?? `No task is registered under the name "${taskName}"`);
    this.taskName = taskName;
  }
}

/** Bytes that are no message or no value of ours. */
export class DecodeError extends HueyException {
  override name = "DecodeError";
}

/** The workers that ran a task died too often. */
export class WorkerLostError extends HueyException {
  override name = "WorkerLostError";
}

/** The storage's medium failed; `cause` has the medium's own error. */
export class StorageError extends HueyException {
  override name = "StorageError";
}

/** When to retry: after a delay, or at a time; never both. */
export type RetryTaskOptions = { delay?: Duration; eta?: never } | { eta: Instant; delay?: never };

/** Thrown by a task: run it again, without using up its retries. */
export class RetryTask extends Error {
  override name = "RetryTask";
  readonly delay: Duration | undefined;
  readonly eta: Instant | undefined;
  constructor(options?: RetryTaskOptions);
  constructor(message: string, options?: RetryTaskOptions);
  constructor(first?: string | RetryTaskOptions, second?: RetryTaskOptions) {
    super(typeof first === "string" ? first : "Retry requested");
    const options = (typeof first === "string" ? second : first) ?? {};
    if (options.delay !== undefined && options.eta !== undefined) {
      throw new ConfigurationError("RetryTask takes either delay or eta, not both");
    }
    if (options.delay !== undefined) durationMs(options.delay, "delay", { negative: true });
    if (options.eta !== undefined) instantMs(options.eta, "eta");
    this.delay = options.delay;
    this.eta = options.eta;
  }
}

/** Thrown by a hook or a task: do not run, or end. `retry` true: retry anyway; false: not even if retries are left. */
export class CancelExecution extends Error {
  override name = "CancelExecution";
  readonly retry: boolean | undefined;
  constructor(options?: { retry?: boolean });
  constructor(message: string, options?: { retry?: boolean });
  constructor(first?: string | { retry?: boolean }, second?: { retry?: boolean }) {
    super(typeof first === "string" ? first : "Execution canceled");
    this.retry = (typeof first === "string" ? second : first)?.retry;
  }
}
