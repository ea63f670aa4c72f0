/**
 * The statements on waiting and claimed messages.
 * @module
 */
import type { Claim, Item, Owner } from "../../lib/storage.ts";
import type { Row, SqlValue } from "./database.ts";
import { CLAIMED, IS_NUMBER, splitToken } from "./claimed.ts";
import { readBytes, readNumber, readPlace, readText, toStoredPlace } from "./columns.ts";
import { idNumber } from "./id_number.ts";
import { dropLocks } from "./locks.ts";
import { addLost } from "./lost.ts";
import { firstPrioritised, moveAhead, moveBack, NEXT_PLAIN, nextNumber } from "./numbers.ts";
import { FLAG, LAST_OWNER, NO_TOKEN, NOBODY } from "./schema.ts";
import type { Session } from "./session.ts";

/** Rows per statement; more would not be faster. */
const ROWS_AT_ONCE = 50;

/** Messages claimed between two moves of the bounds. */
const MOST_PASSED = 32;

const COLUMNS = "seq, queue, owner, token, since_ms, deliveries, priority, flags, id_number, task_id, data";

/** Those of an item. */
export const COLUMNS_OF_ITEM: string = "priority, flags, id_number, task_id, data, chord";

const COLUMNS_OF_CLAIM = `seq, token, deliveries, ${COLUMNS_OF_ITEM}`;

/**
 * A bare parameter beside `order by` or `limit` makes SQLite plan the statement anew at each run, which takes longer than running
 * it; an expression does not.
 */
const LOW = "(select low from huey_queue where id = ? + 0)";

/** Plain messages that wait. Parameters: queue, its first prioritised number. */
const PLAIN = `from huey_task where seq >= ${LOW} and seq < ? + 0 and owner = ${NOBODY}`;

const PLAIN_IN_ORDER = `${PLAIN} order by seq limit ? + 0`;

/** Prioritised messages that wait. */
const PRIORITISED = `from huey_task where queue = ? + 0 and owner = ${NOBODY} and priority <> 0 and ${IS_NUMBER}`;

const ABOVE_IN_ORDER = `${PRIORITISED} and priority > 0 order by priority desc, seq limit ? + 0`;

const BELOW_IN_ORDER = `${PRIORITISED} and priority < 0 order by priority desc, seq limit ? + 0`;

const HAS_WAITING = `select 1 where exists (select 1 ${PLAIN}) or exists (select 1 ${PRIORITISED})`;

/** What a claim has to know first. */
const LOOK = `select high, exists (select 1 ${PRIORITISED}) as prioritised,
  (select id from huey_owner where queue = ? and consumer = ? and worker = ?) as owner from huey_queue where id = ?`;

/**
 * The first plain message, and all that a claim has to know. Taking it by a statement of its own costs less than one that returns
 * what it takes.
 */
const FIRST = `select ${COLUMNS_OF_CLAIM}, (select high from huey_queue where id = ?1 + 0) as high,
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

/** Those before `high` are looked at, the others need not. */
const COUNT_PLAIN = `select
    (select count(*) from huey_task where seq >= low and seq < high and owner = ${NOBODY})
    + max(0, ifnull((select seq from huey_task where seq < ?2 order by seq desc limit 1), 0) - high + 1) as plain
  from huey_queue where id = ?1`;

/** Whether anything can be claimed. */
export function hasWaiting(session: Session): boolean {
  return session.get(HAS_WAITING, session.queue, firstPrioritised(session.queue), session.queue) !== undefined;
}

/** Appends to the queue, whatever their due time. */
export function addTasks(session: Session, items: readonly Item[]): void {
  if (items.length === 0) return;
  const now = session.now();
  if (items.every(isPlain)) appendAll(session, items, true, now);
  else {
    appendAll(session, items.filter(isPlain), true, now);
    appendAll(session, items.filter((item) => !isPlain(item)), false, now);
  }
  session.changes.queue = true;
}

/** Whether this is all that a single statement has to do. */
export function isOneStatement(items: readonly Item[]): boolean {
  return items.length === 1 && isPlain(items[0]!) && items[0]!.dueMs === undefined && items[0]!.chord === undefined;
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

/** Waiting messages in their order. */
export function waitingTasks(session: Session, limit: number): Item[] {
  const { queue } = session;
  const columns = `select ${COLUMNS_OF_ITEM}`;
  const rows: Row[] = [];
  const rest = (): number => limit < 0 ? limit : limit - rows.length;
  rows.push(...session.all(`${columns} ${ABOVE_IN_ORDER}`, queue, rest()));
  rows.push(...session.all(`${columns} ${PLAIN_IN_ORDER}`, queue, firstPrioritised(queue), rest()));
  rows.push(...session.all(`${columns} ${BELOW_IN_ORDER}`, queue, rest()));
  return rows.map(toItem);
}

/** How many messages wait. */
export function countWaiting(session: Session): number {
  const { queue } = session;
  const plain = session.get(COUNT_PLAIN, queue, firstPrioritised(queue))?.plain;
  return Number(plain) + Number(session.get(`select count(*) as n ${PRIORITISED}`, queue)?.n);
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
  const chord = row.chord === null ? undefined : readPlace(row.chord);
  return chord === undefined ? item : { ...item, chord };
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
  if (row === undefined || row.prioritised !== 0 || row.is_owner !== 1) return undefined;
  const token = randomToken();
  session.run(TAKE_ONE, known.number, token, session.now(), row.seq!);
  noteTaken(session, Number(row.seq), 1, Number(row.high));
  return toClaim(row, token);
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
  return rows.map((row) => toClaim(row, token));
}

function takePrioritised(session: Session, select: string, limit: number, { owner, token, now }: Take): Claim[] {
  const rows = session.all(`select ${COLUMNS_OF_CLAIM} ${select}`, session.queue, limit);
  for (const { seq = 0 } of rows) session.run(TAKE_ONE, owner, token, now, seq);
  return rows.map((row) => toClaim(row, token));
}

function appendAll(session: Session, items: readonly Item[], plain: boolean, now: number): void {
  const inChords = items.some(({ chord }) => chord !== undefined);
  if (plain && items.length === 1 && !inChords) return appendOne(session, items[0]!, now);
  let seq = nextNumber(session, plain);
  for (let start = 0; start < items.length;) {
    const rows = items.length - start >= ROWS_AT_ONCE ? ROWS_AT_ONCE : 1;
    const values: SqlValue[] = [session.queue, now, seq];
    seq += rows;
    for (const end = start + rows; start < end; start++) {
      const { priority, retry, track, id, data, chord } = items[start]!;
      values.push(priority, retry ? FLAG.retry : 0, track ? idNumber(id) : null, id, data);
      if (inChords) values.push(toStoredPlace(chord));
    }
    session.runAll(INSERTS[inChords ? "inChords" : "plain"][rows === 1 ? "one" : "many"], values);
  }
}

/** In a single statement, which needs no transaction around it. */
function appendOne(session: Session, { retry, track, id, data }: Item, now: number): void {
  const { queue } = session;
  session.run(APPEND_ONE, queue, firstPrioritised(queue), now, retry ? FLAG.retry : 0, track ? idNumber(id) : null, id, data);
}

const APPEND_ONE = `insert into huey_task (${COLUMNS}) values (
  (${NEXT_PLAIN}), ?1, ${NOBODY}, ${NO_TOKEN}, ?3, 0, 0, ?4, ?5, ?6, ?7)`;

/** @param inChords With a place in a chord for each row. */
function insertStatement(rows: number, inChords: boolean): string {
  const width = inChords ? 6 : 5;
  const row = (index: number): string => {
    const values = Array.from({ length: width }, (_, place) => `?${4 + width * index + place}`);
    return `(?3 + ${index}, ?1, ${NOBODY}, ${NO_TOKEN}, ?2, 0, ${values.join(", ")})`;
  };
  const columns = inChords ? `${COLUMNS}, chord` : COLUMNS;
  return `insert into huey_task (${columns}) values ${Array.from({ length: rows }, (_, index) => row(index)).join(", ")}`;
}

const INSERTS = {
  plain: { one: insertStatement(1, false), many: insertStatement(ROWS_AT_ONCE, false) },
  inChords: { one: insertStatement(1, true), many: insertStatement(ROWS_AT_ONCE, true) },
};

/** Numbers are drawn, since one that is free may be remembered by a connection: it would be taken for another owner. */
function newOwner(session: Session, { consumer, worker }: Owner): number {
  while (true) {
    const id = NOBODY + 1 + Math.floor(Math.random() * (LAST_OWNER - NOBODY));
    const make = "insert into huey_owner (id, queue, consumer, worker) values (?, ?, ?, ?) on conflict (id) do nothing";
    if (session.run(make, id, session.queue, consumer, worker) > 0) return id;
  }
}

/** @param token If the row was read before it was claimed. */
function toClaim(row: Row, token?: number): Claim {
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
  if (row.chord === null && !hasFlag(row, FLAG.begun)) return claim;
  return { ...claim, chord: readPlace(row.chord), ...(hasFlag(row, FLAG.begun) && { begun: true }) };
}

/** Together with the number of the row it names one hand-out; rows alone would not do, because their numbers are used again. */
function randomToken(): number {
  return NO_TOKEN + 1 + Math.floor(Math.random() * (NO_TOKEN - 2));
}
