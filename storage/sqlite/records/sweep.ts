/**
 * Deletes rows whose time is over. Each row that is written pays for a look at two others, going round and round through all rows, those
 * of `huey_entry` kind by kind in the order of the keys; so no index of ends has to be kept up to date, and about a third at most of what
 * is there is over.
 * @module
 */
import { readText } from "../connection/columns.ts";
import { KIND } from "../connection/schema.ts";
import type { Connection, Round } from "../connection/connection.ts";

/** Rows that are looked at for each one written. */
const LOOKS_PER_ROW = 2;

/** Rows that are written between two stretches of a round. */
const ROWS_AT_ONCE = 64;

/** The statements of a round. Parameters: the queue, and of the round the kind and the key, now, and looks or the key behind the stretch. */
interface RoundStatements {
  /** The key behind a stretch. Skipping rows reads nothing of them. */
  readonly behind: string;
  readonly deleteRest: string;
  readonly deleteStretch: string;
}

const ENTRIES = statementsFor(
  "huey_entry where queue = ?1 and kind = ?2 and key >= ?3",
  "key",
  "expires_ms <= ?4 and (notice_ms is null or notice_ms <= ?4)",
);

/** Those of all queues, since they stand in the order in which they were written. */
const NOTICES = statementsFor("huey_ended where seq >= ?3 + 0", "seq", "expires_ms <= ?4");

const KINDS = Object.keys(KIND).length;

/** Goes on if there is reason to. */
export function sweep(connection: Connection): void {
  sweepRound(connection, connection.round, ENTRIES, KINDS);
  sweepRound(connection, connection.noticeRound, NOTICES, 1);
}

function statementsFor(from: string, key: string, isOver: string): RoundStatements {
  return {
    behind: `select ${key} as behind from ${from} order by ${key} limit 1 offset ?5 + 0`,
    deleteRest: `delete from ${from} and ${isOver}`,
    deleteStretch: `delete from ${from} and ${isOver} and ${key} < ?5`,
  };
}

function sweepRound(connection: Connection, round: Round, statements: RoundStatements, kinds: number): void {
  if (round.written < ROWS_AT_ONCE) return;
  const looks = LOOKS_PER_ROW * round.written;
  round.written = 0;
  // Where a kind ends, the next one is begun: most have few entries.
  for (let passed = 0; passed < kinds; passed++) {
    const { kind, key } = round;
    const place = [connection.queue, kind, key, connection.now()];
    const behind = connection.get(statements.behind, ...place, looks)?.behind;
    if (typeof behind === "string" || typeof behind === "number") {
      round.key = typeof behind === "string" ? readText(behind) : behind;
      return void connection.run(statements.deleteStretch, ...place, round.key);
    }
    // Keys that are bytes stand behind all others, and nobody of ours has written them.
    round.kind = (kind + 1) % kinds;
    round.key = "";
    connection.run(statements.deleteRest, ...place);
  }
}
