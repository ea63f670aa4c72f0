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
  readonly schedulerIntervalMs: number;
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
    longestPauseMs: options.schedulerIntervalMs,
    clock: core.clock,
  });
}

class Scheduler implements LoopWork {
  readonly #core: Core;
  readonly #options: SchedulerOptions;
  readonly #periodic: PeriodicTasks | undefined;
  readonly #ring: BellListener;
  #askAgainMs = 0;

  constructor(core: Core, options: SchedulerOptions) {
    this.#core = core;
    this.#options = options;
    this.#ring = new BellListener(core.storage, "schedule", core.clock);
    if (options.periodic) this.#periodic = new PeriodicTasks(core, options.logger);
  }

  async turn({ signal, alive }: LoopRun): Promise<number> {
    const { storage, clock } = this.#core;
    this.#ring.clearRings();
    const dueMs = await answerInTime(this.#core, "look what is due next", storage.dueMs()) ?? Infinity;
    const inMs = dueMs - clock.now();
    // By its own clock the storage may find something due before this one does.
    const mayBeDue = inMs <= 0 || dueMs < Infinity && clock.elapsed() >= this.#askAgainMs;
    const hasMoved = mayBeDue && await this.#moveDue(signal, alive);
    if (!signal.aborted) await this.#periodic?.look();
    if (hasMoved) return 0;
    if (inMs <= 0) return EARLY_MS;
    return Math.max(
      0,
      Math.min(this.#options.schedulerIntervalMs, Math.min(dueMs, this.#periodic?.nextMs ?? Infinity) - clock.now()),
    );
  }

  /** Sleeps for a time at most: what is scheduled meanwhile ends the sleep. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const aborted = (): void => this.#ring.wake();
    signal.addEventListener("abort", aborted);
    try {
      // What was scheduled before it listened is found by another look.
      if (await this.#ring.listen()) await this.#ring.wait(ms);
    } finally {
      signal.removeEventListener("abort", aborted);
      if (signal.aborted) this.#ring.stop();
      else this.#ring.stopLater();
    }
  }

  /** @returns whether anything was moved */
  async #moveDue(signal: AbortSignal, alive: () => void): Promise<boolean> {
    this.#askAgainMs = this.#core.clock.elapsed() + this.#options.schedulerIntervalMs;
    for (let hasMoved = false;; hasMoved = true) {
      const moved = await answerInTime(this.#core, "move what is due", this.#core.storage.promoteDue(BATCH));
      alive();
      await this.#announce(moved);
      if (moved.length < BATCH || signal.aborted) return hasMoved || moved.length > 0;
    }
  }

  async #announce(items: readonly Moved[]): Promise<void> {
    if (items.length === 0) return;
    this.#options.logger.debug(`${items.length} scheduled tasks are due`);
    await announceItems(this.#core, items);
  }
}
