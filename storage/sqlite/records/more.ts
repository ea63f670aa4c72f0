/**
 * What few messages have, in one column: null for most. What is said about a task stands there alone, since it is what most of the others
 * have; anything more is JSON.
 * @module
 */
import type { ChordPlace, Gate, Item, UniqueKey } from "../../../lib/storage.ts";
import { readText } from "../connection/columns.ts";
import type { SqlValue } from "../connection/database.ts";

/** Begins what is said about a task; JSON never does. */
const ABOUT = "=";

/** The part of an item that the column holds. */
export type More = Pick<Item, "chord" | "gate" | "unique" | "steps" | "about">;

/** For each item the number by which it holds its unique key. */
export type Holds = ReadonlyMap<Item, number>;

/** SQL for a part of the column; null where there is none. */
export function partOfMore(name: "hold" | "steps"): string {
  return `iif(json_valid(more), json_extract(more, '$.${name}'), null)`;
}

/** Whether the column of an item is null. */
export function isBare(item: Item): boolean {
  return item.chord === undefined && item.gate === undefined && item.unique === undefined && item.steps === undefined &&
    (item.about === undefined || !item.track);
}

/** What the column of an item holds. @param hold The number by which it holds its unique key */
export function toStoredMore(item: Item, hold?: number): string | null {
  if (isBare(item)) return null;
  const { chord, gate, unique, steps } = item;
  const about = item.track ? item.about : undefined;
  if (chord === undefined && gate === undefined && unique === undefined && steps === undefined) return toStoredAbout(about);
  return JSON.stringify({ chord, gate, unique, steps, about, hold });
}

/** What the column holds where there is nothing else. */
export function toStoredAbout(about: string | undefined): string | null {
  return about === undefined ? null : ABOUT + about;
}

/** Reads the column. */
export function readMore(value: SqlValue | undefined): More {
  if (value === null || value === undefined) return {};
  const stored = readText(value);
  if (stored.startsWith(ABOUT)) return { about: stored.slice(ABOUT.length) };
  const { chord, gate, unique, steps, about } = parse(stored);
  return {
    ...isPlace(chord) && { chord },
    ...isGate(gate) && { gate },
    ...isUniqueKey(unique) && { unique },
    ...typeof steps === "string" && { steps },
    ...typeof about === "string" && { about },
  };
}

/** Reads the number by which an item holds its unique key. */
export function readHold(value: SqlValue | undefined): number | undefined {
  const { hold } = parse(readText(value));
  return typeof hold === "number" ? hold : undefined;
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
