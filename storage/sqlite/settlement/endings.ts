/**
 * The plain way for a task to end: empty, with nothing to store and nothing to follow. Its row of `huey_task` is overwritten in
 * place and is the notice of the end for a moment; many such rows together become entries. So one task at a time costs one page
 * of the write-ahead log instead of three. Many that end together become entries at once, by two statements.
 * @module
 */
import type { Settlement } from "../../../lib/storage.ts";
import { firstPlain } from "../connection/numbers.ts";
import { rowStatements, writeRows } from "../connection/rows.ts";
import { ENDED, ENDED_TOKEN, KIND } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";
import { forget } from "../records/entries.ts";
import { idNumber } from "../records/id_number.ts";
import { toStoredAbout } from "../records/item.ts";
import { splitToken } from "../queue/claims.ts";

/** Rows that have ended before they become entries. */
const ROWS_AT_ONCE = 64;

/** So many that became entries at once pay for a look for rows that another process has left behind. */
const ENTRIES_AT_ONCE = 1024;

/** The time for which a notice is kept is stored above {@linkcode ENDED_TOKEN}, within the width of a token. */
const LONGEST_TTL_MS = 2 ** 40;

const HOLDS = "select count(*) as n from huey_task where seq >= ? + 0 and seq <= ? + 0 and token = ?";

/** The message is not needed any more, and what is said about the task takes its room: a row that grows would split its page. */
const END = `update huey_task set owner = ${ENDED}, token = ?, since_ms = ?, more = ?, data = x'' where seq = ? and token = ?`;

/** An older result stays what it is. */
export const KEEP_OTHERS: string = `on conflict do update set ending = excluded.ending, notice_ttl_ms = excluded.notice_ttl_ms,
  more = excluded.more, expires_ms = iif(value is null or expires_ms <= ?1, excluded.expires_ms, expires_ms),
  notice_ms = iif(value is null or expires_ms <= ?1, null, excluded.expires_ms),
  value = iif(expires_ms <= ?1, null, value)`;

const TO_ENTRIES = `insert into huey_entry (queue, kind, key, ending, notice_ttl_ms, expires_ms, more)
  select queue, ${KIND.result}, task_id, 'empty', token - ${ENDED_TOKEN}, since_ms, more from huey_task
  where seq >= ?2 + 0 and seq <= ?3 + 0 and owner = ${ENDED} and since_ms > ?1 ${KEEP_OTHERS}`;

/** So many together become entries at once. */
const ROWS_TO_ENTRIES = 16;

/** Parameters: now, queue, how long the notice is kept and until when, and for each the id and what is said. */
const CLAIMS_TO_ENTRIES = rowStatements(
  "insert into huey_entry (queue, kind, ending, notice_ttl_ms, expires_ms, key, more)",
  () => `(?2, ${KIND.result}, 'empty', ?3, ?4, ?, ?)`,
  KEEP_OTHERS,
);

const DROP_CLAIMS = "delete from huey_task where seq >= ? + 0 and seq <= ? + 0 and token = ?";

const DROP = `delete from huey_task where seq >= ? + 0 and seq <= ? + 0 and owner = ${ENDED}`;

const DROP_ONE = `delete from huey_task where id_number = ? and task_id = ? and owner = ${ENDED} and queue = ?`;

/** Whether there is something to finish. */
export function hasUnfinished({ ended }: Session): boolean {
  return ended.rows > 0 || ended.entries > 0;
}

/** Makes rows that have ended entries, if there are many. */
export function tidyEnded(session: Session): void {
  if (session.ended.rows >= ROWS_AT_ONCE || session.ended.entries >= ENTRIES_AT_ONCE) finishEnded(session);
}

/** Makes them entries, and those that a process has left behind. */
export function finishEnded(session: Session): void {
  const { ended } = session;
  const first = firstPlain(session.queue);
  session.round.written += session.run(TO_ENTRIES, session.now(), first, ended.last);
  session.run(DROP, first, ended.last);
  ended.rows = ended.entries = 0;
}

/** What a plain ending does not have. */
const NOTHING_MORE = ["enqueue", "chords", "chord", "bury", "canceled", "dropChord", "passLocks", "next", "dropSteps"] as const;

/** Whether a settlement can be written in place. */
export function isPlainEnding(settlement: Settlement): boolean {
  const { claim, ending, noticeTtlMs } = settlement;
  if (claim === undefined || ending !== "empty" || settlement.result !== undefined || settlement.again) return false;
  if (claim.priority !== 0 || !claim.track || claim.id !== settlement.id) return false;
  if (claim.gate !== undefined || claim.unique !== undefined) return false;
  if (!Number.isInteger(noticeTtlMs) || noticeTtlMs < 0 || noticeTtlMs >= LONGEST_TTL_MS) return false;
  return !settlement.dropLocks && NOTHING_MORE.every((part) => settlement[part] === undefined);
}

/** Ends the tasks whose claims are still held. @returns for each whether it was */
export function endInPlace(session: Session, settlements: readonly Settlement[]): boolean[] {
  const held: boolean[] = [];
  for (let start = 0; start < settlements.length;) {
    const claimed = claimedTogether(settlements, start);
    start += claimed.length;
    if (claimed.length >= ROWS_TO_ENTRIES && endTogether(session, claimed)) held.push(...claimed.map(() => true));
    else for (const settlement of claimed) held.push(endOne(session, settlement));
  }
  settlements.forEach(({ id, dropRevocations: keys }, index) => {
    if (!held[index]) return;
    if (keys !== undefined) forget(session, keys);
    session.changes.ended.push(id);
  });
  return held;
}

/** Forgets that a task had ended in place: it ends once more. */
export function dropEnded(session: Session, id: string): void {
  session.run(DROP_ONE, idNumber(id), id, session.queue);
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

function endOne(session: Session, { claim, noticeTtlMs: ttlMs, about }: Settlement): boolean {
  const { ended } = session;
  const [seq, token] = splitToken(claim!.token);
  if (session.run(END, ENDED_TOKEN + ttlMs, session.now() + ttlMs, toStoredAbout(about), seq, token) === 0) return false;
  ended.rows++;
  ended.last = Math.max(ended.last, seq);
  return true;
}

/** @returns whether all of them were held; if not, nothing is written */
function endTogether(session: Session, settlements: readonly Settlement[]): boolean {
  const { ended, queue } = session;
  const { claim, noticeTtlMs: ttlMs } = settlements[0]!;
  const [first, token] = splitToken(claim!.token);
  const count = settlements.length;
  const claims = [first, first + count - 1, token];
  if (session.get(HOLDS, ...claims)?.n !== count) return false;
  const now = session.now();
  writeRows(session, CLAIMS_TO_ENTRIES, settlements, () => [now, queue, ttlMs, now + ttlMs], (values, { id, about }) => {
    values.push(id, toStoredAbout(about));
  });
  session.run(DROP_CLAIMS, ...claims);
  session.round.written += count;
  ended.entries += count;
  ended.last = Math.max(ended.last, first + count - 1);
  return true;
}
