/**
 * Numbers, times and lengths of time, as people read them.
 * @module
 */
import { type Html, html } from "./html.ts";
import { beginningOf } from "../../lib/primitives/secrets.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const numbers = new Intl.NumberFormat("en-US");
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** A number with its thousands set apart. */
export function count(value: number | undefined): string {
  return value === undefined ? "–" : numbers.format(value);
}

/** A number in few letters: `12.3K`. */
export function compact(value: number): string {
  return short.format(value);
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

/**
 * A length of time.
 *
 * @param seconds How long; `undefined`: not known.
 */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined || Number.isNaN(seconds)) return "–";
  if (seconds === 0) return "0 s";
  if (seconds < 0.01) return `${Math.round(seconds * 10_000) / 10} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < HOUR) return two(seconds, MINUTE, "min", 1, "s");
  if (seconds < DAY) return two(seconds, HOUR, "h", MINUTE, "min");
  return two(seconds, DAY, "d", HOUR, "h");
}

function two(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.floor(seconds / large);
  const rest = Math.floor((seconds - whole * large) / small);
  return rest === 0 ? `${count(whole)} ${largeName}` : `${count(whole)} ${largeName} ${rest} ${smallName}`;
}

/** A number of bytes. */
export function bytes(value: number): string {
  if (!(value > 0)) return "–";
  if (value < 1e6) return `${Math.round(value / 1e3)} kB`;
  return value < 1e9 ? `${Math.round(value / 1e6)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}

/**
 * A point of time, told from now, with the exact time beside it for those who point at it.
 *
 * @param at The time.
 * @param nowMs Now.
 */
export function ago(at: Date | undefined, nowMs: number): Html {
  if (at === undefined || Number.isNaN(at.getTime())) return html`<span class="muted">–</span>`;
  const seconds = (nowMs - at.getTime()) / 1000;
  const text = Math.abs(seconds) < 1 ? "now" : seconds > 0 ? `${roughly(seconds)} ago` : `in ${roughly(-seconds)}`;
  return html`<time datetime="${at.toISOString()}" title="${exact(at)}">${text}</time>`;
}

/** A length of time in its largest unit. */
function roughly(seconds: number): string {
  if (seconds < MINUTE) return `${Math.floor(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)} h` : `${count(Math.floor(seconds / DAY))} d`;
}

/** A point of time in full. */
export function exact(at: Date): string {
  return `${at.toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

/** The beginning and the end of an id: enough to know it again. */
export function shortId(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 4)}…${id.slice(-8)}`;
}

/** A text, cut. */
export function cut(text: string, most: number): string {
  const told = beginningOf(text, most + 1);
  return told.length > most ? `${told.slice(0, most)}…` : told;
}
