/**
 * Waiting inside one process: lists of waiters that are woken, run into their time limit, or are aborted.
 * @module
 */
import { setImmediate } from "node:timers";
import { type Clock, systemClock } from "../lib/primitives/clock.ts";

/** How a wait ended. */
export type WaitEnd = "woken" | "timeout" | "aborted";

/** Those who wait for one thing. Waking wakes all of them: each looks for itself, so that nobody can take a wake-up along. */
export class WaitList {
  readonly #clock: Clock;
  readonly #wakers = new Set<(end: WaitEnd) => void>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** How many are waiting. */
  get size(): number {
    return this.#wakers.size;
  }

  /**
   * Waits. Whoever calls this must have looked before in the same tick, or a wake-up in between is missed.
   *
   * @param timeoutMs Longest wait in milliseconds; `undefined`: no limit. 0 or less ends at once.
   * @param signal An abort ends the wait.
   * @returns How it ended; never rejects.
   */
  wait(timeoutMs?: number, signal?: AbortSignal): Promise<WaitEnd> {
    if (signal?.aborted) return Promise.resolve("aborted");
    if (timeoutMs !== undefined && timeoutMs <= 0) return Promise.resolve("timeout");
    const { promise, resolve } = Promise.withResolvers<WaitEnd>();
    const limited = timeoutMs !== undefined && timeoutMs !== Infinity;
    const timer = limited ? this.#clock.startTimer(Math.ceil(timeoutMs), () => end("timeout")) : undefined;
    const aborted = (): void => end("aborted");
    const end = (how: WaitEnd): void => {
      timer?.stop();
      signal?.removeEventListener("abort", aborted);
      this.#wakers.delete(end);
      resolve(how);
    };
    signal?.addEventListener("abort", aborted);
    this.#wakers.add(end);
    return promise;
  }

  /** Wakes all that are waiting now. */
  wakeAll(): void {
    for (const end of [...this.#wakers]) end("woken");
  }

  /** `wakeAll` when what runs now, and what follows from it at once, has had its turn. */
  wakeAllSoon(): void {
    setImmediate(() => this.wakeAll());
  }
}

/** A time limit that is counted down across several waits, on the clock that nobody sets. */
export class Deadline {
  readonly #clock: Clock;
  readonly #endMs: number;

  /** @param limitMs Milliseconds from now; `undefined`: never. */
  constructor(limitMs: number | undefined, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#endMs = limitMs === undefined ? Infinity : clock.elapsed() + limitMs;
  }

  /** Milliseconds that are left, at least 0; `undefined` without a limit. */
  get remainingMs(): number | undefined {
    return this.#endMs === Infinity ? undefined : Math.max(0, this.#endMs - this.#clock.elapsed());
  }

  /** Whether no time is left. */
  get passed(): boolean {
    return this.remainingMs === 0;
  }
}
