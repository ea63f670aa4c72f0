/**
 * An item in a row. The tables of what waits, whatever for, have the same columns for it.
 *
 * What few items have stands in one column, null for most: what is said about a task alone, since it is what most of the others have;
 * anything more as JSON.
 * @module
 */
import type { ChordPlace, Gate, Item, UniqueKey } from "../../../lib/storage.ts";
import { readBytes, readNumber, readText } from "../connection/columns.ts";
import type { Row, SqlValue } from "../connection/database.ts";
import { FLAG } from "../connection/schema.ts";
import { idNumber } from "./id_number.ts";

/** An item on its way between tables, with the number by which it holds its unique key: see unique.ts. */
export interface KeyedItem extends Item {
  readonly hold?: number | undefined;
}

/** While it is put together. Copying it for each thing that is added would cost more than all the rest of reading it. */
export type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** What an item has in the column of what few have. */
type More = Pick<KeyedItem, "chord" | "gate" | "unique" | "steps" | "about" | "hold">;

/** Begins what is said about a task; JSON never does. */
const ABOUT = "=";

/** The columns of an item, in the order of {@linkcode withItem}. */
export const COLUMNS_OF_ITEM: string = "priority, flags, id_number, task_id, data, more";

/** SQL for a part of the column of what few items have; null where there is none. */
export function partOfMore(name: "hold" | "steps"): string {
  return `iif(json_valid(more), json_extract(more, '$.${name}'), null)`;
}

/** Appends what the columns of an item hold. @returns the same array */
export function withItem(values: SqlValue[], item: KeyedItem): SqlValue[] {
  const { priority, retry, track, id, data } = item;
  values.push(priority, retry ? FLAG.retry : 0, track ? idNumber(id) : null, id, data, toStoredMore(item));
  return values;
}

/** Reads the columns of an item, and of what is on the schedule the time at which it is due. */
export function toItem(row: Row): KeyedItem {
  const item: Writable<KeyedItem> = {
    id: readText(row.task_id),
    data: readBytes(row.data),
    priority: readNumber(row.priority, 0),
    retry: hasFlag(row, FLAG.retry),
    track: row.id_number !== null,
  };
  if (row.due_ms !== undefined) item.dueMs = readNumber(row.due_ms, undefined);
  return row.more === null ? item : addMore(item, row.more);
}

/** Whether a row has one of the flags. */
export function hasFlag({ flags }: Row, flag: number): boolean {
  return (Number(flags) & flag) !== 0;
}

/** What the column holds where there is nothing else. */
export function toStoredAbout(about: string | undefined): string | null {
  return about === undefined ? null : ABOUT + about;
}

/** Reads the column. */
export function readMore(value: SqlValue | undefined): More {
  return addMore({}, value);
}

/** Adds what the column holds. @returns the same object */
function addMore<T extends Writable<More>>(item: T, value: SqlValue | undefined): T {
  if (value === null || value === undefined) return item;
  const stored = readText(value);
  if (stored.startsWith(ABOUT)) {
    item.about = stored.slice(ABOUT.length);
    return item;
  }
  const { chord, gate, unique, steps, about, hold } = parse(stored);
  if (isPlace(chord)) item.chord = chord;
  if (isGate(gate)) item.gate = gate;
  if (isUniqueKey(unique)) item.unique = unique;
  if (typeof steps === "string") item.steps = steps;
  if (typeof about === "string") item.about = about;
  if (typeof hold === "number") item.hold = hold;
  return item;
}

function toStoredMore({ chord, gate, unique, steps, about, track, hold }: KeyedItem): string | null {
  const said = track ? about : undefined;
  if (chord === undefined && gate === undefined && unique === undefined && steps === undefined) return toStoredAbout(said);
  return JSON.stringify({ chord, gate, unique, steps, about: said, hold });
}

/** JSON of anybody. */
function parse(stored: string): Readonly<Record<string, unknown>> {
  if (!stored.startsWith("{")) return {};
  try {
    return JSON.parse(stored) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function isPlace(value: unknown): value is ChordPlace {
  const { id, index } = (value ?? {}) as Partial<ChordPlace>;
  return typeof id === "string" && Number.isSafeInteger(index);
}

function isGate(value: unknown): value is Gate {
  const { key, limit } = (value ?? {}) as Partial<Gate>;
  return typeof key === "string" && typeof limit === "number" && limit >= 1;
}

function isUniqueKey(value: unknown): value is UniqueKey {
  const { key, until, from } = (value ?? {}) as Partial<UniqueKey>;
  if (typeof key !== "string" || from !== undefined && typeof from !== "string") return false;
  return until === "start" || until === "end" || typeof until === "number";
}
