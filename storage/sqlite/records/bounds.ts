/**
 * The statements on the numbers of messages, and on the bounds `low` and `high` of a queue: see numbers.ts.
 * @module
 */
import { endOfNumbers, firstPlain, firstPrioritised } from "../connection/numbers.ts";
import { NOBODY } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { note } from "./lines.ts";

/** How far `high` is moved ahead of the claims. */
const AHEAD = 256;

/** The number of the next plain message: behind the last one, and never before `low`. Parameters: queue, its first prioritised number. */
export const NEXT_PLAIN =
  `select max(low, ifnull((select seq from huey_task where seq < ?2 + 0 order by seq desc limit 1), 0) + 1)
  from huey_queue where id = ?1`;

/** Somebody else may have written there, and claims would find nothing any more. Looks at claimed messages only. */
const MEND = `update huey_queue set low = ?2,
    high = ifnull((select seq + 1 from huey_task where seq >= ?2 + 0 and seq < ?3 + 0 order by seq desc limit 1), ?2)
  where id = ?1 and not (typeof(low) = 'integer' and typeof(high) = 'integer'
    and low >= ?2 and low <= ?3 and high >= ?2 and high <= ?3
    and not exists (select 1 from huey_task where seq >= ?2 + 0 and seq < low and owner = ${NOBODY}))`;

/** @returns the number that the next message gets */
export function nextNumber(connection: Connection, isPlain: boolean): number {
  const { queue } = connection;
  if (isPlain) return Number(connection.get(`select (${NEXT_PLAIN}) as seq`, queue, firstPrioritised(queue))?.seq);
  const row = connection.get("select max(seq) as seq from huey_task where seq < ?", endOfNumbers(queue));
  return Math.max(Number(row?.seq), firstPrioritised(queue) - 1) + 1;
}

/** Notes that all plain messages up to `last` are claimed or gone. Others behind it may be claimed too, if it had been given back. */
export function moveAhead(connection: Connection, last: number): void {
  connection.run(
    "update huey_queue set low = ?, high = max(high, ?) where id = ?",
    last + 1,
    last + 1 + AHEAD,
    connection.queue,
  );
}

/** Notes that a message waits again. */
export function moveBack(connection: Connection, seq: number): void {
  if (seq >= firstPrioritised(connection.queue)) return;
  connection.run("update huey_queue set low = min(low, ?) where id = ?", seq, connection.queue);
}

/** Gives a queue the widest bounds that are right, if those that it has cannot be. */
export function mendBounds(connection: Connection): void {
  const { queue } = connection;
  if (connection.run(MEND, queue, firstPlain(queue), firstPrioritised(queue)) === 0) return;
  note(connection, "The numbers of the queue in huey_queue were changed by something else: they are mended");
}
