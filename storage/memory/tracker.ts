/**
 * Where tasks that have not ended are, as the memory storage knows it.
 * @module
 */
import type { Item, StoredState } from "../../lib/storage.ts";

/** Shared by all tasks that wait, of which there may be millions. */
const WAITING = {
  waiting: { state: "waiting" },
  scheduled: { state: "scheduled" },
  blocked: { state: "blocked" },
  retrying: { state: "retrying" },
} as const;

/** Where an item waits. */
export type Waiting = "waiting" | "scheduled" | "blocked";

/** The state of a task as it is saved. */
export type SavedTaskState = readonly [id: string, state: StoredState];

/** States of tracked tasks. */
export class MemoryTracker {
  readonly #states = new Map<string, StoredState>();

  /** An item went to the queue, the schedule or the line of its gate. */
  waiting({ id, track, retry, about }: Item, where: Waiting): void {
    if (!track) return;
    const state = WAITING[retry && where !== "blocked" ? "retrying" : where];
    this.#states.set(id, about === undefined ? state : { ...state, about });
  }

  /** An item was handed out. */
  running({ id, track, about }: Item, worker: string, sinceMs: number): void {
    if (track) this.#states.set(id, { state: "running", worker, sinceMs, ...(about !== undefined && { about }) });
  }

  /** The message of a tracked task was set aside. */
  dead(id: string, about: string | undefined): void {
    this.#states.set(id, { state: "dead", ...(about !== undefined && { about }) });
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
    for (const [id, state] of saved) this.#states.set(id, shared(state));
  }
}

/** A state that says nothing but where the task waits is one for all. */
function shared(state: StoredState): StoredState {
  const where = state.about === undefined ? state.state : undefined;
  return Object.hasOwn(WAITING, where ?? "") ? WAITING[where as keyof typeof WAITING] : state;
}
