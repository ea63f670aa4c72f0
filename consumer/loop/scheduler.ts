/**
 * The scheduler: moves due messages from the schedule to the queue, and enqueues periodic tasks.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { answerInTime } from "../../lib/core/patience.ts";
import { BellListener } from "../../lib/core/bell_listener.ts";
import { announceItems } from "../../lib/enqueue/announce.ts";
import type { Moved } from "../../lib/storage.ts";
import { Loop } from "./loop.ts";
import type { LoopPatience, LoopRun, LoopWork } from "./loop.ts";
import { PeriodicTasks } from "./periodic.ts";

/** What a scheduler needs to know. */
export interface SchedulerOptions extends LoopPatience {
  /** Longest sleep. */
  readonly intervalMs: number;
  /** Whether to enqueue periodic tasks. */
  readonly periodic: boolean;
}

/** Messages moved in one step, so that a flood of due messages holds up nobody else for long. */
const BATCH = 500;

/** The pause after a message was found due that the storage, by its own clock, does not move yet. */
const EARLY_MS = 20;

/** The loop that never ends by itself, and sleeps until the next due time. */
export function schedulerLoop(core: Core, options: SchedulerOptions): Loop {
  return new Loop({
    ...options,
    name: "The scheduler",
    work: "Scheduling",
    make: () => new Scheduler(core, options),
    longestPauseMs: options.intervalMs,
    clock: core.clock,
  });
}

class Scheduler implements LoopWork {
  readonly #core: Core;
  readonly #options: SchedulerOptions;
  readonly #periodic: PeriodicTasks | undefined;
  readonly #ring: BellListener;
  /** Something was due at the last look, and has not been moved since. */
  #isEarly = false;

  constructor(core: Core, options: SchedulerOptions) {
    this.#core = core;
    this.#options = options;
    this.#ring = new BellListener(core.storage, "schedule", core.clock);
    if (options.periodic) this.#periodic = new PeriodicTasks(core, options.logger);
  }

  async turn({ signal, alive }: LoopRun): Promise<number> {
    let moved: Moved[];
    do {
      moved = await answerInTime(this.#core, "move what is due", this.#core.storage.promoteDue(BATCH));
      if (moved.length > 0) this.#isEarly = false;
      alive();
      await this.#announce(moved);
    } while (moved.length === BATCH && !signal.aborted);
    if (!signal.aborted) await this.#periodic?.look();
    return this.#sleepMs();
  }

  /** Sleeps until something is due, also what is scheduled meanwhile, for a time at most. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const aborted = (): void => this.#ring.wake();
    signal.addEventListener("abort", aborted);
    try {
      await this.#ring.listen();
      await this.#untilDue(this.#core.clock.elapsed() + ms, signal);
    } finally {
      signal.removeEventListener("abort", aborted);
      if (signal.aborted) this.#ring.stop();
      else this.#ring.stopLater();
    }
  }

  async #untilDue(endMs: number, signal: AbortSignal): Promise<void> {
    const { storage, clock } = this.#core;
    while (!signal.aborted) {
      this.#ring.clearRings();
      const dueMs = await answerInTime(this.#core, "look what is due next", storage.dueMs());
      const inMs = (dueMs ?? Infinity) - clock.now();
      const leftMs = endMs - clock.elapsed();
      if (inMs <= 0) {
        if (this.#isEarly) await this.#ring.wait(EARLY_MS);
        this.#isEarly = true;
      }
      // A timer strikes up to a millisecond early.
      if (inMs <= 0 || leftMs < 1) return;
      await this.#ring.wait(Math.min(inMs, leftMs));
    }
  }

  async #announce(items: readonly Moved[]): Promise<void> {
    if (items.length === 0) return;
    this.#options.logger.debug(`${items.length} scheduled tasks are due`);
    await announceItems(this.#core, items);
  }

  /** Up to the interval, and not past the next periodic task. */
  #sleepMs(): number {
    const nextMs = this.#periodic?.nextMs ?? Infinity;
    return Math.max(0, Math.min(this.#options.intervalMs, nextMs - this.#core.clock.now()));
  }
}
