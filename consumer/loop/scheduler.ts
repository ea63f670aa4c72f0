/**
 * The scheduler: moves due messages from the schedule to the queue, and enqueues periodic tasks.
 * @module
 */
import { decodeMessage } from "../../lib/core/codec.ts";
import type { Core } from "../../lib/core/core.ts";
import { announce } from "../../lib/enqueue/enqueue.ts";
import type { Message } from "../../lib/message/message.ts";
import { SIGNAL_ENQUEUED } from "../../lib/observe/signals.ts";
import type { Item, PollOptions } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { Loop } from "./loop.ts";
import type { LoopRun, LoopWork } from "./loop.ts";
import { PeriodicTasks } from "./periodic.ts";

/** What a scheduler needs to know. */
export interface SchedulerOptions {
  /** Longest sleep. */
  readonly intervalMs: number;
  /** Growth of the wait while the storage fails. */
  readonly poll: PollOptions;
  /** How long the calls of the storage may take before the loop counts as stuck. */
  readonly patienceMs: number;
  readonly logger: Logger;
  /** Whether to enqueue periodic tasks. */
  readonly periodic: boolean;
}

/** Messages moved in one step, so that a flood of due messages holds up nobody else for long. */
const BATCH = 500;

/** The loop that never ends by itself, and sleeps until the next due time. */
export function schedulerLoop(core: Core, options: SchedulerOptions): Loop {
  const { intervalMs, poll, patienceMs, logger } = options;
  return new Loop({
    name: "The scheduler",
    work: "Scheduling",
    make: () => new Scheduler(core, options),
    stuckAfterMs: intervalMs + poll.maxMs + patienceMs,
    backoff: poll,
    logger,
    clock: core.clock,
  });
}

class Scheduler implements LoopWork {
  readonly #core: Core;
  readonly #options: SchedulerOptions;
  readonly #periodic: PeriodicTasks | undefined;

  constructor(core: Core, options: SchedulerOptions) {
    this.#core = core;
    this.#options = options;
    if (options.periodic) this.#periodic = new PeriodicTasks(core, options.logger);
  }

  async turn({ signal, alive }: LoopRun): Promise<number> {
    let moved: Item[];
    do {
      moved = await this.#core.storage.promoteDue(this.#core.clock.now(), BATCH);
      alive();
      await this.#announce(moved);
    } while (moved.length === BATCH && !signal.aborted);
    if (!signal.aborted) await this.#periodic?.look();
    return this.#sleepMs();
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#core.storage.waitDue(ms, signal);
  }

  async #announce(items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    this.#options.logger.debug(`${items.length} scheduled tasks are due`);
    if (!this.#core.signals.has(SIGNAL_ENQUEUED)) return;
    const messages = await Promise.all(items.map((item) => this.#decode(item)));
    await announce(this.#core, messages.filter((message) => message !== undefined), SIGNAL_ENQUEUED);
  }

  async #decode(item: Item): Promise<Message | undefined> {
    try {
      return await decodeMessage(this.#core, item);
    } catch (error) {
      // The worker that gets it sets it aside; here only nobody can be told of it.
      this.#options.logger.debug(`The message of task ${item.id} cannot be read`, { error });
      return undefined;
    }
  }

  /** Up to the interval, and not past the next periodic task. */
  #sleepMs(): number {
    const nextMs = this.#periodic?.nextMs ?? Infinity;
    return Math.max(0, Math.min(this.#options.intervalMs, nextMs - this.#core.clock.now()));
  }
}
