/**
 * What stays after a settlement, since the function goes on running: its locks, and the gate that it has passed. They belong to its
 * worker from then on.
 * @module
 */
import type { Claim, Item, Owner, OwnerFilter } from "../../../lib/storage.ts";
import { readText } from "../connection/columns.ts";
import { KIND } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { rangeOf, workerHolder } from "../records/locks.ts";
import { leave } from "./gates.ts";

const PASS = `insert or replace into huey_entry (queue, kind, key, value, holder) values (?, ${KIND.passed}, ?, ?, ?)`;

const TAKE = `delete from huey_entry where queue = ? and kind = ${KIND.passed} and key = ? returning value`;

const GATES = `select key from huey_entry where holder >= ? and holder <= ? and queue = ? and kind = ${KIND.passed}`;

/** The gate stays taken in the name of a worker. */
export function passGate(connection: Connection, token: string, gate: string, owner: Owner): void {
  connection.run(PASS, connection.queue, token, gate, workerHolder(connection, owner));
}

/** The function of a claim that was settled has ended. @returns the items that are on the queue now */
export function leavePassed(connection: Connection, { token }: Pick<Claim, "token">): readonly Item[] {
  const row = connection.get(TAKE, connection.queue, token);
  return row === undefined ? [] : leave(connection, readText(row.value));
}

/** Ends what a consumer, one of its workers, or whoever stands in the column of holders, has been left with. */
export function endPassed(connection: Connection, of: OwnerFilter | string): void {
  const range = typeof of === "string" ? [of, of] : rangeOf(connection, of);
  for (const { key } of connection.all(GATES, ...range, connection.queue)) leavePassed(connection, { token: readText(key) });
  connection.run("delete from huey_entry where holder >= ? and holder <= ?", ...range);
}
