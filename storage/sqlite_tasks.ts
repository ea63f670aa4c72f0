/**
 * The statements on waiting and claimed messages.
 * @module
 */
import type { Claim, Item, Owner } from "../lib/storage.ts";
import type { Row, SqlValue } from "./sqlite_database.ts";
import { dropLocks } from "./sqlite_entries.ts";
import { NO_TOKEN } from "./sqlite_schema.ts";
import type { Session } from "./sqlite_session.ts";
import { text } from "./sqlite_text.ts";

/** Rows per statement; more would not be faster. */
const ROWS_AT_ONCE = 50;

const COLUMNS = "lane, since_ms, token, deliveries, priority, retry, track, task_id, data";

const CLAIM = `update huey_task set lane = -lane, token = ?, owner = ?, since_ms = ?, deliveries = deliveries + 1 where`;

const COLUMNS_OF_CLAIM = "seq, token, deliveries, priority, retry, track, task_id, data";

/**
 * The order in which messages are handed out. A bare parameter beside `order by` or `limit` makes SQLite plan the statement anew
 * at each run, which takes longer than running it; an expression does not.
 */
const IN_ORDER = "from huey_task where lane = ? + 0 order by priority desc, seq limit";

const CLAIM_ONE = `${CLAIM} seq = (select seq ${IN_ORDER} 1) returning ${COLUMNS_OF_CLAIM}`;

const CLAIM_MANY = `${CLAIM} seq in (select seq ${IN_ORDER} ? + 0)`;

const UNCLAIM = `update huey_task set lane = -lane, token = ${NO_TOKEN}, owner = null, since_ms = ?, deliveries = deliveries - ?
  where seq = ? and token = ?`;

const HAS_WAITING = "select 1 from huey_task where lane = ? limit 1";

const CLAIMED = `select ${COLUMNS_OF_CLAIM}
  from huey_task join huey_owner on huey_owner.id = owner where lane = ?`;

/** Whether anything can be claimed. */
export function hasWaiting(session: Session): boolean {
  return session.get(HAS_WAITING, session.queue) !== undefined;
}

/** Appends to the queue, whatever their due time. */
export function addTasks(session: Session, items: readonly Item[]): void {
  const now = Date.now();
  let start = 0;
  for (; start + ROWS_AT_ONCE <= items.length; start += ROWS_AT_ONCE) {
    insert(session, items.slice(start, start + ROWS_AT_ONCE), now);
  }
  for (; start < items.length; start++) insert(session, items.slice(start, start + 1), now);
  if (items.length > 0) session.changes.queue = true;
}

/** @returns up to `limit` messages, which now belong to the owner, in their order */
export function claimTasks(session: Session, limit: number, owner: Owner): Claim[] {
  if (!hasWaiting(session)) return [];
  const token = randomToken();
  const values = [token, ownerId(session, owner), Date.now(), session.queue];
  // One message is faster in one statement, several are not: what a statement returns is collected in a table of its own.
  if (limit === 1) return session.all(CLAIM_ONE, ...values).map(toClaim);
  const rows = session.all(`select ${COLUMNS_OF_CLAIM} ${IN_ORDER} ? + 0`, session.queue, limit);
  session.run(CLAIM_MANY, ...values, limit);
  return rows.map((row) => toClaim({ ...row, token, deliveries: Number(row.deliveries) + 1 }));
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
  if (session.run(UNCLAIM, Date.now(), isUsed ? 0 : 1, seq, number) === 0) return false;
  dropLocks(session, token);
  session.changes.queue = true;
  return true;
}

/** The claims that a worker, or all workers of a consumer, hold. */
export function claimsOf(session: Session, owner: { readonly consumer: string; readonly worker?: string }): Claim[] {
  const rows = owner.worker === undefined
    ? session.all(`${CLAIMED} and consumer = ? order by seq`, -session.queue, owner.consumer)
    : session.all(`${CLAIMED} and consumer = ? and worker = ? order by seq`, -session.queue, owner.consumer, owner.worker);
  return rows.map(toClaim);
}

/** The claims of consumers without a lease that still runs. */
export function orphanedClaims(session: Session): Claim[] {
  const rows = session.all(
    `${CLAIMED} and not exists (select 1 from huey_lease
      where huey_lease.queue = ? and huey_lease.consumer = huey_owner.consumer and expires_ms > ?) order by seq`,
    -session.queue,
    session.queue,
    Date.now(),
  );
  return rows.map(toClaim);
}

/** Waiting messages in their order. */
export function waitingTasks(session: Session, limit: number): Item[] {
  const rows = session.all(
    `select priority, retry, track, task_id, data ${IN_ORDER} ? + 0`,
    session.queue,
    limit,
  );
  return rows.map(toItem);
}

/** How many messages wait. */
export function countWaiting(session: Session): number {
  return Number(session.get("select count(*) as n from huey_task where lane = ?", session.queue)?.n);
}

/** Reads the columns that queue and schedule have in common. */
export function toItem(row: Row): Item {
  return {
    id: text(row.task_id),
    data: row.data as Uint8Array,
    priority: Number(row.priority),
    retry: row.retry === 1,
    track: row.track === 1,
  };
}

function insert(session: Session, items: readonly Item[], now: number): void {
  const values: SqlValue[] = [session.queue, now];
  for (const item of items) values.push(item.priority, item.retry ? 1 : 0, item.track ? 1 : 0, item.id, item.data);
  session.run(items.length === 1 ? INSERT_ONE : INSERT_MANY, ...values);
}

function insertStatement(rows: number): string {
  const row = (index: number): string => {
    const first = 3 + index * 5;
    return `(?1, ?2, ${NO_TOKEN}, 0, ?${first}, ?${first + 1}, ?${first + 2}, ?${first + 3}, ?${first + 4})`;
  };
  return `insert into huey_task (${COLUMNS}) values ${Array.from({ length: rows }, (_, index) => row(index)).join(", ")}`;
}

const INSERT_ONE = insertStatement(1);
const INSERT_MANY = insertStatement(ROWS_AT_ONCE);

function ownerId(session: Session, owner: Owner): number {
  const { consumer, worker } = owner;
  const found = session.get(
    "select id from huey_owner where queue = ? and consumer = ? and worker = ?",
    session.queue,
    consumer,
    worker,
  );
  if (found !== undefined) return Number(found.id);
  const made = session.get(
    "insert into huey_owner (queue, consumer, worker) values (?, ?, ?) returning id",
    session.queue,
    consumer,
    worker,
  );
  return Number(made?.id);
}

function toClaim(row: Row): Claim {
  return {
    id: text(row.task_id),
    data: row.data as Uint8Array,
    priority: Number(row.priority),
    retry: row.retry === 1,
    track: row.track === 1,
    token: `${row.seq}.${row.token}`,
    deliveries: Number(row.deliveries),
  };
}

/** Together with the number of the row it names one hand-out; rows alone would not do, because their numbers are used again. */
function randomToken(): number {
  return NO_TOKEN + 1 + Math.floor(Math.random() * (NO_TOKEN - 2));
}

function splitToken(token: string): [number, number] {
  const dot = token.indexOf(".");
  return [Number(token.slice(0, dot)), Number(token.slice(dot + 1))];
}
