/**
 * How many tasks the lists have, as one visit sees them.
 * @module
 */
import { countOf, type ListName } from "./lists.ts";
import type { Queue } from "./queue.ts";

/** Asks for each number once, however many parts of a page show it: then they also agree. */
export class Counts {
  readonly #queue: Queue;
  readonly #asked: Map<ListName, Promise<number | undefined>> = new Map();

  /** @param queue The queue. */
  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /**
   * How many tasks a list has.
   *
   * @param list The list.
   * @returns `undefined` where nobody counts them
   */
  of(list: ListName): Promise<number | undefined> {
    const asked = this.#asked.get(list) ?? countOf(this.#queue, list);
    this.#asked.set(list, asked);
    return asked;
  }
}
