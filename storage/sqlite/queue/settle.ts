/**
 * Finishing an attempt, and what is known of tasks.
 * @module
 */
import type { CanceledStep, Enqueued, Settled, Settlement, StoredState } from "../../../lib/storage.ts";
import { placeItems } from "./arrivals.ts";
import { addChord, callbackOf, dropChord, report } from "./chords.ts";
import { readNumber, readOptionalText } from "../connection/columns.ts";
import type { Row } from "../connection/database.ts";
import { bury, trimDead } from "./dead_letters.ts";
import { depart, type Departure } from "./departures.ts";
import { dropEnded, KEEP_OTHERS } from "./endings.ts";
import { forget } from "../records/entries.ts";
import { idNumber } from "../records/id_number.ts";
import { dropLocks, passLocks } from "../records/locks.ts";
import { isLost } from "./lost.ts";
import { readMore, toStoredAbout } from "../records/more.ts";
import { ENDED, FLAG, KIND, NOBODY } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";
import { dropSteps } from "../records/steps.ts";
import { dropClaim } from "./tasks.ts";
import { holdOf } from "./unique.ts";

const PUT_RESULT = `insert into huey_entry (queue, kind, key, value, ending, notice_ttl_ms, more, expires_ms, notice_ms)
  values (?, ${KIND.result}, ?, ?, ?, ?, ?, ?, ?)
  on conflict do update set value = excluded.value, ending = excluded.ending, notice_ttl_ms = excluded.notice_ttl_ms,
  more = excluded.more, expires_ms = excluded.expires_ms, notice_ms = excluded.notice_ms, holder = null`;

const PUT_NOTICE = `insert into huey_entry (queue, kind, key, ending, notice_ttl_ms, expires_ms, more)
  values (?2, ${KIND.result}, ?3, ?4, ?5, ?1 + ?5, ?6)
  ${KEEP_OTHERS}`;

const SCHEDULED = "select flags, more from huey_schedule where id_number = ? and task_id = ? and queue = ?";

/** Parameter 3: now. */
const KNOWN = "(expires_ms is null or expires_ms > ?3 or notice_ms > ?3)";

/** A notice is no longer true when the task waits again. */
const HAS_ENDED = `select key from huey_entry where queue = ?1 and kind = ${KIND.result} and key = ?2 and ${KNOWN}
  and (value is not null and (expires_ms is null or expires_ms > ?3)
    or ending is not null and not exists (select 1 from huey_task where id_number = ?4 and task_id = ?2 and owner >= ${NOBODY} and queue = ?1)
    and not exists (select 1 from huey_schedule where id_number = ?4 and task_id = ?2 and queue = ?1)
    and not exists (select 1 from huey_blocked where id_number = ?4 and task_id = ?2 and queue = ?1))`;

const BLOCKED = "select more from huey_blocked where id_number = ? and task_id = ? and queue = ?";

const ENDING =
  `select ending, more from huey_entry where queue = ?1 and kind = ${KIND.result} and key = ?2 and ending is not null and ${KNOWN}`;

/** One that has failed is not dead. */
const DEAD = "select 1 from huey_dead where queue = ? and item_id = ? and track = 1 and kind <> 'failed'";

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
  const { claim, id, canceled = [], chords = [], chord, bury: burial, buryBounds } = settlement;
  const hold = claim && holdOf(session, claim);
  if (claim !== undefined && !dropClaim(session, claim.token)) return settledBefore(session, settlement, claim.token);
  end(session, settlement);
  for (const step of canceled) cancel(session, step, settlement);
  if (settlement.dropRevocations !== undefined) forget(session, settlement.dropRevocations);
  const departure = claim?.gate ?? claim?.unique ? depart(session, claim!, settlement, hold) : undefined;
  for (const record of chords) addChord(session, record);
  const placed = follow(session, settlement, departure);
  const reported = chord && report(session, chord, claim?.token);
  if (settlement.dropChord !== undefined) dropChord(session, settlement.dropChord);
  if (burial !== undefined) bury(session, burial, burial.taskId ?? id, claim);
  if (burial !== undefined && buryBounds !== undefined) trimDead(session, burial.kind, buryBounds);
  if (settlement.dropSteps !== undefined) dropSteps(session, settlement.dropSteps);
  if (settlement.dropLocks && claim !== undefined) dropLocks(session, claim.token);
  else if (settlement.passLocks && claim !== undefined) passLocks(session, claim.token, settlement.passLocks);
  const settled = { held: true, callback: reported?.callback, blocked: placed?.blocked };
  if (departure === undefined && placed === undefined && reported === undefined) return settled;
  const admitted = [departure, placed, reported].flatMap((part) => part?.admitted ?? []);
  return admitted.length === 0 ? settled : { ...settled, admitted };
}

/** Enqueues what follows, and the next attempt. */
function follow(session: Session, { enqueue = [], next }: Settlement, departure?: Departure): Enqueued | undefined {
  if (next === undefined && enqueue.length === 0) return undefined;
  if (next === undefined) return placeItems(session, enqueue);
  const hold = departure?.hold;
  return placeItems(session, [...enqueue, next], {
    holds: hold === undefined ? undefined : new Map([[next, hold]]),
    passed: departure?.hasPassed ? next : undefined,
  });
}

/** The answer when the claim is gone: if nobody took it, this settlement was written before. */
function settledBefore(session: Session, { again, chord }: Settlement, token: string): Settled {
  if (!again || isLost(session, token)) return { held: false };
  return { held: true, callback: chord && callbackOf(session, chord.id, token) };
}

/** Whether a result is stored or the task has ended. */
export function hasEnded(session: Session, id: string): boolean {
  const rows = rowsOf(session, id);
  if (rows.some(isNotice) && rows.every(isNotice) && waitingState(session, id) === undefined) return true;
  return session.get(HAS_ENDED, session.queue, id, session.now(), idNumber(id)) !== undefined;
}

/** Where a task is. */
export function stateOf(session: Session, id: string): StoredState | undefined {
  const rows = rowsOf(session, id);
  const active = rows.length === 0 ? undefined : activeState(rows);
  return active ?? waitingState(session, id) ?? endedState(session, id, rows.find(isNotice));
}

function end(session: Session, { id, claim, result, resultTtlMs, ending, noticeTtlMs, about }: Settlement): void {
  if (result === undefined && ending === undefined) return;
  dropEnded(session, id);
  session.sweep.count();
  session.changes.ended.push(id);
  const { queue } = session;
  const more = claim?.track === false ? null : toStoredAbout(about);
  if (result === undefined) return void session.run(PUT_NOTICE, session.now(), queue, id, ending!, noticeTtlMs, more);
  const expiresMs = resultTtlMs === undefined ? null : session.now() + resultTtlMs;
  const outlives = ending !== undefined && resultTtlMs !== undefined && noticeTtlMs > resultTtlMs;
  const notice = ending === undefined ? [null, null] : [ending, noticeTtlMs];
  session.run(PUT_RESULT, queue, id, result, ...notice, more, expiresMs, outlives ? session.now() + noticeTtlMs : null);
}

/** A step that will never run ends with this task. */
function cancel(session: Session, { id, result }: CanceledStep, { noticeTtlMs, resultTtlMs }: Settlement): void {
  end(session, { id, result, resultTtlMs, ending: "canceled", noticeTtlMs });
}

/** The messages of a task, and notices of its end that are still true. */
function rowsOf(session: Session, id: string): Row[] {
  return session.all(
    `select owner, flags, since_ms, worker, more from huey_task left join huey_owner on huey_owner.id = owner
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
  const { about } = readMore(row.more);
  if (row.owner === NOBODY) return { state: isRetry(row) ? "retrying" : "waiting", about };
  return { state: "running", worker: readOptionalText(row.worker), sinceMs: readNumber(row.since_ms, undefined), about };
}

/** Of what waits for its time, or at a gate. */
function waitingState(session: Session, id: string): StoredState | undefined {
  const number = idNumber(id);
  const row = session.get(SCHEDULED, number, id, session.queue);
  if (row !== undefined) return { state: isRetry(row) ? "retrying" : "scheduled", about: readMore(row.more).about };
  const blocked = session.get(BLOCKED, number, id, session.queue);
  return blocked && { state: "blocked", about: readMore(blocked.more).about };
}

function endedState(session: Session, id: string, notice: Row | undefined): StoredState | undefined {
  const { ending, more } = session.get(ENDING, session.queue, id, session.now()) ?? {};
  const dead = session.get(DEAD, session.queue, id);
  if (dead !== undefined) return { state: "dead", about: readMore(more).about };
  if (notice !== undefined) return { state: "empty", about: readMore(notice.more).about };
  return ENDINGS.has(ending) ? { state: ending as StoredState["state"], about: readMore(more).about } : undefined;
}

function isRetry({ flags }: Row): boolean {
  return (Number(flags) & FLAG.retry) !== 0;
}
