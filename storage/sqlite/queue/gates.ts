/**
 * The statements on gates. What was admitted is on the queue or claimed; how many that are is counted in the row of the gate, in the
 * transaction that changes it. A gate that nobody has passed and nobody waits for has no row.
 * @module
 */
import type { Item } from "../../../lib/storage.ts";
import { readNumber, readText } from "../connection/columns.ts";
import type { Row } from "../connection/database.ts";
import type { Connection } from "../connection/connection.ts";
import { COLUMNS_OF_ITEM, type KeyedItem, toItem, withItem } from "../records/item.ts";
import { examined } from "../records/lengths.ts";
import { addTasks } from "./tasks.ts";

/** As expressions, see tasks.ts. */
const LINE = "from huey_blocked where queue = ?1 + 0 and gate = ?2 || ''";

const LOOK = `select admitted, most, exists (select 1 ${LINE}) as waited from huey_gate where queue = ?1 and key = ?2`;

const IS_WAITED_FOR = `select 1 as waited ${LINE}`;

const WRITE = "insert or replace into huey_gate (queue, key, admitted, most) values (?, ?, ?, ?)";

const DROP = "delete from huey_gate where queue = ? and key = ?";

/** The number of the row never comes to JavaScript, where a strange one would not be exact. */
const TAKE_FIRST =
  `delete from huey_blocked where seq = (select seq ${LINE} order by seq limit 1) returning ${COLUMNS_OF_ITEM}`;

const BLOCK = `insert into huey_blocked (queue, gate, ${COLUMNS_OF_ITEM}) values (?, ?, ?, ?, ?, ?, ?, ?)`;

const BLOCKED = `select gate, ${COLUMNS_OF_ITEM} from huey_blocked where queue = ? order by seq limit ?`;

/** A gate as it is stored. */
interface State {
  readonly admitted: number;
  readonly most: number;
  readonly isWaitedFor: boolean;
}

/** What became of an item at its gate. */
interface Arrival {
  readonly isAdmitted: boolean;
  /** Those that waited, and come before it, since the limit has grown. They are to be put on the queue. */
  readonly admitted: readonly KeyedItem[];
}

/** Counts an item as admitted, or puts it on the line. The limit of the gate is that of the item now. */
export function arrive(connection: Connection, item: KeyedItem): Arrival {
  const { key, limit: most } = item.gate!;
  const found = stateOf(connection, key);
  const admitted = found?.isWaitedFor ? takeFirst(connection, key, most - found.admitted) : [];
  const count = (found?.admitted ?? 0) + admitted.length;
  // Whoever waits comes first: where some are left, the gate is full.
  const isAdmitted = count < most;
  if (!isAdmitted) connection.runAll(BLOCK, withItem([connection.queue, key], item));
  const now = count + (isAdmitted ? 1 : 0);
  if (now !== found?.admitted || most !== found.most) connection.run(WRITE, connection.queue, key, now, most);
  return { isAdmitted, admitted };
}

/** One of those that were admitted leaves, and others that waited are put on the queue. @returns these */
export function leave(connection: Connection, key: string): readonly Item[] {
  const found = stateOf(connection, key);
  if (found === undefined) return [];
  const left = Math.max(0, found.admitted - 1);
  const items = found.isWaitedFor ? takeFirst(connection, key, found.most - left) : [];
  addTasks(connection, items);
  const now = left + items.length;
  if (now === 0) connection.run(DROP, connection.queue, key);
  else if (now !== found.admitted) connection.run(WRITE, connection.queue, key, now, found.most);
  return items;
}

/** Items that wait, in the order in which they came. */
export function blockedItems(connection: Connection, limit?: number): Item[] {
  return connection.all(BLOCKED, connection.queue, examined(limit)).map(atGate);
}

/** @returns `undefined` for a gate that nobody knows */
function stateOf(connection: Connection, key: string): State | undefined {
  const row = connection.get(LOOK, connection.queue, key) ?? connection.get(IS_WAITED_FOR, connection.queue, key);
  if (row === undefined) return undefined;
  return { admitted: count(row.admitted, 0), most: count(row.most, 1), isWaitedFor: row.waited === 1 };
}

/** What nobody of ours has written would keep the gate shut for ever. */
function count(value: Row[string] | undefined, least: number): number {
  const number = readNumber(value, least);
  return Number.isSafeInteger(number) && number >= least ? number : least;
}

/** Takes the first from the line. */
function takeFirst(connection: Connection, key: string, limit: number): KeyedItem[] {
  const items: KeyedItem[] = [];
  while (items.length < limit) {
    const row = connection.get(TAKE_FIRST, connection.queue, key);
    if (row === undefined) break;
    items.push(atGate({ ...row, gate: key }));
  }
  return items;
}

/** Whatever the row says of its gate: who is admitted at this one has to leave this one. */
function atGate(row: Row): KeyedItem {
  const item = toItem(row);
  const key = readText(row.gate);
  return item.gate?.key === key ? item : { ...item, gate: { key, limit: item.gate?.limit ?? 1 } };
}
