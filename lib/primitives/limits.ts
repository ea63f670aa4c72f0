/**
 * How large things may be that callers choose and messages tell, and what they are. They are checked at the call, and again when a message
 * is read, because it may come from anybody. What a value may take is told in `serializer/bounds.ts`.
 * @module
 */

/** Longest id and name (of a task, a queue, a lock, a rate limit), in bytes of UTF-8. */
export const MAX_NAME_BYTES = 1000;

/** Most retries of a task. */
export const MAX_RETRIES = 10_000;

/** Highest priority; the lowest is its negative. Beyond this, numbers have gaps. */
export const MAX_PRIORITY: number = Number.MAX_SAFE_INTEGER;

/** Most members of a chord: the values of all of them are in memory when its callback runs. */
export const MAX_CHORD_MEMBERS = 1_000_000;

/** Most holders of a lock at once: whoever looks for a free slot asks for each. */
export const MAX_LOCK_SLOTS = 10_000;

/** Most invocations of a task that may be let through at once. */
export const MAX_CONCURRENCY = 1_000_000;

/** Most texts that travel with a message. */
export const MAX_META_KEYS = 64;

/** Most bytes of UTF-8 of those texts, with their names. */
export const MAX_META_BYTES = 8192;

/** Longest name of a step, in characters. */
export const MAX_STEP_NAME = 1000;

/** Longest text that is told of the error of an attempt by `state()`, in characters: storages keep it beside each task. */
export const MAX_TOLD_ERROR = 200;

/** Longest length of time, 100 years: of delays, expiry, timeouts. What is longer was almost certainly meant in milliseconds. */
export const MAX_DURATION_MS = 3_155_760_000_000;

/** Whether it is an object with keys, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether it is a whole number from 0, as far as numbers are exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a text can be an id or a name: not empty, not too long, and the same on every storage when it is written as UTF-8. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !isTooLong(value) && value.isWellFormed();
}

/** Whether a text takes more bytes than a name may have. */
export function isTooLong(text: string): boolean {
  // A character takes three bytes at most, so that most names need not be written to be measured.
  return 3 * text.length > MAX_NAME_BYTES && (text.length > MAX_NAME_BYTES || encoder.encode(text).length > MAX_NAME_BYTES);
}

/** How many bytes of UTF-8 a text takes. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

const encoder = new TextEncoder();
