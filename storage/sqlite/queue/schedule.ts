/**
 * The statements on messages that wait for their due time.
 * @module
 */
import type { Item } from "../../../lib/storage.ts";
import { readNumber } from "../connection/columns.ts";
import type { Session } from "../connection/session.ts";
import { idNumber } from "../records/id_number.ts";
import { COLUMNS_OF_ITEM, type Held, toItem, withItem } from "../records/item.ts";
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
export function soonestMs(session: Session): number | undefined {
  const row = session.get("select due_ms from huey_schedule where queue = ? + 0 order by due_ms limit 1", session.queue);
  return readNumber(row?.due_ms, undefined);
}

/** Takes items that are due. @returns them in due order */
export function takeDue(session: Session, limit: number): Held[] {
  const values = [session.queue, session.now(), rowLimit(limit)];
  const rows = session.all(`select ${COLUMNS} ${DUE}`, ...values);
  if (rows.length > 0) session.run(`delete from huey_schedule where seq in (select seq ${DUE})`, ...values);
  return rows.map(toItem);
}

/** Takes the soonest item of a task. */
export function takeScheduled(session: Session, id: string): Held[] {
  return session.all(TAKE_SOONEST, idNumber(id), id, session.queue).map(toItem);
}

/** Scheduled items, soonest first. */
export function scheduledItems(session: Session, limit?: number): Item[] {
  return session.all(IN_ORDER, session.queue, rowLimit(limit)).map(toItem);
}

/** Puts an item on the schedule. */
export function addScheduled(session: Session, item: Held): void {
  session.runAll(INSERT, withItem([session.queue, item.dueMs ?? 0], item));
  session.changes.schedule = true;
}
