/**
 * Deletes entries whose time is over. Each entry that is written pays for a look at two others, going round and round through
 * all entries of the queue; so no index of ends has to be kept up to date, and about a third at most of what is there is over.
 * @module
 */
import { KIND } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";
import { readText } from "../connection/columns.ts";

/** Entries that are looked at for each one written. */
const LOOKS_PER_ENTRY = 2;

/** Entries that are written between two stretches of the way. */
const ENTRIES_AT_ONCE = 64;

const KINDS = Object.keys(KIND).length;

const STRETCH = `select count(*) as looks, max(key) as last, min(expires_ms) as soonest from
  (select key, expires_ms from huey_entry where queue = ? and kind = ? and key >= ? order by key limit ? + 0)`;

const DELETE = `delete from huey_entry where queue = ?1 and kind = ?2 and key >= ?3 and key <= ?4 and expires_ms <= ?5
  and (notice_ms is null or notice_ms <= ?5)`;

/** The way round: kind by kind, each in the order of its keys. */
export class Sweep {
  #kind = 0;
  #key = "";
  #written = 0;

  /** Notes that entries were written. */
  count(entries = 1): void {
    this.#written += entries;
  }

  /** Goes on if there is reason to. */
  continue(session: Session): void {
    if (this.#written < ENTRIES_AT_ONCE) return;
    let left = LOOKS_PER_ENTRY * this.#written;
    this.#written = 0;
    for (let kinds = 0; kinds < KINDS && left > 0; kinds++) left -= this.#look(session, left);
  }

  /** @returns how many entries it has looked at */
  #look(session: Session, most: number): number {
    const row = session.get(STRETCH, session.queue, this.#kind, this.#key, most);
    const looks = Number(row?.looks);
    const now = session.now();
    if (looks > 0) {
      const last = readText(row?.last);
      if (row?.soonest !== null && Number(row?.soonest) <= now) {
        session.run(DELETE, session.queue, this.#kind, this.#key, last, now);
      }
      this.#key = last;
    }
    // Keys that are no text stand behind all others, and nobody of ours has written them.
    if (looks < most || typeof row?.last !== "string") this.#goToNextKind();
    return looks;
  }

  #goToNextKind(): void {
    this.#kind = (this.#kind + 1) % KINDS;
    this.#key = "";
  }
}
