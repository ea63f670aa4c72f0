/**
 * Finishing an attempt, and what is known of tasks.
 * @module
 */
import type { CanceledStep, Settled, Settlement, StoredState } from "../../lib/storage.ts";
import { addChord, callbackOf, dropChord, report } from "./chords.ts";
import { readNumber, readOptionalText } from "./columns.ts";
import type { Row } from "./database.ts";
import { bury } from "./dead_letters.ts";
import { dropEnded, KEEP_OTHERS } from "./endings.ts";
import { forget } from "./entries.ts";
import { idNumber } from "./id_number.ts";
import { dropLocks, passLocks } from "./locks.ts";
import { isLost } from "./lost.ts";
import { addItems } from "./schedule.ts";
import { ENDED, FLAG, KIND, NOBODY } from "./schema.ts";
import type { Session } from "./session.ts";
import { dropClaim } from "./tasks.ts";

const PUT_RESULT = `insert into huey_entry (queue, kind, key, value, ending, notice_ttl_ms, expires_ms, notice_ms)
  values (?, ${KIND.result}, ?, ?, ?, ?, ?, ?)
  on conflict do update set value = excluded.value, ending = excluded.ending, notice_ttl_ms = excluded.notice_ttl_ms,
  expires_ms = excluded.expires_ms, notice_ms = excluded.notice_ms, holder = null`;

const PUT_NOTICE =
  `insert into huey_entry (queue, kind, key, ending, notice_ttl_ms, expires_ms) values (?2, ${KIND.result}, ?3, ?4, ?5, ?1 + ?5)
  ${KEEP_OTHERS}`;

const SCHEDULED = "select flags from huey_schedule where id_number = ? and task_id = ? and queue = ?";

/** Parameter 3: now. */
const KNOWN = "(expires_ms is null or expires_ms > ?3 or notice_ms > ?3)";

/** A notice is no longer true when the task waits again. */
const HAS_ENDED = `select key from huey_entry where queue = ?1 and kind = ${KIND.result} and key = ?2 and ${KNOWN}
  and (value is not null and (expires_ms is null or expires_ms > ?3)
    or ending is not null and not exists (select 1 from huey_task where id_number = ?4 and task_id = ?2 and owner >= ${NOBODY} and queue = ?1)
    and not exists (select 1 from huey_schedule where id_number = ?4 and task_id = ?2 and queue = ?1))`;

const ENDING =
  `select ending from huey_entry where queue = ?1 and kind = ${KIND.result} and key = ?2 and ending is not null and ${KNOWN}`;

/** What an ending can be; whatever else is in the file is none. */
const ENDINGS: ReadonlySet<unknown> = new Set<StoredState["state"]>([
  "complete",
  "empty",
  "failed",
  "revoked",
  "expired",
  "canceled",
  "dead",
]);

/** Writes what finishing an attempt means, or nothing if the claim is no longer held. */
export function settle(session: Session, settlement: Settlement): Settled {
  const { claim, id, canceled = [], enqueue = [], chords = [], chord } = settlement;
  if (claim !== undefined && !dropClaim(session, claim.token)) return settledBefore(session, settlement, claim.token);
  end(session, settlement);
  for (const step of canceled) cancel(session, step, settlement);
  if (settlement.forget !== undefined) forget(session, settlement.forget);
  for (const record of chords) addChord(session, record);
  if (enqueue.length > 0) addItems(session, enqueue);
  const callback = chord && report(session, chord, claim?.token);
  if (settlement.dropChord !== undefined) dropChord(session, settlement.dropChord);
  if (settlement.bury !== undefined) bury(session, settlement.bury, settlement.bury.taskId ?? id, claim);
  if (settlement.dropLocks && claim !== undefined) dropLocks(session, claim.token);
  else if (settlement.passLocks && claim !== undefined) passLocks(session, claim.token, settlement.passLocks);
  return { held: true, callback };
}

/** The answer when the claim is gone: if nobody took it, this settlement was written before. */
function settledBefore(session: Session, { again, chord }: Settlement, token: string): Settled {
  if (!again || isLost(session, token)) return { held: false };
  return { held: true, callback: chord && callbackOf(session, chord.id, token) };
}

/** Whether a result is stored or the task has ended. */
export function hasEnded(session: Session, id: string): boolean {
  const rows = rowsOf(session, id);
  if (rows.some(isNotice) && rows.every(isNotice) && scheduledState(session, id) === undefined) return true;
  return session.get(HAS_ENDED, session.queue, id, session.now(), idNumber(id)) !== undefined;
}

/** Where a task is. */
export function stateOf(session: Session, id: string): StoredState | undefined {
  const rows = rowsOf(session, id);
  const active = rows.length === 0 ? undefined : activeState(rows);
  return active ?? scheduledState(session, id) ?? endedState(session, id, rows.some(isNotice));
}

function end(session: Session, { id, result, resultTtlMs, ending, noticeTtlMs }: Settlement): void {
  if (result === undefined && ending === undefined) return;
  dropEnded(session, id);
  session.sweep.count();
  session.changes.ended.push(id);
  const { queue } = session;
  if (result === undefined) return void session.run(PUT_NOTICE, session.now(), queue, id, ending!, noticeTtlMs);
  const expiresMs = resultTtlMs === undefined ? null : session.now() + resultTtlMs;
  const outlives = ending !== undefined && resultTtlMs !== undefined && noticeTtlMs > resultTtlMs;
  const notice = ending === undefined ? [null, null] : [ending, noticeTtlMs];
  session.run(PUT_RESULT, queue, id, result, ...notice, expiresMs, outlives ? session.now() + noticeTtlMs : null);
}

/** A step that will never run ends with this task. */
function cancel(session: Session, { id, result }: CanceledStep, { noticeTtlMs, resultTtlMs }: Settlement): void {
  end(session, { id, result, resultTtlMs, ending: "canceled", noticeTtlMs });
}

/** The messages of a task, and notices of its end that are still true. */
function rowsOf(session: Session, id: string): Row[] {
  return session.all(
    `select owner, flags, since_ms, worker from huey_task left join huey_owner on huey_owner.id = owner
      where id_number = ? and task_id = ? and huey_task.queue = ? and (owner <> ${ENDED} or since_ms > ?)`,
    idNumber(id),
    id,
    session.queue,
    session.now(),
  );
}

function isNotice(row: Row): boolean {
  return row.owner === ENDED;
}

function activeState(rows: readonly Row[]): StoredState | undefined {
  const row = rows.find(({ owner }) => Number(owner) > NOBODY) ?? rows.find(({ owner }) => owner === NOBODY);
  if (row === undefined) return undefined;
  if (row.owner === NOBODY) return { state: isRetry(row) ? "retrying" : "waiting" };
  return { state: "running", worker: readOptionalText(row.worker), sinceMs: readNumber(row.since_ms, undefined) };
}

function scheduledState(session: Session, id: string): StoredState | undefined {
  const row = session.get(SCHEDULED, idNumber(id), id, session.queue);
  return row && { state: isRetry(row) ? "retrying" : "scheduled" };
}

function endedState(session: Session, id: string, isEmpty: boolean): StoredState | undefined {
  const dead = session.get("select 1 from huey_dead where queue = ? and item_id = ? and track = 1", session.queue, id);
  if (dead !== undefined) return { state: "dead" };
  if (isEmpty) return { state: "empty" };
  const ending = session.get(ENDING, session.queue, id, session.now())?.ending;
  return ENDINGS.has(ending) ? { state: ending as StoredState["state"] } : undefined;
}

function isRetry({ flags }: Row): boolean {
  return (Number(flags) & FLAG.retry) !== 0;
}
