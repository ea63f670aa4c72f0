/**
 * Lengths of time in classes with fixed bounds, so that counts of different processes and hours can be added.
 * @module
 */

/** Each class is a quarter of a doubling wide: what is read from it is at most a fifth off. */
const CLASSES_PER_DOUBLING = 4;
/** Upper bound of the lowest class, a tenth of a millisecond. */
const LOWEST_MS = 0.1;
/** The last class, of more than 30 days, has no upper bound. */
const HIGHEST_CLASS = 140;

/** The class of a length of time. */
export function classOf(ms: number): number {
  if (!(ms > LOWEST_MS)) return 0;
  return Math.min(Math.ceil(Math.log2(ms / LOWEST_MS) * CLASSES_PER_DOUBLING), HIGHEST_CLASS);
}

/** The longest time of a class, in milliseconds. */
export function upperBoundMs(index: number): number {
  return LOWEST_MS * 2 ** (index / CLASSES_PER_DOUBLING);
}

/**
 * The time below which a share of all lies.
 *
 * @param counts How many are in each class.
 * @param share From 0 to 1.
 * @returns milliseconds, somewhere in the class where the share ends; `undefined` if there is nothing
 */
export function quantileMs(counts: ReadonlyMap<number, number>, share: number): number | undefined {
  const classes = [...counts].filter(([, count]) => count > 0).sort(([one], [other]) => one - other);
  const total = classes.reduce((sum, [, count]) => sum + count, 0);
  let left = share * total;
  for (const [index, count] of classes) {
    if (left <= count) return within(index, left / count);
    left -= count;
  }
  const last = classes.at(-1);
  return last && upperBoundMs(last[0]);
}

/** A time of a class, a part of the way from its lower bound to its upper one. */
function within(index: number, part: number): number {
  const lowerMs = index === 0 ? 0 : upperBoundMs(index - 1);
  return lowerMs + (upperBoundMs(index) - lowerMs) * part;
}
