/**
 * Schedules at even intervals.
 * @module
 */
import { systemClock } from "../primitives/clock.ts";
import { type Duration, durationMs, type Instant, instantMs, LAST_DATE_MS } from "../primitives/time.ts";

/** A predicate on seconds. */
export interface IntervalSchedule {
  /** Whether a slot begins in the second of `date`. */
  (date: Date): boolean;
  /**
   * The next slot.
   *
   * @param after It begins after this. Default now.
   * @returns Its instant; `undefined` if there is none before time ends.
   */
  next(after?: Instant): Date | undefined;
  /**
   * The schedule in words.
   *
   * @returns The interval in seconds: `every 30 s`.
   */
  describe(): string;
}

const LEAST_MS = 1000;

/**
 * A schedule at even intervals. Its slots are the multiples of the interval since 1970-01-01 UTC, so that they are the same
 * for all consumers and after each restart.
 *
 * @param interval A number of seconds, or an object such as `{ minutes: 5 }`; at least one second.
 * @returns The schedule.
 * @throws {TypeError} If it is no duration.
 * @throws {RangeError} If it is shorter than a second.
 *
 * @example
 * ```ts
 * import { every } from "@hueyjs/huey";
 *
 * every({ minutes: 5 }).next(new Date("2026-01-05T08:01Z")); // 2026-01-05T08:05Z
 * ```
 */
export function every(interval: Duration): IntervalSchedule {
  const intervalMs = durationMs(interval, "interval");
  if (intervalMs < LEAST_MS) throw new RangeError(`interval must be at least one second: ${intervalMs} ms`);

  const schedule = (date: Date): boolean => {
    const secondMs = Math.floor(instantMs(date, "date") / 1000) * 1000;
    return Math.ceil(secondMs / intervalMs) * intervalMs < secondMs + 1000;
  };
  const next = (after: Instant = new Date(systemClock.now())): Date | undefined => {
    const slotMs = (Math.floor(instantMs(after, "after") / intervalMs) + 1) * intervalMs;
    return slotMs > LAST_DATE_MS ? undefined : new Date(slotMs);
  };
  return Object.assign(schedule, { next, describe: () => `every ${intervalMs / 1000} s` });
}
