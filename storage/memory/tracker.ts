/**
 * Where tasks that have not ended are, as the memory storage knows it.
 * @module
 */
import type { Item, StoredState } from "../../lib/storage.ts";

/** Where an item waits. */
export type Waiting = "waiting" | "scheduled" | "blocked";

/** The state of a task as it is saved. */
export type SavedTaskState = readonly [id: string, state: StoredState];

/** States of tracked tasks. */
export class MemoryTracker {
  readonly #states = new Map<string, StoredState>();
  /** Shared by all tasks that say the same after one another: millions may wait. */
  #last: StoredState = { state: "waiting" };

  /** An item went to the queue, the schedule or the line of its gate. */
  waiting({ id, track, retry, about }: Item, where: Waiting): void {
    if (track) this.#states.set(id, this.#share(retry && where !== "blocked" ? "retrying" : where, about));
  }

  /** An item was handed out. */
  running({ id, track, about }: Item, worker: string, sinceMs: number): void {
    if (track) {
      this.#states.set(
        id,
        about === undefined ? { state: "running", worker, sinceMs } : { state: "running", worker, sinceMs, about },
      );
    }
  }

  /** The message of a tracked task was set aside. */
  dead(id: string, about: string | undefined): void {
    this.#states.set(id, this.#share("dead", about));
  }

  /** The dead letter of a task is gone. */
  forgetDead(id: string): void {
    if (this.#states.get(id)?.state === "dead") this.#states.delete(id);
  }

  /** Nothing is known any more. */
  forget(id: string): void {
    this.#states.delete(id);
  }

  /** The state, `undefined` if nothing is known. */
  stateOf(id: string): StoredState | undefined {
    return this.#states.get(id);
  }

  /** Everything there is. */
  saved(): SavedTaskState[] {
    return [...this.#states];
  }

  /** Takes over what was saved, in place of everything. */
  restore(saved: readonly SavedTaskState[]): void {
    this.#states.clear();
    for (const [id, state] of saved) {
      this.#states.set(id, state.state === "running" ? state : this.#share(state.state, state.about));
    }
  }

  /** A state of a task that does not run. */
  #share(state: StoredState["state"], about: string | undefined): StoredState {
    const last = this.#last;
    if (last.state === state && last.about === about) return last;
    return this.#last = about === undefined ? { state } : { state, about };
  }
}
