/**
 * Deletes what one queue holds, or parts of it. Leases stay, and so do the other queues of the file.
 * @module
 */
import { FLUSH_PARTS, type FlushPart } from "../../lib/storage.ts";
import { endOfNumbers, firstPlain } from "./connection/numbers.ts";
import { ENDED, KIND } from "./connection/schema.ts";
import type { Connection } from "./connection/connection.ts";
import { addAllLost, CLAIMED } from "./queue/claims.ts";
import { freeAllKeys } from "./queue/unique.ts";
import { dropCounts } from "./records/counts.ts";
import { forgetLength } from "./records/lengths.ts";
import { CHORD_TABLES } from "./settlement/chords.ts";
import { dropLetters } from "./settlement/dead_letters.ts";
import { dropStepsOf } from "./settlement/steps.ts";

const ALL_MESSAGES = "huey_task where seq >= ?2 + 0 and seq < ?3 + 0 and queue = ?1";

/** The locks of claims that are about to be gone. */
const DROP_LOCKS = `delete from huey_entry where holder in (select seq || '.' || token ${CLAIMED})`;

/** Deletes parts of the queue. */
export function flush(connection: Connection, parts: readonly FlushPart[] = FLUSH_PARTS): void {
  for (const part of parts) flushPart(connection, part);
}

function flushPart(connection: Connection, part: FlushPart): void {
  switch (part) {
    case "queue":
      return flushQueue(connection);
    case "schedule":
      freeAllKeys(connection, "schedule");
      dropStepsOf(connection, "schedule");
      connection.run("delete from huey_schedule where queue = ?", connection.queue);
      return forgetLength(connection, "schedule");
    case "stats":
      return dropCounts(connection);
    case "deadLetters":
      return dropLetters(connection);
    case "results":
      deleteMessages(connection, `owner = ${ENDED}`);
      connection.run("delete from huey_ended where queue = ?", connection.queue);
      return deleteEntries(connection, [KIND.result]);
    case "counters":
      return deleteEntries(connection, [KIND.meta, KIND.counter]);
    case "locks":
      return deleteEntries(connection, [KIND.lock]);
    case "data":
      return deleteEntries(connection, [KIND.data]);
    case "revocations":
      return deleteEntries(connection, [KIND.revocation]);
  }
}

/** Messages that wait, claims, chords, gates, keys, steps. Rows of tasks that have ended are notices. */
function flushQueue(connection: Connection): void {
  addAllLost(connection);
  connection.run(DROP_LOCKS, connection.queue);
  deleteMessages(connection, `owner <> ${ENDED}`);
  deleteEntries(connection, [KIND.passed]);
  freeAllKeys(connection, "others");
  dropStepsOf(connection, "others");
  for (const table of [...CHORD_TABLES, "huey_gate", "huey_blocked"]) {
    connection.run(`delete from ${table} where queue = ?`, connection.queue);
  }
  forgetLength(connection, "blocked");
}

function deleteMessages(connection: Connection, which: string): void {
  const { queue } = connection;
  connection.run(`delete from ${ALL_MESSAGES} and ${which}`, queue, firstPlain(queue), endOfNumbers(queue));
}

function deleteEntries(connection: Connection, kinds: readonly number[]): void {
  for (const kind of kinds) connection.run("delete from huey_entry where queue = ? and kind = ?", connection.queue, kind);
}
