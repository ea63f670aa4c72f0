/**
 * Values of columns. A file may hold what nobody of ours has written: whatever is there is read as what belongs there, because one
 * bad row must not stop the others.
 *
 * Text with NUL characters is stored in other words, since Deno's binding cuts text at the first one when reading.
 * @module
 */
import type { SqlValue } from "./database.ts";

/** NUL becomes \x01 and "0"; \x01 itself becomes \x01 and "1". */
// deno-lint-ignore no-control-regex -- these two characters are the point
const SPECIAL = /[\0\x01]/g;
// deno-lint-ignore no-control-regex -- as above
const ESCAPED = /\x01[01]/g;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Replaces text by what is stored for it, in place. @returns the same array */
export function allToStored(values: SqlValue[]): SqlValue[] {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value === "string") values[index] = toStored(value);
  }
  return values;
}

/** What is stored for a text. */
export function toStored(value: string): string {
  if (!value.includes("\0") && !value.includes("\x01")) return value;
  return value.replace(SPECIAL, (character) => character === "\0" ? "\x010" : "\x011");
}

/** Reads a column of text. */
export function readText(value: SqlValue | undefined): string {
  const stored = typeof value === "string" ? value : toText(value);
  return stored.includes("\x01") ? stored.replace(ESCAPED, (pair) => pair === "\x010" ? "\0" : "\x01") : stored;
}

/** Reads a column of text that may be null. */
export function readOptionalText(value: SqlValue | undefined): string | undefined {
  return value === null || value === undefined ? undefined : readText(value);
}

/** Reads a column of numbers. @param otherwise For what is no number */
export function readNumber<D>(value: SqlValue | undefined, otherwise: D): number | D {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : otherwise;
}

/** The last moment that a `Date` can tell. */
const LAST_MS = 8.64e15;

/** Reads a column of times; what no clock can show is none. */
export function readTime(value: SqlValue | undefined): number | undefined {
  const ms = readNumber(value, undefined);
  return ms === undefined || Math.abs(ms) > LAST_MS ? undefined : ms;
}

/** Reads a column of bytes. */
export function readBytes(value: SqlValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : encoder.encode(toText(value));
}

function toText(value: SqlValue | undefined): string {
  if (value === null || value === undefined) return "";
  return value instanceof Uint8Array ? decoder.decode(value) : String(value);
}
