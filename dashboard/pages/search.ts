/**
 * A search in all lists of a queue.
 * @module
 */
import { count } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import { type Content, LIST_TITLES } from "../parts/layout.ts";
import { queueLink, type QueueVisit } from "../parts/visit.ts";
import { findRows, LISTS } from "../queue/lists.ts";
import { isEmpty, readSearch, searchQuery } from "../queue/search.ts";
import { rowTable } from "./list.ts";

const SHOWN = 5;
/** What may be an id is looked up as one. */
const LONGEST_ID = 1000;

/**
 * Whether the text of a search is the id of a task that is known.
 *
 * @param visit Of the page.
 * @returns The id, as it was typed
 */
export async function knownId({ queue, url }: QueueVisit): Promise<string | undefined> {
  const id = (url.searchParams.get("q") ?? "").trim();
  if (id === "" || id.length > LONGEST_ID || /\s/.test(id)) return undefined;
  try {
    if ((await queue.huey.state(id)).state !== "unknown") return id;
    return await queue.core.storage.deadLetter(id) === undefined ? undefined : id;
  } catch {
    return undefined; // no id at all
  }
}

/** The page. */
export async function searchPage(visit: QueueVisit): Promise<Content> {
  const { queue, board, url } = visit;
  const search = readSearch(url.searchParams);
  const text = (url.searchParams.get("q") ?? "").slice(0, 200);
  if (isEmpty(search)) {
    return {
      title: "Search",
      body: html`<p class="empty">Type an id, the name of a task, a tag or a part of the arguments.</p>`,
      live: false,
    };
  }
  const query = Object.fromEntries(searchQuery(url.searchParams));
  // One after another: each of them may look at thousands of tasks.
  const parts: Html[] = [];
  for (const list of LISTS) {
    const { rows, examined } = await findRows(queue, list, search, board.show);
    if (rows.length === 0 && examined === undefined) continue;
    const note = examined === undefined
      ? ""
      : html`<p class="note">The search was cut: it looked at the first ${count(examined)} tasks.</p>`;
    if (rows.length === 0) {
      parts.push(html`<section class="card"><h2>${LIST_TITLES[list]}</h2>${note}</section>`);
      continue;
    }
    parts.push(
      html`<section class="card"><h2>${LIST_TITLES[list]} <a href="${queueLink(visit, `list/${list}`, query)}">All ${
        count(rows.length)
      }</a></h2>${note}${rowTable(visit, list, rows.slice(0, SHOWN), false)}</section>`,
    );
  }
  const body = parts.length === 0 ? html`<p class="empty">Nothing matches “${text}”.</p>` : html`${parts}`;
  return { title: `Search: ${text}`, body, live: false };
}
