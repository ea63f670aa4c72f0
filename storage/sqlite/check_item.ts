/**
 * What a SQLite file can hold.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import { checkItem as checkAnyItem } from "../check_item.ts";

/** SQLite's limit for one value is 1,000,000,000 bytes, the rest of the row included. */
const MOST_BYTES = 999_000_000;

/**
 * @param item Any item.
 * @throws {RangeError} If it could never be stored, with the rule.
 */
export function checkItem(item: Item): void {
  checkAnyItem(item);
  const { length } = item.data;
  if (length > MOST_BYTES) throw new RangeError(`A message must not be longer than ${MOST_BYTES} bytes: ${length}`);
}
