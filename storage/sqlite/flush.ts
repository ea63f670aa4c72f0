/**
 * Deletes what one queue holds, or parts of it. Leases stay, and so do the other queues of the file.
 * @module
 */
import { FLUSH_PARTS, type FlushPart } from "../../lib/storage.ts";
import { endOfNumbers, firstPlain } from "./connection/numbers.ts";
import { ENDED, KIND } from "./connection/schema.ts";
import type { Session } from "./connection/session.ts";
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
export function flush(session: Session, parts: readonly FlushPart[] = FLUSH_PARTS): void {
  for (const part of parts) flushPart(session, part);
}

function flushPart(session: Session, part: FlushPart): void {
  switch (part) {
    case "queue":
      return flushQueue(session);
    case "schedule":
      freeAllKeys(session, "schedule");
      dropStepsOf(session, "schedule");
      session.run("delete from huey_schedule where queue = ?", session.queue);
      return forgetLength(session, "schedule");
    case "stats":
      return dropCounts(session);
    case "deadLetters":
      return dropLetters(session);
    case "results":
      deleteMessages(session, `owner = ${ENDED}`);
      session.run("delete from huey_ended where queue = ?", session.queue);
      return deleteEntries(session, [KIND.result]);
    case "counters":
      return deleteEntries(session, [KIND.meta, KIND.counter]);
    case "locks":
      return deleteEntries(session, [KIND.lock]);
    case "data":
      return deleteEntries(session, [KIND.data]);
    case "revocations":
      return deleteEntries(session, [KIND.revocation]);
  }
}

/** Messages that wait, claims, chords, gates, keys, steps. Rows of tasks that have ended are notices. */
function flushQueue(session: Session): void {
  addAllLost(session);
  session.run(DROP_LOCKS, session.queue);
  deleteMessages(session, `owner <> ${ENDED}`);
  deleteEntries(session, [KIND.passed]);
  freeAllKeys(session, "others");
  dropStepsOf(session, "others");
  for (const table of [...CHORD_TABLES, "huey_gate", "huey_blocked"]) {
    session.run(`delete from ${table} where queue = ?`, session.queue);
  }
  forgetLength(session, "blocked");
}

function deleteMessages(session: Session, which: string): void {
  const { queue } = session;
  session.run(`delete from ${ALL_MESSAGES} and ${which}`, queue, firstPlain(queue), endOfNumbers(queue));
}

function deleteEntries(session: Session, kinds: readonly number[]): void {
  for (const kind of kinds) session.run("delete from huey_entry where queue = ? and kind = ?", session.queue, kind);
}
