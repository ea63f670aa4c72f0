/**
 * The pause of a queue: until when it lasts, in the row of the queue, so that a claim reads it with what it reads anyway.
 * @module
 */
import type { Pause } from "../../../lib/storage.ts";
import { readNumber } from "../connection/columns.ts";
import type { SqlValue } from "../connection/database.ts";
import type { Session } from "../connection/session.ts";

/** Of a pause that does not end by itself. */
const NO_END = -1;

const SET = "update huey_queue set pause_ms = ? where id = ?";

/** Begins a pause, in place of one that there is. */
export function pause(session: Session, { untilMs = NO_END }: Pause): void {
  session.run(SET, untilMs, session.queue);
  // Whoever waits for what is due waits for the end of the pause too.
  session.changes.schedule = true;
}

/** Ends the pause. @returns whether there was one */
export function resume(session: Session): boolean {
  const wasPaused = pauseOf(session) !== undefined;
  forgetPause(session);
  return wasPaused;
}

/** The pause of the queue. */
export function pauseOf(session: Session): Pause | undefined {
  const stored = storedPause(session);
  if (!isPaused(session, stored)) return undefined;
  return stored === NO_END ? {} : { untilMs: readNumber(stored, 0) };
}

/** Whether nothing may be claimed now. @param stored The column */
export function isPaused(session: Session, stored: SqlValue | undefined): boolean {
  const untilMs = readNumber(stored, 0);
  return untilMs === NO_END || untilMs > session.now();
}

/** When a pause ends, or has ended without anybody having noticed. */
export function pauseEndMs(session: Session): number | undefined {
  const stored = storedPause(session);
  return stored === null || stored === NO_END ? undefined : readNumber(stored, undefined);
}

/** Rings for whoever waited for the end of a pause that is over. */
export function noticePauseEnd(session: Session): void {
  const endMs = pauseEndMs(session);
  if (endMs !== undefined && endMs <= session.now()) forgetPause(session);
}

function forgetPause(session: Session): void {
  session.run(SET, null, session.queue);
  session.changes.queue = true;
}

function storedPause(session: Session): SqlValue | undefined {
  return session.get("select pause_ms from huey_queue where id = ? + 0", session.queue)?.pause_ms;
}
