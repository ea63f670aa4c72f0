/**
 * What a Redis queue can hold.
 * @module
 */
import { ConfigurationError } from "../../lib/errors.ts";
import type { Item } from "../../lib/storage.ts";
import type { QueueKind } from "./lua_kinds.ts";

/** Of an id, in bytes. */
const LONGEST_ID = 65_535;

/**
 * @param item Any item.
 * @param name Name of the queue.
 * @param kind Kind of the queue.
 * @throws {RangeError} If the item could never be stored, with the rule.
 * @throws {ConfigurationError} If it has a priority, and the queue has none.
 */
export function checkItem({ id, priority, dueMs, chord }: Item, name: string, kind: QueueKind): void {
  if (isTooLong(id) || chord && isTooLong(chord.id)) throw new RangeError(`An id has at most ${LONGEST_ID} bytes`);
  if (!Number.isFinite(priority)) throw new RangeError(`Priority must be a finite number: ${priority}`);
  if (dueMs !== undefined && !Number.isFinite(dueMs)) {
    throw new RangeError(`Due time must be a finite number of milliseconds: ${dueMs}`);
  }
  if (kind === "list" && priority !== 0) {
    throw new ConfigurationError(`Queue "${name}" has no priorities, and this task has ${priority}: use PriorityRedisHuey`);
  }
}

function isTooLong(id: string): boolean {
  return id.length * 3 > LONGEST_ID && Buffer.byteLength(id) > LONGEST_ID;
}
