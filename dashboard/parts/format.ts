/**
 * Numbers, times and lengths of time, as people read them.
 * @module
 */
import { type Html, html } from "./html.ts";
import { count as countText, showLength } from "../../lib/operation/words.ts";
import { shortened } from "../../lib/primitives/secrets.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** A number with its thousands set apart; `undefined`: not known. */
export function count(value: number | undefined): string {
  return value === undefined ? "–" : countText(value);
}

/** A number in few letters: `12.3K`. */
export function compact(value: number): string {
  return short.format(value);
}

/** A length of time. @param seconds How long; `undefined`: not known. */
export function duration(seconds: number | undefined): string {
  return seconds === undefined || Number.isNaN(seconds) ? "–" : showLength(seconds);
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
  return shortened(text, most, "…");
}
