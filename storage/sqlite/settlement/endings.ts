/**
 * The plain way for a task to end: empty, with nothing to store and nothing to follow. Its row of `huey_task` is overwritten in
 * place and is the notice of the end for a moment; many such rows together are moved to `huey_ended`. So one task at a time costs one page
 * of the write-ahead log instead of four. Many that end together are moved at once, by two statements.
 * @module
 */
import type { Settlement } from "../../../lib/storage.ts";
import { firstPlain } from "../connection/numbers.ts";
import { rowStatements, writeRows } from "../connection/rows.ts";
import { ENDED, ENDED_TOKEN } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { forget } from "../records/entries.ts";
import { idNumber } from "../records/id_number.ts";
import { toStoredAbout } from "../records/item.ts";
import { splitToken } from "../queue/claims.ts";

/** Rows that have ended before they are moved. */
const ROWS_AT_ONCE = 64;

/** After so many that were moved at once, rows that another process has left in `huey_task` are moved too. */
const MOVED_AT_ONCE = 1024;

const HOLDS = "select count(*) as n from huey_task where seq >= ? + 0 and seq <= ? + 0 and token = ?";

/** The message is not needed any more, and what is said about the task takes its room: a row that grows would split its page. */
const END =
  `update huey_task set owner = ${ENDED}, token = ${ENDED_TOKEN}, since_ms = ?, more = ?, data = x'' where seq = ? and token = ?`;

const MOVE = `insert into huey_ended (queue, id_number, task_id, expires_ms, more)
  select queue, id_number, task_id, since_ms, more from huey_task
  where seq >= ?2 + 0 and seq <= ?3 + 0 and owner = ${ENDED} and since_ms > ?1`;

/** So many together are moved at once. */
const ROWS_TO_MOVE = 16;

/** Parameters: queue, until when the notice is kept, and for each the id and what is said. */
const ADD_NOTICES = rowStatements(
  "insert into huey_ended (queue, expires_ms, id_number, task_id, more)",
  () => "(?1, ?2, ?, ?, ?)",
);

const DROP_CLAIMS = "delete from huey_task where seq >= ? + 0 and seq <= ? + 0 and token = ?";

const DROP = `delete from huey_task where seq >= ? + 0 and seq <= ? + 0 and owner = ${ENDED}`;

/** Parameters: number, id, queue. */
const ROW_OF_TASK = `from huey_task where id_number = ?1 and task_id = ?2 and owner = ${ENDED} and queue = ?3`;

const NOTICE_OF_TASK = "from huey_ended where id_number = ?1 and task_id = ?2 and queue = ?3";

const HAS_ENDED = `select 1 where exists (select 1 ${ROW_OF_TASK}) or exists (select 1 ${NOTICE_OF_TASK})`;

/** Whether there is something to finish. */
export function hasUnfinished({ ended }: Connection): boolean {
  return ended.rows > 0 || ended.moved > 0;
}

/** Moves rows that have ended, if there are many. */
export function tidyEnded(connection: Connection): void {
  if (connection.ended.rows >= ROWS_AT_ONCE || connection.ended.moved >= MOVED_AT_ONCE) finishEnded(connection);
}

/** Moves them, and those that a process has left behind. */
export function finishEnded(connection: Connection): void {
  const { ended } = connection;
  const first = firstPlain(connection.queue);
  connection.noticeRound.written += connection.run(MOVE, connection.now(), first, ended.last);
  connection.run(DROP, first, ended.last);
  ended.rows = ended.moved = 0;
}

/** What a plain ending does not have. */
const NOTHING_MORE = ["enqueue", "chords", "chord", "bury", "canceled", "dropChord", "passLocks", "next", "dropSteps"] as const;

/** Whether a settlement can be written in place. */
export function isPlainEnding(settlement: Settlement): boolean {
  const { claim, ending } = settlement;
  if (claim === undefined || ending !== "empty" || settlement.result !== undefined || settlement.again) return false;
  if (claim.priority !== 0 || !claim.track || claim.id !== settlement.id) return false;
  if (claim.gate !== undefined || claim.unique !== undefined) return false;
  return !settlement.dropLocks && NOTHING_MORE.every((part) => settlement[part] === undefined);
}

/** Ends the tasks whose claims are still held. @returns for each whether it was */
export function endInPlace(connection: Connection, settlements: readonly Settlement[]): boolean[] {
  const held: boolean[] = [];
  for (let start = 0; start < settlements.length;) {
    const claimed = claimedTogether(settlements, start);
    start += claimed.length;
    if (claimed.length >= ROWS_TO_MOVE && endTogether(connection, claimed)) held.push(...claimed.map(() => true));
    else for (const settlement of claimed) held.push(endOne(connection, settlement));
  }
  settlements.forEach(({ id, dropRevocations: keys }, index) => {
    if (!held[index]) return;
    if (keys !== undefined) forget(connection, keys);
    connection.changes.ended.push(id);
  });
  return held;
}

/** Forgets that a task had ended in place: it ends once more. */
export function dropEnded(connection: Connection, id: string): void {
  const values = [idNumber(id), id, connection.queue];
  // Most have not, and one look costs less than two statements that delete nothing.
  if (connection.get(HAS_ENDED, ...values) === undefined) return;
  for (const rows of [ROW_OF_TASK, NOTICE_OF_TASK]) connection.run(`delete ${rows}`, ...values);
}

/** Those from `start` on whose claims have the same token, and numbers without a gap. */
function claimedTogether(settlements: readonly Settlement[], start: number): readonly Settlement[] {
  const { claim, noticeTtlMs } = settlements[start]!;
  const [first, token] = splitToken(claim!.token);
  let end = start + 1;
  for (; end < settlements.length; end++) {
    const next = settlements[end]!;
    if (next.noticeTtlMs !== noticeTtlMs || next.claim!.token !== `${first + end - start}.${token}`) break;
  }
  return settlements.slice(start, end);
}

function endOne(connection: Connection, { claim, noticeTtlMs: ttlMs, about }: Settlement): boolean {
  const { ended } = connection;
  const [seq, token] = splitToken(claim!.token);
  if (connection.run(END, connection.now() + ttlMs, toStoredAbout(about), seq, token) === 0) return false;
  ended.rows++;
  ended.last = Math.max(ended.last, seq);
  return true;
}

/** @returns whether all of them were held; if not, nothing is written */
function endTogether(connection: Connection, settlements: readonly Settlement[]): boolean {
  const { ended, queue } = connection;
  const { claim, noticeTtlMs: ttlMs } = settlements[0]!;
  const [first, token] = splitToken(claim!.token);
  const count = settlements.length;
  const claims = [first, first + count - 1, token];
  if (connection.get(HOLDS, ...claims)?.n !== count) return false;
  const now = connection.now();
  writeRows(connection, ADD_NOTICES, settlements, () => [queue, now + ttlMs], (values, { id, about }) => {
    values.push(idNumber(id), id, toStoredAbout(about));
  });
  connection.run(DROP_CLAIMS, ...claims);
  connection.noticeRound.written += count;
  ended.moved += count;
  ended.last = Math.max(ended.last, first + count - 1);
  return true;
}
