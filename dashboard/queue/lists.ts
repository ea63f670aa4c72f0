/**
 * The lists of a queue, a page of one at a time. No look at a storage is without a bound, and what was cut is told.
 * @module
 */
import type { DeadLetter, DeadLetterFilter } from "../../lib/types/operating.ts";
import { affordableCount } from "../../lib/result/listed_items.ts";
import type { Queue } from "./queue.ts";
import { letterRow, recentRow, type Row, runningRow, waitingRow } from "./row.ts";
import { isEmpty, matches, type Search } from "./search.ts";
import type { Show } from "./shown.ts";

/** The lists, in the order in which they are shown. */
export const LISTS = ["waiting", "scheduled", "blocked", "running", "failed", "dead", "recent"] as const;

/** A list of a queue. */
export type ListName = typeof LISTS[number];

/** Rows on one page: each costs a browser a millisecond before it paints anything, and a screen has room for about twenty. */
export const PAGE_ROWS = 25;
/** Without a search so many rows can be leafed through. */
const MOST_LISTED = 1000;
/** A search looks at so many tasks; more than a thousand dead letters are not given at once, nor are there more recent ends. */
const MOST_SEARCHED: Readonly<Record<ListName, number>> = {
  waiting: 10_000,
  scheduled: 10_000,
  blocked: 10_000,
  running: 1000,
  failed: 1000,
  dead: 1000,
  recent: 1000,
};
/** After so long a search shows what it has found. */
const LONGEST_MS = 1500;

/** A page of a list. */
export interface Page {
  readonly rows: readonly Row[];
  /** From 1. */
  readonly number: number;
  readonly pages: number;
  /** How many match, as far as was looked. */
  readonly found: number;
  /** How many the list has in all; `undefined`: not known. */
  readonly total: number | undefined;
  /** How many were looked at; `undefined`: all. */
  readonly examined: number | undefined;
}

/**
 * Whether there is a list of this name.
 *
 * @param name The name.
 */
export function isList(name: string): name is ListName {
  return (LISTS as readonly string[]).includes(name);
}

/**
 * How many tasks a list has.
 *
 * @param queue The queue.
 * @param list The list.
 * @returns `undefined` where nobody counts them
 */
export async function countOf({ huey }: Queue, list: ListName): Promise<number | undefined> {
  if (list === "waiting") return await huey.pendingCount();
  if (list === "scheduled") return await huey.scheduledCount();
  if (list === "blocked") return await huey.blockedCount();
  if (list === "failed") return await huey.deadLetterCount({ kind: "failed" });
  if (list === "recent" || list === "running") return undefined;
  const [unknown, unreadable] = await Promise.all([
    huey.deadLetterCount({ kind: "unknown" }),
    huey.deadLetterCount({ kind: "unreadable" }),
  ]);
  return unknown + unreadable;
}

/**
 * A page of a list.
 *
 * @param queue The queue.
 * @param list The list.
 * @param total How many the list has in all.
 * @param search What is looked for.
 * @param page Its number, from 1.
 * @param show What may be searched.
 */
export async function readPage(
  queue: Queue,
  list: ListName,
  total: number | undefined,
  search: Search,
  page: number,
  show: Show,
): Promise<Page> {
  if (isEmpty(search)) {
    const most = await readable(queue, list, MOST_LISTED);
    const listed = Math.min(total ?? most, most);
    const number = Math.min(page, Math.max(1, Math.ceil(listed / PAGE_ROWS)));
    const rows = await rowsOf(queue, list, search, Math.min(number * PAGE_ROWS + 1, most));
    const found = total ?? rows.length;
    const reachable = total === undefined ? rows.length : Math.min(found, most);
    const pages = Math.max(1, Math.ceil(reachable / PAGE_ROWS));
    const examined = found > most ? most : undefined;
    return { rows: rows.slice((number - 1) * PAGE_ROWS, number * PAGE_ROWS), number, pages, found, total, examined };
  }
  const { rows, examined } = await findRows(queue, list, search, show);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_ROWS));
  const number = Math.min(page, pages);
  const shown = rows.slice((number - 1) * PAGE_ROWS, number * PAGE_ROWS);
  return { rows: shown, number, pages, found: rows.length, total, examined };
}

/**
 * All rows that match, as far as a search looks.
 *
 * @param queue The queue.
 * @param list The list.
 * @param search What is looked for.
 * @param show What may be searched.
 * @returns The rows; `examined` if there are more than were looked at
 */
export async function findRows(
  queue: Queue,
  list: ListName,
  search: Search,
  show: Show,
): Promise<{ rows: Row[]; examined: number | undefined }> {
  const { clock } = queue.core;
  const startMs = clock.elapsed();
  const limit = await readable(queue, list, MOST_SEARCHED[list]);
  const rows = await rowsOf(queue, list, search, limit + 1);
  const found: Row[] = [];
  let looked = 0;
  for (const row of rows.slice(0, limit)) {
    if (looked % 100 === 0 && clock.elapsed() - startMs > LONGEST_MS) break;
    looked += 1;
    if (matches(search, row, show)) found.push(row);
  }
  return { rows: found, examined: looked < rows.length ? looked : undefined };
}

/** What runs has a slot, and recent ends have no arguments: both are small. */
async function readable({ core }: Queue, list: ListName, most: number): Promise<number> {
  return list === "running" || list === "recent" ? most : await affordableCount(core, list, most);
}

async function rowsOf({ huey }: Queue, list: ListName, search: Search, limit: number): Promise<Row[]> {
  switch (list) {
    case "waiting":
      return (await huey.pending(limit)).map(waitingRow);
    case "scheduled":
      return (await huey.scheduled(limit)).map(waitingRow);
    case "blocked":
      return (await huey.blocked(limit)).map(waitingRow);
    case "running":
      return (await huey.running(limit)).map(runningRow);
    case "recent":
      return (await huey.recent(Math.min(limit, 1000))).map(recentRow);
    case "failed":
      return (await huey.deadLetters(filterOf("failed", search, limit))).map(letterRow);
    case "dead": {
      const kinds = ["unknown", "unreadable"] as const;
      const letters = await Promise.all(kinds.map((kind) => huey.deadLetters(filterOf(kind, search, limit))));
      return letters.flat().sort(newestFirst).slice(0, limit).map(letterRow);
    }
  }
}

function filterOf(
  kind: "failed" | "unknown" | "unreadable",
  search: Search,
  limit: number,
): DeadLetterFilter & { limit: number } {
  return {
    kind,
    limit: Math.min(limit, 1000),
    ...(search.task === "" ? {} : { taskName: search.task }),
    ...(search.to === undefined ? {} : { before: search.to }),
  };
}

function newestFirst(a: DeadLetter, b: DeadLetter): number {
  return b.at.getTime() - a.at.getTime();
}
