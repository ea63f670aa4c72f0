/**
 * A map whose entries may end by themselves.
 * @module
 */
import type { Clock } from "../lib/primitives/clock.ts";
import { Heap } from "./heap.ts";

/** An entry as it is saved: key, value, and when it ends, if it does. */
export type SavedEntry<V> = readonly [key: string, value: V, expiresMs?: number];

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

/** Soonest first. Of those that end at once, the order must not depend on how they came into the heap: it decides which are dropped first. */
function compareEnds<V>(left: Entry<V>, right: Entry<V>): number {
  if (left.expiresMs !== right.expiresMs) return left.expiresMs - right.expiresMs;
  return left.key < right.key ? -1 : Number(left.key > right.key);
}

/**
 * Keys and values in memory; an entry with a time to live is gone once that has passed by the clock. Only what changes the map drops
 * entries that are over: looking at it leaves it as it is, so that a copy to which the same was done is equal, whoever looked.
 */
export class ExpiringMap<V> {
  readonly #clock: Pick<Clock, "now">;
  readonly #entries = new Map<string, Entry<V>>();
  /** Entries that will end, soonest first; also such as were replaced or deleted meanwhile. */
  readonly #ending = new Heap<Entry<V>>(compareEnds);

  /** @param clock Tells which entries are over. */
  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** How many entries there are. */
  get size(): number {
    const nowMs = this.#nowMs();
    const over = this.#ending.listWhile((entry) => entry.expiresMs <= nowMs).filter((entry) => this.#isCurrent(entry));
    return this.#entries.size - over.length;
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
    this.#dropEnded();
    return isThere;
  }

  /** @returns A copy of all entries */
  toMap(): Map<string, V> {
    const nowMs = this.#nowMs();
    const there = this.#entries.values().filter((entry) => entry.expiresMs > nowMs);
    return new Map(there.map((entry) => [entry.key, entry.value]));
  }

  /** Removes all entries. */
  clear(): void {
    this.#entries.clear();
    this.#ending.clear();
  }

  /** Everything, also entries that are over and were not dropped yet. */
  saved(): SavedEntry<V>[] {
    return [...this.#entries.values()].map(({ key, value, expiresMs }) =>
      expiresMs === Infinity ? [key, value] : [key, value, expiresMs]
    );
  }

  /** Takes over what was saved, in place of everything. */
  restore(saved: readonly SavedEntry<V>[]): void {
    this.clear();
    for (const [key, value, expiresMs = Infinity] of saved) this.#put({ key, value, expiresMs });
  }

  #add(entry: Entry<V>): void {
    this.#put(entry);
    this.#dropEnded();
  }

  #put(entry: Entry<V>): void {
    this.#entries.set(entry.key, entry);
    if (entry.expiresMs !== Infinity) this.#ending.push(entry);
  }

  /** Drops some of the entries that are over. */
  #dropEnded(): void {
    const nowMs = this.#nowMs();
    for (let drops = 0; drops < DROPS_AT_ONCE && (this.#ending.peek()?.expiresMs ?? Infinity) <= nowMs;) {
      const entry = this.#ending.pop()!;
      // One that was replaced or deleted does not count: a copy that was restored does not have it.
      if (!this.#isCurrent(entry)) continue;
      this.#entries.delete(entry.key);
      drops++;
    }
    if (this.#ending.size > 2 * this.#entries.size + SLACK) this.#ending.retain((entry) => this.#isCurrent(entry));
  }

  #isCurrent(entry: Entry<V>): boolean {
    return this.#entries.get(entry.key) === entry;
  }

  /** The time, as far as it matters. */
  #nowMs(): number {
    return this.#ending.size > 0 ? this.#clock.now() : 0;
  }
}
