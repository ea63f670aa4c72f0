/**
 * What the cases ask of an `expect`: that of `bun:test`, of Jest and of `@std/expect` all have it.
 * @module
 */

/** What can be asked of a value. */
export interface Matchers {
  /** The contrary. */
  readonly not: Matchers;
  toBe(expected: unknown): void;
  toBeDefined(): void;
  toBeUndefined(): void;
  toBeGreaterThanOrEqual(expected: number): void;
  toBeLessThan(expected: number): void;
  toBeLessThanOrEqual(expected: number): void;
  toBeInstanceOf(expected: unknown): void;
  toContain(expected: unknown): void;
  toEqual(expected: unknown): void;
  toHaveLength(expected: number): void;
  toMatchObject(expected: unknown): void;
  toThrow(expected?: unknown): void;
}

/** Asks something of a value. */
export interface Expect {
  (value: unknown): Matchers;
  /** Equal to an array with at least these. */
  arrayContaining(expected: readonly unknown[]): unknown;
}
