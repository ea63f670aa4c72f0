/**
 * Deletes rows whose time is over. Each row that is written pays for a look at two others, going round and round through all rows, those
 * of `huey_entry` kind by kind in the order of the keys; so no index of ends has to be kept up to date, and about a third at most of what
 * is there is over.
 * @module
 */
import { readText } from "../connection/columns.ts";
import { KIND } from "../connection/schema.ts";
import type { Round, Session } from "../connection/session.ts";

/** Rows that are looked at for each one written. */
const LOOKS_PER_ROW = 2;

/** Rows that are written between two stretches of the way. */
const ROWS_AT_ONCE = 64;

/** The statements of a round. Parameters: the queue, and of the round the kind and the key, now, and looks or the key behind the stretch. */
interface Way {
  /** The key behind a stretch. Skipping rows reads nothing of them. */
  readonly behind: string;
  readonly deleteRest: string;
  readonly deleteStretch: string;
}

const ENTRIES = wayThrough(
  "huey_entry where queue = ?1 and kind = ?2 and key >= ?3",
  "key",
  "expires_ms <= ?4 and (notice_ms is null or notice_ms <= ?4)",
);

/** Those of all queues, since they stand in the order in which they were written. */
const NOTICES = wayThrough("huey_ended where seq >= ?3 + 0", "seq", "expires_ms <= ?4");

const KINDS = Object.keys(KIND).length;

/** Goes on if there is reason to. */
export function sweep(session: Session): void {
  sweepRound(session, session.round, ENTRIES, KINDS);
  sweepRound(session, session.noticeRound, NOTICES, 1);
}

function wayThrough(from: string, key: string, isOver: string): Way {
  return {
    behind: `select ${key} as behind from ${from} order by ${key} limit 1 offset ?5 + 0`,
    deleteRest: `delete from ${from} and ${isOver}`,
    deleteStretch: `delete from ${from} and ${isOver} and ${key} < ?5`,
  };
}

function sweepRound(session: Session, round: Round, way: Way, kinds: number): void {
  if (round.written < ROWS_AT_ONCE) return;
  const looks = LOOKS_PER_ROW * round.written;
  round.written = 0;
  // Where a kind ends, the next one is begun: most have few entries.
  for (let passed = 0; passed < kinds; passed++) {
    const { kind, key } = round;
    const place = [session.queue, kind, key, session.now()];
    const behind = session.get(way.behind, ...place, looks)?.behind;
    if (typeof behind === "string" || typeof behind === "number") {
      round.key = typeof behind === "string" ? readText(behind) : behind;
      return void session.run(way.deleteStretch, ...place, round.key);
    }
    // Keys that are bytes stand behind all others, and nobody of ours has written them.
    round.kind = (kind + 1) % kinds;
    round.key = "";
    session.run(way.deleteRest, ...place);
  }
}
