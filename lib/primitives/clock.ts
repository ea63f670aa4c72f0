/**
 * The one place that reads the time and sets timers. Everything else is handed a clock, so that clocks may differ, jump, and be
 * stepped by tests.
 * @module
 */

/** A timer that can be stopped. */
export interface Timer {
  /** Ends it; after that it does not strike. Idempotent. */
  stop(): void;
}

/** How a timer behaves. */
export interface TimerOptions {
  /** It does not keep the process alive. Default false. */
  readonly background?: boolean;
}

/** What a Huey, its storage and its consumer know of the time. */
export interface Clock {
  /** The time of day: milliseconds since the epoch. It may jump, also back. */
  now(): number;
  /** Milliseconds since some moment; never goes back. For lengths of time. */
  elapsed(): number;
  /**
   * Calls a function once, after a time, however long.
   *
   * @param ms Milliseconds; 0 or less strikes as soon as possible, `Infinity` never.
   * @param strike The function. What it throws is not caught.
   * @returns What stops it.
   */
  startTimer(ms: number, strike: () => void, options?: TimerOptions): Timer;
}

/** The runtime takes any longer time for none. */
const LONGEST_MS = 2_147_483_647;

/** The clock of the machine. It asks anew each time, so that a test may replace `Date.now`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  startTimer: startSystemTimer,
};

/**
 * Waits for a time. An abort ends the wait. Never rejects.
 *
 * @param ms Milliseconds; `Infinity` waits for the abort.
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = clock.startTimer(ms, finish);
    signal?.addEventListener("abort", finish, { once: true });
    function finish(): void {
      timer.stop();
      signal?.removeEventListener("abort", finish);
      resolve();
    }
  });
}

/** How long somebody waits. */
export interface Limit {
  /** Milliseconds; `undefined`: without a limit. */
  readonly ms?: number | undefined;
  /** An abort ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for a promise for as long as the limit allows. The promise itself goes on.
 *
 * @param late Gives the value once the time is over.
 * @throws What the promise rejects with, or the reason of the signal once that is aborted.
 */
export async function within<T>(
  clock: Clock,
  { ms, signal }: Limit,
  promise: Promise<T>,
  late: () => T | Promise<T>,
): Promise<T> {
  if (ms === undefined && signal === undefined) return await promise;
  const { promise: first, resolve, reject } = Promise.withResolvers<T>();
  const timer = ms === undefined ? undefined : clock.startTimer(ms, () => resolve(late()));
  const abort = (): void => reject(signal!.reason);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  promise.then(resolve, reject);
  try {
    return await first;
  } finally {
    timer?.stop();
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * Calls a function again and again until it is stopped. The next time is counted from the end of the call.
 *
 * @param ms Milliseconds between two calls.
 * @param strike The function. What it throws is not caught.
 */
export function startInterval(clock: Clock, ms: number, strike: () => void, options?: TimerOptions): Timer {
  let stopped = false;
  let timer = clock.startTimer(ms, again, options);
  function again(): void {
    strike();
    if (!stopped) timer = clock.startTimer(ms, again, options);
  }
  return {
    stop(): void {
      stopped = true;
      timer.stop();
    },
  };
}

function startSystemTimer(ms: number, strike: () => void, { background = false }: TimerOptions = {}): Timer {
  let handle = arm(ms);
  function arm(leftMs: number): ReturnType<typeof setTimeout> {
    const made = leftMs <= LONGEST_MS
      ? setTimeout(strike, leftMs)
      : setTimeout(() => handle = arm(leftMs - LONGEST_MS), LONGEST_MS);
    if (background) (made as { unref?(): void }).unref?.();
    return made;
  }
  return { stop: () => clearTimeout(handle) };
}
