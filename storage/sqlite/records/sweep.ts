/**
 * Deletes entries whose time is over. Each entry that is written pays for a look at two others, going round and round through
 * all entries of the queue, kind by kind in the order of the keys; so no index of ends has to be kept up to date, and about a third at
 * most of what is there is over.
 * @module
 */
import { readText } from "../connection/columns.ts";
import { KIND } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";

/** Entries that are looked at for each one written. */
const LOOKS_PER_ENTRY = 2;

/** Entries that are written between two stretches of the way. */
const ENTRIES_AT_ONCE = 64;

const KINDS = Object.keys(KIND).length;

const STRETCH = `select count(*) as looks, max(key) as last, min(expires_ms) as soonest from
  (select key, expires_ms from huey_entry where queue = ? and kind = ? and key >= ? order by key limit ? + 0)`;

const DELETE = `delete from huey_entry where queue = ?1 and kind = ?2 and key >= ?3 and key <= ?4 and expires_ms <= ?5
  and (notice_ms is null or notice_ms <= ?5)`;

/** Goes on if there is reason to. */
export function sweep(session: Session): void {
  const { round } = session;
  if (round.written < ENTRIES_AT_ONCE) return;
  let left = LOOKS_PER_ENTRY * round.written;
  round.written = 0;
  for (let kinds = 0; kinds < KINDS && left > 0; kinds++) left -= sweepStretch(session, left);
}

/** @returns how many entries it has looked at */
function sweepStretch(session: Session, most: number): number {
  const { queue, round } = session;
  const { kind, key } = round;
  const row = session.get(STRETCH, queue, kind, key, most);
  const looks = Number(row?.looks);
  const now = session.now();
  if (looks > 0) {
    round.key = readText(row?.last);
    if (row?.soonest !== null && Number(row?.soonest) <= now) session.run(DELETE, queue, kind, key, round.key, now);
  }
  // Keys that are no text stand behind all others, and nobody of ours has written them.
  if (looks < most || typeof row?.last !== "string") {
    round.kind = (kind + 1) % KINDS;
    round.key = "";
  }
  return looks;
}
