/**
 * The pause of a queue: until when it lasts, in the row of the queue, so that a claim reads it with what it reads anyway.
 * @module
 */
import type { Pause } from "../../../lib/storage.ts";
import { readNumber } from "../connection/columns.ts";
import type { SqlValue } from "../connection/database.ts";
import type { Connection } from "../connection/connection.ts";

/** Of a pause that does not end by itself. */
const NO_END = -1;

const SET = "update huey_queue set pause_ms = ? where id = ?";

/** Begins a pause, in place of one that there is. */
export function pause(connection: Connection, { untilMs = NO_END }: Pause): void {
  connection.run(SET, untilMs, connection.queue);
  // Whoever waits for what is due waits for the end of the pause too.
  connection.changes.schedule = true;
}

/** Ends the pause. @returns whether there was one */
export function resume(connection: Connection): boolean {
  const wasPaused = pauseOf(connection) !== undefined;
  forgetPause(connection);
  return wasPaused;
}

/** The pause of the queue. */
export function pauseOf(connection: Connection): Pause | undefined {
  const stored = storedPause(connection);
  if (!isPaused(connection, stored)) return undefined;
  return stored === NO_END ? {} : { untilMs: readNumber(stored, 0) };
}

/** Whether nothing may be claimed now. @param stored The column */
export function isPaused(connection: Connection, stored: SqlValue | undefined): boolean {
  const untilMs = readNumber(stored, 0);
  return untilMs === NO_END || untilMs > connection.now();
}

/** When a pause ends, or has ended without anybody having noticed. */
export function pauseEndMs(connection: Connection): number | undefined {
  const stored = storedPause(connection);
  return stored === null || stored === NO_END ? undefined : readNumber(stored, undefined);
}

/** Rings for whoever waited for the end of a pause that is over. */
export function noticePauseEnd(connection: Connection): void {
  const endMs = pauseEndMs(connection);
  if (endMs !== undefined && endMs <= connection.now()) forgetPause(connection);
}

function forgetPause(connection: Connection): void {
  connection.run(SET, null, connection.queue);
  connection.changes.queue = true;
}

function storedPause(connection: Connection): SqlValue | undefined {
  return connection.get("select pause_ms from huey_queue where id = ? + 0", connection.queue)?.pause_ms;
}
