/**
 * What to do while the storage fails: say so once, try again later and later, say when it is over.
 * @module
 */
import { type Clock, sleep, systemClock } from "../../lib/primitives/clock.ts";
import type { PollOptions } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";

/** One kind of work that may fail for a while. */
export class Outage {
  readonly #work: string;
  readonly #poll: PollOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #sinceMs: number | undefined;
  #delayMs: number;

  /**
   * @param work What fails, as the start of a sentence: `Claiming tasks`.
   * @param poll First wait, its growth, and the longest.
   */
  constructor(work: string, poll: PollOptions, logger: Logger, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#work = work;
    this.#poll = poll;
    this.#logger = logger;
    this.#delayMs = poll.initialMs;
  }

  /** Whether it failed, and has not succeeded since. */
  get isOn(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** Reports a failure; only the first of an outage is logged as an error. */
  report(error: unknown): void {
    if (this.#sinceMs !== undefined) return this.#log("debug", `${this.#work} still fails`, { error });
    this.#sinceMs = this.#clock.elapsed();
    this.#log("error", `${this.#work} failed and is tried again until it works`, { error });
  }

  /** Reports a failure, and waits before the next try. An abort ends the wait. */
  async wait(error: unknown, signal?: AbortSignal): Promise<void> {
    this.report(error);
    await sleep(this.#clock, this.#delayMs, signal);
    this.#delayMs = Math.min(this.#delayMs * this.#poll.backoff, this.#poll.maxMs);
  }

  /** The work succeeded. */
  over(): void {
    if (this.#sinceMs === undefined) return;
    const seconds = (this.#clock.elapsed() - this.#sinceMs) / 1000;
    this.#sinceMs = undefined;
    this.#delayMs = this.#poll.initialMs;
    this.#log("info", `${this.#work} works again after ${seconds.toFixed(3)} s`);
  }

  #log(level: "debug" | "info" | "error", message: string, properties?: { readonly error: unknown }): void {
    try {
      this.#logger[level](message, properties);
    } catch {
      // A logger that throws must not end the loop that tries again.
    }
  }
}
