/**
 * Leafing through what is too long for one page.
 * @module
 */
import { count } from "./format.ts";
import { type Html, html } from "./html.ts";
import { queueLink, type QueueVisit } from "./visit.ts";

/** Which part of a list is on a page. */
export interface Leaf {
  /** From 1. */
  readonly number: number;
  readonly pages: number;
}

/**
 * The page that an address asks for.
 *
 * @param visit Of the page.
 * @returns From 1; 1 for what is no number of a page
 */
export function askedPage({ url }: QueueVisit): number {
  const text = url.searchParams.get("page") ?? "";
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 1;
}

/**
 * The rows of the page that is asked for.
 *
 * @param visit Of the page.
 * @param all All rows.
 * @param most Rows on one page.
 */
export function leafThrough<T>(visit: QueueVisit, all: readonly T[], most: number): Leaf & { readonly rows: readonly T[] } {
  const pages = Math.max(1, Math.ceil(all.length / most));
  const number = Math.min(askedPage(visit), pages);
  return { rows: all.slice((number - 1) * most, number * most), number, pages };
}

/**
 * Links to the page before and the page after.
 *
 * @param visit Of the page.
 * @param path Of the list, within the queue.
 * @param leaf Where it is.
 * @param query What the links keep.
 */
export function leafLinks(
  visit: QueueVisit,
  path: string,
  { number, pages }: Leaf,
  query: Readonly<Record<string, string | undefined>> = {},
): Html | "" {
  if (pages <= 1) return "";
  const to = (page: number, label: string): Html =>
    html`<a class="button" href="${queueLink(visit, path, { ...query, page: String(page) })}">${label}</a>`;
  return html`<nav class="pages" aria-label="Pages of the list">${number > 1 ? to(number - 1, "← Previous") : ""}
    <span class="muted">Page ${count(number)} of ${count(pages)}</span>${number < pages ? to(number + 1, "Next →") : ""}</nav>`;
}
