/**
 * The statements on keys and values, within a transaction or outside.
 * @module
 */
import { readBytes, readNumber, readText } from "../connection/columns.ts";
import { KIND } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";

/** A name space: one of {@linkcode KIND}. */
export type Kind = (typeof KIND)[keyof typeof KIND];

/** A row without a value is a notice, and a row past its end is not there. */
const ALIVE = "value is not null and (expires_ms is null or expires_ms > ?)";

const PUT = `insert into huey_entry (queue, kind, key, value, expires_ms, holder) values (?, ?, ?, ?, ?, ?)
  on conflict do update set value = excluded.value, expires_ms = excluded.expires_ms, holder = excluded.holder`;

const REPLACE = "update huey_entry set value = ?, expires_ms = ? where queue = ? and kind = ? and key = ?";

const OF_KIND = "from huey_entry where queue = ? and kind = ?";

const PEEK = `select value ${OF_KIND} and key = ? and ${ALIVE}`;

const ENTRIES = `select key, value ${OF_KIND} and ${ALIVE}`;

const COUNT = `select count(*) as n ${OF_KIND} and ${ALIVE}`;

const ANY = `select 1 ${OF_KIND} and ${ALIVE} limit 1`;

/** Whether there is a revocation, as a column of another statement. Parameters of that: the first is the queue, the fourth the time. */
export const REVOCATIONS: string =
  `exists (select 1 from huey_entry where queue = ?1 + 0 and kind = ${KIND.revocation} and value is not null
  and (expires_ms is null or expires_ms > ?4 + 0)) as revocations`;

/** A result becomes the notice of the end that it knows of. */
const TO_NOTICES = `update huey_entry set value = null, expires_ms = ? + notice_ttl_ms, notice_ms = null, holder = null
  where queue = ? and kind = ${KIND.result} and value is not null and ending is not null`;

const DELETE = `delete ${OF_KIND} and value is not null`;

const ONE = "and key = ?";

/** The sum is always a number that the bindings can read, whatever the row holds. */
const INCREMENT = `insert into huey_entry (queue, kind, key, value, expires_ms) values (?1, ?2, ?3, ?4, ?5)
  on conflict do update set
    value = iif(expires_ms <= ?6 or abs(value + 0.0) > 9e15, excluded.value, value + excluded.value),
    expires_ms = iif(expires_ms <= ?6, excluded.expires_ms, expires_ms)
  returning value`;

/** Whether there is any entry. */
export function hasAny(connection: Connection, kind: Kind): boolean {
  return connection.get(ANY, connection.queue, kind, connection.now()) !== undefined;
}

/** The value, if it is there. */
export function peek(connection: Connection, kind: Kind, key: string): Uint8Array | undefined {
  const row = connection.get(PEEK, connection.queue, kind, key, connection.now());
  return row === undefined ? undefined : readBytes(row.value);
}

/** Puts a value; the end of the task that the entry may tell of stays known. */
export function put(
  connection: Connection,
  kind: Kind,
  key: string,
  value: Uint8Array,
  { ttlMs, holder = null }: { readonly ttlMs?: number | undefined; readonly holder?: string | null | undefined } = {},
): void {
  connection.run(PUT, connection.queue, kind, key, value, ttlMs === undefined ? null : connection.now() + ttlMs, holder);
  written(connection, kind, key);
}

/** Puts a value in place of one that is there; who holds it stays. */
export function replace(connection: Connection, kind: Kind, key: string, value: Uint8Array, ttlMs?: number): void {
  connection.run(REPLACE, value, ttlMs === undefined ? null : connection.now() + ttlMs, connection.queue, kind, key);
  written(connection, kind, key);
}

/** Deletes the value; the notice of an ended task stays. @returns the value, if it was there */
export function pop(connection: Connection, kind: Kind, key: string): Uint8Array | undefined {
  const value = peek(connection, kind, key);
  if (value !== undefined) drop(connection, kind, ONE, [key]);
  return value;
}

/** Deletes all values; the notices of ended tasks stay. */
export function clear(connection: Connection, kind: Kind): void {
  drop(connection, kind, "", []);
}

/** How many values are there. */
export function count(connection: Connection, kind: Kind): number {
  return Number(connection.get(COUNT, connection.queue, kind, connection.now())?.n);
}

/** All values by key. */
export function entries(connection: Connection, kind: Kind): Map<string, Uint8Array> {
  const rows = connection.all(ENTRIES, connection.queue, kind, connection.now());
  return new Map(rows.map((row) => [readText(row.key), readBytes(row.value)]));
}

/** Adds to a counter, which is made if it is missing or past its end. @returns the sum */
export function increment(connection: Connection, key: string, by: number, ttlMs?: number): number {
  connection.round.written++;
  const now = connection.now();
  const expiresMs = ttlMs === undefined ? null : now + ttlMs;
  return readNumber(connection.get(INCREMENT, connection.queue, KIND.counter, key, by, expiresMs, now)?.value, by);
}

/** Deletes revocations at the end of the transaction: by then a claim may have found that there is none. */
export function forget(connection: Connection, keys: readonly string[]): void {
  connection.changes.forgotten.push(...keys);
}

/** Deletes the revocations that `forget` has put off: at the end, and before anything else is done with revocations. */
export function forgetNow(connection: Connection): void {
  const { changes } = connection;
  const keys = changes.forgotten.splice(0);
  if (keys.length === 0) return;
  if (!changes.revoked && !(changes.revocations ?? hasAny(connection, KIND.revocation))) return;
  for (const key of keys) drop(connection, KIND.revocation, ONE, [key]);
}

function drop(connection: Connection, kind: Kind, which: string, keys: readonly string[]): void {
  if (kind === KIND.result) connection.run(`${TO_NOTICES} ${which}`, connection.now(), connection.queue, ...keys);
  connection.run(`${DELETE} ${which}`, connection.queue, kind, ...keys);
}

function written(connection: Connection, kind: Kind, key: string): void {
  connection.round.written++;
  if (kind === KIND.result) connection.changes.ended.push(key);
  if (kind === KIND.revocation) connection.changes.revoked = true;
}
