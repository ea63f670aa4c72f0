/**
 * Those who listen for changes within one instance of a storage: see `Storage.listen`.
 * @module
 */
import { setImmediate } from "node:timers";
import type { Topic } from "../lib/storage.ts";

/** Rings for listeners, never before what rings has finished its own step. */
export class Listeners {
  readonly #wakes: Record<Topic, Set<() => void>> = {
    queue: new Set(),
    schedule: new Set(),
    results: new Set(),
    revocations: new Set(),
  };

  /** Adds a listener. @returns what ends the listening */
  add(topic: Topic, wake: () => void): () => void {
    // A listener of its own for each call, so that a function that listens twice is not forgotten by the first who leaves.
    const own = (): void => wake();
    this.#wakes[topic].add(own);
    return () => void this.#wakes[topic].delete(own);
  }

  /** How many listen. */
  count(topic: Topic): number {
    return this.#wakes[topic].size;
  }

  /** Calls the listeners of a topic when what runs now has ended. */
  ring(topic: Topic): void {
    for (const wake of this.#wakes[topic]) queueMicrotask(() => this.#call(topic, wake));
  }

  /** Calls them when what follows from it at once has had its turn too. */
  ringSoon(topic: Topic): void {
    if (this.#wakes[topic].size > 0) setImmediate(() => this.ring(topic));
  }

  /** Forgets all. */
  clear(): void {
    for (const wakes of Object.values(this.#wakes)) wakes.clear();
  }

  #call(topic: Topic, wake: () => void): void {
    if (this.#wakes[topic].has(wake)) wake();
  }
}
