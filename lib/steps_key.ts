/**
 * Where the steps of an item are kept: beside the contract, whose types are exported, since this is for the library alone.
 * @module
 */
import type { Item } from "./storage.ts";

/** The key under which the steps of an item, or a claim, are kept: see `Storage.keep`. */
export function stepsKey({ id, steps }: Pick<Item, "id" | "steps">): string {
  return steps ?? id;
}
