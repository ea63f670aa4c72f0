/**
 * What a Redis queue can hold.
 * @module
 */
import { ConfigurationError } from "../../lib/errors.ts";
import type { Gate, Item, UniqueKey } from "../../lib/storage.ts";
import type { QueueKind } from "./lua/library.ts";

/** Of an id, and of a key, in bytes. */
const LONGEST_ID = 65_535;

/**
 * @param item Any item.
 * @param name Name of the queue.
 * @param kind Kind of the queue.
 * @throws {RangeError} If the item could never be stored, with the rule.
 * @throws {ConfigurationError} If it has a priority, and the queue has none.
 */
export function checkItem(item: Item, name: string, kind: QueueKind): void {
  const { id, priority, dueMs, chord, gate, unique, steps, about } = item;
  if (isTooLong(id) || isTooLong(chord?.id)) throw new RangeError(`An id has at most ${LONGEST_ID} bytes`);
  if (isTooLong(about) || isTooLong(steps)) throw tooLong(isTooLong(about) ? "about" : "steps");
  if (gate) checkGate(gate);
  if (unique) checkKey(unique);
  if (!Number.isFinite(priority)) throw new RangeError(`Priority must be a finite number: ${priority}`);
  if (dueMs !== undefined && !Number.isFinite(dueMs)) {
    throw new RangeError(`Due time must be a finite number of milliseconds: ${dueMs}`);
  }
  if (kind === "list" && priority !== 0) {
    throw new ConfigurationError(`Queue "${name}" has no priorities, and this task has ${priority}: use PriorityRedisHuey`);
  }
}

function checkGate({ key, limit }: Gate): void {
  if (isTooLong(key)) throw tooLong("gate");
  if (!(limit >= 1)) throw new RangeError(`The limit of a gate must be at least 1: ${limit}`);
}

function checkKey({ key, from, until }: UniqueKey): void {
  if (isTooLong(key) || isTooLong(from)) throw tooLong(isTooLong(key) ? "key" : "from");
  if (typeof until === "number" && !(until >= 0)) throw new RangeError(`A unique key cannot be held for ${until} milliseconds`);
}

function tooLong(name: string): RangeError {
  return new RangeError(`What an item says as ${name} has at most ${LONGEST_ID} bytes`);
}

function isTooLong(text: string | undefined): boolean {
  return text !== undefined && text.length * 3 > LONGEST_ID && Buffer.byteLength(text) > LONGEST_ID;
}
