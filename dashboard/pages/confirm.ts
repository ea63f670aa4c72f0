/**
 * The question before an action on all tasks that match, with their number.
 * @module
 */
import { TASK_ACTIONS, type TaskAction } from "../parts/actions.ts";
import { plural } from "../../lib/operation/words.ts";
import { count } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import { type Content, LIST_TITLES } from "../parts/layout.ts";
import { queueLink, type QueueVisit } from "../parts/visit.ts";
import { findRows, isList, type ListName } from "../queue/lists.ts";
import { isEmpty, readSearch, searchQuery } from "../queue/search.ts";
import { LIST_ACTIONS } from "./list.ts";

/** So many are acted on at once; the page says how many are left. */
export const MOST_AT_ONCE = 1000;

/**
 * The list and the action that an address or a form names.
 *
 * @param query The address or the form.
 * @returns `undefined` if there is no such list, or nothing of the kind can be done with it
 */
export function readAction(query: URLSearchParams): { list: ListName; action: TaskAction } | undefined {
  const [list, action] = [query.get("list") ?? "", query.get("action") ?? ""];
  return isList(list) && (LIST_ACTIONS[list] as readonly string[]).includes(action)
    ? { list, action: action as TaskAction }
    : undefined;
}

/** The page. */
export async function confirmPage(visit: QueueVisit): Promise<Content> {
  const query = visit.url.searchParams;
  const wanted = readAction(query);
  if (wanted === undefined) {
    return { title: "Nothing to ask", body: html`<p class="empty">There is no such action.</p>`, status: 404 };
  }
  const { list, action } = wanted;
  const search = readSearch(query);
  const { rows, examined } = await findRows(visit.queue, list, search, visit.board.show);
  const number = Math.min(rows.length, MOST_AT_ONCE);
  const { label } = TASK_ACTIONS[action];
  const kept = Object.fromEntries(searchQuery(query));
  const back = queueLink(visit, `list/${list}`, kept);
  const where = `${LIST_TITLES[list].toLowerCase()}${isEmpty(search) ? "" : ", as far as they match the search"}`;
  const body = html`<section class="card">
    <p><strong>${label} ${plural(number, "task")}</strong> of the list ${where}?</p>
    ${limits(rows.length, examined)} ${details(kept)}
    <form method="post" action="${queueLink(visit, "act/all")}">
      ${
    Object.entries({ ...kept, list, action, back }).map(([name, value]) =>
      html`<input type="hidden" name="${name}" value="${value}">`
    )
  }
      <button class="strong"${
    number === 0
      ? html`
        disabled
      `
      : ""
  }>${label} ${plural(number, "task")}</button>
      <a class="button" href="${back}">No</a>
    </form></section>`;
  return { title: `${label} all?`, here: `list/${list}`, body, live: false };
}

function limits(found: number, examined: number | undefined): Html | "" {
  const parts = [
    found > MOST_AT_ONCE
      ? `Of ${count(found)} that match, at most ${count(MOST_AT_ONCE)} are done at once; do it again for the others.`
      : "",
    examined === undefined ? "" : `Only the first ${count(examined)} tasks of the list were looked at.`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : html`<p class="note">${parts.join(" ")}</p>`;
}

function details(kept: Readonly<Record<string, string>>): Html | "" {
  const names: Readonly<Record<string, string>> = {
    q: "Text",
    task: "Task",
    tag: "Tag",
    from: "From (UTC)",
    to: "Before (UTC)",
    group: "Error of group",
  };
  const rows = Object.entries(kept).map(([key, value]) =>
    html`
      <dt>${names[key] ?? key}</dt>
      <dd>${value}</dd>
    `
  );
  return rows.length === 0 ? "" : html`<dl class="facts">${rows}</dl><br>`;
}
