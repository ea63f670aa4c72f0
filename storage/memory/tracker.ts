/**
 * Where tasks that have not ended are, as the memory storage knows it.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Item, StoredState } from "../../lib/storage.ts";

/** Shared by all tasks that wait, of which there may be millions. */
const WAITING = {
  waiting: { state: "waiting" },
  scheduled: { state: "scheduled" },
  retrying: { state: "retrying" },
} as const;

/** States of tracked tasks. */
export class MemoryTracker {
  readonly #clock: Clock;
  readonly #states = new Map<string, StoredState>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An item went to the queue or the schedule. */
  waiting(item: Item, where: "waiting" | "scheduled"): void {
    if (item.track) this.#states.set(item.id, WAITING[item.retry ? "retrying" : where]);
  }

  /** An item was handed out. */
  running(item: Item, worker: string): void {
    if (item.track) this.#states.set(item.id, { state: "running", worker, sinceMs: this.#clock.now() });
  }

  /** The message of a tracked task was set aside. */
  dead(id: string, track: boolean): void {
    if (track) this.#states.set(id, { state: "dead" });
  }

  /** Nothing is known any more. */
  forget(id: string): void {
    this.#states.delete(id);
  }

  /** The state, `undefined` if nothing is known. */
  stateOf(id: string): StoredState | undefined {
    return this.#states.get(id);
  }
}
