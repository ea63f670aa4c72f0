/**
 * The statements on what invocations keep over their attempts.
 * @module
 */
import { type Claim, stepsKey } from "../../../lib/storage.ts";
import { readBytes, readText } from "../connection/columns.ts";
import type { Session } from "../connection/session.ts";
import { isHeld } from "../queue/claims.ts";
import { partOfMore } from "../records/item.ts";

const KEEP = "insert or replace into huey_step (queue, key, name, value) values (?, ?, ?, ?)";

const OF_LETTERS = "(select steps from huey_dead where queue = ?1 and steps is not null)";

const OF_SCHEDULED = `(select ifnull(${partOfMore("steps")}, task_id) from huey_schedule where queue = ?1)`;

const DROP_OTHERS = `delete from huey_step where queue = ?1 and key not in ${OF_LETTERS} and key not in ${OF_SCHEDULED}`;

const DROP_OF_LETTERS = `delete from huey_step where queue = ?1 and key in ${OF_LETTERS}`;

const DROP_OF_SCHEDULED = `delete from huey_step where queue = ?1 and key in ${OF_SCHEDULED}`;

/** Keeps a value. @returns whether the claim is held; if not, nothing is written */
export function keepStep(session: Session, claim: Claim, name: string, value: Uint8Array): boolean {
  if (!isHeld(session, claim.token)) return false;
  session.run(KEEP, session.queue, stepsKey(claim), name, value);
  return true;
}

/** What was kept, by name. */
export function keptSteps(session: Session, key: string): Map<string, Uint8Array> {
  const rows = session.all("select name, value from huey_step where queue = ? and key = ?", session.queue, key);
  return new Map(rows.map((row) => [readText(row.name), readBytes(row.value)]));
}

/** Forgets what was kept under a key. */
export function dropSteps(session: Session, key: string): void {
  session.run("delete from huey_step where queue = ? and key = ?", session.queue, key);
}

/** Forgets what all messages on the schedule, or all that were set aside, have kept, before they are deleted; or all others. */
export function dropStepsOf(session: Session, which: "schedule" | "letters" | "others"): void {
  session.run({ schedule: DROP_OF_SCHEDULED, letters: DROP_OF_LETTERS, others: DROP_OTHERS }[which], session.queue);
}
