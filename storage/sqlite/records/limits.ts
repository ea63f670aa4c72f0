/**
 * How many rows are read.
 * @module
 */

/** A listing looks at no more. */
export const MOST_EXAMINED = 10_000;

/** The first so many at most. SQLite's way of saying that there is no limit is a negative one. */
export function rowLimit(limit: number = Infinity): number {
  return Number.isFinite(limit) ? Math.max(0, Math.trunc(limit)) : -1;
}

/** The same of a listing that is bounded. */
export function examined(limit: number = Infinity): number {
  return Math.min(MOST_EXAMINED, Math.max(0, limit));
}
