/**
 * The statements on messages that were set aside.
 * @module
 */
import type {
  Burial,
  Claim,
  DeadLetterBounds,
  DeadLetterKind,
  DeadLetterQuery,
  Enqueued,
  Item,
  StoredDeadLetter,
} from "../../../lib/storage.ts";
import { DEAD_LETTER_KINDS, MOST_EXAMINED } from "../../../lib/storage.ts";
import { stepsKey } from "../../../lib/steps_key.ts";
import { checkItem } from "../check_item.ts";
import { readBytes, readNumber, readOptionalText, readText } from "../connection/columns.ts";
import type { Row, SqlValue } from "../connection/database.ts";
import { KIND } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { enqueueItems } from "../queue/arrivals.ts";
import { examined, forgetLength, lengthOf } from "../records/lengths.ts";
import { dropEnded } from "./endings.ts";
import { dropSteps, dropStepsOf } from "./steps.ts";

/** Letters that go with one burial. */
const TRIMMED_AT_ONCE = 100;

const KINDS: ReadonlySet<unknown> = new Set(DEAD_LETTER_KINDS);

const BURY = `insert into huey_dead (queue, id, kind, at_ms, reason, priority, track, item_id, task_id, task_name, data, error,
  attempts, steps) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const BY_ID = "from huey_dead where queue = ? and id = ?";

const NEWEST_OF_TASK = "select * from huey_dead where queue = ? and item_id = ? order by at_ms desc, seq desc limit 1";

/** As expressions, see tasks.ts. */
const OLDEST = "from huey_dead where queue = ? + 0 and kind = ? || '' and at_ms < ? + 0 order by at_ms, seq limit ? + 0";

const FORGET_END = `delete from huey_entry where queue = ? and kind = ${KIND.result} and key = ?`;

/**
 * Sets a message aside; it keeps the priority of its claim. The oldest of the kind that are too many or too old go, in steps.
 *
 * @param id What the storage knows the message by, if its task cannot be read.
 */
export function bury(connection: Connection, burial: Burial, id: string, claim?: Claim, bounds?: DeadLetterBounds): void {
  const { kind, atMs, reason, taskId = null, taskName = null, data, error = null, attempts = null } = burial;
  const { priority = 0, track = true } = claim ?? {};
  const itemId = taskId ?? id;
  connection.run(`delete ${BY_ID}`, connection.queue, burial.id);
  const message = [priority, track ? 1 : 0, itemId, taskId, taskName, data, error, attempts, claim ? stepsKey(claim) : itemId];
  connection.run(BURY, connection.queue, burial.id, kind, atMs, reason, ...message);
  if (bounds === undefined) return;
  const tooMany = countDead(connection, { kind }) - bounds.count;
  if (tooMany > 0) dropOldest(connection, kind, Infinity, Math.min(tooMany, TRIMMED_AT_ONCE));
  if (bounds.ageMs !== undefined) dropOldest(connection, kind, connection.now() - bounds.ageMs, TRIMMED_AT_ONCE);
}

/** Dead letters, newest first. */
export function deadLetters(connection: Connection, query: DeadLetterQuery = {}): StoredDeadLetter[] {
  const { where, values } = examinedLetters(query);
  const list = `select * from huey_dead where seq in (select seq from ${where} limit ?) order by at_ms desc, seq desc`;
  return connection.all(list, connection.queue, ...values, examined(query.limit)).map(toLetter);
}

/** How many dead letters there are. */
export function countDead(connection: Connection, query: DeadLetterQuery = {}): number {
  const { kind, taskName, beforeMs } = query;
  if (taskName === undefined && beforeMs === undefined) {
    const kinds = kind === undefined ? DEAD_LETTER_KINDS : [kind];
    return kinds.reduce((sum, one) => sum + lengthOf(connection, one), 0);
  }
  const { where, values } = examinedLetters(query);
  return Number(connection.get(`select count(*) as n from ${where}`, connection.queue, ...values)?.n);
}

/** A dead letter, by its id or that of its task. */
export function deadLetter(connection: Connection, id: string): StoredDeadLetter | undefined {
  const row = connection.get(`select * ${BY_ID}`, connection.queue, id) ?? connection.get(NEWEST_OF_TASK, connection.queue, id);
  return row && toLetter(row);
}

/** Deletes a dead letter and its steps. @returns whether it was there */
export function deleteDead(connection: Connection, id: string): boolean {
  const row = connection.get(`delete ${BY_ID} returning steps`, connection.queue, id);
  if (row !== undefined && row.steps !== null) dropSteps(connection, readText(row.steps));
  return row !== undefined;
}

/** Puts an item in the place of a dead letter: the end and the result of its task, and of `others`, are forgotten. */
export function requeueDead(
  connection: Connection,
  id: string,
  item: Item,
  others: readonly string[] = [],
): Enqueued | undefined {
  checkItem(item);
  const row = connection.get(`select item_id ${BY_ID}`, connection.queue, id);
  if (row === undefined) return undefined;
  const enqueued = enqueueItems(connection, [item]);
  if (enqueued.duplicates !== undefined) return enqueued;
  for (const ended of [readText(row.item_id), ...others]) {
    connection.run(FORGET_END, connection.queue, ended);
    dropEnded(connection, ended);
  }
  connection.run(`delete ${BY_ID}`, connection.queue, id);
  return enqueued;
}

/** Deletes all. */
export function dropLetters(connection: Connection): void {
  dropStepsOf(connection, "letters");
  connection.run("delete from huey_dead where queue = ?", connection.queue);
  for (const kind of DEAD_LETTER_KINDS) forgetLength(connection, kind);
}

/** The letters that a query can find: those that are looked at, and of them those of the task. Parameters: queue, then the values. */
function examinedLetters({ kind, taskName, beforeMs }: DeadLetterQuery): { where: string; values: SqlValue[] } {
  const values: SqlValue[] = [];
  const conditions = ["queue = ?"];
  const add = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  add("kind = ?", kind);
  add("at_ms < ?", beforeMs);
  const looked = `(select seq, at_ms, task_name from huey_dead where ${conditions.join(" and ")}
    order by at_ms desc, seq desc limit ${MOST_EXAMINED})`;
  if (taskName === undefined) return { where: `${looked} order by at_ms desc, seq desc`, values };
  return { where: `${looked} where task_name = ? order by at_ms desc, seq desc`, values: [...values, taskName] };
}

function dropOldest(connection: Connection, kind: DeadLetterKind, beforeMs: number, limit: number): void {
  const values = [connection.queue, kind, beforeMs, limit];
  const rows = connection.all(`select steps ${OLDEST}`, ...values);
  if (rows.length === 0) return;
  for (const { steps } of rows) if (steps !== null) dropSteps(connection, readText(steps));
  connection.run(`delete from huey_dead where seq in (select seq ${OLDEST})`, ...values);
}

function toLetter(row: Row): StoredDeadLetter {
  return {
    id: readText(row.id),
    kind: KINDS.has(row.kind) ? row.kind as DeadLetterKind : "unreadable",
    reason: readText(row.reason),
    atMs: readNumber(row.at_ms, 0),
    data: readBytes(row.data),
    priority: readNumber(row.priority, 0),
    taskId: readOptionalText(row.task_id),
    taskName: readOptionalText(row.task_name),
    ...row.error !== null && { error: readBytes(row.error) },
    ...row.attempts !== null && { attempts: readNumber(row.attempts, 0) },
  };
}
