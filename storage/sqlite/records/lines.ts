/**
 * Lines for the log of a consumer: what was found in rows that nobody of ours has written. They are kept in the file, since another
 * isolate may renew the lease, and stay there for a while after they were told, so that each is told once.
 * @module
 */
import type { SqlValue } from "../connection/database.ts";
import { readText } from "../connection/columns.ts";
import { KIND, NOBODY } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";

/** So many are kept. Strangers can write any number of rows. */
const MOST = 100;
/** So many rows are looked at for each reason at each renewal of a lease. */
const MOST_ROWS = 10;
/** For so long a line is not told again. */
const KEPT_MS = 604_800_000;

const NEW = 1;
const TOLD = 0;

const ADD = `insert or ignore into huey_entry (queue, kind, key, value, expires_ms) select ?1, ${KIND.line}, ?2, ${NEW}, ?3
  where (select count(*) from huey_entry where queue = ?1 and kind = ${KIND.line}) < ${MOST}`;

const FORGET = `delete from huey_entry where queue = ? and kind = ${KIND.line} and expires_ms <= ?`;

const UNTOLD = `select key from huey_entry where queue = ? and kind = ${KIND.line} and value = ${NEW}`;

const TELL = `update huey_entry set value = ${TOLD} where queue = ? and kind = ${KIND.line} and value = ${NEW}`;

/** Rows that are never found by a claim: their numbers are not ours. */
const OUT_OF_REACH = `select seq from (select seq, queue, owner from huey_task where seq < 0 limit 1000)
  where queue = ? and owner = ${NOBODY} limit ${MOST_ROWS}`;

/** Rows that are never due: what is no number comes after all numbers. */
const NEVER_DUE = `select seq from huey_schedule where queue = ? and due_ms >= '' limit ${MOST_ROWS}`;

/** Leases whose end cannot be read. There are as many as consumers. */
const ODD_LEASES = "select 1 from huey_lease where queue = ? and typeof(expires_ms) not in ('integer', 'real') limit 1";

/** Notes a line, once. Within a transaction that writes. @param line Of ours alone: names of strangers are not for it */
export function note(connection: Connection, line: string): void {
  connection.run(ADD, connection.queue, line, connection.now() + KEPT_MS);
}

/** Notes that a claimed row is not as ours are, if so. Most rows are, and this runs for each. */
export function noteClaimed(connection: Connection, row: Readonly<Record<string, SqlValue>>): void {
  const isOurs = typeof row.task_id === "string" && row.data instanceof Uint8Array && typeof row.priority === "number" &&
    typeof row.deliveries === "number" && row.deliveries >= 0;
  if (!isOurs) note(connection, `Row ${row.seq} of huey_task was written by something else: it is read as far as it can be`);
}

/** Notes that there is a lease whose end cannot be read. */
export function noteLeases(connection: Connection): void {
  if (connection.get(ODD_LEASES, connection.queue) === undefined) return;
  note(connection, "The end of a lease in huey_lease cannot be read: it counts as over");
}

/** What was noted since the last renewal of a lease, and what is skipped. */
export function takeLines(connection: Connection): readonly string[] {
  const { queue } = connection;
  connection.run(FORGET, queue, connection.now());
  for (const { seq } of connection.all(OUT_OF_REACH, queue)) {
    note(connection, `Row ${seq} of huey_task has a number that is not ours: it is skipped`);
  }
  for (const { seq } of connection.all(NEVER_DUE, queue)) {
    note(connection, `Row ${seq} of huey_schedule has no time at which it is due: it is skipped`);
  }
  noteLeases(connection);
  const lines = connection.all(UNTOLD, queue).map(({ key }) => readText(key));
  if (lines.length > 0) connection.run(TELL, queue);
  return lines;
}
