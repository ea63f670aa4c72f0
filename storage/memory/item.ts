/**
 * Items of the memory storage.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import { copyBytes } from "../bytes.ts";

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
