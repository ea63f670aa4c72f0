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
import { Outage } from "./outage.ts";
import { PeriodicTasks } from "./periodic.ts";
import { Pulse } from "./pulse.ts";

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

/** Sleeps until the next due time, and never ends by itself. */
export class Scheduler {
  readonly pulse: Pulse;
  readonly #core: Core;
  readonly #options: SchedulerOptions;
  readonly #outage: Outage;
  readonly #stop: AbortController = new AbortController();
  readonly #periodic: PeriodicTasks | undefined;
  #loop: Promise<void> | undefined;

  constructor(core: Core, options: SchedulerOptions) {
    this.#core = core;
    this.#options = options;
    this.pulse = new Pulse(options.intervalMs + options.poll.maxMs + options.patienceMs);
    this.#outage = new Outage("Scheduling", options.poll, options.logger);
    if (options.periodic) this.#periodic = new PeriodicTasks(core, options.logger);
  }

  /** Starts it. A second call does nothing. */
  start(): void {
    this.#loop ??= this.pulse.run(() => this.#run());
  }

  /** Ends the sleep, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.pulse.beat();
      try {
        await this.#promoteDue();
        if (!signal.aborted) await this.#periodic?.look();
        this.#outage.over();
        if (!signal.aborted) await this.#core.storage.waitDue(this.#sleepMs(), signal);
      } catch (error) {
        if (!signal.aborted) await this.#outage.wait(error, signal);
      }
    }
  }

  async #promoteDue(): Promise<void> {
    let moved: Item[];
    do {
      moved = await this.#core.storage.promoteDue(this.#core.clock.now(), BATCH);
      this.pulse.beat();
      await this.#announce(moved);
    } while (moved.length === BATCH && !this.#stop.signal.aborted);
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
