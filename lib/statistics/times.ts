/**
 * Lengths of time in classes with fixed bounds, so that those of several processes can be added.
 * @module
 */

/** Lengths of time, in classes. */
export interface TimeTotals {
  /** All together, in milliseconds. */
  readonly totalMs: number;
  /** How many are in each class, and then how many are longer than all bounds. */
  readonly classes: readonly number[];
}

/** Adds lengths of time up. */
export class Times {
  totalMs = 0;
  readonly classes: number[];
  readonly #bounds: readonly number[];

  /** @param bounds The upper bounds of the classes, in seconds */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.classes = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** Adds one. */
  measure(ms: number): void {
    const index = this.#bounds.findIndex((bound) => ms <= bound * 1000);
    this.classes[index < 0 ? this.#bounds.length : index]! += 1;
    this.totalMs += ms;
  }

  /** Adds those of others. */
  add({ totalMs, classes }: TimeTotals): void {
    this.totalMs += totalMs;
    for (const [index, count] of classes.entries()) this.classes[index]! += count;
  }

  /** A copy of what was added up. */
  read(): TimeTotals {
    return { totalMs: this.totalMs, classes: [...this.classes] };
  }
}

/** Whether a value is what `read` gives: what another isolate sends may come from its application. */
export function isTimes(value: unknown, bounds: readonly number[]): boolean {
  const { totalMs, classes } = (value ?? {}) as Partial<TimeTotals>;
  return isSummand(totalMs) && Array.isArray(classes) && classes.length === bounds.length + 1 && classes.every(isSummand);
}

/** Whether a value can be added to a sum that only grows. */
export function isSummand(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
