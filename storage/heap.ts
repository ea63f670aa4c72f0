/**
 * A binary heap: the smallest of many values at once, adding and taking in O(log n).
 * @module
 */

/** Values of which the smallest comes first. Values that compare equal come in no particular order. */
export class Heap<T> {
  readonly #compare: (left: T, right: T) => number;
  #values: T[] = [];

  /** @param compare Order of two values, as for `Array.prototype.sort`. */
  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare;
  }

  /** How many values there are. */
  get size(): number {
    return this.#values.length;
  }

  /** @returns The smallest value, `undefined` if there is none */
  peek(): T | undefined {
    return this.#values[0];
  }

  /** Adds a value. */
  push(value: T): void {
    this.#values.push(value);
    this.#rise(this.#values.length - 1);
  }

  /** Takes the smallest value. @returns `undefined` if there is none */
  pop(): T | undefined {
    const first = this.#values[0];
    const last = this.#values.pop();
    if (last !== undefined && this.#values.length > 0) {
      this.#values[0] = last;
      this.#sink(0);
    }
    return first;
  }

  /** Takes the smallest of the values for which `matches` holds; looks at all of them. @returns `undefined` if there is none */
  take(matches: (value: T) => boolean): T | undefined {
    let found = -1;
    for (const [index, value] of this.#values.entries()) {
      if (matches(value) && (found < 0 || this.#compare(value, this.#values[found]!) < 0)) found = index;
    }
    if (found < 0) return undefined;
    const taken = this.#values[found]!;
    const last = this.#values.pop()!;
    if (last !== taken) {
      this.#values[found] = last;
      this.#rise(found);
      this.#sink(found);
    }
    return taken;
  }

  /** Keeps only the values for which `keep` holds. */
  retain(keep: (value: T) => boolean): void {
    const kept = this.#values.filter(keep);
    kept.sort(this.#compare); // a sorted array is a heap
    this.#values = kept;
  }

  /** @returns The values for which `matches` holds, in no order; it must hold for all that are smaller than one for which it does */
  listWhile(matches: (value: T) => boolean): T[] {
    const found: T[] = [];
    const next = [0];
    while (next.length > 0) {
      const index = next.pop()!;
      if (index >= this.#values.length || !matches(this.#values[index]!)) continue;
      found.push(this.#values[index]!);
      next.push(2 * index + 1, 2 * index + 2);
    }
    return found;
  }

  /** @returns The values in order, as a copy */
  toSorted(): T[] {
    return this.#values.toSorted(this.#compare);
  }

  /** @returns The `limit` smallest values in order, without a look at most of the others */
  first(limit: number): T[] {
    if (limit >= this.#values.length / 8) return this.toSorted().slice(0, limit);
    const values = this.#values;
    const found: T[] = [];
    // Each parent comes before its children, so the next is always below one that was found.
    const next = new Heap<number>((left, right) => this.#compare(values[left]!, values[right]!));
    next.push(0);
    while (found.length < limit && next.size > 0) {
      const index = next.pop()!;
      found.push(values[index]!);
      for (const child of [2 * index + 1, 2 * index + 2]) if (child < values.length) next.push(child);
    }
    return found;
  }

  /** Removes all values. */
  clear(): void {
    this.#values = [];
  }

  #rise(start: number): void {
    const values = this.#values;
    const value = values[start]!;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#compare(values[parent]!, value) <= 0) break;
      values[index] = values[parent]!;
      index = parent;
    }
    values[index] = value;
  }

  #sink(start: number): void {
    const values = this.#values;
    const value = values[start]!;
    let index = start;
    while (true) {
      let child = 2 * index + 1;
      if (child >= values.length) break;
      if (child + 1 < values.length && this.#compare(values[child + 1]!, values[child]!) < 0) child++;
      if (this.#compare(value, values[child]!) <= 0) break;
      values[index] = values[child]!;
      index = child;
    }
    values[index] = value;
  }
}
