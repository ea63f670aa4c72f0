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

/** The key behind a stretch. Skipping rows reads nothing of them. */
const BEHIND = "select key from huey_entry where queue = ? and kind = ? and key >= ? order by key limit 1 offset ? + 0";

const DELETE = `delete from huey_entry where queue = ?1 and kind = ?2 and key >= ?3 and expires_ms <= ?4
  and (notice_ms is null or notice_ms <= ?4)`;

const DELETE_STRETCH = `${DELETE} and key < ?5`;

/** Goes on if there is reason to. */
export function sweep(session: Session): void {
  const { round } = session;
  if (round.written < ENTRIES_AT_ONCE) return;
  const looks = LOOKS_PER_ENTRY * round.written;
  round.written = 0;
  // Where a kind ends, the next one is begun: most have few entries.
  for (let kinds = 0; kinds < KINDS && !sweepStretch(session, looks); kinds++);
}

/** @returns whether the kind goes on behind the stretch */
function sweepStretch(session: Session, looks: number): boolean {
  const { queue, round } = session;
  const { kind, key } = round;
  const behind = session.get(BEHIND, queue, kind, key, looks)?.key;
  // Keys that are no text stand behind all others, and nobody of ours has written them.
  const isText = typeof behind === "string";
  if (isText) round.key = readText(behind);
  else {
    round.kind = (kind + 1) % KINDS;
    round.key = "";
  }
  const values = [queue, kind, key, session.now()];
  if (isText) session.run(DELETE_STRETCH, ...values, round.key);
  else session.run(DELETE, ...values);
  return isText;
}
