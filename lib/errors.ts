/**
 * Every error that callers may want to catch. Wrong arguments are `TypeError` or `RangeError` instead.
 * @module
 */
import { show } from "./primitives/arguments.ts";
import { checkOptions, rule, type Rules } from "./primitives/option_rules.ts";
import type { Duration, Instant } from "./primitives/time.ts";

/**
 * Base of all errors of this library.
 *
 * @example
 * ```ts
 * import { HueyException, ResultTimeout } from "@hueyjs/huey";
 *
 * console.log(new ResultTimeout("no result yet") instanceof HueyException); // true
 * ```
 */
export class HueyException extends Error {
  /** Name of the class. */ override name = "HueyException";
}

/**
 * Options that contradict each other, a duplicate or missing name, something used where it cannot work.
 *
 * @example
 * ```ts
 * import { ConfigurationError, MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * huey.task("add", (a: number, b: number) => a + b);
 * try {
 *   huey.task("add", () => 0);
 * } catch (error) {
 *   console.log(error instanceof ConfigurationError); // true: the name is taken
 * }
 * ```
 */
export class ConfigurationError extends HueyException {
  /** Name of the class. */ override name = "ConfigurationError";
}

/**
 * The lock is held by somebody else. Thrown by `acquire`, `run` and functions made by `wrap`; a task that lets it pass ends as
 * `locked`.
 *
 * @example
 * ```ts
 * import { MemoryHuey, TaskLockedException } from "@hueyjs/huey";
 *
 * const lock = new MemoryHuey().lockTask("reports");
 * await using _held = await lock.acquire();
 * await lock.acquire().catch((error: TaskLockedException) => console.log(error.lockName)); // reports
 * ```
 */
export class TaskLockedException extends HueyException {
  /** Name of the class. */ override name = "TaskLockedException";
  /** Name of the lock. */
  readonly lockName: string;

  /**
   * Makes the error.
   *
   * @param lockName Name of the lock.
   * @param message What to say. Default: that the lock is held.
   */
  constructor(lockName: string, message?: string) {
    super(message ?? `Lock "${lockName}" is held already`);
    this.lockName = lockName;
  }
}

/** What is stored of a failure. */
export interface TaskErrorMetadata {
  /** Name and message of the error. */
  readonly error: string;
  /** Stack of the error, as text. */
  readonly traceback: string;
  /** Id of the task. */
  readonly taskId: string;
  /** Retries left before this attempt was counted. */
  readonly retries: number;
  /** How the task ended. Default "failed"; `"dead"`: its message was set aside, because it cannot be read or nobody knows the task. */
  readonly outcome?: "failed" | "revoked" | "expired" | "canceled" | "dead";
}

/**
 * From a handle: the task failed, or ended without running. `cause` is the error, rebuilt.
 *
 * @example
 * ```ts
 * import { MemoryHuey, TaskException } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const fail = huey.task("fail", () => {
 *   throw new RangeError("too far");
 * });
 * const result = await fail();
 * await result.get().catch((error: TaskException) => {
 *   console.log(error.message, error.cause instanceof RangeError, error.metadata.outcome); // RangeError: too far true failed
 * });
 * ```
 */
export class TaskException extends HueyException {
  /** Name of the class. */ override name = "TaskException";
  /** What is stored of the failure. */
  readonly metadata: TaskErrorMetadata;

  /**
   * Makes the error.
   *
   * @param metadata What is stored of the failure; its `error` becomes the message.
   * @param options `cause`: the error of the task.
   */
  constructor(metadata: TaskErrorMetadata, options?: ErrorOptions) {
    super(metadata.error || `Task ${metadata.taskId} failed`, options);
    this.metadata = metadata;
  }
}

/**
 * A blocking `get` waited as long as it was allowed to.
 *
 * @example
 * ```ts
 * import { MemoryHuey, ResultTimeout } from "@hueyjs/huey";
 *
 * const result = await new MemoryHuey().task("wait", () => 1)();
 * const options = { blocking: true, timeout: 0.01 } as const;
 * await result.get(options).catch((error) => console.log(error instanceof ResultTimeout)); // true: no consumer runs
 * ```
 */
export class ResultTimeout extends HueyException {
  /** Name of the class. */ override name = "ResultTimeout";
}

/**
 * A task ran longer than its timeout.
 *
 * @example
 * ```ts
 * import { MemoryHuey, TaskTimeout } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const slow = huey.task({ name: "slow", timeout: 0.01 }, () => new Promise<void>((resolve) => setTimeout(resolve, 100)));
 * await (await slow()).get().catch((error) => console.log(error.cause instanceof TaskTimeout)); // true
 * ```
 */
export class TaskTimeout extends HueyException {
  /** Name of the class. */ override name = "TaskTimeout";
}

/**
 * More calls than a rate limit allows. A task that lets it pass is run again after `delay`, if `retry` says so.
 *
 * @example
 * ```ts
 * import { MemoryHuey, RateLimitExceeded } from "@hueyjs/huey";
 *
 * const limit = new MemoryHuey().rateLimit("mail", { limit: 0, per: 60 });
 * await limit.acquire().catch((error: RateLimitExceeded) => console.log(error.key, error.delay <= 60)); // mail true
 * ```
 */
export class RateLimitExceeded extends HueyException {
  /** Name of the class. */ override name = "RateLimitExceeded";
  /** Name of the limit. */
  readonly key: string;
  /** Seconds until a new try makes sense. */
  readonly delay: number;
  /** Whether the task is tried again without using up its retries. */
  readonly retry: boolean;

  /**
   * Makes the error.
   *
   * @param key Name of the limit.
   * @param delay Seconds until a new try makes sense, at least 0.
   * @param retry Whether the task is tried again without using up its retries. Default true.
   * @throws {RangeError} If `delay` is no such number.
   */
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

/**
 * A message, or a task to enqueue, names a task that is not registered here.
 *
 * @example
 * ```ts
 * import { MemoryHuey, UnknownTaskError } from "@hueyjs/huey";
 *
 * const add = new MemoryHuey("one").task("add", (a: number, b: number) => a + b);
 * const other = new MemoryHuey("other");
 * await other.enqueue(add.s(1, 2)).catch((error) => console.log(error instanceof UnknownTaskError)); // true
 * ```
 */
export class UnknownTaskError extends HueyException {
  /** Name of the class. */ override name = "UnknownTaskError";
  /** The name that nobody registered. */
  readonly taskName: string;

  /**
   * Makes the error.
   *
   * @param taskName The name that nobody registered.
   * @param message What to say. Default: that no task has this name.
   */
  constructor(taskName: string, message?: string) {
    super(message ?? `No task is registered under the name "${taskName}"`);
    this.taskName = taskName;
  }
}

/**
 * Bytes that are no message or no value of ours.
 *
 * @example
 * ```ts
 * import { DecodeError, Serializer } from "@hueyjs/huey";
 *
 * try {
 *   new Serializer().deserialize(new Uint8Array([1, 2, 3]));
 * } catch (error) {
 *   console.log(error instanceof DecodeError); // true
 * }
 * ```
 */
export class DecodeError extends HueyException {
  /** Name of the class. */ override name = "DecodeError";
}

/**
 * The workers that ran a task died: the task was handed out `maxDeliveries` times. Read as the `cause` of a `TaskException`.
 *
 * @example
 * ```ts
 * import { TaskException, WorkerLostError } from "@hueyjs/huey";
 *
 * const killsItsWorker = (error: unknown) => error instanceof TaskException && error.cause instanceof WorkerLostError;
 * console.log(killsItsWorker(new Error("something else"))); // false
 * ```
 */
export class WorkerLostError extends HueyException {
  /** Name of the class. */ override name = "WorkerLostError";
}

/**
 * The storage's medium failed (`cause` has the medium's own error), or the Huey is closed.
 *
 * @example
 * ```ts
 * import { MemoryHuey, StorageError } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await huey.close();
 * await add(1, 2).catch((error) => console.log(error instanceof StorageError)); // true
 * ```
 */
export class StorageError extends HueyException {
  /** Name of the class. */ override name = "StorageError";
  /** Refused for good, and nothing was written: the same call would be refused again. Otherwise the medium is away, full or busy. */
  readonly permanent: boolean;

  /**
   * Makes the error.
   *
   * @param message What to say.
   * @param options `cause`: the medium's own error. `permanent`: whether the call is refused for good. Default false.
   */
  constructor(message?: string, options?: ErrorOptions & { readonly permanent?: boolean }) {
    super(message, options);
    this.permanent = options?.permanent ?? false;
  }
}

/** When to retry: after a delay, or at a time; never both. */
export type RetryTaskOptions = { delay?: Duration; eta?: never } | { eta: Instant; delay?: never };

/** The options of an error that takes a message and options, or options alone. */
function optionsOf<O extends object>(of: string, first: string | O | undefined, second: O | undefined): O {
  if (typeof first === "string" || first === undefined) return second === undefined ? {} as O : second;
  if (second !== undefined) {
    throw new TypeError(`${of} takes a message and options, or options alone: ${show(first)}, ${show(second)}`);
  }
  return first;
}

const RETRY_RULES: Rules<RetryTaskOptions> = { delay: rule.duration({ negative: true }), eta: rule.instant };

/**
 * Thrown by a task: run it again, without using up its retries. No limit of its own: look at `context.attempt` if there has to be one.
 *
 * @example
 * ```ts
 * import { Consumer, MemoryHuey, RetryTask } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * const poll = huey.task({ name: "poll", context: true }, (context) => {
 *   if (context.attempt < 3) throw new RetryTask("not yet", { delay: 0.01 });
 *   return context.attempt;
 * });
 * await using consumer = new Consumer(huey);
 * await consumer.start();
 * console.log(await (await poll()).get({ blocking: true })); // 3
 * ```
 */
export class RetryTask extends Error {
  /** Name of the class. */ override name = "RetryTask";
  /** Wait before the retry; without it and `eta` the task's `retryDelay`. */
  readonly delay: Duration | undefined;
  /** When to retry. */
  readonly eta: Instant | undefined;

  /**
   * Makes the instruction.
   *
   * @param options `delay` (a number is seconds) or `eta`. Default: the task's `retryDelay`.
   * @throws {TypeError | RangeError} For an unknown option, or a wrong delay or eta.
   * @throws {ConfigurationError} If both are given.
   */
  constructor(options?: RetryTaskOptions);
  /**
   * Makes the instruction with a message for the log.
   *
   * @param message What to say.
   * @param options As above.
   */
  constructor(message: string, options?: RetryTaskOptions);
  constructor(first?: string | RetryTaskOptions, second?: RetryTaskOptions) {
    super(typeof first === "string" ? first : "Retry requested");
    const options = optionsOf("RetryTask", first, second);
    checkOptions<RetryTaskOptions>(options, "RetryTask", RETRY_RULES);
    if (options.delay !== undefined && options.eta !== undefined) {
      throw new ConfigurationError("RetryTask takes either delay or eta, not both");
    }
    this.delay = options.delay;
    this.eta = options.eta;
  }
}

/**
 * Thrown by a hook before a task, which then does not run, or by the task itself, which then ends as `canceled`.
 *
 * @example
 * ```ts
 * import { CancelExecution, MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const work = huey.task("work", () => "done");
 * huey.preExecute(() => {
 *   throw new CancelExecution("No work today");
 * });
 * const result = await work();
 * console.log((await result.state()).state); // canceled
 * ```
 */
export class CancelExecution extends Error {
  /** Name of the class. */ override name = "CancelExecution";
  /** Whether the task runs again, whatever retries are left; `undefined` is false. */
  readonly retry: boolean | undefined;

  /**
   * Makes the instruction.
   *
   * @param options `retry`: run the task again, whatever its `retries` say. Default false.
   * @throws {TypeError} If `retry` is no boolean, or for an unknown option.
   */
  constructor(options?: { retry?: boolean });
  /**
   * Makes the instruction with a message for the log.
   *
   * @param message What to say.
   * @param options As above.
   */
  constructor(message: string, options?: { retry?: boolean });
  constructor(first?: string | { retry?: boolean }, second?: { retry?: boolean }) {
    super(typeof first === "string" ? first : "Execution canceled");
    const options = optionsOf("CancelExecution", first, second);
    checkOptions<{ retry?: boolean }>(options, "CancelExecution", { retry: rule.boolean });
    this.retry = options.retry;
  }
}
