/**
 * Waiting for other tasks, isolates and processes: woken directly by the own commits, by bells for the commits of others, and by
 * a slow look at SQLite's change counter for what did not ring.
 * @module
 */
import { Bell } from "../bell.ts";
import type { Changes } from "./session.ts";

/** What can be waited for, besides the end of a task. */
export type Topic = "queue" | "schedule";

/** A wait that has begun. */
export interface Sleep {
  /** Ends at a wake-up, at an abort, at the close, or when the time is over. */
  readonly ended: Promise<void>;
  /** Ends it in so many milliseconds at the latest. */
  shorten(ms: number): void;
  /** Ends it now. */
  cancel(): void;
}

/** What the waits need. */
export interface WaitsOptions {
  /** Path of the database file; `undefined`: nobody else can see it. */
  readonly filename: string | undefined;
  /** SQLite's change counter, which moves with the commits of other connections; `undefined` while it cannot be read. */
  changeCount(): number | undefined;
  /** Which of these tasks have a result or have ended. */
  findEnded(ids: readonly string[]): readonly string[];
}

/** Bounds of the pause between two looks at the change counter. */
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 1000;

/** Looking for ended tasks takes at most one part in this many of the time. */
const LOOK_SHARE = 4;

/** The longest delay that a timer takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** All waits of one storage. */
export class SqliteWaits {
  readonly #options: WaitsOptions;
  readonly #queueBell: Bell | undefined;
  readonly #endBell: Bell | undefined;
  readonly #topics: Record<Topic, Set<() => void>> = { queue: new Set(), schedule: new Set() };
  readonly #tasks = new Map<string, Set<() => void>>();
  #sleeping = 0;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;
  #lastCount: number | undefined;
  #nextTaskLookAt = 0;
  #taskLookTimer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(options: WaitsOptions) {
    this.#options = options;
    if (options.filename === undefined) return;
    this.#queueBell = new Bell(`${options.filename}-bell`);
    this.#endBell = new Bell(`${options.filename}-done`);
  }

  /** Wakes whoever waits for these changes, here and elsewhere. */
  announce(changes: Changes): void {
    if (changes.queue) this.#wakeTopic("queue");
    if (changes.schedule) this.#wakeTopic("schedule");
    if (changes.queue || changes.schedule) this.#queueBell?.ring();
    if (changes.ended.length === 0) return;
    if (this.#tasks.size > 0) this.#wakeTasks(changes.ended);
    this.#endBell?.ring();
  }

  /** Waits for messages. Begin before looking, so that nothing is missed. */
  forTopic(topic: Topic, ms: number | undefined, signal?: AbortSignal): Sleep {
    const wakes = this.#topics[topic];
    const stopListening = this.#queueBell?.listen(() => this.#wakeTopic(topic));
    return this.#sleep(ms, signal, (wake) => wakes.add(wake), (wake) => {
      wakes.delete(wake);
      stopListening?.();
    });
  }

  /** Waits for the end of a task. Begin before looking, so that nothing is missed. */
  forTask(id: string, ms: number | undefined, signal?: AbortSignal): Sleep {
    const stopListening = this.#endBell?.listen(() => this.#lookForEnded());
    const wakes = this.#tasks.get(id) ?? new Set();
    return this.#sleep(ms, signal, (wake) => this.#tasks.set(id, wakes.add(wake)), (wake) => {
      wakes.delete(wake);
      if (wakes.size === 0) this.#tasks.delete(id);
      stopListening?.();
    });
  }

  /** Ends all waits; those that begin later end at once. Bells can still be rung. */
  end(): void {
    this.#ended = true;
    this.#wakeTopic("queue");
    this.#wakeTopic("schedule");
    this.#wakeTasks([...this.#tasks.keys()]);
    clearTimeout(this.#taskLookTimer);
  }

  /** Gives up the bells. */
  close(): void {
    this.#queueBell?.close();
    this.#endBell?.close();
  }

  #sleep(
    ms: number | undefined,
    signal: AbortSignal | undefined,
    add: (wake: () => void) => void,
    remove: (wake: () => void) => void,
  ): Sleep {
    const { promise, resolve } = Promise.withResolvers<void>();
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      remove(end);
      if (--this.#sleeping === 0) clearTimeout(this.#lookTimer);
      resolve();
    };
    // Not unreferenced: somebody awaits this.
    let timer = setTimeout(end, timerMs(ms));
    const shorten = (laterMs: number): void => {
      clearTimeout(timer);
      if (!over) timer = setTimeout(end, timerMs(laterMs));
    };
    add(end);
    if (++this.#sleeping === 1) this.#lookLater(FIRST_LOOK_MS);
    signal?.addEventListener("abort", end);
    if (signal?.aborted || this.#ended) end();
    return { ended: promise, shorten, cancel: end };
  }

  #wakeTopic(topic: Topic): void {
    for (const wake of [...this.#topics[topic]]) wake();
  }

  #wakeTasks(ids: readonly string[]): void {
    for (const id of ids) for (const wake of [...this.#tasks.get(id) ?? []]) wake();
  }

  /** One look for all who wait, with a pause after it, so that a busy queue does not keep the waiting process busy. */
  #lookForEnded(): void {
    if (this.#taskLookTimer !== undefined || this.#tasks.size === 0) return;
    const pauseMs = this.#nextTaskLookAt - performance.now();
    if (pauseMs > 0) {
      this.#taskLookTimer = setTimeout(() => {
        this.#taskLookTimer = undefined;
        this.#lookForEnded();
      }, pauseMs);
      return;
    }
    const startedAt = performance.now();
    this.#wakeTasks(this.#options.findEnded([...this.#tasks.keys()]));
    const endedAt = performance.now();
    this.#nextTaskLookAt = endedAt + (endedAt - startedAt) * (LOOK_SHARE - 1);
  }

  #lookLater(pauseMs: number): void {
    clearTimeout(this.#lookTimer);
    this.#lookTimer = setTimeout(() => {
      const count = this.#options.changeCount();
      if (count !== this.#lastCount) {
        this.#lastCount = count;
        this.#wakeTopic("queue");
        this.#wakeTopic("schedule");
        this.#lookForEnded();
      }
      if (this.#sleeping > 0) this.#lookLater(Math.min(pauseMs * 2, LONGEST_LOOK_MS));
    }, pauseMs);
    this.#lookTimer.unref();
  }
}

/** A whole delay that a timer takes; whoever waits looks at the clock again. */
function timerMs(ms: number = Infinity): number {
  return Math.min(Math.max(Math.ceil(ms), 0), LONGEST_TIMER_MS);
}
