/**
 * What all pages have around them.
 * @module
 */
import { fileAddress } from "../assets/files.ts";
import { ICON } from "../assets/script.ts";
import { type ListName, LISTS } from "../queue/lists.ts";
import type { Queue } from "../queue/queue.ts";
import { compact, count } from "./format.ts";
import { type Html, html, raw } from "./html.ts";
import { doneText } from "./done.ts";
import { link, mayAct, queueLink, type QueueVisit, type Visit } from "./visit.ts";

/** A page without what is around it. */
export interface Content {
  readonly title: string;
  readonly body: Html;
  /** Which link of the navigation leads here. */
  readonly here?: string;
  /** Stands beside the title. */
  readonly aside?: Html;
  /** Whether a page of a queue changes by itself while somebody looks. Default true. */
  readonly live?: boolean;
  /** Of a page of no queue that changes by itself: the address of the stream that tells of changes. */
  readonly events?: string;
  /** Default 200. */
  readonly status?: number;
}

/** Names of the lists for people. */
export const LIST_TITLES: Readonly<Record<ListName, string>> = {
  waiting: "Waiting",
  scheduled: "Scheduled",
  blocked: "Blocked",
  running: "Running",
  failed: "Failed",
  dead: "Dead letters",
  recent: "Recent",
};

/** A page that the navigation leads to. */
export interface NavPage {
  /** Below that of the queue, as `Content.here` has it. */
  readonly path: string;
  readonly title: string;
  /** Leads there, after `g`. */
  readonly key: string;
  /** What the help says of the key, if that is not the title. */
  readonly help?: string;
  /** It shows a list, with the number of its tasks. */
  readonly list?: ListName;
  /** Only for those who may act. */
  readonly acts?: true;
}

function listPage(list: ListName, key: string): NavPage {
  return { path: `list/${list}`, title: LIST_TITLES[list], key, list };
}

/** The navigation, in groups. */
export const NAVIGATION: readonly (readonly NavPage[])[] = [
  [{ path: "", title: "Overview", key: "o" }, { path: "tasks", title: "Tasks", key: "t" }],
  [listPage("waiting", "w"), listPage("scheduled", "s"), listPage("blocked", "b"), listPage("running", "r")],
  [
    listPage("failed", "f"),
    { path: "failures", title: "Errors", key: "e", help: "errors, grouped" },
    listPage("dead", "d"),
    listPage("recent", "l"),
  ],
  [
    { path: "periodic", title: "Periodic", key: "p" },
    { path: "consumers", title: "Consumers", key: "c" },
    { path: "enqueue", title: "Enqueue", key: "n", acts: true },
  ],
];

/** The keys, and what they do. */
function shortcuts(visit: Visit): readonly (readonly [string, string])[] {
  const pages = NAVIGATION.flat().filter(({ acts }) => !acts || mayAct(visit));
  return [
    ["/", "search"],
    ...pages.map(({ key, title, help = title.toLowerCase() }) => [`g ${key}`, help] as const),
    ["j  k", "next and previous row"],
    ["x", "select the row"],
    ["Enter", "open the row"],
    ["space", "pause and go on with live updates"],
    ["?", "this help"],
  ];
}

/**
 * A page of a queue.
 *
 * @param visit Of the page.
 * @param content What is on it.
 */
export async function queuePage(visit: QueueVisit, content: Content): Promise<Html> {
  const { queue, board } = visit;
  const counts = await Promise.all(LISTS.map(async (list) => [list, await visit.counts.of(list)] as const));
  const nav = navigation(visit, content.here, new Map(counts));
  const events = content.live === false ? undefined : queueLink({ board, queue }, "events");
  return page(visit, { ...content, title: content.title }, { nav, queue, events });
}

/**
 * A page that belongs to no queue.
 *
 * @param visit Of the page.
 * @param content What is on it.
 */
export function plainPage(visit: Visit, content: Content): Html {
  return page(visit, content, { nav: undefined, queue: undefined, events: content.events });
}

interface Around {
  readonly nav: Html | undefined;
  readonly queue: Queue | undefined;
  readonly events: string | undefined;
}

function page(visit: Visit, content: Content, { nav, queue, events }: Around): Html {
  const { board } = visit;
  const done = doneText(visit.url.searchParams);
  const title = [content.title, queue?.name, "Huey"].filter((part) => part !== undefined).join(" · ");
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>${title}</title>
        <link rel="icon" href="${fileAddress(board.base, "icon.svg")}">
        <link rel="stylesheet" href="${fileAddress(board.base, "style.css")}">
        <script src="${fileAddress(board.base, "theme.js")}"></script>
        <script src="${fileAddress(board.base, "script.js")}" defer></script>
      </head>
      <body data-events="${events ?? ""}">
            <a class="skip" href="#main">Skip to the content</a>
            ${topBar(visit, queue, events !== undefined)}
            <div class="${nav === undefined ? "plain" : "frame"}">
              ${nav}
              <main id="main" tabindex="-1">
                ${done === undefined ? "" : html`<p class="done" role="status">${done}</p>`}
                <div class="title"><h1>${content.title}</h1>${content.aside}</div>
                ${content.body}
              </main>
            </div>
            ${helpDialog(visit)} ${confirmDialog()}
          </body>
    </html>
  `;
}

/** In the page itself: a browser opens a document of its own for each picture that is SVG. */
const SIGN = raw(ICON.replace("<svg ", '<svg width="24" height="24" aria-hidden="true" '));

function topBar(visit: Visit, queue: Queue | undefined, live: boolean): Html {
  const { board, decision } = visit;
  const seen = decision.access !== false;
  return html`<header class="top">
    <a class="brand" href="${link(board, "/")}">${SIGN} Huey</a>
    ${seen && board.queues.length > 1 ? queueMenu(visit, queue) : queue && html`<span class="queue">${queue.name}</span>`}
    ${
    queue && html`
      <form class="find" role="search" action="${queueLink({ board, queue }, "search")}">
        <input id="find" type="search" name="q" placeholder="Search: id, task, tag, text   /" aria-label="Search the queue"
          value="${visit.url.searchParams.get("q") ?? ""}">
      </form>
    `
  }
    <div class="tools">
      ${live && html`<button type="button" id="live" aria-pressed="true" hidden>Live</button>`}
      <button type="button" id="theme" hidden aria-label="Dark or light" title="Dark or light">◐</button>
      <button type="button" id="keys" hidden aria-label="Help: keys" title="Keys">?</button>
      ${
    seen && board.session !== undefined &&
    html`<form method="post" action="${link(board, "/logout")}"><button>Log out</button></form>`
  }
    </div>
  </header>`;
}

function queueMenu({ board }: Visit, here: Queue | undefined): Html {
  return html`
    <details class="queues">
      <summary>${here?.name ?? "All queues"}</summary>
      <ul>
        <li><a href="${link(board, "/")}">All queues</a></li>
        ${board.queues.map((queue) =>
          html`<li><a href="${queueLink({ board, queue }, "")}"${
            queue === here
              ? html`
                aria-current="true"
              `
              : ""
          }>${queue.name}</a></li>`
        )}</ul>
    </details>
  `;
}

function navigation(visit: QueueVisit, here: string | undefined, counts: ReadonlyMap<ListName, number | undefined>): Html {
  const groups = NAVIGATION.map((group) =>
    group.filter(({ acts }) => !acts || mayAct(visit)).map((page) => navLink(visit, page, here, counts))
  );
  return html`
    <nav id="nav" aria-label="Pages of the queue">
      <ul>
        ${groups.map((group, index) => html`${index > 0 && html`<li class="gap" aria-hidden="true"></li>`}${group}`)}
      </ul>
    </nav>
  `;
}

function navLink(
  visit: QueueVisit,
  { path, title, key, list }: NavPage,
  here: string | undefined,
  counts: ReadonlyMap<ListName, number | undefined>,
): Html {
  const current = here === path
    ? html`
      aria-current="page"
    `
    : "";
  const value = list && counts.get(list);
  const number = value === undefined || value === 0 ? "" : html`
    <span class="count ${list}" title="${count(value)}">${compact(value)}</span>
  `;
  return html`<li><a href="${queueLink(visit, path)}" data-key="${key}"${current}>${title}${number}</a></li>`;
}

function helpDialog(visit: Visit): Html {
  return html`
    <dialog id="help" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">${shortcuts(visit).map(([key, what]) =>
        html`
          <div>
            <dt><kbd>${key}</kbd></dt>
            <dd>${what}</dd>
          </div>
        `
      )}</dl>
      <form method="dialog"><button>Close</button></form>
    </dialog>
  `;
}

/** Filled by the script, which asks before an action. */
function confirmDialog(): Html {
  return html`
    <dialog id="confirm" aria-labelledby="confirm-text">
      <p id="confirm-text"></p>
      <form method="dialog">
        <button value="no">No</button> <button value="yes" class="strong">Yes</button></form>
    </dialog>
  `;
}
