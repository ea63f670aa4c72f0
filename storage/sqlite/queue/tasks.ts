/**
 * The statements on messages that wait on the queue, and are claimed.
 * @module
 */
import type { Claim, ClaimBatch, Item, Owner } from "../../../lib/storage.ts";
import type { Row } from "../connection/database.ts";
import { firstPrioritised, IS_NUMBER } from "../connection/numbers.ts";
import { rowStatements, writeRows } from "../connection/rows.ts";
import { LAST_OWNER, NO_TOKEN, NOBODY } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { moveAhead, NEXT_PLAIN, nextNumber } from "../records/bounds.ts";
import { REVOCATIONS } from "../records/entries.ts";
import { COLUMNS_OF_ITEM, type KeyedItem, withItem } from "../records/item.ts";
import { noteClaimed } from "../records/lines.ts";
import { COLUMNS_OF_CLAIM, toClaim } from "./claims.ts";
import { isPaused } from "./pause.ts";
import { startKey } from "./unique.ts";

/** Messages claimed between two moves of the bounds. */
const MOST_PASSED = 32;

const COLUMNS = `seq, queue, owner, token, since_ms, deliveries, entered_ms, ${COLUMNS_OF_ITEM}`;

/**
 * Plain messages that wait. The parameters of these pieces are the queue and its first prioritised number.
 *
 * A bare parameter beside `order by` or `limit` makes SQLite plan the statement anew at each run, which takes longer than running
 * it; an expression does not.
 */
const PLAIN =
  `from huey_task where seq >= (select low from huey_queue where id = ?1 + 0) and seq < ?2 + 0 and owner = ${NOBODY}`;

/** Prioritised messages that wait. */
export const PRIORITISED: string =
  `from huey_task where queue = ?1 + 0 and owner = ${NOBODY} and priority <> 0 and ${IS_NUMBER}`;

/** The first plain ones. The third parameter is how many. */
export const PLAIN_IN_ORDER: string = `${PLAIN} order by seq limit ?3 + 0`;

/** All that wait, in the order in which they will be claimed: before the plain ones, these, and behind them. */
export const IN_ORDER: readonly string[] = [
  `${PRIORITISED} and priority > 0 order by priority desc, seq limit ?3 + 0`,
  PLAIN_IN_ORDER,
  `${PRIORITISED} and priority < 0 order by priority desc, seq limit ?3 + 0`,
];

const HAS_WAITING = `select (select pause_ms from huey_queue where id = ?1 + 0) as pause
  where exists (select 1 ${PLAIN}) or exists (select 1 ${PRIORITISED})`;

/** What a claim has to know first. */
const LOOK = `select high, pause_ms, exists (select 1 ${PRIORITISED}) as prioritised, ${REVOCATIONS},
  (select id from huey_owner where queue = ?1 and consumer = ?2 and worker = ?3) as owner from huey_queue where id = ?1`;

/** Stands for `high` while there may be a pause. */
const PERHAPS_PAUSED = -1;

/**
 * The first plain message, and all that a claim has to know. Taking it by a statement of its own costs less than one that returns
 * what it takes.
 */
const FIRST = `select ${COLUMNS_OF_CLAIM},
    (select iif(pause_ms is null, high, ${PERHAPS_PAUSED}) from huey_queue where id = ?1 + 0) as high,
    exists (select 1 ${PRIORITISED}) as prioritised, ${REVOCATIONS}, exists (select 1 from huey_owner where id = ?3 + 0) as is_owner
  ${PLAIN} order by seq limit 1`;

const TAKE = "update huey_task set owner = ?, token = ?, since_ms = ?, deliveries = deliveries + 1 where";

const TAKE_PLAIN = `${TAKE} seq >= ? + 0 and seq <= ? + 0 and owner = ${NOBODY}`;

const TAKE_ONE = `${TAKE} seq = ?`;

/** Whether anything can be claimed. */
export function hasWaiting(connection: Connection): boolean {
  const { queue } = connection;
  const row = connection.get(HAS_WAITING, queue, firstPrioritised(queue));
  return row !== undefined && !isPaused(connection, row.pause);
}

/** Appends to the queue, whatever their due time. */
export function addTasks(connection: Connection, items: readonly KeyedItem[]): void {
  if (items.length === 0) return;
  const now = connection.now();
  appendAll(connection, items.filter(isPlain), true, now);
  appendAll(connection, items.filter((item) => !isPlain(item)), false, now);
  connection.changes.queue = true;
}

/** Appends batches of items that `goesStraight`, one behind the other. */
export function addBatches(connection: Connection, batches: readonly (readonly Item[])[]): void[] {
  appendAll(connection, batches.length === 1 ? batches[0]! : batches.flat(), true, connection.now());
  connection.changes.queue = true;
  return [];
}

/** Whether an item goes to the end of the queue, whatever there is. */
export function goesStraight(item: Item): boolean {
  return isPlain(item) && item.dueMs === undefined && item.gate === undefined && item.unique === undefined;
}

function isPlain(item: KeyedItem): boolean {
  return item.priority === 0;
}

/** See `Storage.claim`. */
export function claimBatch(connection: Connection, limit: number, owner: Owner): ClaimBatch {
  const { queue, changes } = connection;
  if (limit === 1) {
    const claim = takeFirst(connection, owner);
    if (claim !== undefined) return { claims: [claim], revocations: changes.revocations! };
  }
  const look = connection.get(LOOK, queue, owner.consumer, owner.worker, connection.now());
  const revocations = changes.revocations = look?.revocations === 1;
  if (isPaused(connection, look?.pause_ms)) return { claims: [], revocations };
  const take = { token: randomToken(), owner: Number(look?.owner ?? newOwner(connection, owner)), now: connection.now() };
  connection.owner = { ...owner, number: take.owner };
  const claims: Claim[] = [];
  for (const list of look?.prioritised ? IN_ORDER : [PLAIN_IN_ORDER]) {
    const rows = connection.all(`select ${COLUMNS_OF_CLAIM} ${list}`, queue, firstPrioritised(queue), limit - claims.length);
    takeRows(connection, rows, take, list === PLAIN_IN_ORDER ? Number(look?.high) : undefined);
    claims.push(...rows.map((row) => started(connection, row, take.token)));
  }
  return { claims, revocations };
}

/** What a claim writes. */
interface Take {
  readonly owner: number;
  readonly token: number;
  readonly now: number;
}

/** The short way for one claim. @returns `undefined` if the long one has to be taken */
function takeFirst(connection: Connection, owner: Owner): Claim | undefined {
  const { queue, owner: known } = connection;
  if (known?.consumer !== owner.consumer || known.worker !== owner.worker) return undefined;
  const row = connection.get(FIRST, queue, firstPrioritised(queue), known.number, connection.now());
  if (row === undefined || row.prioritised !== 0 || row.is_owner !== 1 || row.high === PERHAPS_PAUSED) return undefined;
  const token = randomToken();
  connection.run(TAKE_ONE, known.number, token, connection.now(), row.seq!);
  noteTaken(connection, Number(row.seq), 1, Number(row.high));
  connection.changes.revocations = row.revocations === 1;
  return started(connection, row, token);
}

/** The bounds lag behind, but not far: what is passed over is passed over at each claim. */
function noteTaken(connection: Connection, last: number, count: number, high: number): void {
  connection.taken += count;
  if (last < high && connection.taken < MOST_PASSED) return;
  moveAhead(connection, last);
  connection.taken = 0;
}

/** @param high Where plain messages begin that all wait; `undefined` for messages with a priority, which do not stand together. */
function takeRows(connection: Connection, rows: readonly Row[], { owner, token, now }: Take, high: number | undefined): void {
  if (rows.length === 0) return;
  if (high === undefined) return rows.forEach(({ seq = 0 }) => void connection.run(TAKE_ONE, owner, token, now, seq));
  const last = Number(rows[rows.length - 1]!.seq);
  connection.run(TAKE_PLAIN, owner, token, now, Number(rows[0]!.seq), last);
  noteTaken(connection, last, rows.length, high);
}

/** A message that is claimed with a new token. */
function started(connection: Connection, row: Row, token: number): Claim {
  const claim = toClaim(row, token);
  if (claim.unique !== undefined) startKey(connection, claim);
  noteClaimed(connection, row);
  return claim;
}

function appendAll(connection: Connection, items: readonly KeyedItem[], plain: boolean, now: number): void {
  const { queue } = connection;
  if (items.length === 0) return;
  // In a single statement, which needs no transaction around it.
  if (plain && items.length === 1) {
    return void connection.runAll(APPEND_ONE, withItem([queue, firstPrioritised(queue), now], items[0]!));
  }
  const seq = nextNumber(connection, plain);
  writeRows(connection, INSERT, items, (start) => [queue, seq + start, now], withItem);
}

const VALUES = `?1, ${NOBODY}, ${NO_TOKEN}, ?3, 0, ?3, ?, ?, ?, ?, ?, ?`;

/** Parameters: queue, number, now, and the items. */
const INSERT = rowStatements(`insert into huey_task (${COLUMNS})`, (index) => `(?2 + ${index}, ${VALUES})`);

/** The same of one item, whose number is found on the way. The second parameter is the first prioritised number of the queue. */
const APPEND_ONE = `insert into huey_task (${COLUMNS}) values ((${NEXT_PLAIN}), ${VALUES})`;

/** Numbers are drawn, since one that is free may be remembered by a connection: it would be taken for another owner. */
function newOwner(connection: Connection, { consumer, worker }: Owner): number {
  while (true) {
    const id = NOBODY + 1 + Math.floor(Math.random() * (LAST_OWNER - NOBODY));
    const make = "insert into huey_owner (id, queue, consumer, worker) values (?, ?, ?, ?) on conflict (id) do nothing";
    if (connection.run(make, id, connection.queue, consumer, worker) > 0) return id;
  }
}

/** Together with the number of the row it names one hand-out; rows alone would not do, because their numbers are used again. */
function randomToken(): number {
  return NO_TOKEN + 1 + Math.floor(Math.random() * (NO_TOKEN - 2));
}
