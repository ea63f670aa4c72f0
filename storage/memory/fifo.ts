/**
 * A line: first in, first out.
 * @module
 */

/** Values in the order in which they came. Adding and taking cost the same however many there are. */
export class Fifo<T> {
  #values: (T | undefined)[] = [];
  /** Values before this one are taken. */
  #head = 0;

  /** How many values there are. */
  get size(): number {
    return this.#values.length - this.#head;
  }

  /** @returns The first value, `undefined` if there is none */
  peek(): T | undefined {
    return this.#values[this.#head];
  }

  /** Adds a value at the end. */
  push(value: T): void {
    this.#values.push(value);
  }

  /** Takes the first value. @returns `undefined` if there is none */
  take(): T | undefined {
    const first = this.#values[this.#head];
    if (this.#head < this.#values.length) this.#advance();
    return first;
  }

  /** @returns The first `limit` values, as a copy */
  list(limit: number): T[] {
    return this.#values.slice(this.#head, this.#head + limit) as T[];
  }

  /** Forgets the taken part once it is the larger one, so that taking stays O(1) and memory is given back. */
  #advance(): void {
    this.#values[this.#head++] = undefined;
    if (this.#head < 1024 || this.#head * 2 < this.#values.length) return;
    this.#values = this.#values.slice(this.#head);
    this.#head = 0;
  }
}
