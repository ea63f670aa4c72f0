/**
 * What no storage that keeps items by number and time can hold.
 * @module
 */
import type { Item } from "../lib/storage.ts";

/**
 * @param item Any item.
 * @throws {RangeError} If it could never be stored, with the rule.
 */
export function checkItem({ priority, dueMs, gate, unique }: Item): void {
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
}
