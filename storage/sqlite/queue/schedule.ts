/**
 * The statements on messages that wait for their due time.
 * @module
 */
import type { Item } from "../../../lib/storage.ts";
import { readNumber } from "../connection/columns.ts";
import type { Connection } from "../connection/connection.ts";
import { idNumber } from "../records/id_number.ts";
import { COLUMNS_OF_ITEM, type KeyedItem, toItem, withItem } from "../records/item.ts";
import { rowLimit } from "../records/lengths.ts";

const COLUMNS = `due_ms, ${COLUMNS_OF_ITEM}`;

const INSERT = `insert into huey_schedule (queue, ${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)`;

/** As expressions, see tasks.ts. */
const DUE = "from huey_schedule where queue = ? + 0 and due_ms <= ? + 0 order by due_ms, seq limit ? + 0";

const IN_ORDER = `select ${COLUMNS} from huey_schedule where queue = ? order by due_ms, seq limit ?`;

/** The soonest of a task, tracked or not. */
const SOONEST = `select seq from (
    select seq, due_ms from huey_schedule where id_number = ?1 and task_id = ?2 and queue = ?3
    union all
    select seq, due_ms from huey_schedule where task_id = ?2 and queue = ?3 and id_number is null
  ) order by due_ms, seq limit 1`;

const TAKE_SOONEST = `delete from huey_schedule where seq = (${SOONEST}) returning ${COLUMNS}`;

/** When the soonest item is due. */
export function soonestMs(connection: Connection): number | undefined {
  const row = connection.get("select due_ms from huey_schedule where queue = ? + 0 order by due_ms limit 1", connection.queue);
  return readNumber(row?.due_ms, undefined);
}

/** Takes items that are due. @returns them in due order */
export function takeDue(connection: Connection, limit: number): KeyedItem[] {
  const values = [connection.queue, connection.now(), rowLimit(limit)];
  const rows = connection.all(`select ${COLUMNS} ${DUE}`, ...values);
  if (rows.length > 0) connection.run(`delete from huey_schedule where seq in (select seq ${DUE})`, ...values);
  return rows.map(toItem);
}

/** Takes the soonest item of a task. */
export function takeScheduled(connection: Connection, id: string): KeyedItem[] {
  return connection.all(TAKE_SOONEST, idNumber(id), id, connection.queue).map(toItem);
}

/** Scheduled items, soonest first. */
export function scheduledItems(connection: Connection, limit?: number): Item[] {
  return connection.all(IN_ORDER, connection.queue, rowLimit(limit)).map(toItem);
}

/** Puts an item on the schedule. */
export function addScheduled(connection: Connection, item: KeyedItem): void {
  connection.runAll(INSERT, withItem([connection.queue, item.dueMs ?? 0], item));
  connection.changes.schedule = true;
}
