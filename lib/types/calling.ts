/**
 * How tasks are called: the wrapper that `huey.task` returns and what is known of one invocation.
 * @module
 */
import type { Duration, Instant } from "../primitives/time.ts";
import type { AnyArguments, Stored } from "./values.ts";
import type { TaskOptions } from "./definition.ts";
import type { Task } from "./composition.ts";
import type { Result, ResultGroup } from "./results.ts";

/** Options of one call; what is left out, or `undefined`, falls back to the task's own. */
export interface CallOptions<A extends unknown[] = AnyArguments>
  extends Omit<TaskOptions<A>, "name" | "context" | "lock" | "rateLimit"> {
  /** Id of the invocation: names its result, state and revocation. Default: a new UUID. Two calls with one id both run. */
  id?: string;

  /**
   * Small texts that travel with the message, and with what follows from it: tags, a tenant, a trace. Follow-ups, error handlers and
   * members of chords inherit them, their own keys win. At most 64 keys, and 8192 bytes of UTF-8, names and texts together.
   */
  meta?: Readonly<Record<string, string>>;
}

/** Not before: `delay` counts from the call and may be negative (already due), or `eta`; never both. */
export type When = { delay: Duration; eta?: never } | { eta: Instant; delay?: never };

/** What `schedule` takes: when, the arguments as `args` (may be left out if the task needs none), and options of the call. */
export type ScheduleOptions<A extends unknown[]> = CallOptions<A> & When & ([] extends A ? { args?: A } : { args: A });

/** What `map` takes for one call: an array is a list of arguments, anything else is the single argument. */
export type MapItem<A extends unknown[]> =
  | Readonly<A>
  | (A extends [] ? never : A extends [(infer X)?] ? (X extends readonly unknown[] ? never : X) : never);

/** Something registered, whatever its types. */
export interface RegisteredTask {
  /** What it is: a function. */
  readonly kind: "function";

  /** Name of the task. */
  readonly name: string;

  /**
   * Stops every invocation that has not run yet, and aborts those that run. They are dropped, with the signal `revoked`, when
   * their turn comes. A new revocation replaces the old one.
   *
   * @param options How long: until restored (default), `until` a time, or only the next invocation (`once`).
   * @throws {TypeError | RangeError} For a wrong option.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * const send = huey.task("send", (to: string) => to);
   * await send.revoke({ until: new Date(Date.now() + 3 * 3_600_000) });
   * console.log(await send.isRevoked()); // true
   * ```
   */
  revoke(options?: RevokeOptions): Promise<void>;

  /**
   * Ends the revocation of the task. What was dropped meanwhile stays dropped.
   *
   * @returns Whether there was a revocation.
   */
  restore(): Promise<boolean>;

  /**
   * Whether the task is revoked. Uses nothing up.
   *
   * @param at The time to ask for. Default now.
   * @returns Whether an invocation whose turn comes then would be dropped.
   */
  isRevoked(at?: Instant): Promise<boolean>;

  /**
   * Removes the task from its Huey. Messages that name it become dead letters.
   *
   * @returns Whether it was registered.
   */
  unregister(): boolean;
}

/** How long a revocation lasts; without any option until it is restored. */
export interface RevokeOptions {
  /** Only the next invocation is dropped. Wins over `until`. Default false, except for `Result.revoke`. */
  once?: boolean;

  /** The revocation ends by itself at this time. Default: it does not. */
  until?: Instant;
}

/** A task with the options of a call bound by `with`. */
export interface TaskCall<A extends unknown[], R> {
  /**
   * Enqueues a call, or schedules it if it is bound to a future `eta` or a `delay`.
   *
   * @param args The arguments of the function. They are stored: data only.
   * @returns The handle, as soon as the message is stored; the function has not run yet, except in immediate mode.
   * @throws {TypeError} If an argument cannot be stored, naming its path.
   * @throws {StorageError} If the storage fails.
   */
  (...args: A): Promise<Result<Stored<R>>>;

  /**
   * Makes an invocation that is not enqueued yet: for `huey.enqueue`, pipelines, groups and chords.
   *
   * @param args The arguments of the function.
   * @returns The invocation.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const result = await huey.enqueue(add.s(1, 2)); // the same as add(1, 2)
   * console.log(await result.get()); // 3
   * ```
   */
  s(...args: A): Task<Awaited<R>>;

  /**
   * Enqueues one call for each item, in one round trip: all or none.
   *
   * @param items For each call an array of its arguments, or its only argument.
   * @returns The handles, in the order of the items.
   * @throws {TypeError} If an argument cannot be stored, or `items` is no list.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const square = huey.task("square", (n: number) => n * n);
   * const results = await square.map([1, 2, 3]);
   * console.log(await results.get()); // [1, 4, 9]
   * ```
   */
  map(items: Iterable<MapItem<A>>): Promise<ResultGroup<Stored<R>[]>>;
}

/** What `huey.remote` returns: a task that is defined elsewhere. It is called as any other, and has no function here. */
export interface RemoteTask<A extends unknown[], R> extends RegisteredTask, TaskCall<A, R> {
  /**
   * Binds options of a call. What is bound can be called as often as one likes.
   *
   * @param options Options of the call, and `delay` (counts from each call) or `eta`.
   * @returns The task with these options.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} If both `delay` and `eta` are given.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * const send = huey.task("send", (to: string) => to);
   * const sendUrgently = send.with({ priority: 10, expires: { minutes: 5 } });
   * await sendUrgently("ada@example.org");
   * console.log((await huey.pending())[0]?.priority); // 10
   * ```
   */
  with(options: CallOptions<A> & (When | { delay?: never; eta?: never })): TaskCall<A, R>;

  /**
   * Schedules a call.
   *
   * @param options `args`, and `delay` (from now, a number is seconds) or `eta`; options of the call.
   * @returns The handle.
   * @throws {TypeError} For a wrong option, without `delay` and `eta`, or if an argument cannot be stored.
   * @throws {ConfigurationError} If both `delay` and `eta` are given.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * const remind = huey.task("remind", (what: string) => what);
   * await remind.schedule({ args: ["dentist"], delay: { hours: 1 } });
   * await remind.schedule({ args: ["fireworks"], eta: new Date("2030-01-01T00:00:00Z") });
   * console.log(await huey.scheduledCount()); // 2
   * ```
   */
  schedule(options: ScheduleOptions<A>): Promise<Result<Stored<R>>>;
}

/** What `huey.task` returns: callable with the function's parameters, promises of its return type included. */
export interface TaskWrapper<A extends unknown[], R> extends RemoteTask<A, R> {
  /**
   * Runs the function here and now, without a queue. A task with `context: true` gets a fresh context, a context task its opened
   * resource.
   *
   * @param args The arguments of the function.
   * @returns What the function returns.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const add = new MemoryHuey().task("add", (a: number, b: number) => a + b);
   * console.log(add.callLocal(3, 4)); // 7
   * ```
   */
  callLocal(...args: A): R;
}

/**
 * The type of a remote task, from that of the task where it is defined, `typeof import("./tasks.ts").add`, or from a plain type of a
 * function.
 */
export type Remote<T> = T extends TaskWrapper<infer A, infer R> ? RemoteTask<A, R>
  : T extends RemoteTask<infer A, infer R> ? RemoteTask<A, R>
  : T extends (...args: infer A) => infer R ? RemoteTask<A, R>
  : never;

/** What is known of an invocation; hooks and signal handlers see it as `Task`. Durations are in seconds. */
export interface TaskInfo {
  /** Id of the invocation. */
  readonly id: string;

  /** Name of the task. */
  readonly name: string;

  /** The arguments; of a step of a pipeline that is running, with what the step before has added. */
  readonly args: readonly unknown[];

  /** Not before; `undefined`: at once. */
  readonly eta: Date | undefined;

  /** Retries left. */
  readonly retries: number;

  /** Seconds before the next retry; 0: at once. */
  readonly retryDelay: number;

  /** Factor on `retryDelay` after each retry; 0: none. */
  readonly retryBackoff: number;

  /** Higher runs first. */
  readonly priority: number;

  /** The expiry as it was declared. */
  readonly expires: Duration | Instant | undefined;

  /** When it expires; fixed at the first enqueue. */
  readonly expiresAt: Date | undefined;

  /** Longest run of one attempt in seconds; `undefined`: no limit. */
  readonly timeout: number | undefined;

  /** The texts that travel with it; an empty object where there are none. */
  readonly meta: Readonly<Record<string, string>>;

  /** When it was enqueued first: of a scheduled one when it was called. `undefined` before. */
  readonly enqueuedAt: Date | undefined;
}
