/**
 * Numbers and lengths of time for people: the same on pages and in a terminal.
 * @module
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../primitives/time.ts";

/** Made when it is needed: it takes a millisecond. */
let numbers: Intl.NumberFormat | undefined;

const [DAY, HOUR, MINUTE] = [DAY_MS / 1000, HOUR_MS / 1000, MINUTE_MS / 1000];

/** A number with its thousands set apart. */
export function count(value: number): string {
  numbers ??= new Intl.NumberFormat("en-US");
  return numbers.format(value);
}

/**
 * A number of things.
 *
 * @param value How many.
 * @param one The word for one of them.
 * @param many The word for several. Default: with an s.
 */
export function plural(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A length of time in a sentence, in its largest unit: nobody acts on the rest. */
export function roughLength(seconds: number): string {
  if (seconds >= 365 * DAY) return plural(Math.floor(seconds / (365 * DAY)), "year");
  if (seconds >= DAY) return plural(Math.floor(seconds / DAY), "day");
  if (seconds >= HOUR) return plural(Math.floor(seconds / HOUR), "hour");
  return seconds >= MINUTE ? plural(Math.floor(seconds / MINUTE), "minute") : plural(Math.floor(seconds), "second");
}

/** A length of time in a table, in its two largest units. */
export function showLength(seconds: number): string {
  if (seconds === 0) return "0 s";
  if (seconds < 0.01) return `${Math.round(seconds * 10_000) / 10} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < HOUR) return twoUnits(seconds, MINUTE, "min", 1, "s");
  if (seconds < DAY) return twoUnits(seconds, HOUR, "h", MINUTE, "min");
  return twoUnits(seconds, DAY, "d", HOUR, "h");
}

function twoUnits(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(seconds / large);
  const rest = Math.floor((seconds - whole * large) / small);
  return `${count(whole)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}
