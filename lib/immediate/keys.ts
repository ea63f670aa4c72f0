/**
 * Unique keys in immediate mode: tasks run in their calls, on queues that no other call sees, so their keys are held here. Those of
 * scheduled tasks are held by the storage that keeps the schedule.
 * @module
 */
import type { Clock } from "../primitives/clock.ts";
import type { Item, Storage, UniqueKey } from "../storage.ts";

/** Who holds a key, and how long at most. */
interface Holder {
  readonly id: string;
  readonly untilMs: number;
}

const keysByStorage = new WeakMap<Storage, Map<string, Holder>>();

/** So many keys that are held for a time are taken between two looks for those whose time is over. */
const LOOK_EVERY = 100;

/** The keys that the tasks of one call hold, among those of all calls. */
export class ImmediateKeys {
  readonly #clock: Clock;
  readonly #held: Map<string, Holder>;
  /** Those that this call has taken, but for those that are held for a time. */
  readonly #own: Map<string, Holder> = new Map();

  constructor(storage: Storage, clock: Clock) {
    let held = keysByStorage.get(storage);
    if (held === undefined) keysByStorage.set(storage, held = new Map());
    this.#held = held;
    this.#clock = clock;
  }

  /** Takes the key of an item. @returns the id of the task that holds it, if another one does */
  take({ id }: Item, { key, until, from }: UniqueKey): string | undefined {
    const nowMs = this.#clock.now();
    const holder = this.#held.get(key);
    if (holder !== undefined && holder.untilMs > nowMs && holder.id !== id && holder.id !== from) return holder.id;
    const mine = { id, untilMs: typeof until === "number" ? nowMs + until : Infinity };
    this.#held.set(key, mine);
    if (typeof until !== "number") this.#own.set(key, mine);
    else if (this.#held.size % LOOK_EVERY === 0) this.#forgetEnded(nowMs);
    return undefined;
  }

  /** An item was claimed (`start`), or its task has ended (`end`). */
  free({ key, until }: UniqueKey, event: "start" | "end"): void {
    if (until === event) this.#free(key);
  }

  /** The call is over. */
  freeAll(): void {
    for (const key of this.#own.keys()) this.#free(key);
  }

  #free(key: string): void {
    const mine = this.#own.get(key);
    this.#own.delete(key);
    if (mine !== undefined && this.#held.get(key) === mine) this.#held.delete(key);
  }

  /** Keys that are held for a time, and are never asked for again, would stay. */
  #forgetEnded(nowMs: number): void {
    for (const [key, { untilMs }] of this.#held) if (untilMs <= nowMs) this.#held.delete(key);
  }
}
