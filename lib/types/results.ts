/**
 * The handles that calls return, the state of a task, and the context that a running task gets.
 * @module
 */
import type { Duration, Instant } from "../primitives/time.ts";
import type { RevokeOptions } from "./calling.ts";
import type { Task } from "./composition.ts";

/** How to read a result. */
export interface GetOptions {
  /** Wait until the task has ended. Default false: look once. */
  blocking?: boolean;

  /** Longest wait of a blocking `get`, which then rejects with `ResultTimeout`. Default: none. A number is seconds. */
  timeout?: Duration;

  /** Growth of the interval between two looks at a task of which an attempt has left its error, at least 1. Default 1.15. */
  backoff?: number;

  /** Longest interval between two looks. Storages tell of an end at once, so it matters when they cannot. Default 1; a number is seconds. */
  maxDelay?: Duration;

  /** Revoke the task when the wait times out. Default false. */
  revokeOnTimeout?: boolean;

  /** Leave the value in the store. Default false: a read takes it, and the handle keeps it. */
  preserve?: boolean;

  /** Ends the wait: `get` rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** `GetOptions` of a `get` that waits, and so never resolves to "not ready". */
export type BlockingGetOptions = GetOptions & { blocking: true };

/** When to run a task that is rescheduled, and what to change; without `delay` and `eta`: now. */
export interface RescheduleOptions {
  /** Not before this time from now; a number is seconds. Not together with `eta`. */
  delay?: Duration;

  /** Not before this point of time. Not together with `delay`. */
  eta?: Instant;

  /** New priority. Default: that of the task. */
  priority?: number;

  /** New expiry; a length of time counts from the new eta. Default: that of the task, counted anew. */
  expires?: Duration | Instant;

  /** Keep the steps that follow and the error handlers. Default true. Without them those steps end as `canceled`. */
  preservePipeline?: boolean;
}

/** The handle of one invocation. `T` is the value that it reads. */
export interface Result<T = unknown> {
  /** What it is: a result. */
  readonly kind: "result";

  /** Id of the invocation. */
  readonly id: string;

  /** The invocation. */
  readonly task: Task;

  /**
   * Whether the call found an invocation with the same `unique` key, and enqueued nothing: this is the handle of that one. It leaves the
   * value in the store, as with `preserve`. Of a pipeline whose first step is a duplicate, the other steps never run: they read as
   * canceled.
   */
  readonly duplicate: boolean;

  /**
   * Reads the value, or waits for it.
   *
   * @param options How to read; `blocking: true` waits until the task has ended.
   * @returns The value. `undefined` if it is not ready, or the task returned `undefined`.
   * @throws {TaskException} If the task failed (`cause` is its error), or ended without running (`metadata.outcome` says how).
   * @throws {ResultTimeout} If a blocking read waited longer than `timeout`, or another handle took the value.
   * @throws {ConfigurationError} If its task or the Huey has `results: false`.
   * @throws {DecodeError} If what is stored cannot be read.
   *
   * @example
   * ```ts
   * import { Consumer, MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const result = await add(1, 2);
   * console.log(await result.get()); // undefined: nobody has run it yet
   *
   * await using consumer = new Consumer(huey);
   * await consumer.start();
   * console.log(await result.get({ blocking: true, timeout: 5 })); // 3
   * ```
   */
  get(options: BlockingGetOptions): Promise<T>;
  /**
   * Reads the value as it is now, or with options that are not known before.
   *
   * @param options How to read.
   * @returns The value; `undefined` if it is not ready.
   */
  get(options?: GetOptions): Promise<T | undefined>;

  /**
   * Whether the task has ended, well or not; also after its value was read by this handle. Takes nothing.
   *
   * @returns true as long as its value or the notice of its end is there, and while the error of an attempt can be read.
   */
  isReady(): Promise<boolean>;

  /**
   * Stops this invocation: it is dropped when its turn comes. One that runs is aborted, through its context's `signal`, and is not
   * retried. Of one that has ended nothing is kept.
   *
   * @param options Default `{ once: true }`: the revocation is used up when the task is dropped.
   * @throws {TypeError} For a wrong option.
   */
  revoke(options?: RevokeOptions): Promise<void>;

  /**
   * Ends the revocation of this invocation; too late once it was dropped. A revocation of the whole task stays.
   *
   * @returns Whether there was a revocation.
   */
  restore(): Promise<boolean>;

  /**
   * Whether this invocation or its task is revoked. Uses nothing up.
   *
   * @param at The time to ask for. Default now.
   * @returns Whether it would be dropped then.
   */
  isRevoked(at?: Instant): Promise<boolean>;

  /**
   * Revokes this invocation and enqueues a copy with a new id, which takes its place in a chord. Whether this one has run already is
   * not checked.
   *
   * @param options When to run the copy (default now), and what to change.
   * @returns The handle of the copy.
   * @throws {ConfigurationError} If both `delay` and `eta` are given.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * const remind = huey.task("remind", (what: string) => what);
   * const result = await remind.schedule({ args: ["dentist"], delay: { days: 1 } });
   * const later = await result.reschedule({ delay: { days: 2 } });
   * console.log(later.task.args, await result.isRevoked()); // ["dentist"] true
   * ```
   */
  reschedule(options?: RescheduleOptions): Promise<Result<T>>;

  /** Forgets the value or the error that this handle keeps, so that `get` looks again: after a retry. */
  reset(): void;

  /**
   * Where the task is.
   *
   * @returns Its state; `unknown` if nothing is known, or not any more, or the Huey has `trackState: false`.
   */
  state(): Promise<TaskStatus>;

  /**
   * The last value that the task reported with `setProgress`.
   *
   * @returns The value; `undefined` if there is none.
   */
  progress(): Promise<unknown>;

  /**
   * Each value that the task reports from now on.
   *
   * @returns An iterator that ends when the task has ended.
   *
   * @example
   * ```ts
   * import { Consumer, MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * const count = huey.task({ name: "count", context: true }, async (context, to: number) => {
   *   for (let n = 1; n <= to; n++) await context.setProgress(n);
   * });
   * await using consumer = new Consumer(huey);
   * const result = await count(3);
   * await consumer.start();
   * for await (const value of result.progressUpdates()) console.log(value); // 1, 2, 3
   * ```
   */
  progressUpdates(): AsyncIterableIterator<unknown>;
}

/**
 * The handle of an invocation of which only the id is known: as `Result`, without `task` and `reschedule`. `isRevoked` sees the
 * revocation of the invocation alone, since nothing says of which task it is.
 */
export type Handle<T = unknown> = Omit<Result<T>, "task" | "reschedule">;

/** The values of several handles when some may not be ready. */
export type ResultOptions<T> = { [K in keyof T]: T[K] | undefined };

/** The handles of several invocations, in order. `T` lists the values: a tuple, or `number[]` from `map`. */
export interface ResultGroup<T extends readonly unknown[], H = Result<T[number]>> {
  /** What it is: a group of results. */
  readonly kind: "result-group";

  /** How many members it has. */
  readonly length: number;

  /**
   * Reads all values, in the order of the members.
   *
   * @param options How to read; `timeout` is for the whole group.
   * @returns The values; `undefined` for what is not ready.
   * @throws {TaskException} At the first member, in order, that failed.
   * @throws {ResultTimeout} If the blocking read takes longer than `timeout`.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const square = new MemoryHuey({ immediate: true }).task("square", (n: number) => n * n);
   * const results = await square.map([1, 2, 3]);
   * console.log(await results.get({ blocking: true, timeout: 10 })); // [1, 4, 9]
   * ```
   */
  get(options: BlockingGetOptions): Promise<T>;
  /**
   * Reads the values as they are now, or with options that are not known before.
   *
   * @param options How to read.
   * @returns The values; `undefined` for what is not ready.
   */
  get(options?: GetOptions): Promise<ResultOptions<T>>;

  /** The handles, in order. */
  [Symbol.iterator](): IterableIterator<H>;

  /**
   * The values as tasks complete.
   *
   * @param options `timeout` for the whole group (default none; a number is seconds), `signal` to end the wait.
   * @returns An iterator over the values, in order of completion.
   * @throws {TaskException} When it comes to a member that failed.
   * @throws {ResultTimeout} When the time is over.
   */
  asCompleted(options?: { timeout?: Duration; signal?: AbortSignal }): AsyncIterableIterator<T[number]>;
}

/** The handle of a chord. `V` are the values of its members, `S` those of its callback and what follows it. */
export interface ChordResult<V, S extends readonly unknown[]> {
  /** What it is: the result of a chord. */
  readonly kind: "chord-result";

  /** The handles of the members. */
  readonly results: ResultGroup<V extends readonly unknown[] ? V : never>;

  /** The handle of the callback. */
  readonly callback: Result<S[0]>;

  /** The handles from the callback on; `undefined` if no step follows it. */
  readonly pipelineResults: ResultGroup<S> | undefined;

  /**
   * Reads the value of the callback.
   *
   * @param options How to read, as for `Result.get`.
   * @returns The value; `undefined` if it is not ready.
   * @throws {TaskException} If the callback failed.
   * @throws {ResultTimeout} If a blocking read waited longer than `timeout`.
   *
   * @example
   * ```ts
   * import { chord, MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const square = huey.task("square", (n: number) => n * n);
   * const sum = huey.task("sum", (values: number[]) => values.reduce((a, b) => a + b, 0));
   * const result = await huey.enqueue(chord([square.s(3), square.s(4)], sum));
   * console.log(await result.get({ blocking: true })); // 25
   * ```
   */
  get(options: BlockingGetOptions): Promise<S[0]>;
  /**
   * Reads the value of the callback as it is now, or with options that are not known before.
   *
   * @param options How to read.
   * @returns The value; `undefined` if it is not ready.
   */
  get(options?: GetOptions): Promise<S[0] | undefined>;

  /** Forgets the value or the error that the handle of the callback keeps. */
  reset(): void;
}

/**
 * Where a task is. `waiting` on the queue, `blocked` until its `concurrency` has room, `scheduled` for later, `running`, `retrying`: waiting for its next attempt. It ended as
 * `complete`, `failed`, `revoked`, `expired` or `canceled`, or is a dead letter (`dead`). `unknown`: nothing is known of it, or not any more.
 */
export type TaskState =
  | "waiting"
  | "blocked"
  | "scheduled"
  | "running"
  | "complete"
  | "failed"
  | "retrying"
  | "revoked"
  | "expired"
  | "canceled"
  | "dead"
  | "unknown";

/** Where a task is, and who has it. */
export interface TaskStatus {
  /** Where it is. */
  state: TaskState;

  /** Whether it can no longer change by itself: complete, failed, revoked, expired, canceled, dead. */
  ended: boolean;

  /** A revocation is stored that will stop it when its turn comes, or, while it runs, has aborted it. */
  revoked?: boolean;

  /** While it is running: the name of its worker. */
  worker?: string;

  /** While it is running: since when. */
  since?: Date;

  /** What its last failed attempt threw: the beginning of the message. Not of a task that has succeeded. */
  error?: string;

  /** How many attempts there were so far, one that runs included; as far as known. */
  attempts?: number;

  /** When it was enqueued first. */
  enqueuedAt?: Date;

  /** When its attempt started: the one that runs, or the last one. */
  startedAt?: Date;

  /** When it has ended. */
  endedAt?: Date;
}
