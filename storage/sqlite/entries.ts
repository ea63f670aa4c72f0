/**
 * The statements on keys and values, within a transaction or outside.
 * @module
 */
import type { PutIfEmptyOptions } from "../../lib/storage.ts";
import { KIND } from "./schema.ts";
import type { Session } from "./session.ts";
import { text } from "./text.ts";

/** A name space: one of {@linkcode KIND}. */
export type Kind = (typeof KIND)[keyof typeof KIND];

/** A row without a value is a notice, and a row past its end is not there. */
const ALIVE = "value is not null and (expires_ms is null or expires_ms > ?)";

const PUT = `insert into huey_entry (queue, kind, key, value, expires_ms) values (?, ?, ?, ?, ?)
  on conflict do update set value = excluded.value, expires_ms = excluded.expires_ms, holder = null`;

const PUT_IF_EMPTY = `insert into huey_entry (queue, kind, key, value, expires_ms, holder) values (?, ?, ?, ?, ?, ?)
  on conflict do update set value = excluded.value, expires_ms = excluded.expires_ms, holder = excluded.holder
  where huey_entry.value is null or huey_entry.expires_ms <= ?`;

const PEEK = `select value from huey_entry where queue = ? and kind = ? and key = ? and ${ALIVE}`;

const TO_NOTICE = `update huey_entry set value = null, expires_ms = ? + notice_ttl_ms, holder = null
  where queue = ? and kind = ? and key = ? and ending is not null`;

const DELETE = "delete from huey_entry where queue = ? and kind = ? and key = ? and value is not null";

const ALL_TO_NOTICES = `update huey_entry set value = null, expires_ms = ? + notice_ttl_ms, holder = null
  where queue = ? and kind = ? and value is not null and ending is not null`;

const DELETE_ALL = "delete from huey_entry where queue = ? and kind = ? and value is not null";

/** Whether there is any entry. */
export function hasAny(session: Session, kind: Kind): boolean {
  return session.get(
    `select 1 from huey_entry where queue = ? and kind = ? and ${ALIVE} limit 1`,
    session.queue,
    kind,
    Date.now(),
  ) !==
    undefined;
}

/** The value, if it is there. */
export function peek(session: Session, kind: Kind, key: string): Uint8Array | undefined {
  return session.get(PEEK, session.queue, kind, key, Date.now())?.value as Uint8Array | undefined;
}

/** Puts a value; the end of the task that the entry may tell of stays known. */
export function put(session: Session, kind: Kind, key: string, value: Uint8Array, ttlMs?: number): void {
  session.run(PUT, session.queue, kind, key, value, ttlMs === undefined ? null : Date.now() + ttlMs);
  written(session, kind);
  if (kind === KIND.data) session.changes.ended.push(key);
}

/** @returns whether it was put */
export function putIfEmpty(
  session: Session,
  kind: Kind,
  key: string,
  value: Uint8Array,
  options: PutIfEmptyOptions = {},
): boolean {
  written(session, kind);
  const now = Date.now();
  const expiresMs = options.ttlMs === undefined ? null : now + options.ttlMs;
  return session.run(PUT_IF_EMPTY, session.queue, kind, key, value, expiresMs, options.holder ?? null, now) > 0;
}

/** Deletes the value; the notice of an ended task stays. @returns the value, if it was there */
export function pop(session: Session, kind: Kind, key: string): Uint8Array | undefined {
  const value = peek(session, kind, key);
  if (value === undefined) return undefined;
  const leftNotice = kind === KIND.data && session.run(TO_NOTICE, Date.now(), session.queue, kind, key) > 0;
  if (!leftNotice) session.run(DELETE, session.queue, kind, key);
  if (kind === KIND.revocation) session.changes.revocations = undefined;
  return value;
}

/** Deletes all values; the notices of ended tasks stay. */
export function clear(session: Session, kind: Kind): void {
  session.run(ALL_TO_NOTICES, Date.now(), session.queue, kind);
  session.run(DELETE_ALL, session.queue, kind);
  if (kind === KIND.revocation) session.changes.revocations = undefined;
}

/** How many values are there. */
export function count(session: Session, kind: Kind): number {
  const row = session.get(
    `select count(*) as n from huey_entry where queue = ? and kind = ? and ${ALIVE}`,
    session.queue,
    kind,
    Date.now(),
  );
  return Number(row?.n);
}

/** All values by key. */
export function entries(session: Session, kind: Kind): Map<string, Uint8Array> {
  const rows = session.all(
    `select key, value from huey_entry where queue = ? and kind = ? and ${ALIVE}`,
    session.queue,
    kind,
    Date.now(),
  );
  return new Map(rows.map((row) => [text(row.key), row.value as Uint8Array]));
}

/** Adds to a counter, which is made if it is missing or past its end. @returns the sum */
export function increment(session: Session, key: string, by: number, ttlMs?: number): number {
  written(session, KIND.counter);
  const now = Date.now();
  const row = session.get(
    `insert into huey_entry (queue, kind, key, value, expires_ms) values (?1, ?2, ?3, ?4, ?5)
      on conflict do update set
        value = iif(expires_ms <= ?6, excluded.value, value + excluded.value),
        expires_ms = iif(expires_ms <= ?6, excluded.expires_ms, expires_ms)
      returning value`,
    session.queue,
    KIND.counter,
    key,
    by,
    ttlMs === undefined ? null : now + ttlMs,
    now,
  );
  return Number(row?.value);
}

/** Deletes the locks that a claim holds. */
export function dropLocks(session: Session, token: string): void {
  session.run("delete from huey_entry where holder = ?", token);
}

/** Whether any revocation is stored, within a transaction. */
export function hasRevocations(session: Session): boolean {
  return session.changes.revocations ??= hasAny(session, KIND.revocation);
}

/** Deletes revocations. */
export function forget(session: Session, keys: readonly string[]): void {
  if (keys.length === 0 || !hasRevocations(session)) return;
  for (const key of keys) session.run(DELETE, session.queue, KIND.revocation, key);
  session.changes.revocations = undefined;
}

function written(session: Session, kind: Kind): void {
  session.sweep.count();
  if (kind === KIND.revocation) session.changes.revocations = undefined;
}
