/**
 * The tasks whose end somebody of this instance waits for, so that only their ends ring.
 * @module
 */

/** So many are remembered beside those of the last look. */
const MOST_AWAITED = 100_000;

/** Ids that were asked for and had not ended. A hint: who waits looks now and then all the same. */
export class AwaitedIds {
  readonly #ids = new Set<string>();

  /** How many there are. */
  get size(): number {
    return this.#ids.size;
  }

  /** Adds ids. Those of waits that were given up are forgotten once there are many. */
  add(ids: readonly string[]): void {
    if (this.#ids.size > MOST_AWAITED) this.#ids.clear();
    for (const id of ids) this.#ids.add(id);
  }

  /** @returns whether it was there, and no longer is */
  take(id: string): boolean {
    return this.#ids.delete(id);
  }

  /** All of them. */
  list(): string[] {
    return [...this.#ids];
  }
}
