/**
 * A map whose entries may end by themselves.
 * @module
 */
import { type Clock, systemClock } from "../lib/primitives/clock.ts";
import { Heap } from "./heap.ts";

interface Entry<V> {
  readonly key: string;
  readonly value: V;
  /** When the entry ends; `Infinity`: never. */
  readonly expiresMs: number;
}

/** How many outdated entries the heap may carry before it is cleaned. */
const SLACK = 1024;

/** Entries that are over and are dropped at one look; more would keep the others waiting. */
const DROPS_AT_ONCE = 100;

/** Keys and values in memory; an entry with a time to live is gone once that has passed by the clock. */
export class ExpiringMap<V> {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry<V>>();
  /** Entries that will end, soonest first; also such as were replaced or deleted meanwhile. */
  readonly #ending = new Heap<Entry<V>>((left, right) => left.expiresMs - right.expiresMs);

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** How many entries there are. */
  get size(): number {
    this.#expire(Infinity);
    return this.#entries.size;
  }

  /** @returns The value, `undefined` if there is none */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    return entry.expiresMs === Infinity || entry.expiresMs > this.#clock.now() ? entry.value : undefined;
  }

  /** Whether there is an entry. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Sets an entry. @param ttlMs How long it is kept, in milliseconds; `undefined`: for good. */
  set(key: string, value: V, ttlMs?: number): void {
    this.#add({ key, value, expiresMs: ttlMs === undefined ? Infinity : this.#clock.now() + ttlMs });
  }

  /** Replaces a value and leaves its end as it is. An entry that is not there is set for good. */
  update(key: string, value: V): void {
    const expiresMs = this.has(key) ? this.#entries.get(key)!.expiresMs : Infinity;
    this.#add({ key, value, expiresMs });
  }

  /** @returns whether it was there */
  delete(key: string): boolean {
    const isThere = this.has(key);
    this.#entries.delete(key);
    this.#expire(DROPS_AT_ONCE);
    return isThere;
  }

  /** @returns A copy of all entries */
  toMap(): Map<string, V> {
    this.#expire(Infinity);
    return new Map(this.#entries.values().map((entry) => [entry.key, entry.value]));
  }

  /** Removes all entries. */
  clear(): void {
    this.#entries.clear();
    this.#ending.clear();
  }

  #add(entry: Entry<V>): void {
    this.#entries.set(entry.key, entry);
    if (entry.expiresMs !== Infinity) this.#ending.push(entry);
    this.#expire(DROPS_AT_ONCE);
  }

  /** Drops up to `most` of the entries that are over. */
  #expire(most: number): void {
    const nowMs = this.#ending.size > 0 ? this.#clock.now() : 0;
    for (let drops = 0; drops < most && (this.#ending.peek()?.expiresMs ?? Infinity) <= nowMs; drops++) {
      const entry = this.#ending.pop()!;
      if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
    }
    if (this.#ending.size > 2 * this.#entries.size + SLACK) {
      this.#ending.retain((entry) => this.#entries.get(entry.key) === entry);
    }
  }
}
