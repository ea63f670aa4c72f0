/**
 * What is told of messages that wait and of those that are claimed.
 * @module
 */
import { type Item, MOST_EXAMINED, type StoredRunning } from "../../../lib/storage.ts";
import { readNumber, readText, readTime } from "../connection/columns.ts";
import type { Row } from "../connection/database.ts";
import { firstPrioritised } from "../connection/numbers.ts";
import { NOBODY } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { COLUMNS_OF_ITEM, toItem } from "../records/item.ts";
import { examined, rowLimit } from "../records/lengths.ts";
import { CLAIMED, COLUMNS_OF_CLAIM, toClaim } from "./claims.ts";
import { IN_ORDER, PLAIN_IN_ORDER, PRIORITISED } from "./tasks.ts";

/** Priorities of which the first message is looked at. */
const MOST_PRIORITIES = 100;

/** Rows before `high` may be claimed, so they are counted one by one. From `high` on all wait, without a gap: numbers are subtracted. */
const COUNT_PLAIN = `select
    (select count(*) from huey_task where seq >= low and seq < high and owner = ${NOBODY})
    + max(0, ifnull((select seq from huey_task where seq < ?2 order by seq desc limit 1), 0) - high + 1) as plain
  from huey_queue where id = ?1`;

const RUNNING = `select ${COLUMNS_OF_CLAIM}, since_ms, consumer, worker
  from (select * ${CLAIMED} limit ${MOST_EXAMINED}) left join huey_owner on huey_owner.id = owner
  order by since_ms, seq limit ?2`;

const FIRST_BELOW = `select priority, entered_ms ${PRIORITISED} and priority < ?2 order by priority desc, seq limit 1`;

/** Waiting messages in their order. */
export function waitingTasks(connection: Connection, limit?: number): Item[] {
  const { queue } = connection;
  const most = rowLimit(limit);
  let rows: Row[] = [];
  for (const list of IN_ORDER) {
    const rest = most < 0 ? most : most - rows.length;
    rows = rows.concat(connection.all(`select ${COLUMNS_OF_ITEM} ${list}`, queue, firstPrioritised(queue), rest));
  }
  return rows.map(toItem);
}

/** How many messages wait. */
export function countWaiting(connection: Connection): number {
  const { queue } = connection;
  const plain = connection.get(COUNT_PLAIN, queue, firstPrioritised(queue))?.plain;
  return Number(plain) + Number(connection.get(`select count(*) as n ${PRIORITISED}`, queue)?.n);
}

/** Claims, those that have been held for longest first. */
export function runningTasks(connection: Connection, limit?: number): StoredRunning[] {
  return connection.all(RUNNING, connection.queue, examined(limit)).map((row) => ({
    claim: toClaim(row),
    owner: { consumer: readText(row.consumer), worker: readText(row.worker) },
    sinceMs: readTime(row.since_ms) ?? 0,
  }));
}

/** When the first message of a priority came to the queue, the earliest of all priorities. */
export function oldestMs(connection: Connection): number | undefined {
  const { queue } = connection;
  const times: (number | undefined)[] = [];
  let isPlainSeen = false;
  const plain = (): void => {
    isPlainSeen = true;
    const row = connection.get(`select entered_ms ${PLAIN_IN_ORDER}`, queue, firstPrioritised(queue), 1);
    if (row !== undefined) times.push(readNumber(row.entered_ms, undefined));
  };
  let priority = Infinity;
  while (times.length < MOST_PRIORITIES) {
    const row = connection.get(FIRST_BELOW, queue, priority);
    const next = readNumber(row?.priority, -Infinity);
    if (!isPlainSeen && next < 0) plain();
    if (row === undefined || next >= priority) break;
    times.push(readNumber(row.entered_ms, undefined));
    priority = next;
  }
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
