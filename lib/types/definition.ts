/**
 * How tasks are defined: options and the overloads of `task`, `periodicTask`, `contextTask`, `closingTask`.
 * @module
 */
import type { Duration, Instant } from "../primitives/time.ts";
import type { TaskWrapper } from "./calling.ts";
import type { TaskContext } from "./context.ts";
import type { LockOptions, RateLimitOptions } from "./limits.ts";
import type { AnyArguments, Checked } from "./values.ts";

/**
 * Options of a task; those of a single call are `CallOptions`. A bare number that stands for a length of time is seconds. `A` are the
 * arguments of its function, as far as they are known.
 */
export interface TaskOptions<A extends unknown[] = AnyArguments> {
  /** What messages call the task; unique in the Huey. Default: the function's name. */
  name?: string;

  /** Further attempts after a failure, at most 10,000. Default 0. */
  retries?: number;

  /** Wait before a retry. Default 0: at once. */
  retryDelay?: Duration;

  /** Factor on `retryDelay` after each retry. Default 0: none. */
  retryBackoff?: number;

  /** Share of each retry delay, 0 to 1, of which a random part is taken off. Default 0. */
  retryJitter?: number;

  /** Longest retry delay. Default: none. */
  retryMaxDelay?: Duration;

  /** Higher runs first; any finite number (`FileHuey`: whole, 0 to 65535; `RedisHuey`: none). Default 0. */
  priority?: number;

  /** Pass a `TaskContext` as first argument. Default false. */
  context?: boolean;

  /**
   * Drop the task if it has not started by then. A length of time counts from the eta, else from the first enqueue; 0 is at once.
   * Default: never.
   */
  expires?: Duration | Instant;

  /** Longest run of one attempt. Default: none; 0 means none. */
  timeout?: Duration;

  /** `"at-most-once"`: never run again after a crash. Default: the Huey's. */
  delivery?: Delivery;

  /** Store values and errors of this task. Default: as the Huey says. */
  results?: boolean;

  /** Hold this lock while running; if it is taken the attempt ends as `locked`. Default: none. */
  lock?: string | ({ name: string } & LockOptions);

  /** Count each attempt against this limit; its `name` defaults to the task's. Default: none. */
  rateLimit?: { name?: string } & RateLimitOptions;

  /**
   * How many invocations run at once, over all consumers. The others wait (state `blocked`), first in first out for each key, and use
   * neither a retry nor a worker. A number counts the task as a whole, a `key` each key by itself. A crash or a release loses no place;
   * the end of the task frees it, and a retry that waits for its time. After a timeout it is free when the function has ended. The limit
   * is that of the call that was enqueued last. Default: as many as there are workers.
   */
  concurrency?: number | ConcurrencyOptions<A>;

  /**
   * While an invocation with the same key is there, a call enqueues nothing and returns the handle of that one (`duplicate`). `true`: the
   * key is made of the arguments, as the serializer writes them, and is held until the task has ended. Default: each call is enqueued.
   */
  unique?: boolean | UniqueOptions<A>;
}

/** How many invocations of a task run at once. */
export interface ConcurrencyOptions<A extends unknown[] = AnyArguments> {
  /** At most so many. */
  limit: number;

  /** Counts the invocations of each key by themselves. It gets the arguments of the task. Default: all are counted together. */
  key?: (...args: A) => string;
}

/** Which invocations of a task are the same, and for how long. */
export interface UniqueOptions<A extends unknown[] = AnyArguments> {
  /** What makes them the same. It gets the arguments of the task. Default: the arguments themselves. */
  key?: (...args: A) => string;

  /**
   * Until when a call is a duplicate: `"end"`, until the task has ended; `"start"`, until a worker has it; a length of time: for so long
   * from the call, whether the task has ended or not. Default `"end"`.
   */
  until?: "start" | "end" | Duration;
}

/**
 * What happens to a task whose worker dies: `"at-least-once"`, it is handed out again and may run twice; `"at-most-once"`, its claim
 * is given up before it runs, so that it never runs twice and is lost if the worker dies.
 */
export type Delivery = "at-least-once" | "at-most-once";

/** A function that becomes a task; no task, which has a kind. */
export type Fn<A extends unknown[], R> = ((...args: A) => R) & { kind?: undefined } & Checked<A, R>;

/** A function that becomes a task with `context: true`. */
export type ContextFn<A extends unknown[], R> = ((context: TaskContext, ...args: A) => R) & Checked<A, R>;

/** Options without a context. */
export type Plain<O> = O & { context?: false };

/** Options with a context. */
export type WithContext<O> = O & { context: true };

/** Options of a task whose arguments its function tells, not they. */
export type OptionsFor<A extends unknown[]> = NoInfer<TaskOptions<A>>;

/**
 * The forms of `huey.task`: `(fn)`, `(name, fn)`, `(options, fn)`, `(name, options, fn)`, `({ name, fn, ... })`.
 *
 * Throws ConfigurationError for a missing name or one that is taken, TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * huey.task(function subtract(a: number, b: number) {
 *   return a - b;
 * });
 * huey.task("add", (a: number, b: number) => a + b);
 * huey.task({ name: "fetch", retries: 2, retryDelay: 10 }, async (url: string) => (await fetch(url)).status);
 * huey.task("long", { context: true, timeout: 60 }, (context, n: number) => n * context.attempt);
 * huey.task({ name: "clean", fn: () => {} });
 * ```
 */
export interface DefineTask {
  // A checker takes the first form that fits, and reports a mistake by the last one: the plain form is both. With a context it reads the
  // options before it knows the arguments of the function, so that keys are not checked there.
  <A extends unknown[], R>(definition: WithContext<TaskOptions> & { fn: ContextFn<A, R> }): TaskWrapper<A, R>;
  <A extends unknown[], R>(options: WithContext<TaskOptions>, fn: ContextFn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(name: string, options: WithContext<TaskOptions>, fn: ContextFn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(nameOrOptions: string | Plain<OptionsFor<A>>, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(name: string, options: Plain<OptionsFor<A>>, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(task: TaskWrapper<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(nameOrOptions: string | OptionsFor<A>, task: TaskWrapper<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(name: string, options: OptionsFor<A>, task: TaskWrapper<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(definition: Plain<OptionsFor<A>> & { fn: Fn<A, R> }): TaskWrapper<A, R>;
  <A extends unknown[], R>(name: string, options: Plain<OptionsFor<A>>, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(nameOrOptions: string | Plain<OptionsFor<A>>, fn: Fn<A, R>): TaskWrapper<A, R>;
}

/** When a periodic task runs: `crontab()`, `every()`, or any predicate, asked once for each clock minute (UTC seconds 0). */
export type Schedule = (date: Date, defaultTimeZone?: string) => boolean;

/** Options of a periodic task. */
export interface PeriodicTaskOptions extends TaskOptions<[]> {
  /** What to run for times missed while no consumer ran: nothing, once for all, or once for each. Default `"skip"`. */
  missed?: "skip" | "once" | "all";

  /** Times older than this stay missed. Default one day; a number is seconds. */
  missedWindow?: Duration;
}

/**
 * The forms of `huey.periodicTask`: as those of `huey.task`, with the schedule after the name. The function takes no arguments; its
 * value is discarded, so a handle of a call by hand reads `undefined`.
 *
 * @example
 * ```ts
 * import { crontab, every, MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * huey.periodicTask("feeds", crontab({ minute: 0, hour: "*" + "/3" }), () => {});
 * huey.periodicTask("pulse", every({ seconds: 30 }), { expires: 30 }, () => {});
 * ```
 */
export interface DefinePeriodicTask {
  (schedule: Schedule, fn: () => unknown): TaskWrapper<[], void>;
  (name: string, schedule: Schedule, fn: () => unknown): TaskWrapper<[], void>;
  (schedule: Schedule, options: Plain<PeriodicTaskOptions>, fn: () => unknown): TaskWrapper<[], void>;
  (schedule: Schedule, options: WithContext<PeriodicTaskOptions>, fn: ContextFn<[], unknown>): TaskWrapper<[], void>;
  (options: Plain<PeriodicTaskOptions>, schedule: Schedule, fn: () => unknown): TaskWrapper<[], void>;
  (options: WithContext<PeriodicTaskOptions>, schedule: Schedule, fn: ContextFn<[], unknown>): TaskWrapper<[], void>;
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

/** A resource that is entered and left. */
export interface EnterExit<T> {
  /**
   * Opens it; may be async.
   *
   * @returns What the task gets, with `asArgument`.
   */
  enter(): T;

  /**
   * Closes it; may be async.
   *
   * @param error What the attempt threw, if it failed.
   */
  exit(error?: unknown): unknown;
}

/** A resource that is opened and closed. */
export interface OpenClose {
  /** Opens it; may be async. */
  open(): unknown;

  /** Closes it; may be async. */
  close(): unknown;
}

/** What `asArgument` passes: the value of `enter()`, or of the factory, else the resource itself. */
export type ResourceValue<R> = R extends EnterExit<infer T> ? Awaited<T>
  : R extends () => infer T ? Awaited<T>
  : R;

/** Options of a context task. */
export interface ContextTaskOptions<A extends unknown[] = AnyArguments> extends TaskOptions<A> {
  /** Pass the opened resource as first argument. Default false. Not together with `context`. */
  asArgument?: boolean;
}

/**
 * The forms of `huey.contextTask`: the resource, then as those of `huey.task`.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const open = () => ({ read: (key: string) => `value of ${key}`, [Symbol.dispose]: () => console.log("closed") });
 * const read = huey.contextTask(open, "read", { asArgument: true }, (store, key: string) => store.read(key));
 * console.log(await (await read("a")).get()); // closed, value of a
 * ```
 */
export interface DefineContextTask extends DefineClosingTask<Resource> {
  <V extends Resource, A extends unknown[], R>(
    resource: V,
    options: NoInfer<AsArgument<A>>,
    fn: ResourceFn<V, A, R>,
  ): TaskWrapper<A, R>;
  <V extends Resource, A extends unknown[], R>(
    resource: V,
    name: string,
    options: NoInfer<AsArgument<A>>,
    fn: ResourceFn<V, A, R>,
  ): TaskWrapper<A, R>;
}

/** A function that gets its resource as first argument. */
export type ResourceFn<V, A extends unknown[], R> = ((resource: ResourceValue<V>, ...args: A) => R) & Checked<A, R>;

/** Options of a context task that gets its resource. */
export type AsArgument<A extends unknown[] = AnyArguments> = Plain<ContextTaskOptions<A>> & { asArgument: true };

/** Options of a context task that does not get its resource. */
export type NoArgument<A extends unknown[] = AnyArguments> = ContextTaskOptions<A> & { asArgument?: false };

/**
 * The forms of `huey.closingTask`: an object with `open` and `close`, then as those of `huey.task`.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const door = { isOpen: false, open: () => void (door.isOpen = true), close: () => void (door.isOpen = false) };
 * const look = huey.closingTask(door, "look", () => door.isOpen);
 * console.log(await (await look()).get(), door.isOpen); // true false
 * ```
 */
export interface DefineClosingTask<V extends Resource = OpenClose> {
  <A extends unknown[], R>(resource: V, options: WithContext<NoArgument>, fn: ContextFn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: V, name: string, options: WithContext<NoArgument>, fn: ContextFn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: V, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(resource: V, name: string, options: Plain<NoInfer<NoArgument<A>>>, fn: Fn<A, R>): TaskWrapper<A, R>;
  <A extends unknown[], R>(
    resource: V,
    nameOrOptions: string | Plain<NoInfer<NoArgument<A>>>,
    fn: Fn<A, R>,
  ): TaskWrapper<A, R>;
}
