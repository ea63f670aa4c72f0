/**
 * Puts the bounds of a queue right, see numbers.ts, when somebody else has written there: claims would find nothing any more.
 * @module
 */
import { note } from "./lines.ts";
import { firstPlain, firstPrioritised } from "./numbers.ts";
import { NOBODY } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";

/** Before `low` none waits. Parameters: queue, its first plain and its first prioritised number. */
const SOUND = `select 1 from huey_queue where id = ?1 and typeof(low) = 'integer' and typeof(high) = 'integer'
  and low >= ?2 and low <= ?3 and high >= ?2 and high <= ?3
  and not exists (select 1 from huey_task where seq >= ?2 + 0 and seq < low and owner = ${NOBODY})`;

/** The widest that are right. */
const MEND = `update huey_queue set low = ?2,
  high = ifnull((select seq + 1 from huey_task where seq >= ?2 + 0 and seq < ?3 + 0 order by seq desc limit 1), ?2) where id = ?1`;

/** Whether the bounds can be right. Looks at claimed messages only. */
export function areSound(session: Session): boolean {
  return session.get(SOUND, ...queueOf(session)) !== undefined;
}

/** Puts the bounds right if they cannot be. */
export function mend(session: Session): void {
  if (areSound(session)) return;
  session.run(MEND, ...queueOf(session));
  note(session, "The numbers of the queue in huey_queue were changed by something else: they are mended");
}

function queueOf({ queue }: Session): [number, number, number] {
  return [queue, firstPlain(queue), firstPrioritised(queue)];
}
