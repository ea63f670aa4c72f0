/** The handles that calls return, the state of a task, and the context that a running task gets.
 * @module */
import type { Duration, Instant } from "../time.ts";
import type { RevokeOptions, TaskInfo } from "./calling.ts";
import type { Task } from "./composition.ts";

export interface GetOptions {
  /** Wait until the task has finished. Default false. */ blocking?: boolean;
  /** Longest wait. Default: none. @throws ResultTimeout from a blocking get */ timeout?: Duration;
  /** Growth of the poll interval, for storages that poll; at least 1. Default 1.15. */ backoff?: number;
  /** Longest poll interval. Default 1. */ maxDelay?: Duration;
  /** Revoke the task when the wait times out. Default false. */ revokeOnTimeout?: boolean;
  /** Leave the value in the store. Default false: a read takes it, and the handle keeps it. */ preserve?: boolean;
  /** Ends the wait with the signal's reason. */ signal?: AbortSignal;
}
export type BlockingGetOptions = GetOptions & { blocking: true };
export interface RescheduleOptions {
  delay?: Duration;
  eta?: Instant;
  priority?: number;
  expires?: Duration | Instant;
  /** Keep the steps that follow. Default true. */ preservePipeline?: boolean;
}
/** The handle of one invocation. `T` is the value that it reads. */
export interface Result<T = unknown> {
  readonly kind: "result";
  readonly id: string;
  readonly task: Task;
  /**
   * The value; `undefined` when it is not ready, or nothing was stored.
   * @throws TaskException if the task failed; ResultTimeout; ConfigurationError if the Huey has `results: false`
   */
  get(options: BlockingGetOptions): Promise<T>;
  get(options?: GetOptions): Promise<T | undefined>;
  /** Whether the outcome is there (also after it was read by this handle). Consumes nothing. */ isReady(): Promise<boolean>;
  /** Once by default. A running task is aborted and not retried. */ revoke(options?: RevokeOptions): Promise<void>;
  restore(): Promise<boolean>;
  /** Whether this invocation or its task is revoked. */ isRevoked(at?: Instant): Promise<boolean>;
  /** Revokes this one and enqueues a copy with a new id: now, or at `eta` or `delay`. */
  reschedule(options?: RescheduleOptions): Promise<Result<T>>;
  /** Forgets the value that this handle keeps. */ reset(): void;
  state(): Promise<TaskStatus>;
  /** The last value that the task reported. */ progress(): Promise<unknown>;
  /** Each reported value from now on; ends when the task has finished. */ progressUpdates(): AsyncIterableIterator<unknown>;
}
export type ResultOptions<T> = { [K in keyof T]: T[K] | undefined };
/** The handles of several invocations, in order. `T` lists the values: a tuple, or `number[]` from `map`. */
export interface ResultGroup<T extends readonly unknown[], H = Result<T[number]>> {
  readonly kind: "result-group";
  readonly length: number;
  /** Choice: `timeout` is for the whole group. @throws TaskException at the first member, in order, that failed */
  get(options: BlockingGetOptions): Promise<T>;
  get(options?: GetOptions): Promise<ResultOptions<T>>;
  [Symbol.iterator](): IterableIterator<H>;
  /** Values as they are completed. @throws TaskException when it comes to a member that failed */
  asCompleted(options?: { timeout?: Duration; signal?: AbortSignal }): AsyncIterableIterator<T[number]>;
}
export interface ChordResult<V, S extends readonly unknown[]> {
  readonly kind: "chord-result";
  /** The members. */ readonly results: ResultGroup<V extends readonly unknown[] ? V : never>;
  readonly callback: Result<S[0]>;
  /** From the callback on, if steps follow it. */ readonly pipelineResults: ResultGroup<S> | undefined;
  /** The callback's value. */ get(options: BlockingGetOptions): Promise<S[0]>;
  get(options?: GetOptions): Promise<S[0] | undefined>;
  reset(): void;
}
export type TaskState =
  | "waiting"
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
export interface TaskStatus {
  state: TaskState;
  /** While running. */ worker?: string;
  since?: Date;
}

/** First argument of a task with `context: true`. */
export interface TaskContext extends TaskInfo {
  /** Aborted at the timeout, when the task is revoked, and when the consumer is forced to stop. */ readonly signal:
    AbortSignal;
  /** 1 for the first run, 2 for the first retry. */ readonly attempt: number;
  /** How often this attempt was handed out; above 1 after a crash. */ readonly deliveries: number;
  /** Seconds, at least 0; `Infinity` without a timeout. */ readonly timeRemaining: number;
  readonly isTimedOut: boolean;
  /** @throws TaskTimeout */ checkTimeout(): void;
  /** Any value that can be stored. Choice: name. */ setProgress(value: unknown): Promise<void>;
}
