/**
 * When a crontab matches: days are skipped by the calendar, only the days that match are looked into.
 * @module
 */
import { DAY_MS, HOUR_MS, LAST_DATE_MS, MINUTE_MS } from "../primitives/time.ts";
import type { Stretch, ZoneClock } from "./cron_zone.ts";

/** The values that match, ascending, of each field. */
export interface CronValues {
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  readonly day: readonly number[];
  readonly month: readonly number[];
  readonly dayOfWeek: readonly number[];
}

/** The longest wait is 40 years: 29 February on a given weekday, over a year such as 2100. */
const HORIZON_DAYS = 50 * 366;

/**
 * Whether the wall clock shows a minute that matches.
 *
 * @param values What matches.
 * @param clock The wall clock.
 * @param instantMs The instant; seconds do not count.
 * @returns Whether all five fields match.
 */
export function matches(values: CronValues, clock: ZoneClock, instantMs: number): boolean {
  const wall = new Date(instantMs + clock.offsetMs(instantMs));
  return values.minute.includes(wall.getUTCMinutes()) && values.hour.includes(wall.getUTCHours()) && dayMatches(values, wall);
}

/**
 * The next matching minute.
 *
 * @param values What matches.
 * @param clock The wall clock.
 * @param afterMs The minute begins after this instant.
 * @returns Its first instant; `undefined` if there is none in 50 years, or before time ends.
 */
export function nextMatch(values: CronValues, clock: ZoneClock, afterMs: number): number | undefined {
  const dayMs = Math.floor((afterMs + clock.offsetMs(afterMs)) / DAY_MS) * DAY_MS;
  // One day back, because a clock that is set back over midnight shows the same day again.
  const date = new Date(dayMs - DAY_MS);
  const endMs = Math.min(dayMs + HORIZON_DAYS * DAY_MS, LAST_DATE_MS);
  for (; date.getTime() <= endMs; date.setUTCDate(date.getUTCDate() + 1)) {
    if (!values.month.includes(date.getUTCMonth() + 1)) {
      // The loop adds the first day of the next month.
      date.setUTCMonth(date.getUTCMonth() + 1, 0);
    } else {
      const found = nextInDay(values, clock, date.getTime(), afterMs);
      if (found !== undefined) return earliest(found, nextInDay(values, clock, date.getTime() + DAY_MS, afterMs));
    }
  }
  return undefined;
}

function dayMatches(values: CronValues, wall: Date): boolean {
  return values.month.includes(wall.getUTCMonth() + 1) && values.day.includes(wall.getUTCDate()) &&
    values.dayOfWeek.includes(wall.getUTCDay());
}

/** Of a day and the day after it: a clock set back over midnight shows minutes of the next day before it shows this one again. */
function earliest(found: number, ofNextDay: number | undefined): number | undefined {
  const earliestMs = Math.min(found, ofNextDay ?? Infinity);
  return earliestMs > LAST_DATE_MS ? undefined : earliestMs;
}

function nextInDay(values: CronValues, clock: ZoneClock, dayMs: number, afterMs: number): number | undefined {
  if (!dayMatches(values, new Date(dayMs))) return undefined;
  for (const stretch of clock.stretches(dayMs)) {
    const found = nextInStretch(values, stretch, dayMs, afterMs);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nextInStretch(values: CronValues, stretch: Stretch, dayMs: number, afterMs: number): number | undefined {
  const { offsetMs, fromMs, untilMs } = stretch;
  for (const hour of values.hour) {
    const hourMs = dayMs + hour * HOUR_MS - offsetMs;
    if (hourMs + HOUR_MS <= afterMs) continue;
    for (const minute of values.minute) {
      const foundMs = hourMs + minute * MINUTE_MS;
      if (foundMs > afterMs && foundMs >= fromMs && foundMs < untilMs) return foundMs;
    }
  }
  return undefined;
}
