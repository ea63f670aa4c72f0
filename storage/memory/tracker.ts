/**
 * Where tasks are, as the memory storage knows it.
 * @module
 */
import type { Item, StoredState } from "../../lib/storage.ts";
import type { Notice } from "./key_value.ts";
import { Notices } from "./notices.ts";

/** Shared by all tasks that wait, of which there may be millions. */
const WAITING = {
  waiting: { state: "waiting" },
  scheduled: { state: "scheduled" },
  retrying: { state: "retrying" },
} as const;

/** States of tracked tasks that have not ended, and the notices of those that have. */
export class MemoryTracker {
  readonly #states = new Map<string, StoredState>();
  readonly #notices = new Notices();

  /** An item went to the queue or the schedule. A notice of the same task is no longer true. */
  waiting(item: Item, where: "waiting" | "scheduled"): void {
    this.#notices.delete(item.id);
    if (item.track) this.#states.set(item.id, WAITING[item.retry ? "retrying" : where]);
  }

  /** An item was handed out. */
  running(item: Item, worker: string): void {
    if (item.track) this.#states.set(item.id, { state: "running", worker, sinceMs: Date.now() });
  }

  /** The message of a tracked task was set aside. */
  dead(id: string, track: boolean): void {
    if (track) this.#states.set(id, { state: "dead" });
  }

  /** Nothing is known any more, except for a notice. */
  forget(id: string): void {
    this.#states.delete(id);
  }

  /** Keeps the notice of an ending from now on. */
  note(id: string, notice: Notice): void {
    this.#notices.set(id, notice);
  }

  /** The state, without what a stored result tells. */
  stateOf(id: string): StoredState | undefined {
    return this.#states.get(id);
  }

  /** The notice, if there is one. */
  noticeOf(id: string): Notice | undefined {
    return this.#notices.get(id);
  }

  /** Removes everything. */
  clear(): void {
    this.#states.clear();
    this.#notices.clear();
  }
}
