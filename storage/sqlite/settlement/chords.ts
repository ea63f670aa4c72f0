/**
 * The statements on chords.
 * @module
 */
import type { ChordRecord, ChordReport, Collected, Item, Moved } from "../../../lib/storage.ts";
import { readBytes, readNumber } from "../connection/columns.ts";
import type { Connection } from "../connection/connection.ts";
import { placeItems } from "../queue/arrivals.ts";
import { COLUMNS_OF_ITEM, toItem, withItem } from "../records/item.ts";

/** More places than a chord may have. A row that says more was not written by us. */
const MOST_PLACES = 1_000_000;

const ADD = "insert into huey_chord (queue, id, size, reported) values (?, ?, ?, 0) on conflict do nothing";

const ADD_CALLBACK =
  `insert or replace into huey_callback (queue, id, due_ms, ${COLUMNS_OF_ITEM}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const FILL = `insert into huey_chord_value (queue, id, place, value)
  select ?1, ?2, ?3, ?4 from huey_chord where queue = ?1 and id = ?2 and ?3 >= 0 and ?3 < size on conflict do nothing`;

const COUNT = `update huey_chord set reported = reported + 1, filled_ms = iif(reported + 1 >= size, ?, null),
  filled_by = iif(reported + 1 >= size, ?, null) where queue = ? and id = ?`;

const FILLED = `select huey_callback.*, filled_by from huey_chord join huey_callback using (queue, id)
  where queue = ? and id = ? and filled_ms is not null`;

const VALUES = "select place, value from huey_chord_value where queue = ? and id = ?";

/** What is kept of chords. */
export const CHORD_TABLES: readonly string[] = ["huey_chord", "huey_callback", "huey_chord_value"];

/** Keeps a chord. One that is there already is left as it is. */
export function addChord(connection: Connection, { id, size, callback }: ChordRecord): void {
  if (connection.run(ADD, connection.queue, id, size) === 0) return;
  connection.runAll(ADD_CALLBACK, withItem([connection.queue, id, callback.dueMs ?? null], callback));
}

/** What a report has brought about. */
export interface Reported {
  /** The callback of the chord, which is enqueued. */
  readonly callback: Moved;
  /** Items that the callback has let through its gate. */
  readonly admitted: readonly Item[];
}

/** Fills a place, once. @returns the callback, if that was the last one */
export function report(connection: Connection, { id, index, value }: ChordReport, token?: string): Reported | undefined {
  if (connection.run(FILL, connection.queue, id, index, value) === 0) return undefined;
  connection.run(COUNT, connection.now(), token ?? null, connection.queue, id);
  const last = callbackOf(connection, id);
  if (last === undefined) return undefined;
  const isDue = last.dueMs !== undefined && last.dueMs <= connection.now();
  const { blocked, admitted = [] } = placeItems(connection, [isDue ? { ...last, dueMs: undefined } : last]);
  return { callback: blocked === undefined ? last : { ...last, blocked: true }, admitted };
}

/** The callback of a chord whose last place was filled, by this claim if one is given. */
export function callbackOf(connection: Connection, id: string, token?: string): Item | undefined {
  const row = connection.get(FILLED, connection.queue, id);
  return row === undefined || (token !== undefined && row.filled_by !== token) ? undefined : toItem(row);
}

/** What the members of a chord have reported. */
export function collect(connection: Connection, id: string): Collected {
  const row = connection.get("select size, filled_ms from huey_chord where queue = ? and id = ?", connection.queue, id);
  const size = Math.trunc(readNumber(row?.size, 0));
  const values: (Uint8Array | undefined)[] = Array.from({ length: Math.max(0, Math.min(size, MOST_PLACES)) });
  for (const { place, value } of connection.all(VALUES, connection.queue, id)) {
    const index = readNumber(place, -1);
    if (index >= 0 && index < values.length) values[index] = readBytes(value);
  }
  return { values, filledMs: readNumber(row?.filled_ms, undefined) };
}

/** Forgets a chord. */
export function dropChord(connection: Connection, id: string): void {
  for (const table of CHORD_TABLES) connection.run(`delete from ${table} where queue = ? and id = ?`, connection.queue, id);
}
