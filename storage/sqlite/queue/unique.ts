/**
 * The statements on unique keys. A key is held by one message, not by all of its task: each time that it is taken, a number is drawn, which
 * the row of the key and the message have in common.
 * @module
 */
import type { Item, UniqueKey } from "../../../lib/storage.ts";
import { readNumber, readText } from "../connection/columns.ts";
import type { Connection } from "../connection/connection.ts";
import { type KeyedItem, partOfMore } from "../records/item.ts";

/** Keys whose time is over that go with one that is taken for a time. */
const FORGOTTEN_AT_ONCE = 10;

const LOOK = "select task_id, expires_ms from huey_unique where queue = ? and key = ?";

const TAKE = "insert or replace into huey_unique (queue, key, hold, task_id, expires_ms) values (?, ?, ?, ?, ?)";

/** A key that is held for a time is not freed earlier. */
const FREE = "delete from huey_unique where queue = ? and key = ? and hold = ? and expires_ms is null";

const HAND_ON = "update huey_unique set task_id = ? where queue = ? and key = ? and hold = ?";

const SCHEDULED = `(select ${partOfMore("hold")} from huey_schedule where queue = ?1 and ${partOfMore("hold")} is not null)`;

const FREE_SCHEDULED = `delete from huey_unique where queue = ?1 and hold in ${SCHEDULED}`;

const FREE_OTHERS = `delete from huey_unique where queue = ?1 and hold not in ${SCHEDULED}`;

const FORGET = `delete from huey_unique where (queue, key) in
  (select queue, key from huey_unique where expires_ms <= ? + 0 order by expires_ms limit ${FORGOTTEN_AT_ONCE})`;

/** The id of the task that holds the key of an item, unless the item may take it. */
export function holderOf(connection: Connection, { id, unique }: Item): string | undefined {
  const row = unique && connection.get(LOOK, connection.queue, unique.key);
  if (row === undefined) return undefined;
  const isOver = row.expires_ms !== null && readNumber(row.expires_ms, 0) <= connection.now();
  const holder = readText(row.task_id);
  return isOver || holder === id || holder === unique!.from ? undefined : holder;
}

/** Takes the key of an item, whoever has it. @returns the item, which holds it now */
export function takeKey(connection: Connection, item: Item): KeyedItem {
  if (item.unique === undefined) return item;
  const { key, until } = item.unique;
  const hold = 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1));
  const expiresMs = typeof until === "number" ? connection.now() + until : null;
  if (expiresMs !== null) connection.run(FORGET, connection.now());
  connection.run(TAKE, connection.queue, key, hold, item.id, expiresMs);
  return { ...item, hold };
}

/** Frees the key of a message that is claimed, if it is held until then. */
export function startKey(connection: Connection, { unique, hold }: KeyedItem): void {
  if (unique?.until === "start") freeKey(connection, unique, hold);
}

/** Frees a key, if the item with this number holds it. */
export function freeKey(connection: Connection, { key }: UniqueKey, hold: number | undefined): void {
  if (hold !== undefined) connection.run(FREE, connection.queue, key, hold);
}

/** The key of an item goes to the one that takes its place. @returns whether the item held it */
export function handKeyOn(connection: Connection, { id, unique }: Item, hold: number | undefined): boolean {
  return hold !== undefined && connection.run(HAND_ON, id, connection.queue, unique!.key, hold) > 0;
}

/** Frees the keys of all messages on the schedule, before they are deleted, or those of all others. */
export function freeAllKeys(connection: Connection, of: "schedule" | "others"): void {
  connection.run(of === "schedule" ? FREE_SCHEDULED : FREE_OTHERS, connection.queue);
}
