/**
 * The periodic tasks.
 * @module
 */
import { quietHead, table } from "../parts/table.ts";
import { actionButton } from "../parts/actions.ts";
import { sparkline } from "../parts/chart.ts";
import { ago } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { leafLinks, leafThrough } from "../parts/leaf.ts";
import { inWords } from "../parts/schedule_words.ts";
import { badge } from "../parts/state.ts";
import { mayAct, queueLink, type QueueVisit } from "../parts/visit.ts";
import { type History, lastOutcome, readHistories } from "../queue/history.ts";
import { SPANS, stepsOf } from "../queue/throughput.ts";
import type { PeriodicInfo } from "../../lib/types/operating.ts";

/** Tasks on one page. */
const PAGE_TASKS = 25;

/** The page. */
export async function periodicPage(visit: QueueVisit): Promise<Content> {
  const [tasks, histories] = await Promise.all([visit.queue.huey.periodic(), readHistories(visit.queue)]);
  const leaf = leafThrough(visit, tasks, PAGE_TASKS);
  const heads = ["Task", "Runs", "Next", "Last", SPANS.day.title, "State", quietHead("Actions")];
  const body = html`
    <p class="muted">The periodic tasks that the program with this dashboard defines; consumers enqueue them by the clock.</p>
    <section class="card">${tasks.length === 0
      ? html`<p class="empty">No periodic task is defined.</p>`
      : table(heads, leaf.rows.map((task) => row(visit, task, histories.get(task.name))))}</section>
    ${leafLinks(visit, "periodic", leaf)}
  `;
  return { title: "Periodic", here: "periodic", body };
}

function row(visit: QueueVisit, { name, schedule, next, last, revoked }: PeriodicInfo, history: History | undefined): Html {
  const words = inWords(schedule);
  const fields = { task: name };
  const outcome = history && lastOutcome(history);
  const hold = revoked
    ? actionButton(visit, { action: "release", label: "Release", fields, name: `Release ${name}` })
    : actionButton(visit, {
      action: "hold",
      label: "Hold",
      fields,
      name: `Hold ${name}`,
      question: `Hold ${name}? It will not run until it is released.`,
    });
  return html`
    <tr data-row="${name}">
      <th scope="row"><a href="${queueLink(visit, "task", { name })}">${name}</a></th>
      <td class="full">${words}${words === schedule ? "" : html`<br><code class="muted">${schedule}</code>`}</td>
      <td data-label="Next">${ago(next, visit.nowMs)}</td>
      <td data-label="Last">${ago(last, visit.nowMs)} ${outcome === undefined ? "" : badge(outcome)}</td>
      <td data-label="${SPANS.day.title}">${sparkline(
        stepsOf(history?.rows ?? [], SPANS.day, visit.nowMs),
        `${name}, ${SPANS.day.title}`,
      )}</td>
      <td>${revoked ? badge("blocked", "held") : badge("complete", "active")}</td>
      <td class="acts">${mayAct(visit)
        ? [actionButton(visit, { action: "run", label: "Run now", fields, name: `Run ${name} now` }), " ", hold]
        : ""}</td>
    </tr>
  `;
}
