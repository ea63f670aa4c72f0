/**
 * Wall clocks of the time zones.
 * @module
 */
import { DAY_MS, HOUR_MS, LAST_DATE_MS } from "../primitives/time.ts";

/** The farthest that a wall clock has been from UTC, either way. */
const MAX_OFFSET_MS = 16 * HOUR_MS;
/** How many days a clock remembers. */
const DAYS_KEPT = 64;

/** Below it `Intl` counts years backwards. */
const YEAR_ONE_MS = -62_135_596_800_000 + MAX_OFFSET_MS;

/** Tells how far a wall clock is ahead of UTC. */
export interface ZoneClock {
  /** Milliseconds to add to an instant to read it off the wall clock as if it were UTC. */
  offsetMs(instantMs: number): number;
  /**
   * The stretches that may hold minutes of a day of the wall clock, in order: two when the clock is changed in it or near it.
   *
   * @param dayMs Midnight of the day, as if it were UTC.
   */
  stretches(dayMs: number): readonly Stretch[];
}

/** A stretch of time in which a wall clock runs evenly: `fromMs` is in it, `untilMs` is not. */
export interface Stretch {
  readonly offsetMs: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

const EVEN = { fromMs: -Infinity, untilMs: Infinity };
const UTC: ZoneClock = { offsetMs: () => 0, stretches: () => [{ offsetMs: 0, ...EVEN }] };
const clocks = new Map<string, ZoneClock>([["UTC", UTC]]);

/**
 * The wall clock of a zone. Clocks are kept, because making one is slow.
 *
 * @param timeZone IANA name.
 * @returns The clock.
 * @throws {TypeError} If it is no text.
 * @throws {RangeError} If there is no such zone.
 */
export function zoneClock(timeZone: string): ZoneClock {
  let clock = clocks.get(timeZone);
  if (clock === undefined) clocks.set(timeZone, clock = new IntlClock(timeZone));
  return clock;
}

/** The zone of this machine. */
export function localTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

class IntlClock implements ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  #lastMs: number = NaN;
  #lastOffsetMs: number = 0;
  readonly #days: Map<number, readonly Stretch[]> = new Map();

  constructor(timeZone: string) {
    this.#format = makeFormat(timeZone);
  }

  offsetMs(instantMs: number): number {
    // Many schedules are asked about the same moment.
    if (instantMs === this.#lastMs) return this.#lastOffsetMs;
    const wholeMs = Math.floor(Math.max(instantMs, YEAR_ONE_MS) / 1000) * 1000;
    const offsetMs = wallMs(this.#format.formatToParts(wholeMs)) - wholeMs;
    this.#lastMs = instantMs;
    this.#lastOffsetMs = offsetMs;
    return offsetMs;
  }

  stretches(dayMs: number): readonly Stretch[] {
    let found = this.#days.get(dayMs);
    if (found === undefined) {
      if (this.#days.size >= DAYS_KEPT) this.#days.clear();
      this.#days.set(dayMs, found = this.#findStretches(dayMs));
    }
    return found;
  }

  #findStretches(dayMs: number): Stretch[] {
    const startMs = dayMs - MAX_OFFSET_MS;
    const endMs = Math.min(dayMs + DAY_MS + MAX_OFFSET_MS, LAST_DATE_MS);
    const before = this.offsetMs(startMs);
    const after = this.offsetMs(endMs);
    if (before === after) return [{ offsetMs: before, ...EVEN }];
    const changeMs = this.#findChange(startMs, endMs, before);
    return [{ offsetMs: before, ...EVEN, untilMs: changeMs }, { offsetMs: after, ...EVEN, fromMs: changeMs }];
  }

  /** The first second with another offset than `before`. */
  #findChange(startMs: number, endMs: number, before: number): number {
    let low = startMs;
    let high = endMs;
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (this.offsetMs(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }
}

function makeFormat(timeZone: string): Intl.DateTimeFormat {
  if (typeof timeZone !== "string") throw new TypeError(`timeZone must be the name of a zone: ${typeof timeZone}`);
  const numeric = "numeric";
  try {
    return new Intl.DateTimeFormat("en-US-u-ca-iso8601-nu-latn", {
      timeZone,
      hourCycle: "h23",
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
  } catch (error) {
    throw new RangeError(`There is no time zone ${JSON.stringify(timeZone)}, write an IANA name such as "Europe/Berlin"`, {
      cause: error,
    });
  }
}

function wallMs(parts: readonly Intl.DateTimeFormatPart[]): number {
  const read: Record<string, number> = {};
  for (const { type, value } of parts) read[type] = Number(value);
  const { year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN } = read;
  const date = new Date(0);
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime();
}
