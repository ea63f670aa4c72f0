/**
 * The end of a blocking read, whatever it waits for: its time limit, and its signal.
 * @module
 */
import { systemClock, within } from "../primitives/clock.ts";
import { optionalDurationMs } from "../primitives/time.ts";
import type { GetOptions } from "../types/results.ts";

/** A call of the storage gets so long also when the time is nearly over: whoever does not want to wait looks once all the same. */
const LAST_CALL_MS = 1000;

/** Until when somebody waits, in real time. */
export class WaitLimit {
  /** A call of the storage was given up because the time was over. */
  isOver = false;
  readonly #endMs: number;
  readonly #signal: AbortSignal | undefined;

  constructor({ timeout, signal }: GetOptions) {
    this.#endMs = systemClock.elapsed() + (optionalDurationMs(timeout, "timeout") ?? Infinity);
    this.#signal = signal;
  }

  /** Milliseconds, at least 0; `undefined` without a limit. */
  get leftMs(): number | undefined {
    return this.#endMs === Infinity ? undefined : Math.max(0, this.#endMs - systemClock.elapsed());
  }

  /**
   * Waits for an answer of the storage.
   *
   * @returns the answer; `undefined` if the time is over before it is there
   * @throws The reason of the signal, once that is aborted.
   */
  async within<T>(answer: Promise<T>): Promise<T | undefined> {
    const { leftMs } = this;
    const ms = leftMs === undefined ? undefined : Math.max(leftMs, LAST_CALL_MS);
    return await within<T | undefined>(systemClock, { ms, signal: this.#signal }, answer, () => {
      this.isOver = true;
      return undefined;
    });
  }
}
