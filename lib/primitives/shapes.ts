/**
 * What a value that was read is, where it may come from anybody.
 * @module
 */
import { LAST_DATE_MS } from "./time.ts";

/** Whether it is an object with keys, and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether it is a whole number from 0, as far as numbers are exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether `new Date` can hold it, in milliseconds. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= LAST_DATE_MS;
}
