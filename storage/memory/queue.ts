/**
 * The queue of the memory storage: as fast with a million items as with one.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import { Heap } from "../heap.ts";

/** An item on its way through the memory storage. */
export interface Entry {
  readonly item: Item;
  /** Place among items of the same priority. */
  readonly place: number;
  /** How often it was handed out. */
  readonly deliveries: number;
  /** It may run at most once, and has begun. */
  readonly begun: boolean;
}

/** Items of one priority. */
class Bucket {
  readonly priority: number;
  /** New items, in order of arrival; those before `#head` are taken. */
  #arrived: (Entry | undefined)[] = [];
  #head = 0;
  /** Items that were handed out before; their places are in front of most new ones. */
  readonly #returned = new Heap<Entry>((left, right) => left.place - right.place);

  constructor(priority: number) {
    this.priority = priority;
  }

  get size(): number {
    return this.#arrived.length - this.#head + this.#returned.size;
  }

  append(entry: Entry): void {
    this.#arrived.push(entry);
  }

  putBack(entry: Entry): void {
    this.#returned.push(entry);
  }

  take(): Entry | undefined {
    const returned = this.#returned.peek();
    const arrived = this.#arrived[this.#head];
    if (returned && (!arrived || returned.place < arrived.place)) return this.#returned.pop();
    if (arrived) this.#advance();
    return arrived;
  }

  list(): Entry[] {
    const arrived = this.#arrived.slice(this.#head) as Entry[];
    if (this.#returned.size === 0) return arrived;
    return [...this.#returned.toSorted(), ...arrived].sort((left, right) => left.place - right.place);
  }

  /** Forgets the taken part once it is the larger one, so that taking stays O(1) and memory is given back. */
  #advance(): void {
    this.#arrived[this.#head++] = undefined;
    if (this.#head < 1024 || this.#head * 2 < this.#arrived.length) return;
    this.#arrived = this.#arrived.slice(this.#head);
    this.#head = 0;
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
  append(item: Item): void {
    this.#bucket(item.priority).append({ item, place: this.#nextPlace++, deliveries: 0, begun: false });
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

  /** @returns The first `limit` items in the order in which they will be taken */
  list(limit: number): Item[] {
    const items: Item[] = [];
    for (const bucket of this.#order.toSorted()) {
      if (items.length >= limit) break;
      for (const entry of bucket.list().slice(0, limit - items.length)) items.push(entry.item);
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
