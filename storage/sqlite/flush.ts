/**
 * Deletes everything of one queue.
 * @module
 */
import { endOfNumbers, firstPlain } from "./numbers.ts";
import type { Session } from "./session.ts";

const TABLES = ["huey_schedule", "huey_entry", "huey_chord", "huey_chord_value", "huey_dead"];

/** Leases stay, and so do the other queues of the file. */
export function flushAll(session: Session): void {
  for (const table of TABLES) session.run(`delete from ${table} where queue = ?`, session.queue);
  session.run("delete from huey_task where seq >= ? and seq < ?", firstPlain(session.queue), endOfNumbers(session.queue));
}
