/** How tasks are defined: options and the overloads of `task`, `periodicTask`, `contextTask`, `closingTask`.
 * @module */
import type { Duration, Instant } from "../time.ts";
import type { TaskWrapper } from "./calling.ts";
import type { TaskContext } from "./results.ts";
import type { LockOptions, RateLimitOptions } from "./limits.ts";

/** Options of a task; those of a single call are `CallOptions`. */
export interface TaskOptions {
  /** Wire identity, unique in the Huey. Default: the function's name. */ name?: string;
  /** Further attempts after a failure. Default 0. */ retries?: number;
  /** Wait before a retry. Default 0: at once. */ retryDelay?: Duration;
  /** Factor on `retryDelay` after each retry. Default 0: none. */ retryBackoff?: number;
  /** Share of each retry delay that is random, 0 to 1. Default 0. Choice: name. */ retryJitter?: number;
  /** Longest retry delay. Default: none. Choice: name. */ retryMaxDelay?: Duration;
  /** Higher runs first; any finite number (FileHuey: integer 0 to 65535). Default 0. */ priority?: number;
  /** Pass a `TaskContext` as first argument. Default false. */ context?: boolean;
  /** Drop the task when it has not started by then. A duration counts from the eta, else from the first enqueue; 0 is at once. */
  expires?: Duration | Instant;
  /** Longest run of one attempt. Default: none; 0 means none. */ timeout?: Duration;
  /** `"at-most-once"`: never run again after a crash. Default: the Huey's. */ delivery?: Delivery;
  /** Hold this lock while running; if it is taken the attempt ends as `locked`. */ lock?:
    | string
    | ({ name: string } & LockOptions);
  /** Choice: `name` defaults to the task's name. */ rateLimit?: { name?: string } & RateLimitOptions;
}
export type Delivery = "at-least-once" | "at-most-once";
export type Fn<A extends unknown[], R> = (...args: A) => R;
export type ContextFn<A extends unknown[], R> = (context: TaskContext, ...args: A) => R;
export type Plain<O> = O & { context?: false };
export type WithContext<O> = O & { context: true };
export type Named<O> = O & { name: string };

/** The overloads of `Deno.test`: `(fn)`, `(name, fn)`, `(options, fn)`, `(name, options, fn)`, `({ name, fn, ... })`. */
export interface DefineTask<O extends { name?: string; context?: boolean } = TaskOptions> {
  <A extends unknown[], R>(fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(name: string, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(options: WithContext<O>, fn: ContextFn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(name: string, options: WithContext<O>, fn: ContextFn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(definition: WithContext<O> & { fn: ContextFn<A, R> }): TaskWrapper<A, R>;
  <A extends unknown[], R>(options: Plain<O>, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(name: string, options: Plain<O>, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(definition: Plain<O> & { fn: Fn<A, R> }): TaskWrapper<A, R>;
}

/** When a periodic task runs: `crontab()`, `every()`, or any predicate, asked once for each clock minute (UTC seconds 0). */
export type Schedule = (date: Date, defaultTimeZone?: string) => boolean;
export interface PeriodicTaskOptions extends TaskOptions {
  /** What to run for slots missed while no consumer ran. Default `"skip"`. */ missed?: "skip" | "once" | "all";
  /** Slots older than this stay missed. Default one day. Choice: name. */ missedWindow?: Duration;
}
/** The function takes no arguments; its value is discarded, so a handle of a call by hand reads `undefined`. */
export interface DefinePeriodicTask {
  (schedule: Schedule, fn: () => unknown): TaskWrapper<[], void>;
  (name: string, schedule: Schedule, fn: () => unknown): TaskWrapper<[], void>;
  (options: Plain<Named<PeriodicTaskOptions>>, schedule: Schedule, fn: () => unknown): TaskWrapper<[], void>;
  (name: string, schedule: Schedule, options: Plain<PeriodicTaskOptions>, fn: () => unknown): TaskWrapper<[], void>;
  (
    name: string,
    schedule: Schedule,
    options: WithContext<PeriodicTaskOptions>,
    fn: ContextFn<[], unknown>,
  ): TaskWrapper<[], void>;
}

/** Opened before each attempt and closed after it, whatever happens. A factory is called for each attempt. */
export type Resource = EnterExit<unknown> | OpenClose | AsyncDisposable | Disposable | (() => unknown);
export interface EnterExit<T> {
  enter(): T;
  exit(error?: unknown): unknown;
}
export interface OpenClose {
  open(): unknown;
  close(): unknown;
}
/** What `asArgument` passes: the value of `enter()`, or of the factory, else the resource itself. */
export type ResourceValue<R> = R extends EnterExit<infer T> ? Awaited<T>
  : R extends () => infer T ? Awaited<T>
  : R;
export interface ContextTaskOptions extends TaskOptions {
  /** Pass the opened resource as first argument. Default false. Choice: not together with `context`. */ asArgument?: boolean;
}
export interface DefineContextTask {
  <V extends Resource, A extends unknown[], R>(resource: V, options: AsArgument, fn: ResourceFn<V, A, R>): TaskWrapper<A, R>;
  <V extends Resource, A extends unknown[], R>(
    resource: V,
    name: string,
    options: AsArgument,
    fn: ResourceFn<V, A, R>,
  ): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: Resource, options: WithContext<TaskOptions>, fn: ContextFn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: Resource, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: Resource, name: string, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: Resource, options: NoArgument, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: Resource, name: string, options: NoArgument, fn: Fn<A, R>): TaskWrapper<A, R>;
}
export type ResourceFn<V, A extends unknown[], R> = (resource: ResourceValue<V>, ...args: A) => R;
export type AsArgument = Plain<ContextTaskOptions> & { asArgument: true };
export type NoArgument = Plain<ContextTaskOptions> & { asArgument?: false };
export interface DefineClosingTask {
  <A extends unknown[], R>(resource: OpenClose, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: OpenClose, name: string, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: OpenClose, options: Plain<TaskOptions>, fn: Fn<A, R>): TaskWrapper<A, R>;
}
