/**
 * The schedule of the memory storage.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import { Heap } from "../heap.ts";

interface Appointment {
  readonly item: Item;
  readonly dueMs: number;
  /** Order of arrival, for items that are due at the same time. */
  readonly place: number;
}

/** Items that wait for their due time, soonest first. */
export class MemorySchedule {
  readonly #appointments = new Heap<Appointment>((left, right) => left.dueMs - right.dueMs || left.place - right.place);
  #nextPlace = 0;

  /** How many items there are. */
  get size(): number {
    return this.#appointments.size;
  }

  /** When the soonest item is due; `undefined` if there is none. */
  get nextDueMs(): number | undefined {
    return this.#appointments.peek()?.dueMs;
  }

  /** Adds an item. */
  add(item: Item, dueMs: number): void {
    this.#appointments.push({ item, dueMs, place: this.#nextPlace++ });
  }

  /** Takes up to `limit` items that are due, in due order. */
  takeDue(nowMs: number, limit: number): Item[] {
    const due: Item[] = [];
    while (due.length < limit && (this.nextDueMs ?? Infinity) <= nowMs) due.push(this.#appointments.pop()!.item);
    return due;
  }

  /** Takes the soonest item of an id. @returns `undefined` if there is none */
  take(id: string): Item | undefined {
    return this.#appointments.take(({ item }) => item.id === id)?.item;
  }

  /** @returns The first `limit` items, soonest first */
  list(limit: number): Item[] {
    return this.#appointments.first(limit).map(({ item }) => item);
  }

  /** Takes all items. @returns them in their order */
  takeAll(): Item[] {
    const items = this.list(Infinity);
    this.#appointments.clear();
    return items;
  }
}
