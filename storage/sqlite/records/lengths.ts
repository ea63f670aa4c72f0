/**
 * How much of the long lists is read, and how many rows they have: the schedule, the lines of the gates, each kind of dead letters. Triggers of their
 * tables keep the numbers, since to count a million rows takes a tenth of a second.
 * @module
 */
import { type DeadLetterKind, MOST_EXAMINED } from "../../../lib/storage.ts";
import type { Connection } from "../connection/connection.ts";

/** A list whose length is kept. */
export type CountedList = "schedule" | "blocked" | DeadLetterKind;

const ROWS: Readonly<Record<CountedList, string>> = {
  schedule: "huey_schedule where queue = ?",
  blocked: "huey_blocked where queue = ?",
  failed: "huey_dead where queue = ? and kind = 'failed'",
  unknown: "huey_dead where queue = ? and kind = 'unknown'",
  unreadable: "huey_dead where queue = ? and kind = 'unreadable'",
};

/** The length of a list. A number that none of ours has written is counted anew. */
export function lengthOf(connection: Connection, list: CountedList): number {
  const n = connection.get("select n from huey_length where queue = ? and list = ?", connection.queue, list)?.n ?? 0;
  if (typeof n === "number" && Number.isSafeInteger(n) && n >= 0) return n;
  return Number(connection.get(`select count(*) as n from ${ROWS[list]}`, connection.queue)?.n);
}

/** Forgets the length of a list of which nothing is left, so that a wrong number does not outlive it. */
export function forgetLength(connection: Connection, list: CountedList): void {
  connection.run("delete from huey_length where queue = ? and list = ?", connection.queue, list);
}

/** The first so many at most. SQLite's way of saying that there is no limit is a negative one. */
export function rowLimit(limit: number = Infinity): number {
  return Number.isFinite(limit) ? Math.max(0, Math.trunc(limit)) : -1;
}

/** The same of a listing that is bounded. */
export function examined(limit: number = Infinity): number {
  return Math.min(MOST_EXAMINED, Math.max(0, limit));
}
