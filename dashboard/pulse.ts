/**
 * Tells those who look at a queue that something has changed. All of them share one look at the storage.
 * @module
 */
import { type Clock, startInterval, type Timer } from "../lib/primitives/clock.ts";
import { countOf } from "./queue/lists.ts";
import { asked } from "./queue/patience.ts";
import type { Queue } from "./queue/queue.ts";

/** Servers drop a connection that is silent for some seconds, so each look is told, also without a change. */
export type Listener = (changed: boolean) => void;

const LOOK_MS = 2000;
/** Times such as "5 s ago" grow old without a change. */
const FRESH_LOOKS = 5;
const RUNNING_EXAMINED = 50;

/** The changes of one queue. */
export class Pulse {
  readonly #queue: Queue;
  readonly #clock: Clock;
  readonly #listeners: Set<Listener> = new Set();
  #timer: Timer | undefined;
  #looking = false;
  #last = "";
  #silent = 0;

  /**
   * @param queue Whose changes.
   * @param clock The clock of the machine.
   */
  constructor(queue: Queue, clock: Clock) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /** How many listen. */
  get size(): number {
    return this.#listeners.size;
  }

  /**
   * Listens. Nobody looks at the storage while nobody listens.
   *
   * @param listener Told after each look.
   * @returns What ends it.
   */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#timer ??= startInterval(this.#clock, LOOK_MS, () => void this.#look(), { background: true });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#timer?.stop();
      this.#timer = undefined;
    };
  }

  async #look(): Promise<void> {
    if (this.#looking) return this.#tell(false);
    this.#looking = true;
    const now = await this.#digest();
    this.#looking = false;
    this.#silent += 1;
    const changed = now !== this.#last || this.#silent >= FRESH_LOOKS;
    this.#last = now;
    if (changed) this.#silent = 0;
    this.#tell(changed);
  }

  #tell(changed: boolean): void {
    for (const listener of this.#listeners) listener(changed);
  }

  /** Never rejects: a page that is fetched anew says what is wrong. */
  async #digest(): Promise<string> {
    const { huey, name } = this.#queue;
    try {
      const all = await asked(
        this.#clock,
        name,
        Promise.all([
          ...(["waiting", "scheduled", "blocked", "failed", "dead"] as const).map((list) => countOf(this.#queue, list)),
          huey.running(RUNNING_EXAMINED).then((running) => running.map(({ id, attempt }) => `${id} ${attempt}`)),
          huey.recent(1).then(([last]) => last?.id),
          huey.isPaused(),
        ]),
      );
      const running = (all[5] as string[]).length > 0;
      // Elapsed times and progress change while anything runs.
      return running ? `${JSON.stringify(all)}${this.#clock.now()}` : JSON.stringify(all);
    } catch {
      return "unavailable";
    }
  }
}
