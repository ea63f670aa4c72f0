/**
 * What a SQLite file can hold.
 * @module
 */
import type { Item } from "../../lib/storage.ts";

/** SQLite's limit for one value is 1,000,000,000 bytes, the rest of the row included. */
const MOST_BYTES = 999_000_000;

/**
 * @param item Any item.
 * @throws {TypeError | RangeError} If it could never be stored, with the rule.
 */
export function checkItem(item: Item): void {
  const { data, priority, dueMs, gate, unique } = item;
  if (!Number.isFinite(priority)) throw new RangeError(`Priority must be a finite number: ${priority}`);
  if (dueMs !== undefined && !Number.isFinite(dueMs)) {
    throw new RangeError(`Due time must be a finite number of milliseconds: ${dueMs}`);
  }
  if (gate !== undefined && !(Number.isSafeInteger(gate.limit) && gate.limit >= 1)) {
    throw new RangeError(`Limit of a gate must be a whole number, at least 1: ${gate.limit}`);
  }
  if (typeof unique?.until === "number" && !(Number.isFinite(unique.until) && unique.until >= 0)) {
    throw new RangeError(`Time of a unique key must be a finite number of milliseconds, at least 0: ${unique.until}`);
  }
  if (data.length > MOST_BYTES) throw new RangeError(`A message must not be longer than ${MOST_BYTES} bytes: ${data.length}`);
}
