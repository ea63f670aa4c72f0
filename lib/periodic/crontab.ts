/**
 * Schedules in the words of cron.
 * @module
 */
import { systemClock } from "../primitives/clock.ts";
import { FIELD_RULES, parseField } from "./cron_field.ts";
import { checkBoolean, checkIsOptions, checkKeys } from "../primitives/arguments.ts";
import { type CronValues, matches, nextMatch } from "./cron_next.ts";
import { zoneClock } from "./cron_zone.ts";
import { ConfigurationError } from "../errors.ts";
import { dateOf, type Instant, instantMs } from "../primitives/time.ts";

/**
 * Minute 0-59, hour 0-23, day 1-31, month 1-12 or JAN-DEC, dayOfWeek 0-7 or SUN-SAT (0 and 7 are Sunday). Default `*`.
 *
 * A field is a number, or pieces between commas: `*`, a value, a range `1-5`, and a step on either, `*` + `/15` or `0-30/10`. A step
 * counts from the start of its range. All five fields must match, so `{ day: 13, dayOfWeek: "FRI" }` is Friday the 13th.
 */
export interface CronFields {
  /** 0 to 59. Default `*`. */
  readonly minute?: string | number;
  /** 0 to 23. Default `*`. */
  readonly hour?: string | number;
  /** 1 to 31. Default `*`. */
  readonly day?: string | number;
  /** 1 to 12, or JAN to DEC. Default `*`. */
  readonly month?: string | number;
  /** 0 to 7, or SUN to SAT; 0 and 7 are Sunday. Default `*`. */
  readonly dayOfWeek?: string | number;
}

/** Options of a crontab. */
export interface CronOptions {
  /** IANA name. Default: UTC, or local time in a Huey with `utc: false`. */
  readonly timeZone?: string;
  /** No effect: what is not understood, or cannot match, is always an error. */
  readonly strict?: boolean;
}

/**
 * A predicate on minutes.
 *
 * It reads the wall clock of its zone. Where the clock is set forward, the minutes left out match nothing: a task at 2:30 does
 * not run that day. Where it is set back, the minutes shown twice match twice. A zone without clock changes, such as UTC, or an
 * hour outside of the change avoids both.
 */
export interface CronSchedule {
  /**
   * @param date Any instant; seconds do not count.
   * @param defaultTimeZone Zone to use when the crontab has none. Default "UTC".
   */
  (date: Date, defaultTimeZone?: string): boolean;
  /**
   * The next matching minute.
   *
   * @param after It begins after this. Default now.
   * @param defaultTimeZone Zone to use when the crontab has none. Default "UTC".
   * @returns Its first instant; `undefined` if there is none in 50 years.
   */
  next(after?: Instant, defaultTimeZone?: string): Date | undefined;
  /**
   * The schedule in words.
   *
   * @param defaultTimeZone Zone to name when the crontab has none. Default "UTC".
   * @returns The five fields and the zone: `0 9-17/2 * * MON-FRI (Europe/Berlin)`.
   */
  describe(defaultTimeZone?: string): string;
}

/** Makes schedules; see `crontab`. */
export interface Crontab {
  (fields: CronFields & CronOptions, options?: CronOptions): CronSchedule;
  (expression: string, options?: CronOptions): CronSchedule;
  /** At minute 0 of each hour, unless the fields say otherwise. */
  hourly(fields?: CronFields & CronOptions): CronSchedule;
  /** At 00:00 of each day, unless the fields say otherwise. */
  daily(fields?: CronFields & CronOptions): CronSchedule;
}

const FIELD_NAMES = FIELD_RULES.map((rule) => rule.name);
const OPTION_NAMES = ["timeZone", "strict"];
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * A schedule in the words of cron, from fields or from "minute hour day month dayOfWeek".
 *
 * @param fields The fields, or the expression.
 * @param options The time zone may stand here or among the fields.
 * @returns The schedule.
 * @throws {RangeError} For what is not understood, is out of range, or can never match; for an unknown zone.
 * @throws {TypeError} For values of another type, and unknown fields.
 * @throws {ConfigurationError} If fields and options name different zones.
 *
 * @example
 * ```ts
 * import { crontab } from "@hueyjs/huey";
 *
 * const schedule = crontab({ minute: "0", hour: "9-17/2", dayOfWeek: "MON-FRI", timeZone: "Europe/Berlin" });
 * schedule(new Date("2026-01-05T08:00Z")); // true: 9 o'clock in Berlin
 * crontab("0 0 1 * *").next(new Date("2026-01-05T08:00Z")); // 2026-02-01T00:00Z
 * ```
 */
export const crontab: Crontab = Object.assign(makeCrontab, {
  hourly: (fields: CronFields & CronOptions = {}): CronSchedule => makeCrontab(withDefaults(fields, { minute: 0 })),
  daily: (fields: CronFields & CronOptions = {}): CronSchedule => makeCrontab(withDefaults(fields, { minute: 0, hour: 0 })),
});

function makeCrontab(input: string | (CronFields & CronOptions), options: CronOptions = {}): CronSchedule {
  const fields = typeof input === "string" ? splitExpression(input) : input;
  checkKeys(fields, "crontab", [...FIELD_NAMES, ...OPTION_NAMES], "field");
  checkKeys(options, "crontab", OPTION_NAMES);
  for (const { strict } of [fields, options]) checkBoolean(strict, "strict");
  const values = parseFields(fields);
  const timeZone = chooseZone(fields.timeZone, options.timeZone);
  const clock = (defaultTimeZone: string) => zoneClock(timeZone ?? defaultTimeZone);

  const schedule = (date: Date, defaultTimeZone: string = "UTC"): boolean =>
    matches(values, clock(defaultTimeZone), instantMs(date, "date"));
  const next = (after: Instant = new Date(systemClock.now()), defaultTimeZone: string = "UTC"): Date | undefined => {
    return dateOf(nextMatch(values, clock(defaultTimeZone), instantMs(after, "after")));
  };
  const words = FIELD_NAMES.map((name) => String(fields[name] ?? "*").replaceAll(/\s/g, "")).join(" ");
  const describe = (defaultTimeZone: string = "UTC"): string => `${words} (${timeZone ?? defaultTimeZone})`;
  return Object.assign(schedule, { next, describe });
}

function withDefaults(fields: CronFields & CronOptions, defaults: CronFields): CronFields & CronOptions {
  checkIsOptions(fields, "crontab");
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}

function splitExpression(expression: string): CronFields & CronOptions {
  const text = expression.trim();
  if (text.startsWith("@")) {
    throw new RangeError(
      `crontab takes no nicknames such as ${JSON.stringify(text)}, use crontab.hourly(), crontab.daily() or fields`,
    );
  }
  const parts = text.replace(/\s*,\s*/g, ",").split(/\s+/);
  if (parts.length !== FIELD_NAMES.length) {
    throw new RangeError(
      `crontab needs 5 fields "minute hour day month dayOfWeek", not ${text === "" ? 0 : parts.length}: ${
        JSON.stringify(expression)
      }`,
    );
  }
  return Object.fromEntries(FIELD_NAMES.map((name, index) => [name, parts[index]]));
}

function parseFields(fields: CronFields): CronValues {
  const [minute, hour, day, month, dayOfWeek] = FIELD_RULES.map((rule) => {
    const input = fields[rule.name];
    return parseField(rule, input === undefined ? "*" : input);
  }) as [number[], number[], number[], number[], number[]];
  const exists = month.some((value) => (day[0] as number) <= (DAYS_IN_MONTH[value - 1] as number));
  if (!exists) {
    throw new RangeError(
      `crontab day ${JSON.stringify(fields.day)} of month ${JSON.stringify(fields.month)} can never match: no such date`,
    );
  }
  return { minute, hour, day, month, dayOfWeek };
}

function chooseZone(ofFields: string | undefined, ofOptions: string | undefined): string | undefined {
  if (ofFields !== undefined && ofOptions !== undefined && ofFields !== ofOptions) {
    throw new ConfigurationError(
      `crontab is given two time zones: ${JSON.stringify(ofFields)} and ${JSON.stringify(ofOptions)}`,
    );
  }
  const timeZone = ofOptions === undefined ? ofFields : ofOptions;
  if (timeZone !== undefined) zoneClock(timeZone);
  return timeZone;
}
