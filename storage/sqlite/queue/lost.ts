/**
 * The statements on claims that were taken from their holder: a settlement that is sent again is told that it was never written.
 * @module
 */
import { CLAIMED, splitToken } from "./claimed.ts";
import type { Session } from "../connection/session.ts";

/** So many are remembered. */
const MOST = 100_000;

/** For so long at most. */
const KEPT_MS = 86_400_000;

/** So many are forgotten at once. */
const FORGOTTEN_AT_ONCE = 100;

const ADD = "insert into huey_lost (seq, token, at_ms) values (?, ?, ?)";

const FORGET = `delete from huey_lost where id in (select id from huey_lost order by id limit ${FORGOTTEN_AT_ONCE})
  and (at_ms < ? or id <= (select max(id) from huey_lost) - ${MOST})`;

/** Remembers a claim. */
export function addLost(session: Session, seq: number, token: number): void {
  session.run(ADD, seq, token, session.now());
  session.run(FORGET, session.now() - KEPT_MS);
}

/** Remembers all claims of the queue. */
export function addAllLost(session: Session): void {
  session.run(`insert into huey_lost (seq, token, at_ms) select seq, token, ?2 ${CLAIMED}`, session.queue, session.now());
}

/** Whether a claim was taken from its holder. */
export function isLost(session: Session, token: string): boolean {
  return session.get("select 1 from huey_lost where seq = ? and token = ?", ...splitToken(token)) !== undefined;
}
