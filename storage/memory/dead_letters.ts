/**
 * Dead letters of the memory storage.
 * @module
 */
import type { Burial, Claim, Item, StoredDeadLetter } from "../../lib/storage.ts";

interface Grave {
  readonly letter: StoredDeadLetter;
  /** What goes back on the queue. */
  readonly item: Item;
}

/** Messages that were set aside, by id, oldest first. */
export class MemoryDeadLetters {
  readonly #graves = new Map<string, Grave>();

  /** How many there are. */
  get size(): number {
    return this.#graves.size;
  }

  /** Sets a message aside. @returns the item that would go back on the queue */
  bury(burial: Burial, taskId: string, claim: Claim | undefined): Item {
    const { priority, track, chord } = claim ?? { priority: 0, track: true };
    const data = burial.data.slice();
    const item = { id: taskId, data, priority, track, ...(chord && { chord }) };
    this.#graves.set(burial.id, { letter: { ...burial, data, priority }, item });
    return item;
  }

  /** Takes a message out. @returns the item, `undefined` if there is no such letter */
  take(id: string): Item | undefined {
    const item = this.#graves.get(id)?.item;
    this.#graves.delete(id);
    return item;
  }

  /** @returns The first `limit` letters, oldest first */
  list(limit: number): StoredDeadLetter[] {
    return [...this.#graves.values().map((grave) => grave.letter)]
      .sort((left, right) => left.atMs - right.atMs)
      .slice(0, limit);
  }

  /** Takes all out. @returns their items */
  takeAll(): Item[] {
    const items = [...this.#graves.values().map((grave) => grave.item)];
    this.#graves.clear();
    return items;
  }
}
