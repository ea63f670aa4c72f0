/**
 * The schedule of the memory storage.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import { Heap } from "../heap.ts";
import type { LoadItem, SavedItem, SaveItem } from "./item.ts";

interface Appointment {
  readonly item: Item;
  readonly dueMs: number;
  /** Order of arrival, for items that are due at the same time. */
  readonly place: number;
}

/** The schedule as it is saved. */
export interface SavedSchedule {
  readonly nextPlace: number;
  /** Soonest first. */
  readonly appointments: readonly (readonly [item: SavedItem, dueMs: number, place: number])[];
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

  /** Everything there is. */
  saved(save: SaveItem): SavedSchedule {
    const appointments = this.#appointments.toSorted().map(({ item, dueMs, place }) => [save(item), dueMs, place] as const);
    return { nextPlace: this.#nextPlace, appointments };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ nextPlace, appointments }: SavedSchedule, load: LoadItem): void {
    this.#appointments.clear();
    for (const [item, dueMs, place] of appointments) this.#appointments.push({ item: load(item), dueMs, place });
    this.#nextPlace = nextPlace;
  }
}
