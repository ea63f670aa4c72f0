/**
 * The statements on waiting and claimed messages.
 * @module
 */
import type { Claim, Item, Owner } from "../../../lib/storage.ts";
import type { Row, SqlValue } from "../connection/database.ts";
import { CLAIMED, IS_NUMBER, splitToken } from "./claimed.ts";
import { readBytes, readNumber, readText } from "../connection/columns.ts";
import { idNumber } from "../records/id_number.ts";
import { dropLocks } from "../records/locks.ts";
import { note, noteClaimed } from "../records/lines.ts";
import { addLost } from "./lost.ts";
import { type Holds, isBare, readMore, toStoredMore } from "../records/more.ts";
import { firstPrioritised, moveAhead, moveBack, NEXT_PLAIN, nextNumber } from "../records/numbers.ts";
import { isPaused } from "./pause.ts";
import { FLAG, LAST_OWNER, NO_TOKEN, NOBODY } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";
import { startKey } from "./unique.ts";

/** Rows per statement; more would not be faster. */
const ROWS_AT_ONCE = 50;

/** Messages claimed between two moves of the bounds. */
const MOST_PASSED = 32;

const COLUMNS = "seq, queue, owner, token, since_ms, deliveries, entered_ms, priority, flags, id_number, task_id, data";

/** Those of an item. */
export const COLUMNS_OF_ITEM: string = "priority, flags, id_number, task_id, data, more";

/** Those of a claim. */
export const COLUMNS_OF_CLAIM: string = `seq, token, deliveries, ${COLUMNS_OF_ITEM}`;

/**
 * A bare parameter beside `order by` or `limit` makes SQLite plan the statement anew at each run, which takes longer than running
 * it; an expression does not.
 */
const LOW = "(select low from huey_queue where id = ? + 0)";

/** Plain messages that wait. Parameters: queue, its first prioritised number. */
export const PLAIN: string = `from huey_task where seq >= ${LOW} and seq < ? + 0 and owner = ${NOBODY}`;

/** The first of them. Parameters: those, and how many. */
export const PLAIN_IN_ORDER: string = `${PLAIN} order by seq limit ? + 0`;

/** Prioritised messages that wait. Parameter: queue. */
export const PRIORITISED: string =
  `from huey_task where queue = ? + 0 and owner = ${NOBODY} and priority <> 0 and ${IS_NUMBER}`;

/** Those that come before the plain ones. Parameters: queue, and how many. */
export const ABOVE_IN_ORDER: string = `${PRIORITISED} and priority > 0 order by priority desc, seq limit ? + 0`;

/** Those that come after the plain ones. Parameters: queue, and how many. */
export const BELOW_IN_ORDER: string = `${PRIORITISED} and priority < 0 order by priority desc, seq limit ? + 0`;

const HAS_WAITING =
  `select (select pause_ms from huey_queue where id = ? + 0) as pause where exists (select 1 ${PLAIN}) or exists (select 1 ${PRIORITISED})`;

/** What a claim has to know first. */
const LOOK = `select high, pause_ms, exists (select 1 ${PRIORITISED}) as prioritised,
  (select id from huey_owner where queue = ? and consumer = ? and worker = ?) as owner from huey_queue where id = ?`;

/** Stands for `high` while there may be a pause. */
const PERHAPS_PAUSED = -1;

/**
 * The first plain message, and all that a claim has to know. Taking it by a statement of its own costs less than one that returns
 * what it takes.
 */
const FIRST = `select ${COLUMNS_OF_CLAIM},
    (select iif(pause_ms is null, high, ${PERHAPS_PAUSED}) from huey_queue where id = ?1 + 0) as high,
    exists (select 1 from huey_task where queue = ?1 + 0 and owner = ${NOBODY} and priority <> 0 and ${IS_NUMBER}) as prioritised,
    exists (select 1 from huey_owner where id = ?3 + 0) as is_owner
  from huey_task where seq >= (select low from huey_queue where id = ?1 + 0) and seq < ?2 + 0 and owner = ${NOBODY}
  order by seq limit 1`;

const TAKE = "update huey_task set owner = ?, token = ?, since_ms = ?, deliveries = deliveries + 1 where";

const TAKE_PLAIN = `${TAKE} seq >= ? + 0 and seq <= ? + 0 and owner = ${NOBODY}`;

const TAKE_ONE = `${TAKE} seq = ?`;

const GIVE_BACK =
  `update huey_task set owner = ${NOBODY}, token = ${NO_TOKEN}, deliveries = deliveries - ? where seq = ? and token = ?`;

/** With the owners, also where the row of the owner is missing. */
const CLAIMED_BY = `select ${COLUMNS_OF_CLAIM} ${CLAIMED} left join huey_owner on huey_owner.id = owner`;

/** Whether anything can be claimed. */
export function hasWaiting(session: Session): boolean {
  const { queue } = session;
  const row = session.get(HAS_WAITING, queue, queue, firstPrioritised(queue), queue);
  return row !== undefined && !isPaused(session, row.pause);
}

/** Appends to the queue, whatever their due time. @param holds Of those that hold a unique key */
export function addTasks(session: Session, items: readonly Item[], holds?: Holds): void {
  if (items.length === 0) return;
  const now = session.now();
  if (items.every(isPlain)) appendAll(session, items, { plain: true, now, holds });
  else {
    appendAll(session, items.filter(isPlain), { plain: true, now, holds });
    appendAll(session, items.filter((item) => !isPlain(item)), { plain: false, now, holds });
  }
  session.changes.queue = true;
}

/** Whether this is all that a single statement has to do. */
export function isOneStatement(items: readonly Item[]): boolean {
  const [item] = items;
  if (items.length !== 1 || !isPlain(item!) || item!.dueMs !== undefined) return false;
  return item!.gate === undefined && item!.unique === undefined;
}

function isPlain(item: Item): boolean {
  return item.priority === 0;
}

/** @returns up to `limit` messages, which now belong to the owner, in their order */
export function claimTasks(session: Session, limit: number, owner: Owner): Claim[] {
  const { queue } = session;
  if (limit === 1) {
    const claim = takeFirst(session, owner);
    if (claim !== undefined) return [claim];
  }
  const look = session.get(LOOK, queue, queue, owner.consumer, owner.worker, queue);
  if (isPaused(session, look?.pause_ms)) return [];
  const take = { token: randomToken(), owner: Number(look?.owner ?? newOwner(session, owner)), now: session.now() };
  session.owner = { ...owner, number: take.owner };
  if (!look?.prioritised) return takePlain(session, limit, take, Number(look?.high));
  const claims = takePrioritised(session, ABOVE_IN_ORDER, limit, take);
  if (claims.length < limit) claims.push(...takePlain(session, limit - claims.length, take, Number(look.high)));
  if (claims.length < limit) claims.push(...takePrioritised(session, BELOW_IN_ORDER, limit - claims.length, take));
  return claims;
}

/** Marks a claim as begun. @returns whether it is held */
export function beginClaim(session: Session, token: string): boolean {
  const mark = `update huey_task set flags = flags | ${FLAG.begun} where seq = ? and token = ?`;
  return session.run(mark, ...splitToken(token)) > 0;
}

/** Drops a claim. @returns whether it was still held */
export function dropClaim(session: Session, token: string): boolean {
  const [seq, number] = splitToken(token);
  return session.run("delete from huey_task where seq = ? and token = ?", seq, number) > 0;
}

/**
 * Puts a claim back where it came from, and drops the locks that it holds.
 *
 * @param isUsed Whether the hand-out counts as a delivery.
 * @returns whether it was still held
 */
export function unclaim(session: Session, token: string, isUsed: boolean): boolean {
  const [seq, number] = splitToken(token);
  if (session.run(GIVE_BACK, isUsed ? 0 : 1, seq, number) === 0) return false;
  if (seq < firstPrioritised(session.queue)) moveBack(session, seq);
  addLost(session, seq, number);
  dropLocks(session, token);
  session.changes.queue = true;
  return true;
}

/** As `unclaim`, for a row in whose column of tokens is something else, and which nobody can hold. */
export function unclaimRow(session: Session, token: string): boolean {
  const [seq] = splitToken(token);
  const giveBack = `update huey_task set owner = ${NOBODY}, token = ${NO_TOKEN} where seq = ? and owner > ${NOBODY}`;
  if (session.run(giveBack, seq) === 0) return false;
  note(session, `Row ${seq} of huey_task had a claim that nobody can hold: it waits again`);
  moveBack(session, seq);
  session.changes.queue = true;
  return true;
}

/** The claims that a worker, or all workers of a consumer, hold. */
export function claimsOf(session: Session, owner: { readonly consumer: string; readonly worker?: string }): Claim[] {
  const { consumer, worker } = owner;
  const rows = worker === undefined
    ? session.all(`${CLAIMED_BY} where consumer = ?2 order by seq`, session.queue, consumer)
    : session.all(`${CLAIMED_BY} where consumer = ?2 and worker = ?3 order by seq`, session.queue, consumer, worker);
  return rows.map((row) => toClaim(row));
}

/** The claims of consumers without a lease that still runs. @param own A consumer whose claims are not wanted */
export function orphanedClaims(session: Session, own: string | undefined): Claim[] {
  const rows = session.all(
    `${CLAIMED_BY} where consumer is null or (consumer is not ?3 and not exists (select 1 from huey_lease
      where huey_lease.queue = ?1 and huey_lease.consumer = huey_owner.consumer and expires_ms + 0 > ?2)) order by seq`,
    session.queue,
    session.now(),
    own ?? null,
  );
  return rows.map((row) => toClaim(row));
}

/** Reads the columns that queue and schedule have in common. */
export function toItem(row: Row): Item {
  const item = {
    id: readText(row.task_id),
    data: readBytes(row.data),
    priority: readNumber(row.priority, 0),
    retry: hasFlag(row, FLAG.retry),
    track: row.id_number !== null,
  };
  return row.more === null ? item : { ...item, ...readMore(row.more) };
}

function hasFlag({ flags }: Row, flag: number): boolean {
  return (Number(flags) & flag) !== 0;
}

/** What a claim writes. */
interface Take {
  readonly owner: number;
  readonly token: number;
  readonly now: number;
}

/** The short way for one claim. @returns `undefined` if the long one has to be taken */
function takeFirst(session: Session, owner: Owner): Claim | undefined {
  const { queue, owner: known } = session;
  if (known?.consumer !== owner.consumer || known.worker !== owner.worker) return undefined;
  const row = session.get(FIRST, queue, firstPrioritised(queue), known.number);
  if (row === undefined || row.prioritised !== 0 || row.is_owner !== 1 || row.high === PERHAPS_PAUSED) return undefined;
  const token = randomToken();
  session.run(TAKE_ONE, known.number, token, session.now(), row.seq!);
  noteTaken(session, Number(row.seq), 1, Number(row.high));
  return started(session, row, token);
}

/** The bounds lag behind, but not far: what is passed over is passed over at each claim. */
function noteTaken(session: Session, last: number, count: number, high: number): void {
  session.taken += count;
  if (last < high && session.taken < MOST_PASSED) return;
  moveAhead(session, last);
  session.taken = 0;
}

function takePlain(session: Session, limit: number, { owner, token, now }: Take, high: number): Claim[] {
  const { queue } = session;
  const rows = session.all(`select ${COLUMNS_OF_CLAIM} ${PLAIN_IN_ORDER}`, queue, firstPrioritised(queue), limit);
  if (rows.length === 0) return [];
  const last = Number(rows[rows.length - 1]!.seq);
  session.run(TAKE_PLAIN, owner, token, now, Number(rows[0]!.seq), last);
  noteTaken(session, last, rows.length, high);
  return rows.map((row) => started(session, row, token));
}

function takePrioritised(session: Session, select: string, limit: number, { owner, token, now }: Take): Claim[] {
  const rows = session.all(`select ${COLUMNS_OF_CLAIM} ${select}`, session.queue, limit);
  for (const { seq = 0 } of rows) session.run(TAKE_ONE, owner, token, now, seq);
  return rows.map((row) => started(session, row, token));
}

/** A message that is claimed with a new token. */
function started(session: Session, row: Row, token: number): Claim {
  if (row.more !== null) startKey(session, row.more);
  noteClaimed(session, row);
  return toClaim(row, token);
}

/** How items are appended. */
interface Append {
  readonly plain: boolean;
  readonly now: number;
  readonly holds: Holds | undefined;
}

function appendAll(session: Session, items: readonly Item[], { plain, now, holds }: Append): void {
  if (plain && items.length === 1) return appendOne(session, items[0]!, now, holds);
  const areBare = items.every(isBare);
  let seq = nextNumber(session, plain);
  for (let start = 0; start < items.length;) {
    const rows = items.length - start >= ROWS_AT_ONCE ? ROWS_AT_ONCE : 1;
    const values: SqlValue[] = [session.queue, now, seq];
    seq += rows;
    for (const end = start + rows; start < end; start++) {
      const item = items[start]!;
      const { priority, retry, track, id, data } = item;
      values.push(priority, retry ? FLAG.retry : 0, track ? idNumber(id) : null, id, data);
      if (!areBare) values.push(toStoredMore(item, holds?.get(item)));
    }
    session.runAll(INSERTS[areBare ? "bare" : "full"][rows === 1 ? "one" : "many"], values);
  }
}

/** In a single statement, which needs no transaction around it. */
function appendOne(session: Session, item: Item, now: number, holds: Holds | undefined): void {
  const { queue } = session;
  const { retry, track, id, data } = item;
  const values = [retry ? FLAG.retry : 0, track ? idNumber(id) : null, id, data, toStoredMore(item, holds?.get(item))];
  session.run(APPEND_ONE, queue, firstPrioritised(queue), now, ...values);
}

const APPEND_ONE = `insert into huey_task (${COLUMNS}, more) values (
  (${NEXT_PLAIN}), ?1, ${NOBODY}, ${NO_TOKEN}, ?3, 0, ?3, 0, ?4, ?5, ?6, ?7, ?8)`;

/** @param isBare Without what few messages have. */
function insertStatement(rows: number, isBare: boolean): string {
  const width = isBare ? 5 : 6;
  const row = (index: number): string => {
    const values = Array.from({ length: width }, (_, place) => `?${4 + width * index + place}`);
    return `(?3 + ${index}, ?1, ${NOBODY}, ${NO_TOKEN}, ?2, 0, ?2, ${values.join(", ")})`;
  };
  const columns = isBare ? COLUMNS : `${COLUMNS}, more`;
  return `insert into huey_task (${columns}) values ${Array.from({ length: rows }, (_, index) => row(index)).join(", ")}`;
}

const INSERTS = {
  bare: { one: insertStatement(1, true), many: insertStatement(ROWS_AT_ONCE, true) },
  full: { one: insertStatement(1, false), many: insertStatement(ROWS_AT_ONCE, false) },
};

/** Numbers are drawn, since one that is free may be remembered by a connection: it would be taken for another owner. */
function newOwner(session: Session, { consumer, worker }: Owner): number {
  while (true) {
    const id = NOBODY + 1 + Math.floor(Math.random() * (LAST_OWNER - NOBODY));
    const make = "insert into huey_owner (id, queue, consumer, worker) values (?, ?, ?, ?) on conflict (id) do nothing";
    if (session.run(make, id, session.queue, consumer, worker) > 0) return id;
  }
}

/** Reads a claim. @param token If the row was read before it was claimed */
export function toClaim(row: Row, token?: number): Claim {
  const isNew = typeof token === "number";
  const claim = {
    id: readText(row.task_id),
    data: readBytes(row.data),
    priority: readNumber(row.priority, 0),
    retry: hasFlag(row, FLAG.retry),
    track: row.id_number !== null,
    token: `${row.seq}.${isNew ? token : row.token}`,
    deliveries: readNumber(row.deliveries, 0) + (isNew ? 1 : 0),
  };
  if (row.more === null && !hasFlag(row, FLAG.begun)) return claim;
  return { ...claim, ...readMore(row.more), ...(hasFlag(row, FLAG.begun) && { begun: true }) };
}

/** Together with the number of the row it names one hand-out; rows alone would not do, because their numbers are used again. */
function randomToken(): number {
  return NO_TOKEN + 1 + Math.floor(Math.random() * (NO_TOKEN - 2));
}
