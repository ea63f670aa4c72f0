/**
 * The statements on messages that wait for their due time.
 * @module
 */
import type { Item } from "../../../lib/storage.ts";
import type { Row } from "../connection/database.ts";
import type { Session } from "../connection/session.ts";
import { readNumber } from "../connection/columns.ts";
import { idNumber } from "../records/id_number.ts";
import { lengthOf } from "../records/lengths.ts";
import { type Holds, readHold, toStoredMore } from "../records/more.ts";
import { FLAG } from "../connection/schema.ts";
import { COLUMNS_OF_ITEM, toItem } from "./tasks.ts";

const INSERT =
  `insert into huey_schedule (queue, due_ms, priority, flags, id_number, task_id, data, more) values (?, ?, ?, ?, ?, ?, ?, ?)`;

/** As expressions, see tasks.ts. */
const DUE = "from huey_schedule where queue = ? + 0 and due_ms <= ? + 0 order by due_ms, seq limit ? + 0";

const COLUMNS = `due_ms, ${COLUMNS_OF_ITEM}`;

/** The soonest of a task, tracked or not. */
const SOONEST = `select seq from (
    select seq, due_ms from huey_schedule where id_number = ?1 and task_id = ?2 and queue = ?3
    union all
    select seq, due_ms from huey_schedule where task_id = ?2 and queue = ?3 and id_number is null
  ) order by due_ms, seq limit 1`;

const TAKE_SOONEST = `delete from huey_schedule where seq = (${SOONEST}) returning ${COLUMNS}`;

/** Items that were taken from the schedule. */
export interface Due {
  readonly items: readonly Item[];
  /** Of those that hold a unique key. */
  readonly holds: Holds;
}

/** When the soonest item is due. */
export function soonestMs(session: Session): number | undefined {
  const row = session.get("select due_ms from huey_schedule where queue = ? + 0 order by due_ms limit 1", session.queue);
  return readNumber(row?.due_ms, undefined);
}

/** Takes items that are due. @returns them in due order */
export function takeDue(session: Session, nowMs: number, limit: number): Due {
  const rows = session.all(`select ${COLUMNS} ${DUE}`, session.queue, nowMs, limit);
  if (rows.length > 0) session.run(`delete from huey_schedule where seq in (select seq ${DUE})`, session.queue, nowMs, limit);
  return toDue(rows);
}

/** Takes the soonest item of a task. */
export function takeScheduled(session: Session, id: string): Due {
  const row = session.get(TAKE_SOONEST, idNumber(id), id, session.queue);
  return toDue(row === undefined ? [] : [row]);
}

/** Scheduled items, soonest first. */
export function scheduledItems(session: Session, limit: number): Item[] {
  const list = `select ${COLUMNS} from huey_schedule where queue = ? order by due_ms, seq limit ?`;
  return session.all(list, session.queue, limit).map(toScheduledItem);
}

/** How many items are scheduled. */
export function countScheduled(session: Session): number {
  return lengthOf(session, "schedule");
}

/** Puts an item on the schedule. @param hold The number by which it holds its unique key */
export function addScheduled(session: Session, item: Item, hold?: number): void {
  const { id, data, priority, dueMs = 0 } = item;
  const flags = item.retry ? FLAG.retry : 0;
  const number = item.track ? idNumber(id) : null;
  session.run(INSERT, session.queue, dueMs, priority, flags, number, id, data, toStoredMore(item, hold));
  session.changes.schedule = true;
}

/** Reads a row of the schedule, or a callback, which may have no due time. */
export function toScheduledItem(row: Row): Item {
  return { ...toItem(row), dueMs: readNumber(row.due_ms, undefined) };
}

function toDue(rows: readonly Row[]): Due {
  const items = rows.map(toScheduledItem);
  const holds = new Map<Item, number>();
  for (const [index, { more }] of rows.entries()) {
    const hold = more === null ? undefined : readHold(more);
    if (hold !== undefined) holds.set(items[index]!, hold);
  }
  return { items, holds };
}
