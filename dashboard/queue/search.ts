/**
 * What a visitor looks for in a list, and whether a row has it.
 * @module
 */
import { failureKey } from "./failures.ts";
import type { Row } from "./row.ts";
import type { Show } from "./shown.ts";

/** What a visitor looks for. */
export interface Search {
  /** Part of an id, of the name of a task, of a tag, of the arguments, or of an error; in small letters. */
  readonly text: string;
  /** Name of the task. */
  readonly task: string;
  /** `name`, or `name=value`. */
  readonly tag: string;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
  /** Key of a group of failures. */
  readonly group: string;
}

/** So many characters of the arguments of a task are searched. */
const ARGUMENT_CHARACTERS = 4000;
const LONGEST = 200;

/**
 * Reads what is looked for from an address.
 *
 * @param query The query of the address.
 */
export function readSearch(query: URLSearchParams): Search {
  const text = (key: string): string => (query.get(key) ?? "").trim().slice(0, LONGEST);
  const { from, to } = { from: readTime(text("from")), to: readTime(text("to")) };
  return { text: text("q").toLowerCase(), task: text("task"), tag: text("tag"), from, to, group: text("group") };
}

/**
 * The search as a query of an address, without what is not looked for.
 *
 * @param query The query of the address.
 */
export function searchQuery(query: URLSearchParams): URLSearchParams {
  const kept = new URLSearchParams();
  for (const key of ["q", "task", "tag", "from", "to", "group"]) {
    const value = (query.get(key) ?? "").trim().slice(0, LONGEST);
    if (value !== "") kept.set(key, value);
  }
  return kept;
}

/**
 * Whether anything is looked for.
 *
 * @param search What was read.
 */
export function isEmpty({ text, task, tag, from, to, group }: Search): boolean {
  return text === "" && task === "" && tag === "" && group === "" && from === undefined && to === undefined;
}

/**
 * Whether a row has everything that is looked for.
 *
 * @param search What was read.
 * @param row The row.
 * @param show What must not be seen is not searched either: whoever asks long enough would learn it.
 */
export function matches(search: Search, row: Row, show: Show): boolean {
  if (search.task !== "" && row.name !== search.task) return false;
  if (search.from !== undefined && (row.at === undefined || row.at < search.from)) return false;
  if (search.to !== undefined && (row.at === undefined || row.at >= search.to)) return false;
  if (search.group !== "" && !(show.open && failureKey(row.name, row.error) === search.group)) return false;
  if (search.tag !== "" && !(show.open && hasTag(row, search.tag))) return false;
  return search.text === "" || hasText(row, search.text, show);
}

function hasTag(row: Row, tag: string): boolean {
  const at = tag.indexOf("=");
  const value = row.meta[at < 0 ? tag : tag.slice(0, at)];
  return value !== undefined && Object.hasOwn(row.meta, at < 0 ? tag : tag.slice(0, at)) &&
    (at < 0 || value === tag.slice(at + 1));
}

function hasText(row: Row, text: string, show: Show): boolean {
  const has = (value: string | undefined): boolean => value !== undefined && value.toLowerCase().includes(text);
  if (has(row.id) || has(row.name)) return true;
  if (!show.open) return false;
  return has(row.error?.name) || has(row.error?.message) || has(row.reason) ||
    Object.entries(row.meta).some(([key, value]) => has(key) || has(value)) ||
    (row.task !== undefined && has(textOf(row.task.args)));
}

/** The texts and numbers in a value, one after another, as far as they are searched. */
function textOf(value: unknown): string {
  const parts: string[] = [];
  let left = ARGUMENT_CHARACTERS;
  const add = (part: string): void => {
    parts.push(part.slice(0, left));
    left -= part.length + 1;
  };
  const walk = (each: unknown, depth: number): void => {
    if (left <= 0 || depth > 20) return;
    if (each instanceof Date) add(Number.isNaN(each.getTime()) ? "" : each.toISOString());
    else if (each instanceof Map) { for (const [key, inner] of each) walk([key, inner], depth + 1); }
    else if (Array.isArray(each) || each instanceof Set) { for (const inner of each) walk(inner, depth + 1); }
    else if (typeof each === "object" && each !== null) {
      if (ArrayBuffer.isView(each)) return;
      for (const key in each) {
        if (left <= 0) return;
        add(key);
        walk((each as Record<string, unknown>)[key], depth + 1);
      }
    } else add(String(each));
  };
  walk(value, 0);
  return parts.join(" ");
}

/** Times are UTC. */
function readTime(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/.test(text)) return undefined;
  const ms = Date.parse(text.includes("T") ? `${text}Z` : `${text}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms);
}
