/**
 * The queue of the memory storage: as fast with a million items as with one.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import { Heap } from "../heap.ts";
import { Fifo } from "./fifo.ts";
import type { LoadItem, SavedItem, SaveItem } from "./item.ts";

/** An item on its way through the memory storage. */
export interface Entry {
  readonly item: Item;
  /** Place among items of the same priority. */
  readonly place: number;
  /** When it entered the queue. */
  readonly enteredMs: number;
  /** How often it was handed out. */
  deliveries: number;
  /** It may run at most once, and has begun. */
  begun: boolean;
}

/** An entry as it is saved. */
export type SavedQueueEntry = readonly [item: SavedItem, place: number, enteredMs: number, deliveries: number, begun: boolean];

/** The queue as it is saved. */
export interface SavedQueue {
  readonly nextPlace: number;
  /** In their order. */
  readonly entries: readonly SavedQueueEntry[];
}

/** Makes what is saved of an entry. */
export function saveEntry({ item, place, enteredMs, deliveries, begun }: Entry, save: SaveItem): SavedQueueEntry {
  return [save(item), place, enteredMs, deliveries, begun];
}

/** Makes an entry of what was saved. */
export function loadEntry([item, place, enteredMs, deliveries, begun]: SavedQueueEntry, load: LoadItem): Entry {
  return { item: load(item), place, enteredMs, deliveries, begun };
}

/** So many priorities are asked for the oldest item. */
const MOST_PRIORITIES = 100;

/** Items of one priority. */
class Bucket {
  readonly priority: number;
  /** New items, in order of arrival. */
  readonly #arrived = new Fifo<Entry>();
  /** Items that were handed out before; their places are in front of most new ones. */
  readonly #returned = new Heap<Entry>((left, right) => left.place - right.place);

  constructor(priority: number) {
    this.priority = priority;
  }

  get size(): number {
    return this.#arrived.size + this.#returned.size;
  }

  append(entry: Entry): void {
    this.#arrived.push(entry);
  }

  putBack(entry: Entry): void {
    this.#returned.push(entry);
  }

  peek(): Entry | undefined {
    return this.#isReturnedNext() ? this.#returned.peek() : this.#arrived.peek();
  }

  take(): Entry | undefined {
    return this.#isReturnedNext() ? this.#returned.pop() : this.#arrived.take();
  }

  list(limit: number): Entry[] {
    const arrived = this.#arrived.list(limit);
    if (this.#returned.size === 0) return arrived;
    return [...this.#returned.toSorted(), ...arrived].sort((left, right) => left.place - right.place).slice(0, limit);
  }

  #isReturnedNext(): boolean {
    const returned = this.#returned.peek();
    if (returned === undefined) return false;
    const arrived = this.#arrived.peek();
    return arrived === undefined || returned.place < arrived.place;
  }
}

/** Items that may run now: higher priority first, first in first out within a priority. */
export class MemoryQueue {
  readonly #buckets = new Map<number, Bucket>();
  readonly #order = new Heap<Bucket>((left, right) => right.priority - left.priority);
  #nextPlace = 0;
  #size = 0;

  /** How many items there are. */
  get size(): number {
    return this.#size;
  }

  /** Appends an item that was not handed out yet. */
  append(item: Item, enteredMs: number): void {
    this.#bucket(item.priority).append({ item, place: this.#nextPlace++, enteredMs, deliveries: 0, begun: false });
    this.#size++;
  }

  /** Puts an entry back in its place. */
  putBack(entry: Entry): void {
    this.#bucket(entry.item.priority).putBack(entry);
    this.#size++;
  }

  /** Takes the next entry. @returns `undefined` if the queue is empty */
  take(): Entry | undefined {
    const bucket = this.#order.peek();
    const entry = bucket?.take();
    if (bucket === undefined || entry === undefined) return undefined;
    this.#size--;
    if (bucket.size === 0) {
      this.#order.pop();
      this.#buckets.delete(bucket.priority);
    }
    return entry;
  }

  /** When the oldest entry entered the queue, of the first of each priority. @returns `undefined` if the queue is empty */
  oldestMs(): number | undefined {
    const heads = this.#order.toSorted().slice(0, MOST_PRIORITIES).map((bucket) => bucket.peek()!.enteredMs);
    return heads.length > 0 ? Math.min(...heads) : undefined;
  }

  /** @returns The first `limit` items in the order in which they will be taken */
  list(limit: number): Item[] {
    const items: Item[] = [];
    for (const bucket of this.#order.toSorted()) {
      if (items.length >= limit) break;
      for (const entry of bucket.list(limit - items.length)) items.push(entry.item);
    }
    return items;
  }

  /** Takes all items. @returns them in their order */
  takeAll(): Item[] {
    const items = this.list(Infinity);
    this.#buckets.clear();
    this.#order.clear();
    this.#size = 0;
    return items;
  }

  /** Everything there is. */
  saved(save: SaveItem): SavedQueue {
    const entries = this.#order.toSorted().flatMap((bucket) => bucket.list(Infinity));
    return { nextPlace: this.#nextPlace, entries: entries.map((entry) => saveEntry(entry, save)) };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ nextPlace, entries }: SavedQueue, load: LoadItem): void {
    this.takeAll();
    for (const saved of entries) {
      const entry = loadEntry(saved, load);
      this.#bucket(entry.item.priority).append(entry);
    }
    this.#nextPlace = nextPlace;
    this.#size = entries.length;
  }

  #bucket(priority: number): Bucket {
    let bucket = this.#buckets.get(priority);
    if (bucket === undefined) {
      bucket = new Bucket(priority);
      this.#buckets.set(priority, bucket);
      this.#order.push(bucket);
    }
    return bucket;
  }
}
