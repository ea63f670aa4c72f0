/**
 * The statements on what invocations keep over their attempts.
 * @module
 */
import type { Claim } from "../../../lib/storage.ts";
import { stepsKey } from "../../../lib/steps_key.ts";
import { readBytes, readText } from "../connection/columns.ts";
import type { Connection } from "../connection/connection.ts";
import { isHeld } from "../queue/claims.ts";
import { partOfMore } from "../records/item.ts";

const KEEP = "insert or replace into huey_step (queue, key, name, value) values (?, ?, ?, ?)";

const OF_LETTERS = "(select steps from huey_dead where queue = ?1 and steps is not null)";

const OF_SCHEDULED = `(select ifnull(${partOfMore("steps")}, task_id) from huey_schedule where queue = ?1)`;

const DROP_OTHERS = `delete from huey_step where queue = ?1 and key not in ${OF_LETTERS} and key not in ${OF_SCHEDULED}`;

const DROP_OF_LETTERS = `delete from huey_step where queue = ?1 and key in ${OF_LETTERS}`;

const DROP_OF_SCHEDULED = `delete from huey_step where queue = ?1 and key in ${OF_SCHEDULED}`;

/** Keeps a value. @returns whether the claim is held; if not, nothing is written */
export function keepStep(connection: Connection, claim: Claim, name: string, value: Uint8Array): boolean {
  if (!isHeld(connection, claim.token)) return false;
  connection.run(KEEP, connection.queue, stepsKey(claim), name, value);
  return true;
}

/** What was kept, by name. */
export function keptSteps(connection: Connection, key: string): Map<string, Uint8Array> {
  const rows = connection.all("select name, value from huey_step where queue = ? and key = ?", connection.queue, key);
  return new Map(rows.map((row) => [readText(row.name), readBytes(row.value)]));
}

/** Forgets what was kept under a key. */
export function dropSteps(connection: Connection, key: string): void {
  connection.run("delete from huey_step where queue = ? and key = ?", connection.queue, key);
}

/** Forgets what all messages on the schedule, or all that were set aside, have kept, before they are deleted; or all others. */
export function dropStepsOf(connection: Connection, which: "schedule" | "letters" | "others"): void {
  connection.run({ schedule: DROP_OF_SCHEDULED, letters: DROP_OF_LETTERS, others: DROP_OTHERS }[which], connection.queue);
}
