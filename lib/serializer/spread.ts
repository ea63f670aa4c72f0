/**
 * A value that is passed on as several arguments.
 * @module
 */
import type { Spread } from "../types/values.ts";

/** Leads to the items of a spread, whichever copy of the package made it. */
const SPREAD: unique symbol = Symbol.for("@hueyjs/huey.spread") as never;

class Items {
  readonly [SPREAD]: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this[SPREAD] = items;
  }
}

/**
 * Returned by a task, adds each item as an argument of its own to the next step of a pipeline. Read from a `Result` it is the
 * plain array of its items.
 *
 * @param values The items.
 * @returns The marked items.
 *
 * @example
 * ```ts
 * import { spread } from "@hueyjs/huey";
 *
 * const divide = (a: number, b: number) => spread(Math.floor(a / b), a % b);
 * ```
 */
export function spread<T extends unknown[]>(...values: T): Spread<T> {
  return spreadOf(values) as Spread<T>;
}

/** `spread` for items that are an array already. `Spread` tells the types of the items, and only its name leads to them. */
export function spreadOf(values: readonly unknown[]): Spread<unknown[]> {
  return new Items(values) as unknown as Spread<unknown[]>;
}

/** Whether a value was made by `spread`, in any copy of the package. */
export function isSpread(value: unknown): value is Spread<unknown[]> {
  return typeof value === "object" && value !== null && SPREAD in value;
}

/**
 * The items of a spread.
 *
 * @param value What `spread` returned.
 * @returns A new array.
 * @throws {TypeError} If it holds no items.
 */
export function spreadItems(value: Spread<unknown[]>): unknown[] {
  const items = (value as unknown as Items)[SPREAD];
  if (!Array.isArray(items)) throw new TypeError("A spread must hold an array of items");
  return [...items];
}

/** A value as a handle or a chord reads it: the items of a spread as an array, everything else as it is. */
export function plainValue(value: unknown): unknown {
  return isSpread(value) ? spreadItems(value) : value;
}
