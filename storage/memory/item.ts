/**
 * What memory can hold.
 * @module
 */
import type { Item } from "../../lib/storage.ts";

/**
 * @param item Any item.
 * @throws {RangeError} If it could never be stored, with the rule.
 */
export function checkItem({ priority, dueMs }: Item): void {
  if (!Number.isFinite(priority)) throw new RangeError(`Priority must be a finite number: ${priority}`);
  if (dueMs !== undefined && !Number.isFinite(dueMs)) {
    throw new RangeError(`Due time must be a finite number of milliseconds: ${dueMs}`);
  }
}
