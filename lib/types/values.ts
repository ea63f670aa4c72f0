/**
 * How the types of values travel: from a function to its handle, and from one step to the next.
 * @module
 */

/** Key under which a type carries the type of its value; there is nothing at run time. */
export declare const carriedValue: unique symbol;
/** Key under which a spread carries the types of its items. */
export declare const carriedItems: unique symbol;

/** What `spread()` makes: passed on as separate arguments; read from a `Result` as the plain array of its items. */
export interface Spread<T extends unknown[]> {
  /** Carries the types only. */
  readonly [carriedItems]: T;
}

/**
 * Arguments of a task whose function is not known: options that are written apart from it may take anything for them. `unknown` would
 * refuse every function that says what it takes, so this is what `JSON.parse` returns.
 */
export type AnyArguments = ReturnType<typeof JSON.parse>[];

/** Whether a type is `any`. */
export type IsAny<T> = 0 extends 1 & T ? true : false;
/** What a handle reads for a task whose function returns `R`. */
export type Stored<R> = IsAny<R> extends true ? R
  : Awaited<R> extends infer V ? (V extends Spread<infer T> ? T : V extends void ? undefined : V)
  : never;

/** `Stored` for each stage. */
export type StoredAll<S extends readonly unknown[]> = { -readonly [I in keyof S]: Stored<S[I]> };

/**
 * The arguments that a value adds to the next step: none for `undefined`, each item of a `spread`, else one. A value that may be
 * `undefined` needs a step that takes it.
 */
export type Carry<R> = IsAny<R> extends true ? [value: R]
  :
    | (R extends Spread<infer T> ? T : never)
    | CarryPlain<R extends Spread<unknown[]> ? never : R>;

/** `Carry` of what is no spread. */
export type CarryPlain<R> = [R] extends [never] ? never
  : [R] extends [void] ? []
  : [value: R extends void ? undefined : R];

/** What no serializer can write: functions, classes, symbols, generators and other streams of values. */
export type Unstorable =
  | symbol
  | ((...args: never) => unknown)
  | (abstract new (...args: never) => unknown)
  | { [Symbol.asyncIterator](): unknown }
  | { next(...args: never): unknown; [Symbol.iterator](): unknown };

/** Whether no value of a type could ever be stored. */
export type NeverStored<V> = IsAny<V> extends true ? false
  : [V] extends [never] ? false
  : [V] extends [Unstorable] ? true
  : false;

/** Anything, if a function can be a task; else a text, which no function is, that says what is wrong with it. */
export type Checked<A extends unknown[], R> = true extends NeverStored<Exclude<Awaited<R>, void>>
  ? "the value of this function cannot be stored"
  : true extends { [I in keyof A]: NeverStored<A[I]> }[number] ? "an argument of this function cannot be stored"
  : unknown;

/** The arguments still to be given to a function of `A`, when `C` is appended to them. */
export type Given<A extends unknown[], C extends unknown[]> = [C] extends [[]] ? A
  : [GivenBefore<A, C, []>] extends [never] ? [the_value_of_the_previous_step_does_not_fit: never]
  : GivenBefore<A, C, []>;

/** `Given`, with the arguments `G` found so far. */
export type GivenBefore<A extends unknown[], C extends unknown[], G extends unknown[]> =
  | ([C] extends [A] ? (number extends A["length"] ? [...G, ...LeadingRest<A>] : G) : never)
  | (A extends [] ? never
    : number extends A["length"] ? (A extends [infer H, ...infer T] ? GivenBefore<T, C, [...G, H]> : never)
    : Required<A> extends [infer H, ...unknown[]] ? (A extends [unknown?, ...infer T] ? GivenBefore<T, C, [...G, H]> : never)
    : never);
/** The rest parameter of a function that has only one. */
export type LeadingRest<A extends unknown[]> = A extends [unknown, ...unknown[]] ? [] : A;
/** The last type of a list. */
export type Last<S extends readonly unknown[]> = S extends readonly [...unknown[], infer L] ? L : S[number];
