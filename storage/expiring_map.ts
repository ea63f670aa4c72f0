/**
 * A map whose entries may end by themselves.
 * @module
 */
import { Heap } from "./heap.ts";

interface Entry<V> {
  readonly key: string;
  readonly value: V;
  /** When the entry ends; `Infinity`: never. */
  readonly expiresMs: number;
}

/** How many outdated entries the heap may carry before it is cleaned. */
const SLACK = 1024;

/** Keys and values in memory; an entry with a time to live is gone once that has passed by `Date.now()`. */
export class ExpiringMap<V> {
  readonly #entries = new Map<string, Entry<V>>();
  /** Entries that will end, soonest first; also such as were replaced or deleted meanwhile. */
  readonly #ending = new Heap<Entry<V>>((left, right) => left.expiresMs - right.expiresMs);

  /** How many entries there are. */
  get size(): number {
    this.#expire();
    return this.#entries.size;
  }

  /** @returns The value, `undefined` if there is none */
  get(key: string): V | undefined {
    this.#expire();
    return this.#entries.get(key)?.value;
  }

  /** Whether there is an entry. */
  has(key: string): boolean {
    this.#expire();
    return this.#entries.has(key);
  }

  /** Sets an entry. @param ttlMs How long it is kept, in milliseconds; `undefined`: for good. */
  set(key: string, value: V, ttlMs?: number): void {
    this.#expire();
    const entry = { key, value, expiresMs: ttlMs === undefined ? Infinity : Date.now() + ttlMs };
    this.#entries.set(key, entry);
    if (ttlMs !== undefined) this.#ending.push(entry);
  }

  /** Replaces a value and leaves its end as it is. An entry that is not there is set for good. */
  update(key: string, value: V): void {
    this.#expire();
    const expiresMs = this.#entries.get(key)?.expiresMs ?? Infinity;
    const entry = { key, value, expiresMs };
    this.#entries.set(key, entry);
    if (expiresMs !== Infinity) this.#ending.push(entry);
  }

  /** @returns whether it was there */
  delete(key: string): boolean {
    this.#expire();
    return this.#entries.delete(key);
  }

  /** @returns A copy of all entries */
  toMap(): Map<string, V> {
    this.#expire();
    return new Map(this.#entries.values().map((entry) => [entry.key, entry.value]));
  }

  /** Removes all entries. */
  clear(): void {
    this.#entries.clear();
    this.#ending.clear();
  }

  #expire(): void {
    const nowMs = this.#ending.size > 0 ? Date.now() : 0;
    for (let entry = this.#ending.peek(); entry && entry.expiresMs <= nowMs; entry = this.#ending.peek()) {
      this.#ending.pop();
      if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    }
    if (this.#ending.size > 2 * this.#entries.size + SLACK) {
      this.#ending.retain((entry) => this.#entries.get(entry.key) === entry);
    }
  }
}
