/** How invocations are put together: pipelines, groups, chords.
 * @module */
import type { Carry, Given, Last, Stored, StoredAll, value } from "./values.ts";
import type { TaskInfo } from "./calling.ts";
import type { ChordResult, Result, ResultGroup } from "./results.ts";

/** What can be chained: a wrapper, also bound by `with`, or something ready-made. */
export type Step = Callable | Member;
export interface Callable {
  s(...args: never): Task;
}
export type StepGiven<N, C extends unknown[]> = N extends (...args: infer A) => unknown ? Given<A, C> : [];
export type StagesOf<N> = N extends { kind: "pipeline"; [value]?: infer S extends unknown[] } ? S
  : N extends { kind: "chord"; [value]?: [unknown, infer S extends unknown[]] } ? S
  : N extends { kind: "task"; [value]?: infer R } ? [R]
  : N extends { s(...args: never): { [value]?: infer R } } ? [R]
  : never;

/**
 * One invocation. `R` is what the function returns.
 * Choice: `andThen` and `onError` return a new object and leave this one unchanged; ids are kept.
 */
export interface Task<R = unknown> extends TaskInfo {
  readonly kind: "task";
  readonly [value]?: R;
  /**
   * Chains a step: a wrapper is called with `given`, then the value of this one. To something ready-made the value is
   * appended as well (Choice: of a chord, to each member).
   */
  andThen<N extends Step>(next: N, ...given: StepGiven<N, Carry<R>>): Pipeline<[R, ...StagesOf<N>]>;
  /** When this fails, `handler` is called with `given`, then the error. A second handler handles the failure of the first. */
  onError<N extends Callable>(handler: N, ...given: StepGiven<N, [error: Error]>): Task<R>;
}
/** Steps one after another; each adds its value to the arguments of the next. `S` lists the return types. */
export interface Pipeline<S extends unknown[]> {
  readonly kind: "pipeline";
  readonly [value]?: S;
  readonly tasks: readonly Task[];
  andThen<N extends Step>(next: N, ...given: StepGiven<N, Carry<Last<S>>>): Pipeline<[...S, ...StagesOf<N>]>;
  /** Choice: for the failure of any step so far (Huey: of the first only); one handler call for each failed attempt. */
  onError<N extends Callable>(handler: N, ...given: StepGiven<N, [error: Error]>): Pipeline<S>;
}

/** What a group or a chord is made of. */
export type Member = Task | Pipeline<unknown[]> | Chord<unknown, unknown[]>;
/** The value that a member gives to a chord: of a pipeline the last. */
export type MemberValue<M> = M extends Task<infer R> ? Stored<R>
  : M extends Pipeline<infer S> ? Stored<Last<S>>
  : M extends Chord<unknown, infer S> ? Stored<Last<S>>
  : never;
export type MemberValues<M extends readonly unknown[]> = { -readonly [I in keyof M]: MemberValue<M[I]> };
/** The value that a member gives to a group's handle: of a pipeline all. */
export type GroupValue<M> = M extends Pipeline<infer S> ? StoredAll<S> : MemberValue<M>;
export type GroupValues<M extends readonly unknown[]> = { -readonly [I in keyof M]: GroupValue<M[I]> };
/** The handle that enqueueing returns. */
export type HandleOf<M> = M extends Task<infer R> ? Result<Stored<R>>
  : M extends Pipeline<infer S extends unknown[]> ? ResultGroup<StoredAll<S>>
  : M extends Chord<infer V, infer S extends unknown[]> ? ChordResult<V, StoredAll<S>>
  : never;

/** Tasks that run in parallel. */
export interface Group<M extends readonly Member[]> {
  readonly kind: "group";
  readonly [value]?: M;
  /** Makes a chord: `next` is called with `given`, then the list of values in member order. */
  andThen<N extends Callable>(next: N, ...given: StepGiven<N, [values: MemberValues<M>]>): Chord<MemberValues<M>, StagesOf<N>>;
  /** Adds the handler to each member. */ onError<N extends Callable>(
    handler: N,
    ...given: StepGiven<N, [error: Error]>
  ): Group<M>;
}
/**
 * Members in parallel, then one callback with the list of their values. `V` are the values, `S` the stages from the callback on.
 * The types show the values of success. Choice: a member that failed for good gives an `Error`, a revoked or expired one
 * `undefined`; to handle them declare the parameter as `(T | Error | undefined)[]`.
 */
export interface Chord<V, S extends unknown[]> {
  readonly kind: "chord";
  readonly [value]?: [V, S];
  andThen<N extends Step>(next: N, ...given: StepGiven<N, Carry<Last<S>>>): Chord<V, [...S, ...StagesOf<N>]>;
  /** For the failure of the callback. */
  onError<N extends Callable>(handler: N, ...given: StepGiven<N, [error: Error]>): Chord<V, S>;
}
