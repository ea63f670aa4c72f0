/**
 * Timers without the limit of the runtime's own, which take anything above 24 days for "at once".
 * @module
 */

const LONGEST_MS = 2_147_483_647;

/** A timer that can be stopped. */
export interface Timer {
  stop(): void;
}

/** Calls a function after a time, however long. */
export function startTimer(ms: number, strike: () => void): Timer {
  let handle = arm(ms);
  function arm(leftMs: number): ReturnType<typeof setTimeout> {
    if (leftMs <= LONGEST_MS) return setTimeout(strike, leftMs);
    return setTimeout(() => handle = arm(leftMs - LONGEST_MS), LONGEST_MS);
  }
  return { stop: () => clearTimeout(handle) };
}
