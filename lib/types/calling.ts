/** How tasks are called: the wrapper that `huey.task` returns and what is known of one invocation.
 * @module */
import type { Duration, Instant } from "../time.ts";
import type { Stored } from "./values.ts";
import type { TaskOptions } from "./definition.ts";
import type { Task } from "./composition.ts";
import type { Result, ResultGroup } from "./results.ts";

/** Options of one call; what is left out, or `undefined`, falls back to the task's own. */
export interface CallOptions extends Omit<TaskOptions, "name" | "context" | "lock" | "rateLimit"> {
  /** Task id. Default: a new UUID. Two calls with one id both run. */ id?: string;
}
/** Not before: `delay` counts from now and may be negative (already due), or `eta`; never both. */
export type When = { delay: Duration; eta?: never } | { eta: Instant; delay?: never };
export type ScheduleOptions<A extends unknown[]> = CallOptions & When & ([] extends A ? { args?: A } : { args: A });
/** An array is a list of arguments; anything else is the single argument. */
export type MapItem<A extends unknown[]> =
  | Readonly<A>
  | (A extends [(infer X)?] ? (X extends readonly unknown[] ? never : X) : never);

/** Something registered, whatever its types. */
export interface RegisteredTask {
  readonly kind: "function";
  readonly name: string;
  /** Stops every invocation: until restored, or `until`, or only the next one (`once`, which wins over `until`). */
  revoke(options?: RevokeOptions): Promise<void>;
  /** @returns whether a revocation was there */ restore(): Promise<boolean>;
  isRevoked(at?: Instant): Promise<boolean>;
  /** @returns whether it was registered */ unregister(): boolean;
}
export interface RevokeOptions {
  once?: boolean;
  until?: Instant;
}
/** A call with options bound by `with`. */
export interface TaskCall<A extends unknown[], R> {
  /** Enqueues a call, or schedules it when bound to a future eta. */ (...args: A): Promise<Result<Stored<R>>>;
  /** An invocation that is not enqueued yet. */ s(...args: A): Task<Awaited<R>>;
  /** One call for each item, in one round trip. */ map(items: Iterable<MapItem<A>>): Promise<ResultGroup<Stored<R>[]>>;
}
/** What `huey.task` returns: the function's parameters and its return type, promises included. */
export interface TaskWrapper<A extends unknown[], R> extends RegisteredTask, TaskCall<A, R> {
  with(options: CallOptions & (When | { delay?: never; eta?: never })): TaskCall<A, R>;
  schedule(options: ScheduleOptions<A>): Promise<Result<Stored<R>>>;
  /** Runs the function here. Choice: a `context` task gets a fresh context, a context task its opened resource. */
  callLocal(...args: A): R;
}

/** What is known of an invocation; hooks and signal handlers see it as `Task`. Durations are in seconds. */
export interface TaskInfo {
  readonly id: string;
  /** Name of the task. */ readonly name: string;
  readonly args: readonly unknown[];
  readonly eta: Date | undefined;
  /** Retries left. */ readonly retries: number;
  readonly retryDelay: number;
  readonly retryBackoff: number;
  readonly priority: number;
  /** As declared. */ readonly expires: Duration | Instant | undefined;
  /** Fixed at the first enqueue. Choice: added. */ readonly expiresAt: Date | undefined;
  readonly timeout: number | undefined;
}
