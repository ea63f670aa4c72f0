/**
 * A list of tasks in one state, with its search and its actions.
 * @module
 */
import { nameAndMessage } from "../../lib/primitives/error_record.ts";
import { numberHead, table } from "../parts/table.ts";
import { backOf, TASK_ACTIONS, type TaskAction } from "../parts/actions.ts";
import { plural } from "../../lib/operation/words.ts";
import { ago, count, cut, duration, shortId } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import { type Content, LIST_TITLES } from "../parts/layout.ts";
import { askedPage, leafLinks } from "../parts/leaf.ts";
import { badge } from "../parts/state.ts";
import { mayAct, queueLink, type QueueVisit } from "../parts/visit.ts";
import { type ListName, type Page, readPage } from "../queue/lists.ts";
import type { Row } from "../queue/row.ts";
import { isEmpty, readSearch, searchQuery } from "../queue/search.ts";

/** What can be done with the tasks of each list. */
export const LIST_ACTIONS: Readonly<Record<ListName, readonly TaskAction[]>> = {
  waiting: ["cancel"],
  scheduled: ["run-now", "cancel"],
  blocked: ["cancel"],
  running: ["cancel"],
  failed: ["retry", "delete"],
  dead: ["retry", "delete"],
  recent: [],
};

const ABOUT: Readonly<Record<ListName, string>> = {
  waiting: "On the queue, in the order in which they will run.",
  scheduled: "Due later, or waiting for their next attempt; the soonest first.",
  blocked: "Waiting for a place of their concurrency, in order.",
  running: "In the hands of a worker, the longest first.",
  failed: "Ran, and failed for good; the newest first.",
  dead: "Messages that nobody could run; the newest first.",
  recent: "A sample of what has ended lately, the newest first.",
};

const TIMES: Readonly<Record<ListName, string>> = {
  waiting: "Enqueued",
  scheduled: "Due",
  blocked: "Enqueued",
  running: "Started",
  failed: "Failed",
  dead: "Set aside",
  recent: "Ended",
};

/** The page of a list. */
export async function listPage(visit: QueueVisit, list: ListName): Promise<Content> {
  const query = visit.url.searchParams;
  const search = readSearch(query);
  const page = await readPage(visit.queue, list, await visit.counts.of(list), search, askedPage(visit), visit.board.show);
  const body = html`
    <p class="muted">${ABOUT[list]}</p>
    ${filterForm(visit, list)} ${cutNote(list, page, isEmpty(search))}
    ${mayAct(visit) && page.rows.length > 0 ? bulkActions(visit, list, page) : ""}
    <section class="card">${page.rows.length === 0
      ? nothing(list, isEmpty(search))
      : rowTable(visit, list, page.rows)}</section>
    ${leafLinks(visit, `list/${list}`, page, Object.fromEntries(searchQuery(query)))}
  `;
  const aside = html`<span class="muted">${
    isEmpty(search) ? count(page.total ?? page.found) : `${plural(page.found, "match", "matches")}`
  }</span>`;
  return { title: LIST_TITLES[list], here: `list/${list}`, body, aside };
}

function nothing(list: ListName, all: boolean): Html {
  return html`<p class="empty">${
    all ? `No tasks: ${LIST_TITLES[list].toLowerCase()} is empty.` : "Nothing here matches the search."
  }</p>`;
}

function filterForm(visit: QueueVisit, list: ListName): Html {
  const query = visit.url.searchParams;
  const field = (name: string, label: string, type: string, hint: string): Html =>
    html`<label>${label}<input type="${type}" name="${name}" value="${
      query.get(name) ?? ""
    }" placeholder="${hint}" maxlength="200"></label>`;
  const { open } = visit.board.show;
  const more = ["tag", "from", "to"].some((name) => (query.get(name) ?? "") !== "");
  const text = open ? "Text in id, task, arguments, tags, errors" : "Text in id and task";
  return html`<form class="filter" action="${queueLink(visit, `list/${list}`)}" aria-label="Search in ${LIST_TITLES[list]}">
    <div class="wide">${field("q", text, "search", "")}</div> ${field("task", "Task", "text", "name")}
    <button>Search</button>
    ${isEmpty(readSearch(query)) ? "" : html`<a class="button" href="${queueLink(visit, `list/${list}`)}">Show all</a>`}
    <details id="more"${
    more
      ? html`
        open
      `
      : ""
  }><summary>More</summary><div>
      ${open ? field("tag", "Tag", "text", "name=value") : ""}
      ${field("from", "From (UTC)", "datetime-local", "")} ${field("to", "Before (UTC)", "datetime-local", "")}
    </div></details>
  </form>`;
}

function cutNote(list: ListName, { examined, total, found }: Page, all: boolean): Html | "" {
  if (examined === undefined) return "";
  const text = all
    ? `Only the first ${count(examined)} of ${count(total ?? found)} can be leafed through; a search looks further.`
    : `The search was cut: it looked at the first ${count(examined)}${
      total === undefined ? "" : ` of ${count(total)}`
    } tasks of this list.`;
  return html`<p class="note" role="note">${list === "recent" ? `${text} Older ends are not kept.` : text}</p>`;
}

/** Buttons for the selection, and links to the question about all that match. */
function bulkActions(visit: QueueVisit, list: ListName, page: Page): Html | "" {
  const actions = LIST_ACTIONS[list];
  if (actions.length === 0) return "";
  const query = Object.fromEntries(searchQuery(visit.url.searchParams));
  return html`<form id="selection" method="post" action="${queueLink(visit, `act/${actions[0]}`)}" class="bulk">
    <input type="hidden" name="back" value="${backOf(visit)}">
    ${
    actions.map((action) => {
      const { label } = TASK_ACTIONS[action];
      return html`
        <button class="small" data-needs-selection formaction="${queueLink(visit, `act/${action}`)}"
          data-confirm="${label}: {n} selected?">${label} selected</button>
      `;
    })
  } <span id="selected" class="muted" aria-live="polite"></span>
    ${
    actions.map((action) =>
      html`<a class="button small" href="${queueLink(visit, "confirm", { ...query, list, action })}">${
        TASK_ACTIONS[action].label
      } all ${count(page.found)}…</a>`
    )
  }</form>`;
}

/**
 * A table of tasks.
 *
 * @param visit Of the page.
 * @param list Which columns it has.
 * @param rows The tasks.
 * @param pick Whether they can be selected.
 */
export function rowTable(visit: QueueVisit, list: ListName, rows: readonly Row[], pick: boolean = true): Html {
  const picks = pick && mayAct(visit) && LIST_ACTIONS[list].length > 0;
  const box = html`<th class="pick"><input type="checkbox" id="all" aria-label="Select all on this page"></th>`;
  const how = { running: "Worker", failed: "Error", dead: "Reason", recent: "Outcome" }[list as string];
  const heads = [
    ...picks ? [box] : [],
    "Task",
    ...list === "recent" ? [] : ["Arguments"],
    ...how === undefined ? [] : [how],
    TIMES[list],
    ...list === "recent" ? [numberHead("Ran for")] : [],
  ];
  return table(heads, rows.map((row) => tableRow(visit, list, row, picks)));
}

function tableRow(visit: QueueVisit, list: ListName, row: Row, picks: boolean): Html {
  const { show } = visit.board;
  const key = row.letter ?? row.id;
  const args = row.task === undefined ? "" : html`<code class="clamp">${show.line(row.task)}</code>`;
  const tags = show.open
    ? Object.entries(row.meta).slice(0, 3).map(([name, value]) => html`<span class="tag">${cut(`${name}=${value}`, 40)}</span>`)
    : "";
  return html`<tr data-row="${key}">${
    picks &&
    html`
      <td
        class="pick"><input type="checkbox" name="id" value="${key}" form="selection" aria-label="Select ${row.name} ${shortId(
          row.id,
        )}"></td>
    `
  }<th scope="row"><a href="${queueLink(visit, "invocation", { id: key })}">${row.name === "" ? "(unreadable)" : row.name}</a>
    <span class="id muted" title="${row.id}">${shortId(row.id)}</span></th>${
    list === "recent" ? "" : html`<td class="line">${retryOf(list, row)}${args}${tags}</td>`
  }${howCell(visit, list, row)}<td data-label="${TIMES[list]}">${ago(row.at, visit.nowMs)}</td>${
    list === "recent" ? html`<td class="number" data-label="Ran for">${duration(row.ranSeconds)}</td>` : ""
  }</tr>`;
}

/** That a task which waits has been tried before. */
function retryOf(list: ListName, { attempts }: Row): Html | "" {
  const waits = list === "waiting" || list === "scheduled" || list === "blocked";
  return waits && attempts !== undefined && attempts > 0 ? badge("retrying", `attempt ${count(attempts + 1)}`) : "";
}

function howCell(visit: QueueVisit, list: ListName, row: Row): Html | "" {
  const { show } = visit.board;
  if (list === "running") {
    const again = row.attempts !== undefined && row.attempts > 1
      ? html`
        <span class="muted">attempt ${row.attempts}</span>
      `
      : "";
    return html`<td data-label="Worker">${row.worker}${again}</td>`;
  }
  if (list === "recent") return html`<td>${badge(row.outcome ?? "unknown")}</td>`;
  if (list !== "failed" && list !== "dead") return "";
  const text = row.error === undefined ? row.reason ?? "" : nameAndMessage(row.error);
  return html`<td class="line failing">${
    list === "dead"
      ? html`
        ${badge(row.outcome ?? "unknown")}
      `
      : ""
  }${cut(show.text(text).text, 160)}</td>`;
}
