/**
 * The statements on counts by time and task, and on the ends of tasks that were added last.
 * @module
 */
import type { CountBounds, CountQuery, CountRow, CountStep } from "../../../lib/storage.ts";
import { readBytes, readNumber, readText } from "../connection/columns.ts";
import type { Row, SqlValue } from "../connection/database.ts";
import type { Connection } from "../connection/connection.ts";
import { examined } from "./lengths.ts";

/** Rows that are deleted with one batch: of each step of time, and of the recent ends beside as many as it adds. */
const TRIMMED_AT_ONCE = 1000;

const READ = "select sums, maxima from huey_count where queue = ? and step = ? and at_ms = ? and task_name = ?";

const WRITE = "insert or replace into huey_count (queue, step, at_ms, task_name, sums, maxima) values (?, ?, ?, ?, ?, ?)";

const TRIM = `delete from huey_count where (queue, step, at_ms, task_name) in
  (select queue, step, at_ms, task_name from huey_count where queue = ? and step = ? and at_ms < ? + 0
    order by at_ms limit ${TRIMMED_AT_ONCE})`;

const ADD_RECENT = "insert into huey_recent (queue, data) values (?, ?)";

const TRIM_RECENT = `delete from huey_recent where seq in
  (select seq from huey_recent where queue = ?1 and seq <=
    (select seq from huey_recent where queue = ?1 order by seq desc limit 1 offset ?2 + 0) order by seq limit ?3 + 0)`;

const RECENT = "select data from huey_recent where queue = ? order by seq desc limit ?";

const IN_RANGE = "from huey_count where queue = ? and step = ? and at_ms >= ? and at_ms < ?";

const OLDEST_FIRST = "order by at_ms, task_name";

/** Adds counts, and ends of tasks, oldest first, to what is there, and deletes what is too old. */
export function addCounts(
  connection: Connection,
  rows: readonly CountRow[],
  recent: readonly Uint8Array[],
  bounds: CountBounds,
): void {
  for (const { step, atMs, taskName, sums, maxima } of rows) {
    const stored = connection.get(READ, connection.queue, step, atMs, taskName);
    const allSums = merged(readNumbers(stored?.sums), sums, (left, right) => left + right);
    const allMaxima = merged(readNumbers(stored?.maxima), maxima, Math.max);
    connection.run(WRITE, connection.queue, step, atMs, taskName, JSON.stringify(allSums), JSON.stringify(allMaxima));
  }
  for (const data of recent) connection.run(ADD_RECENT, connection.queue, data);
  const ages: Readonly<Record<CountStep, number>> = { minute: bounds.minuteAgeMs, hour: bounds.hourAgeMs };
  for (const [step, ageMs] of Object.entries(ages)) connection.run(TRIM, connection.queue, step, connection.now() - ageMs);
  if (recent.length > 0) connection.run(TRIM_RECENT, connection.queue, bounds.recent, recent.length + TRIMMED_AT_ONCE);
}

/** Counts, oldest first; of too many the newest. */
export function storedCounts(connection: Connection, { step, fromMs, toMs, taskName, limit }: CountQuery): CountRow[] {
  const range: SqlValue[] = [connection.queue, step, fromMs, toMs];
  const isOfTask = taskName === undefined ? "" : "and task_name = ?";
  if (taskName !== undefined) range.push(taskName);
  const newest = `select * ${IN_RANGE} ${isOfTask} order by at_ms desc, task_name limit ?`;
  return connection.all(`select * from (${newest}) ${OLDEST_FIRST}`, ...range, examined(limit)).map(toCountRow);
}

/** Ends of tasks, newest first. */
export function recentEnds(connection: Connection, limit: number): Uint8Array[] {
  return connection.all(RECENT, connection.queue, examined(limit)).map(({ data }) => readBytes(data));
}

/** Deletes all of it. */
export function dropCounts(connection: Connection): void {
  connection.run("delete from huey_count where queue = ?", connection.queue);
  connection.run("delete from huey_recent where queue = ?", connection.queue);
}

function toCountRow(row: Row): CountRow {
  return {
    step: row.step === "hour" ? "hour" : "minute",
    atMs: readNumber(row.at_ms, 0),
    taskName: readText(row.task_name),
    sums: Object.fromEntries(readNumbers(row.sums)),
    maxima: Object.fromEntries(readNumbers(row.maxima)),
  };
}

/** Numbers by name; what is none is left out. */
function readNumbers(stored: SqlValue | undefined): Map<string, number> {
  try {
    const entries = Object.entries(JSON.parse(readText(stored)) as object);
    return new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
  } catch {
    return new Map();
  }
}

function merged(
  stored: Map<string, number>,
  added: Readonly<Record<string, number>>,
  merge: (left: number, right: number) => number,
): Record<string, number> {
  for (const [name, number] of Object.entries(added)) {
    const before = stored.get(name);
    stored.set(name, before === undefined ? number : merge(before, number));
  }
  return Object.fromEntries(stored);
}
