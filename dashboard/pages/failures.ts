/**
 * Failed tasks, grouped by what is wrong.
 * @module
 */
import { plural } from "../../lib/operation/words.ts";
import { numberHead, quietHead, table } from "../parts/table.ts";
import { ago, count, cut } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { mayAct, queueLink, type QueueVisit } from "../parts/visit.ts";
import { type Failure, readFailures } from "../queue/failures.ts";

const MOST_GROUPS = 100;

/** The page. */
export async function failuresPage(visit: QueueVisit): Promise<Content> {
  const { failures, examined } = await readFailures(visit.queue);
  const total = await visit.queue.huey.deadLetterCount({ kind: "failed" });
  const body = html`
    <p
      class="muted">Tasks that failed for good, grouped by task, error and the place where it was thrown; the largest group first.</p>
    ${total > examined
      ? html`<p class="note">Only the newest ${count(examined)} of ${count(total)} failed tasks are grouped.</p>`
      : ""}
    ${failures.length > MOST_GROUPS
      ? html`<p class="note">The ${MOST_GROUPS} largest of ${count(failures.length)} groups are shown.</p>`
      : ""}
    <section class="card">${failureTable(visit, failures.slice(0, MOST_GROUPS))}</section>
  `;
  return {
    title: "Errors",
    here: "failures",
    body,
    aside: html`<span class="muted">${plural(failures.length, "group")}</span>`,
  };
}

/**
 * A table of groups.
 *
 * @param visit Of the page.
 * @param failures The groups.
 */
export function failureTable(visit: QueueVisit, failures: readonly Failure[]): Html {
  if (failures.length === 0) return html`<p class="empty">No task has failed for good</p>`;
  const heads = ["Task", "Error", numberHead("Tasks"), "First", "Last", quietHead("Actions")];
  return table(heads, failures.map((failure) => failureRow(visit, failure)));
}

function failureRow(visit: QueueVisit, failure: Failure): Html {
  const { show } = visit.board;
  const { taskName, error, message, frame, newest, first, last } = failure;
  // Of hidden errors only the task can be looked for.
  const looked = { task: taskName, ...(show.open ? { group: failure.key } : {}) };
  const retry = mayAct(visit)
    ? html`<a class="button" href="${
      queueLink(visit, "confirm", { ...looked, list: "failed", action: "retry" })
    }">Retry all…</a>`
    : "";
  return html`
    <tr data-row="${newest}">
      <th scope="row"><a href="${queueLink(visit, "list/failed", looked)}">${taskName}</a></th>
      <td class="line"><span class="failing">${cut(
        show.text(`${error}: ${message}`).text,
        240,
      )}</span>${frame !== undefined && show.open
        ? html`<br><code class="muted">${cut(show.text(frame).text, 160)}</code>`
        : ""}</td>
      <td class="number failing" data-label="Tasks">${count(failure.count)}</td>
      <td data-label="First">${ago(first, visit.nowMs)}</td>
      <td data-label="Last"><a href="${queueLink(visit, "invocation", { id: newest })}">${ago(last, visit.nowMs)}</a></td>
      <td class="acts">${retry}</td>
    </tr>
  `;
}
