/**
 * Text with NUL characters: Deno's binding cuts text at the first one when reading, so they are stored in other words.
 * @module
 */
import type { SqlValue } from "./database.ts";

/** NUL becomes \x01 and "0"; \x01 itself becomes \x01 and "1". */
// deno-lint-ignore no-control-regex -- these two characters are the point
const SPECIAL = /[\0\x01]/g;
// deno-lint-ignore no-control-regex -- as above
const ESCAPED = /\x01[01]/g;

/** Replaces text by what is stored for it, in place. @returns the same array */
export function allToStored(values: SqlValue[]): SqlValue[] {
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value === "string") values[index] = toStored(value);
  }
  return values;
}

function toStored(value: string): string {
  if (!value.includes("\0") && !value.includes("\x01")) return value;
  return value.replace(SPECIAL, (character) => character === "\0" ? "\x010" : "\x011");
}

/** Reads a column of text. */
export function text(value: SqlValue | undefined): string {
  const stored = value as string;
  return stored.includes("\x01") ? stored.replace(ESCAPED, (pair) => pair === "\x010" ? "\0" : "\x01") : stored;
}

/** Reads a column of text that may be null. */
export function optionalText(value: SqlValue | undefined): string | undefined {
  return value === null || value === undefined ? undefined : text(value);
}
