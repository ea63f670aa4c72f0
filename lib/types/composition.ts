/**
 * How invocations are put together: pipelines, groups, chords.
 * @module
 */
import type { carriedValue, Carry, Given, Last, Stored, StoredAll } from "./values.ts";
import type { TaskInfo } from "./calling.ts";
import type { ChordResult, Result, ResultGroup } from "./results.ts";

/** What can be chained: a task function, also one bound by `with`, or something ready-made. */
export type Step = Callable | Member;

/** A task function, also one bound by `with`. */
export interface Callable {
  /**
   * Makes an invocation.
   *
   * @param args The arguments.
   * @returns The invocation, not enqueued yet.
   */
  s(...args: never): Task;
}

/** The arguments that are given to a step, when `C` is appended to them. */
export type StepGiven<N, C extends unknown[]> = N extends (...args: infer A) => unknown ? Given<A, C> : [];

/** The return types of the stages that a step adds. */
export type StagesOf<N> = N extends { kind: "pipeline"; [carriedValue]?: infer S extends unknown[] } ? S
  : N extends { kind: "chord"; [carriedValue]?: [unknown, infer S extends unknown[]] } ? S
  : N extends { kind: "task"; [carriedValue]?: infer R } ? [R]
  : N extends { s(...args: never): { [carriedValue]?: infer R } } ? [R]
  : never;

/** One invocation, made by `s` and enqueued by `huey.enqueue`. `R` is what the function returns. It never changes. */
export interface Task<R = unknown> extends TaskInfo {
  /** What it is: a task. */
  readonly kind: "task";

  /** Carries the type only. */
  readonly [carriedValue]?: R;

  /**
   * Adds a step that runs when this one has succeeded. It is not called `then` because `await` would take it for a promise.
   *
   * @param next A task function, which is called with `given` and then the value of this step; or something ready-made, to whose
   * arguments the value is appended (of a chord, to each member). `undefined` adds nothing, `spread(...)` each of its items.
   * @param given Arguments before the value; only for a task function.
   * @returns A new pipeline; this task is left as it is.
   * @throws {TypeError} If `next` is no step, or arguments are given to something ready-made.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const results = await huey.enqueue(add.s(1, 2).andThen(add, 3));
   * console.log(await results.get()); // [3, 6]
   * ```
   */
  andThen<N extends Step>(next: N, ...given: StepGiven<N, Carry<R>>): Pipeline<[R, ...StagesOf<N>]>;

  /**
   * Adds a task that runs when this one has failed. A second handler handles the failure of the first.
   *
   * @param handler A task function, which is called with `given` and then the error.
   * @param given Arguments before the error.
   * @returns A new task with the same id; this one is left as it is.
   * @throws {TypeError} If `handler` is no task function.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const fail = huey.task("fail", () => {
   *   throw new Error("no luck");
   * });
   * const report = huey.task("report", (team: string, error: Error) => console.log(team, error.message));
   * await huey.enqueue(fail.s().onError(report, "web")); // web no luck
   * ```
   */
  onError<N extends Callable>(handler: N, ...given: StepGiven<N, [error: Error]>): Task<R>;
}

/** Steps one after another; each adds its value to the arguments of the next. `S` lists the return types. It never changes. */
export interface Pipeline<S extends unknown[]> {
  /** What it is: a pipeline. */
  readonly kind: "pipeline";

  /** Carries the types only. */
  readonly [carriedValue]?: S;

  /** The steps whose values the handle reads; of a chord, the callback and what follows it. */
  readonly tasks: readonly Task[];

  /**
   * Adds a step, as `Task.andThen`.
   *
   * @param next A task function or something ready-made.
   * @param given Arguments before the value of the last step; only for a task function.
   * @returns A new pipeline; this one is left as it is.
   * @throws {TypeError} If `next` is no step, or arguments are given to something ready-made.
   */
  andThen<N extends Step>(next: N, ...given: StepGiven<N, Carry<Last<S>>>): Pipeline<[...S, ...StagesOf<N>]>;

  /**
   * Adds a handler for the failure of any step so far. It is called once for each attempt that fails.
   *
   * @param handler A task function, which is called with `given` and then the error.
   * @param given Arguments before the error.
   * @returns A new pipeline; this one is left as it is.
   */
  onError<N extends Callable>(handler: N, ...given: StepGiven<N, [error: Error]>): Pipeline<S>;
}

/** What a group or a chord is made of. */
export type Member = Task | Pipeline<unknown[]> | Chord<unknown, unknown[]>;

/** The value that a member gives to a chord: of a pipeline the last. */
export type MemberValue<M> = M extends Task<infer R> ? Stored<R>
  : M extends Pipeline<infer S> ? Stored<Last<S>>
  : M extends Chord<unknown, infer S> ? Stored<Last<S>>
  : never;

/** `MemberValue` of each member. */
export type MemberValues<M extends readonly unknown[]> = { -readonly [I in keyof M]: MemberValue<M[I]> };

/** The value that a member gives to a group's handle: of a pipeline all. */
export type GroupValue<M> = M extends Pipeline<infer S> ? StoredAll<S> : MemberValue<M>;

/** `GroupValue` of each member. */
export type GroupValues<M extends readonly unknown[]> = { -readonly [I in keyof M]: GroupValue<M[I]> };

/** The handle that enqueueing returns: of a task, a pipeline or a chord. */
export type HandleOf<M> = M extends Task<infer R> ? Result<Stored<R>>
  : M extends Pipeline<infer S extends unknown[]> ? ResultGroup<StoredAll<S>>
  : M extends Chord<infer V, infer S extends unknown[]> ? ChordResult<V, StoredAll<S>>
  : never;

/** Tasks that run in parallel; made by `group`. It never changes. */
export interface Group<M extends readonly Member[]> {
  /** What it is: a group. */
  readonly kind: "group";

  /** Carries the types only. */
  readonly [carriedValue]?: M;

  /**
   * Makes a chord of it.
   *
   * @param next A task function, which is called with `given` and then the list of the members' values, in their order.
   * @param given Arguments before the list.
   * @returns The chord.
   *
   * @example
   * ```ts
   * import { group, MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const max = huey.task("max", (values: number[]) => Math.max(...values));
   * const result = await huey.enqueue(group([add.s(1, 2), add.s(3, 4)]).andThen(max));
   * console.log(await result.get()); // 7
   * ```
   */
  andThen<N extends Callable>(next: N, ...given: StepGiven<N, [values: MemberValues<M>]>): Chord<MemberValues<M>, StagesOf<N>>;

  /**
   * Adds a handler to each member, as `Task.onError`.
   *
   * @param handler A task function, which is called with `given` and then the error.
   * @param given Arguments before the error.
   * @returns A new group; this one is left as it is.
   */
  onError<N extends Callable>(handler: N, ...given: StepGiven<N, [error: Error]>): Group<M>;
}

/**
 * Members in parallel, then one callback with the list of their values; made by `chord`. `V` are the values, `S` the return types
 * from the callback on. It never changes.
 *
 * The types show the values of success. A member that failed for good gives an `Error`, one that was revoked or expired
 * `undefined`; to handle them declare the parameter as `(T | Error | undefined)[]`.
 */
export interface Chord<V, S extends unknown[]> {
  /** What it is: a chord. */
  readonly kind: "chord";

  /** Carries the types only. */
  readonly [carriedValue]?: [V, S];

  /**
   * Adds a step after the callback, as `Task.andThen`.
   *
   * @param next A task function or something ready-made.
   * @param given Arguments before the value of the last step; only for a task function.
   * @returns A new chord; this one is left as it is.
   * @throws {TypeError} If `next` is no step, or arguments are given to something ready-made.
   */
  andThen<N extends Step>(next: N, ...given: StepGiven<N, Carry<Last<S>>>): Chord<V, [...S, ...StagesOf<N>]>;

  /**
   * Adds a handler for the failure of the callback, and of the steps after it so far.
   *
   * @param handler A task function, which is called with `given` and then the error.
   * @param given Arguments before the error.
   * @returns A new chord; this one is left as it is.
   */
  onError<N extends Callable>(handler: N, ...given: StepGiven<N, [error: Error]>): Chord<V, S>;
}
