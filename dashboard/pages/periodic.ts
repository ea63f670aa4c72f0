/**
 * The periodic tasks.
 * @module
 */
import { actionButton } from "../parts/actions.ts";
import { ago, count } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { inWords } from "../parts/schedule_words.ts";
import { badge } from "../parts/state.ts";
import { mayAct, queueLink, type QueueVisit } from "../parts/visit.ts";
import type { PeriodicInfo } from "../../lib/types/operating.ts";

const MOST = 500;

/** The page. */
export async function periodicPage(visit: QueueVisit): Promise<Content> {
  const tasks = await visit.queue.huey.periodic();
  const head = html`
    <thead>
      <tr>
        <th>Task</th>
        <th>Runs</th>
        <th>Next</th>
        <th>Last</th>
        <th>State</th>
        <th><span class="quiet">Actions</span></th>
      </tr>
    </thead>
  `;
  const body = html`
    <p class="muted">The periodic tasks that the program with this dashboard defines; consumers enqueue them by the clock.</p>
    ${tasks.length > MOST ? html`<p class="note">Only ${count(MOST)} of ${count(tasks.length)} are shown.</p>` : ""}
    <section class="card">${tasks.length === 0 ? html`<p class="empty">No periodic task is defined.</p>` : html`
      <div class="scroll">
        <table class="stack">${head}<tbody>${tasks.slice(0, MOST).map((task) => row(visit, task))}</tbody></table>
      </div>
    `}</section>
  `;
  return { title: "Periodic", here: "periodic", body };
}

function row(visit: QueueVisit, { name, schedule, next, last, revoked }: PeriodicInfo): Html {
  const words = inWords(schedule);
  const fields = { task: name };
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
      <td data-label="Last">${ago(last, visit.nowMs)}</td>
      <td>${revoked ? badge("blocked", "held") : badge("complete", "active")}</td>
      <td class="acts">${mayAct(visit)
        ? [actionButton(visit, { action: "run", label: "Run now", fields, name: `Run ${name} now` }), " ", hold]
        : ""}</td>
    </tr>
  `;
}
