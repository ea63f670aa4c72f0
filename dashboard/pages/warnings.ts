/**
 * What an operator should look at first.
 * @module
 */
import { type Html, html } from "../parts/html.ts";
import { queueLink, type QueueVisit } from "../parts/visit.ts";
import type { Condition } from "../../lib/operation/condition.ts";
import { type Trouble, troublesOf } from "../../lib/operation/troubles.ts";

/** The page that shows more of it. */
const PAGES: Readonly<Record<Trouble["where"], string>> = {
  consumers: "consumers",
  waiting: "list/waiting",
  scheduled: "list/scheduled",
  blocked: "list/blocked",
  running: "list/running",
  failures: "failures",
  dead: "list/dead",
};

/**
 * What is wrong with a queue, and what to do.
 *
 * @param visit Of the overview.
 * @param condition How the queue is.
 */
export function warnings(visit: QueueVisit, condition: Condition): Html {
  const troubles = troublesOf(condition);
  if (troubles.length === 0) {
    return html`
      <ul class="alerts">
        <li class="alert good" role="status">✓ All is well</li>
      </ul>
    `;
  }
  return html`<ul class="alerts" role="status">${
    troubles.map(({ text, advice, bad, where }) =>
      html`
        <li class="alert ${bad ? "bad" : ""}">
          <span aria-hidden="true">⚠</span>
          <span><a href="${queueLink(visit, PAGES[where])}">${text}</a><br><small>${advice}</small></span>
        </li>
      `
    )
  }</ul>`;
}
