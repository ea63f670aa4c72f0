/**
 * What memory can hold.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import { copyBytes } from "../bytes.ts";

/**
 * @param item Any item.
 * @throws {RangeError} If it could never be stored, with the rule.
 */
export function checkItem({ priority, dueMs, gate }: Item): void {
  if (!Number.isFinite(priority)) throw new RangeError(`Priority must be a finite number: ${priority}`);
  if (dueMs !== undefined && !Number.isFinite(dueMs)) {
    throw new RangeError(`Due time must be a finite number of milliseconds: ${dueMs}`);
  }
  if (gate !== undefined && !(Number.isInteger(gate.limit) && gate.limit >= 1)) {
    throw new RangeError(`The limit of a gate must be an integer of at least 1: ${gate.limit}`);
  }
}

/** A copy of an item, which its caller may change afterwards. */
export function copyItem(item: Item): Item {
  const copy = { ...item, data: copyBytes(item.data) };
  // An object of its own, by which `MemoryUniqueKeys` tells items of the same id apart.
  return item.unique === undefined ? copy : { ...copy, unique: { ...item.unique } };
}

/** An item as it is saved. */
export interface SavedItem extends Item {
  /** It is the one that holds its unique key. */
  readonly holdsKey?: true;
}

/** Makes what is saved of an item. */
export type SaveItem = (item: Item) => SavedItem;

/** Makes an item of what was saved. */
export type LoadItem = (saved: SavedItem) => Item;
