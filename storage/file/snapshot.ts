/**
 * A snapshot: the whole state at the beginning of a log, in records of a bounded size. The first has everything but what is long;
 * those that follow have a thousand rows each, and the last says that it is complete.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import type { SavedState } from "../memory/store.ts";
import type { Log } from "./log.ts";
import { decodeBody, encodeRecord } from "./packing.ts";
import { HEADER } from "./record.ts";

/**
 * To be raised when records change, and when a command comes to something else than before (`commands.ts`, and all that the store in
 * `storage/memory` does): replicas of two kinds would not agree.
 */
const VERSION = 1;
/** Rows of one record. */
const ROWS = 1000;

/** Rows that belong to a list of the state, which the path leads to. */
type Rows = readonly [path: readonly string[], rows: readonly unknown[]];

/** What a log begins with. */
export interface Snapshot {
  /** Tells the logs of one queue from those of another that has had its folder. */
  readonly origin: string;
  readonly state: SavedState;
}

/** The records of a snapshot. Each is a view that holds until the next is asked for. */
export function* snapshotRecords({ origin, state }: Snapshot): Generator<Uint8Array> {
  const long: Rows[] = [];
  yield encodeRecord(["state", VERSION, origin, withoutRows(state, [], long)]);
  for (const [path, rows] of long) {
    for (let start = 0; start < rows.length; start += ROWS) yield encodeRecord(["rows", path, rows.slice(start, start + ROWS)]);
  }
  yield encodeRecord(["complete"]);
}

/**
 * Reads the snapshot at the beginning of a log, as far as it is whole.
 *
 * @returns `undefined` if the log does not begin with a state
 * @throws {StorageError} If another version has written it
 */
export function readSnapshot(log: Log): Snapshot | undefined {
  let snapshot: Snapshot | undefined;
  for (const body of snapshotBodies(log)) {
    try {
      const [kind, first, second, third] = decodeBody(body) as unknown[];
      if (kind === "state" && first !== VERSION) {
        throw new StorageError(`its log is of version ${first}, which this Huey cannot read`);
      }
      if (kind === "state") snapshot ??= { origin: String(second), state: third as SavedState };
      else if (snapshot === undefined) return undefined;
      else addRows(snapshot.state, first as string[], second as unknown[]);
    } catch (error) {
      if (error instanceof StorageError) throw error;
      log.noteBad(body.length, "a part of the state that cannot be read");
    }
  }
  return snapshot;
}

/** Passes over the snapshot of a log, for somebody who has the state. @returns its origin */
export function passSnapshot(log: Log): string | undefined {
  let origin: string | undefined;
  for (const body of snapshotBodies(log)) origin ??= String((decodeBody(body) as unknown[])[2]);
  return origin;
}

function* snapshotBodies(log: Log): Generator<Uint8Array> {
  for (let body = log.next(); body !== undefined; body = log.next()) {
    const kind = kindOf(body);
    if (kind === "complete") return;
    if (kind !== "state" && kind !== "rows") {
      log.noteBad(1, "the state at its beginning is not whole");
      return log.stepBack(HEADER + body.length);
    }
    yield body;
  }
}

/** The first text in a record. */
function kindOf(body: Uint8Array): string | undefined {
  return /^\["(\w+)"/.exec(new TextDecoder().decode(body.subarray(4, 20)))?.[1];
}

function withoutRows(value: unknown, path: readonly string[], long: Rows[]): unknown {
  if (Array.isArray(value) && value.length > ROWS) {
    long.push([path, value]);
    return [];
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutRows(one, [...path, key], long)]));
}

function addRows(state: SavedState, path: readonly string[], rows: readonly unknown[]): void {
  let place: unknown = state;
  for (const key of path) place = (place as Record<string, unknown>)[key];
  for (const row of rows) (place as unknown[]).push(row);
}
