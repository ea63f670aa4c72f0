/**
 * Equality of values that were written and read. Maps and sets are compared in their order, which a round trip keeps; the deep
 * equality of the runtimes differs for maps whose keys are equal objects.
 * @module
 */
import { isDeepStrictEqual } from "node:util";

/** Whether two values are alike in everything that travels. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if ((a instanceof Map && b instanceof Map) || (a instanceof Set && b instanceof Set)) return sameItems([...a], [...b]);
  if (Array.isArray(a) && Array.isArray(b)) return sameItems(a, b);
  if (Object.getPrototypeOf(a) !== Object.prototype) return isDeepStrictEqual(a, b);
  return sameItems(Object.keys(a), Object.keys(b)) && sameItems(Object.values(a), Object.values(b));
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && Array.from(a).every((item, index) => same(item, b[index]));
}
