/**
 * Finishing an attempt, and what is known of tasks.
 * @module
 */
import type { ChordReport, Settlement, StoredState } from "../../lib/storage.ts";
import { bury } from "./dead_letters.ts";
import { dropEnded, KEEP_OTHERS } from "./endings.ts";
import { dropLocks, forget } from "./entries.ts";
import { addItems } from "./schedule.ts";
import type { Row } from "./database.ts";
import { ENDED, KIND, NOBODY } from "./schema.ts";
import { idNumber } from "./id_number.ts";
import type { Session } from "./session.ts";
import { optionalText } from "./text.ts";
import { dropClaim } from "./tasks.ts";

const PUT_RESULT = `insert into huey_entry (queue, kind, key, value, ending, notice_ttl_ms) values (?, ${KIND.data}, ?, ?, ?, ?)
  on conflict do update set value = excluded.value, ending = excluded.ending, notice_ttl_ms = excluded.notice_ttl_ms,
  expires_ms = null, holder = null`;

const PUT_NOTICE =
  `insert into huey_entry (queue, kind, key, ending, notice_ttl_ms, expires_ms) values (?2, ${KIND.data}, ?3, ?4, ?5, ?1 + ?5)
  ${KEEP_OTHERS}`;

const SCHEDULED = "select retry from huey_schedule where id_number = ? and task_id = ? and queue = ?";

/** A notice is no longer true when the task waits again; "running" is no end. */
const HAS_ENDED = `select key from huey_entry where queue = ?1 and kind = ${KIND.data} and key = ?2
  and (expires_ms is null or expires_ms > ?3)
  and (value is not null or ending <> 'running' and not exists (select 1 from huey_task where id_number = ?4 and task_id = ?2 and owner >= ${NOBODY} and queue = ?1)
    and not exists (select 1 from huey_schedule where id_number = ?4 and task_id = ?2 and queue = ?1))`;

/** Writes what finishing an attempt means. @returns false, and writes nothing, if the claim is no longer held */
export function settle(session: Session, settlement: Settlement): boolean {
  const { claim, id, enqueue, chord, dropChord } = settlement;
  if (claim !== undefined && !dropClaim(session, claim.token)) return false;
  end(session, settlement);
  cancel(session, settlement);
  if (settlement.forget !== undefined) forget(session, settlement.forget);
  if (enqueue !== undefined && enqueue.length > 0) addItems(session, enqueue);
  if (chord !== undefined) report(session, chord);
  if (dropChord !== undefined) forgetChord(session, dropChord);
  if (settlement.bury !== undefined) bury(session, settlement.bury, settlement.bury.taskId ?? id, claim);
  if (settlement.dropLocks && claim !== undefined) dropLocks(session, claim.token);
  if (settlement.result !== undefined || settlement.ending !== undefined) session.changes.ended.push(id);
  return true;
}

/** Whether a result is stored or the task has ended. */
export function hasEnded(session: Session, id: string): boolean {
  // First, since a notice may become an entry meanwhile, and never the other way round.
  const rows = rowsOf(session, id);
  if (rows.some(isNotice) && rows.every(isNotice) && scheduledState(session, id) === undefined) return true;
  return session.get(HAS_ENDED, session.queue, id, Date.now(), idNumber(id)) !== undefined;
}

/** The values of a chord by index. */
export function chordValues(session: Session, id: string): (Uint8Array | undefined)[] {
  const size = Number(session.get("select size from huey_chord where queue = ? and id = ?", session.queue, id)?.size ?? 0);
  const values: (Uint8Array | undefined)[] = Array.from({ length: size });
  for (const row of session.all("select place, value from huey_chord_value where queue = ? and id = ?", session.queue, id)) {
    values[Number(row.place)] = row.value as Uint8Array;
  }
  return values;
}

/** Where a task is. */
export function stateOf(session: Session, id: string): StoredState | undefined {
  const rows = rowsOf(session, id);
  const active = rows.length === 0 ? undefined : activeState(rows);
  return active ?? scheduledState(session, id) ?? endedState(session, id, rows.some(isNotice));
}

function end(session: Session, { id, result, ending, noticeTtlMs }: Settlement): void {
  if (result !== undefined || ending !== undefined) dropEnded(session, id);
  if (result !== undefined) {
    session.sweep.count();
    session.run(PUT_RESULT, session.queue, id, result, ending ?? null, ending === undefined ? null : noticeTtlMs);
  } else if (ending !== undefined) {
    session.sweep.count();
    session.run(PUT_NOTICE, Date.now(), session.queue, id, ending, noticeTtlMs);
  }
}

/** Steps that will never run end with this task. */
function cancel(session: Session, { canceled, noticeTtlMs }: Settlement): void {
  for (const { id, result } of canceled ?? []) {
    end(session, { id, result, ending: "canceled", noticeTtlMs });
    session.changes.ended.push(id);
  }
}

/** Counts each place once; the last one enqueues the callback. */
function report(session: Session, { id, index, size, value, callback }: ChordReport): void {
  const isNew = session.run(
    "insert into huey_chord_value (queue, id, place, value) values (?, ?, ?, ?) on conflict do nothing",
    session.queue,
    id,
    index,
    value,
  ) > 0;
  if (!isNew) return;
  const row = session.get(
    `insert into huey_chord (queue, id, size, reported) values (?, ?, ?, 1)
      on conflict do update set reported = reported + 1 returning reported`,
    session.queue,
    id,
    size,
  );
  if (Number(row?.reported) === size) addItems(session, [callback]);
}

function forgetChord(session: Session, id: string): void {
  session.run("delete from huey_chord where queue = ? and id = ?", session.queue, id);
  session.run("delete from huey_chord_value where queue = ? and id = ?", session.queue, id);
}

/** The messages of a task, and notices of its end that are still true. */
function rowsOf(session: Session, id: string): Row[] {
  return session.all(
    `select owner, retry, since_ms, worker from huey_task left join huey_owner on huey_owner.id = owner
      where id_number = ? and task_id = ? and huey_task.queue = ? and (owner <> ${ENDED} or since_ms > ?)`,
    idNumber(id),
    id,
    session.queue,
    Date.now(),
  );
}

function isNotice(row: Row): boolean {
  return row.owner === ENDED;
}

function activeState(rows: readonly Row[]): StoredState | undefined {
  const row = rows.find(({ owner }) => Number(owner) > NOBODY) ?? rows.find(({ owner }) => owner === NOBODY);
  if (row === undefined) return undefined;
  if (row.owner === NOBODY) return { state: row.retry === 1 ? "retrying" : "waiting" };
  return { state: "running", worker: optionalText(row.worker), sinceMs: Number(row.since_ms) };
}

function scheduledState(session: Session, id: string): StoredState | undefined {
  const row = session.get(SCHEDULED, idNumber(id), id, session.queue);
  return row && { state: row.retry === 1 ? "retrying" : "scheduled" };
}

function endedState(session: Session, id: string, isEmpty: boolean): StoredState | undefined {
  const dead = session.get("select 1 from huey_dead where queue = ? and item_id = ? and track = 1", session.queue, id);
  if (dead !== undefined) return { state: "dead" };
  if (isEmpty) return { state: "empty" };
  const row = session.get(
    `select ending from huey_entry where queue = ? and kind = ${KIND.data} and key = ? and ending is not null
      and (expires_ms is null or expires_ms > ?)`,
    session.queue,
    id,
    Date.now(),
  );
  return row && { state: row.ending as StoredState["state"] };
}
