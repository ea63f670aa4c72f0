/**
 * The statements on messages that wait for their due time.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import type { Row } from "./database.ts";
import type { Session } from "./session.ts";
import { readNumber, toStoredPlace } from "./columns.ts";
import { idNumber } from "./id_number.ts";
import { FLAG } from "./schema.ts";
import { addTasks, COLUMNS_OF_ITEM, toItem } from "./tasks.ts";

const INSERT =
  `insert into huey_schedule (queue, due_ms, priority, flags, id_number, task_id, data, chord) values (?, ?, ?, ?, ?, ?, ?, ?)`;

/** As expressions, see tasks.ts. */
const DUE = "from huey_schedule where queue = ? + 0 and due_ms <= ? + 0 order by due_ms, seq limit ? + 0";

/** Appends each item to the queue or, with a due time, to the schedule. */
export function addItems(session: Session, items: readonly Item[]): void {
  const isQueued = (item: Item): boolean => item.dueMs === undefined;
  addTasks(session, items.every(isQueued) ? items : items.filter(isQueued));
  for (const item of items) if (!isQueued(item)) addScheduled(session, item);
}

/** When the soonest item is due. */
export function soonestMs(session: Session): number | undefined {
  const row = session.get("select due_ms from huey_schedule where queue = ? + 0 order by due_ms limit 1", session.queue);
  return readNumber(row?.due_ms, undefined);
}

/** Moves due items to the queue. @returns them in due order */
export function promote(session: Session, nowMs: number, limit: number): Item[] {
  const rows = session.all(`select due_ms, ${COLUMNS_OF_ITEM} ${DUE}`, session.queue, nowMs, limit);
  if (rows.length === 0) return [];
  session.run(`delete from huey_schedule where seq in (select seq ${DUE})`, session.queue, nowMs, limit);
  const items = rows.map(toScheduledItem);
  addTasks(session, items);
  return items;
}

/** Scheduled items, soonest first. */
export function scheduledItems(session: Session, limit: number): Item[] {
  const rows = session.all(
    `select due_ms, ${COLUMNS_OF_ITEM} from huey_schedule where queue = ? order by due_ms, seq limit ?`,
    session.queue,
    limit,
  );
  return rows.map(toScheduledItem);
}

/** How many items are scheduled. */
export function countScheduled(session: Session): number {
  return Number(session.get("select count(*) as n from huey_schedule where queue = ?", session.queue)?.n);
}

function addScheduled(session: Session, item: Item): void {
  const { id, data, priority, dueMs = 0, chord } = item;
  const flags = item.retry ? FLAG.retry : 0;
  const number = item.track ? idNumber(id) : null;
  session.run(INSERT, session.queue, dueMs, priority, flags, number, id, data, toStoredPlace(chord));
  session.changes.schedule = true;
}

/** Reads a row of the schedule, or a callback, which may have no due time. */
export function toScheduledItem(row: Row): Item {
  return { ...toItem(row), dueMs: readNumber(row.due_ms, undefined) };
}
