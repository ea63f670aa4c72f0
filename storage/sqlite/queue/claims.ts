/**
 * The statements on claims: what workers hold, and what was taken from them.
 * @module
 */
import type { Claim, OwnerFilter } from "../../../lib/storage.ts";
import { readNumber } from "../connection/columns.ts";
import type { Row } from "../connection/database.ts";
import { firstPlain, IS_NUMBER } from "../connection/numbers.ts";
import { FLAG, NO_TOKEN, NOBODY } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { moveBack } from "../records/bounds.ts";
import { COLUMNS_OF_ITEM, hasFlag, type KeyedItem, readMore, toItem, type Writable } from "../records/item.ts";
import { note } from "../records/lines.ts";
import { dropLocks } from "../records/locks.ts";

/** All claims of a queue, its number being the first parameter. Plain ones stand before `high`, the others are in the index. */
export const CLAIMED: string = `from (
  select * from huey_task where seq >= ${
  firstPlain(1)
} * ?1 and seq < (select high from huey_queue where id = ?1) and owner > ${NOBODY}
  union all
  select * from huey_task where queue = ?1 and owner > ${NOBODY} and priority <> 0 and ${IS_NUMBER}
)`;

/** The columns of a claim. */
export const COLUMNS_OF_CLAIM: string = `seq, token, deliveries, ${COLUMNS_OF_ITEM}`;

/** With the owners, also where the row of the owner is missing. */
const CLAIMED_BY = `select ${COLUMNS_OF_CLAIM} ${CLAIMED} left join huey_owner on huey_owner.id = owner`;

const ORPHANED = `${CLAIMED_BY} where consumer is null or (consumer is not ?3 and not exists (select 1 from huey_lease
  where huey_lease.queue = ?1 and huey_lease.consumer = huey_owner.consumer and expires_ms + 0 > ?2)) order by seq`;

const HELD = "seq = ? and token = ?";

const DROP = `delete from huey_task where ${HELD}`;

const GIVE_BACK = `update huey_task set owner = ${NOBODY}, token = ${NO_TOKEN}, deliveries = deliveries - ?
  where seq = ? and owner > ${NOBODY}`;

/** So many of the claims that were taken from their holder are remembered, and for so long. */
const MOST_LOST = 100_000;
const LOST_KEPT_MS = 86_400_000;

/** Remembers a claim that was taken from its holder, so that its settlement, if it is sent again, is answered as not written. */
const ADD_LOST = "insert into huey_lost (seq, token, at_ms) values (?, ?, ?)";

const ADD_ALL_LOST = `insert into huey_lost (seq, token, at_ms) select seq, token, ?2 ${CLAIMED}`;

const FORGET_LOST = `delete from huey_lost where id in (select id from huey_lost order by id limit 100)
  and (at_ms < ? or id <= (select max(id) from huey_lost) - ${MOST_LOST})`;

/** The number of the row and the number of the hand-out. */
export function splitToken(token: string): [number, number] {
  const dot = token.indexOf(".");
  return [Number(token.slice(0, dot)), Number(token.slice(dot + 1))];
}

/** Reads a claim. @param token If the row was read before it was claimed */
export function toClaim(row: Row, token?: number): Claim & KeyedItem {
  const claim = toItem(row) as Writable<Claim & KeyedItem>;
  claim.token = `${row.seq}.${token ?? row.token}`;
  claim.deliveries = readNumber(row.deliveries, 0) + (token === undefined ? 0 : 1);
  if (hasFlag(row, FLAG.begun)) claim.begun = true;
  return claim;
}

/** Whether a claim is held. */
export function isHeld(connection: Connection, token: string): boolean {
  return connection.get(`select 1 from huey_task where ${HELD}`, ...splitToken(token)) !== undefined;
}

/** Marks a claim as begun. @returns whether it is held */
export function beginClaim(connection: Connection, { token }: Claim): boolean {
  return connection.run(`update huey_task set flags = flags | ${FLAG.begun} where ${HELD}`, ...splitToken(token)) > 0;
}

/** Drops a claim. @returns the number by which it holds its unique key; `undefined` if it was not held */
export function dropClaim(connection: Connection, { token, unique }: Claim): Pick<KeyedItem, "hold"> | undefined {
  const place = splitToken(token);
  if (unique === undefined) return connection.run(DROP, ...place) > 0 ? {} : undefined;
  const row = connection.get(`${DROP} returning more`, ...place);
  return row && readMore(row.more);
}

/** Puts a claim back where it came from, if it is held, and drops its locks: the hand-out does not count as a delivery. */
export function releaseClaim(connection: Connection, { token }: Claim): void {
  if (isHeld(connection, token)) giveBack(connection, token, 1);
}

/** The same for one that was found in this transaction, and whose delivery counts. */
export function takeBack(connection: Connection, { token }: Claim): void {
  giveBack(connection, token, 0);
}

/** The claims that a worker, or all workers of a consumer, hold. */
export function claimsOf(connection: Connection, { consumer, worker }: OwnerFilter): Claim[] {
  const rows = worker === undefined
    ? connection.all(`${CLAIMED_BY} where consumer = ?2 order by seq`, connection.queue, consumer)
    : connection.all(`${CLAIMED_BY} where consumer = ?2 and worker = ?3 order by seq`, connection.queue, consumer, worker);
  return rows.map((row) => toClaim(row));
}

/** The claims of consumers without a lease that still runs. @param own A consumer whose claims are not wanted */
export function orphanedClaims(connection: Connection, own: string | undefined): Claim[] {
  return connection.all(ORPHANED, connection.queue, connection.now(), own ?? null).map((row) => toClaim(row));
}

/** Whether a claim was taken from its holder. */
export function isLost(connection: Connection, token: string): boolean {
  return connection.get(`select 1 from huey_lost where ${HELD}`, ...splitToken(token)) !== undefined;
}

/** Remembers all claims of the queue as taken. */
export function addAllLost(connection: Connection): void {
  connection.run(ADD_ALL_LOST, connection.queue, connection.now());
}

function giveBack(connection: Connection, token: string, unused: number): void {
  const [seq, number] = splitToken(token);
  if (connection.run(GIVE_BACK, unused, seq) === 0) return;
  moveBack(connection, seq);
  if (Number.isNaN(number)) note(connection, `Row ${seq} of huey_task had a claim that nobody can hold: it waits again`);
  else connection.run(ADD_LOST, seq, number, connection.now());
  connection.run(FORGET_LOST, connection.now() - LOST_KEPT_MS);
  dropLocks(connection, token);
  connection.changes.queue = true;
}
