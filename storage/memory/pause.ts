/**
 * The pause of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Pause } from "../../lib/storage.ts";

/** Whether the queue is paused. */
export class MemoryPause {
  readonly #clock: Pick<Clock, "now">;
  #pause: Pause | undefined;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Begins a pause, in place of one that is there. */
  begin({ untilMs }: Pause): void {
    this.#pause = { untilMs };
  }

  /** Ends the pause. @returns whether there was one */
  end(): boolean {
    const wasPaused = this.current !== undefined;
    this.#pause = undefined;
    return wasPaused;
  }

  /** The pause, `undefined` if there is none. */
  get current(): Pause | undefined {
    return this.#hasRunOut() ? undefined : this.#pause;
  }

  /** When it ends by itself; a time in the past if nobody has been told of its end yet. */
  get endMs(): number | undefined {
    return this.#pause?.untilMs;
  }

  /** Forgets a pause that has ended by itself. @returns whether there was one, so that those who wait are to be told */
  clearEnded(): boolean {
    const hasRunOut = this.#hasRunOut();
    if (hasRunOut) this.#pause = undefined;
    return hasRunOut;
  }

  /** What there is, whether it has ended or not. */
  saved(): Pause | undefined {
    return this.#pause;
  }

  /** Takes over what was saved. */
  restore(saved: Pause | undefined): void {
    this.#pause = saved;
  }

  #hasRunOut(): boolean {
    const endMs = this.endMs;
    return endMs !== undefined && endMs <= this.#clock.now();
  }
}
