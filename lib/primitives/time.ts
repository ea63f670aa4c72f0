/**
 * Lengths and points of time: the only unit conversions of the project. Outside, a bare number is seconds; inside, times are
 * integer milliseconds in names that end in `Ms`.
 * @module
 */

import { refuseUnknownKey, show } from "./arguments.ts";
import { MAX_DURATION_MS } from "./limits.ts";

/** A length of time. A bare number is seconds; a `Temporal.Duration` without years and months fits. Not negative, except `delay`. */
export type Duration = number | DurationParts;

/** A length of time in words. */
export interface DurationParts {
  /** So many weeks. */
  readonly weeks?: number;
  /** So many days. */
  readonly days?: number;
  /** So many hours. */
  readonly hours?: number;
  /** So many minutes. */
  readonly minutes?: number;
  /** So many seconds. */
  readonly seconds?: number;
  /** So many milliseconds. */
  readonly milliseconds?: number;
}

/** A point in time; never a bare number. `Temporal.Instant` and `Temporal.ZonedDateTime` fit. */
export type Instant = Date | { readonly epochMilliseconds: number };

/** A minute. */
export const MINUTE_MS = 60_000;

/** An hour. */
export const HOUR_MS = 3_600_000;

/** A day, as long as every day of UTC. */
export const DAY_MS: number = 24 * HOUR_MS;

const UNIT_MS = {
  weeks: 7 * DAY_MS,
  days: DAY_MS,
  hours: HOUR_MS,
  minutes: MINUTE_MS,
  seconds: 1000,
  milliseconds: 1,
} as const;

/** The last millisecond that a `Date` can hold. */
export const LAST_DATE_MS = 8_640_000_000_000_000;

/** Units of a `Temporal.Duration` that have no fixed length, or that are too fine to matter here. */
const VARIABLE_UNITS = ["years", "months"] as const;

/**
 * Milliseconds of a duration.
 *
 * @param duration The duration; a bare number is seconds.
 * @param name Name of the argument, for the error message.
 * @param options `negative: true` allows less than zero.
 * @returns Whole milliseconds, rounded.
 * @throws {TypeError} If it is no duration.
 * @throws {RangeError} If it is not finite, longer than 100 years, or negative where that is not allowed.
 *
 * @example
 * ```ts
 * import { durationMs } from "./time.ts";
 *
 * durationMs(1.5, "delay"); // 1500
 * durationMs({ minutes: 5 }, "delay"); // 300000
 * ```
 */
export function durationMs(duration: Duration, name: string, options: { negative?: boolean } = {}): number {
  const total = typeof duration === "number" ? duration * 1000 : partsMs(duration, name);
  if (!Number.isFinite(total)) throw new RangeError(`${name} must be finite: ${show(duration)}`);
  if (Math.abs(total) > MAX_DURATION_MS) throw new RangeError(tooLong(duration, name));
  if (total < 0 && !options.negative) throw new RangeError(`${name} must not be negative: ${show(duration)}`);
  return Math.round(total);
}

function tooLong(duration: Duration, name: string): string {
  const hint = typeof duration !== "number"
    ? ""
    : `. A number means seconds: write { milliseconds: ${duration} } for milliseconds, and a Date for a point in time`;
  return `${name} must be at most 100 years: ${show(duration)}${typeof duration === "number" ? " seconds" : ""}${hint}`;
}

/**
 * `durationMs`, or `undefined` for `undefined`.
 *
 * @param duration The duration, if there is one; a bare number is seconds.
 * @param name Name of the argument, for the error message.
 * @returns Whole milliseconds, rounded; `undefined` for `undefined`.
 * @throws {TypeError} If it is no duration.
 * @throws {RangeError} If it is not finite, or negative.
 */
export function optionalDurationMs(duration: Duration | undefined, name: string): number | undefined {
  return duration === undefined ? undefined : durationMs(duration, name);
}

/**
 * Milliseconds since the epoch of an instant.
 *
 * @param instant A `Date`, or anything with `epochMilliseconds`.
 * @param name Name of the argument, for the error message.
 * @returns Whole milliseconds since 1970-01-01 UTC.
 * @throws {TypeError} If it is neither (a bare number is refused: seconds or milliseconds cannot be told apart).
 * @throws {RangeError} If it is an invalid date.
 */
export function instantMs(instant: Instant, name: string): number {
  const ms = instant instanceof Date
    ? instant.getTime()
    : (instant as { epochMilliseconds?: unknown } | null)?.epochMilliseconds;
  if (typeof ms !== "number") {
    throw new TypeError(`${name} must be a Date or an object with epochMilliseconds: ${show(instant)}`);
  }
  if (!(Math.abs(ms) <= LAST_DATE_MS)) throw new RangeError(`${name} is not a valid date: ${show(instant)}`);
  return Math.trunc(ms);
}

/** The date of a time in milliseconds; `undefined` for whatever is none. */
export function dateOf(ms: unknown): Date | undefined {
  return isTime(ms) ? new Date(ms) : undefined;
}

/**
 * Whether a value is an instant rather than a duration.
 *
 * @param value Any value.
 * @returns true for a `Date`, and for an object with `epochMilliseconds`.
 */
export function isInstant(value: unknown): value is Instant {
  return value instanceof Date || (typeof value === "object" && value !== null && "epochMilliseconds" in value);
}

/** Whether `new Date` can hold it, in milliseconds. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= LAST_DATE_MS;
}

/**
 * A duration as plain data, which any serializer takes: a `Temporal.Duration` would travel as text.
 *
 * @param duration The duration.
 * @returns The same length; of an object whose units are getters those that are not 0.
 */
export function plainDuration(duration: Duration): Duration {
  if (typeof duration === "number") return duration;
  if (Object.keys(duration).length > 0) return { ...duration };
  const units = Object.keys(UNIT_MS) as (keyof typeof UNIT_MS)[];
  return Object.fromEntries(units.filter((unit) => duration[unit] || unit === "seconds").map((unit) => [unit, duration[unit]]));
}

function partsMs(parts: DurationParts, name: string): number {
  if (typeof parts !== "object" || parts === null || Array.isArray(parts)) {
    throw new TypeError(`${name} must be a number of seconds or an object such as { minutes: 5 }: ${show(parts)}`);
  }
  // A Temporal.Duration keeps its units in getters of its prototype, so each unit is asked for by name.
  const given = parts as Readonly<Record<string, unknown>>;
  refuseOtherUnits(given, name);
  let total = 0;
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    const amount = given[unit] ?? 0;
    if (typeof amount !== "number") throw new TypeError(`${name}.${unit} must be a number: ${show(amount)}`);
    total += amount * unitMs;
  }
  return total;
}

function refuseOtherUnits(given: Readonly<Record<string, unknown>>, name: string): void {
  for (const unit of VARIABLE_UNITS) {
    if (given[unit]) throw new RangeError(`${name} must not use ${unit}, whose length varies: ${show(given)}`);
  }
  const units = Object.keys(UNIT_MS);
  refuseUnknownKey(given, name, units, "unit");
  if (units.every((unit) => given[unit] === undefined)) {
    throw new TypeError(`${name} must name at least one unit, such as { seconds: 5 }: ${show(given)}`);
  }
}
