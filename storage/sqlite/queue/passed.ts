/**
 * The statements on gates that stay taken after a settlement, since the function goes on running: entries that belong to its worker,
 * like the locks that were passed to it.
 * @module
 */
import type { Claim, Item, Owner } from "../../../lib/storage.ts";
import { readText } from "../connection/columns.ts";
import type { Row } from "../connection/database.ts";
import { leave } from "./gates.ts";
import { rangeOf, type Target, workerHolder } from "../records/locks.ts";
import { KIND } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";

const PASS = `insert or replace into huey_entry (queue, kind, key, value, holder) values (?, ${KIND.passed}, ?, ?, ?)`;

const TAKE = `delete from huey_entry where queue = ? and kind = ${KIND.passed} and key = ? returning value`;

const HELD = `select key from huey_entry where holder >= ? and holder <= ? and queue = ? and kind = ${KIND.passed}`;

/** The gate stays taken in the name of a worker. */
export function passGate(session: Session, token: string, gate: string, owner: Owner): void {
  session.run(PASS, session.queue, token, gate, workerHolder(session, owner));
}

/** The function of a claim that was settled has ended. @returns the items that are on the queue now */
export function leavePassed(session: Session, { token }: Pick<Claim, "token">): readonly Item[] {
  const row: Row | undefined = session.get(TAKE, session.queue, token);
  return row === undefined ? [] : leave(session, readText(row.value));
}

/** All that were passed to a consumer, or to one of its workers, are left. */
export function leaveAllPassedTo(session: Session, target: Target): void {
  leaveAll(session, ...rangeOf(session, target));
}

/** All that one holder has are left. */
export function leaveAllOf(session: Session, holder: string): void {
  leaveAll(session, holder, holder);
}

function leaveAll(session: Session, from: string, to: string): void {
  for (const { key } of session.all(HELD, from, to, session.queue)) leavePassed(session, { token: readText(key) });
}
