/**
 * Pages that belong to no queue: the list of queues, the login, and what cannot be shown.
 * @module
 */
import { numberHead, table } from "../parts/table.ts";
import { sparkline } from "../parts/chart.ts";
import { badge } from "../parts/state.ts";
import { count, duration } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { link, queueLink, type Visit } from "../parts/visit.ts";
import { asked } from "../queue/patience.ts";
import type { Queue } from "../queue/queue.ts";
import { readStats, SPANS, stepsOf } from "../queue/throughput.ts";

/** All queues of the dashboard. */
export async function homePage(visit: Visit): Promise<Content> {
  const rows = await Promise.all(visit.board.queues.map((queue) => queueRow(visit, queue)));
  const heads = ["Waiting", "Oldest", "Running", "Scheduled", "Failed", "Dead", "Consumers"];
  const body = html`
    <section class="card">
      ${table(["Queue", "State", SPANS.hour.title, ...heads.map(numberHead)], rows)}
    </section>
  `;
  return { title: "Queues", body, events: link(visit.board, "/events") };
}

async function queueRow(visit: Visit, queue: Queue): Promise<Html> {
  const { board } = visit;
  const name = html`<th scope="row"><a href="${queueLink({ board, queue }, "")}">${queue.name}</a></th>`;
  try {
    const { huey } = queue;
    const [waiting, latency, running, scheduled, failed, all, consumers, paused, hour] = await asked(
      board.clock,
      queue.name,
      Promise.all([
        huey.pendingCount(),
        huey.latency(),
        huey.running(200),
        huey.scheduledCount(),
        huey.deadLetterCount({ kind: "failed" }),
        huey.deadLetterCount(),
        huey.consumers(),
        huey.isPaused(),
        readStats(queue, SPANS.hour),
      ]),
    );
    const alive = consumers.filter(({ silent }) => !silent).length;
    const state = paused
      ? badge("blocked", "paused")
      : alive === 0
      ? badge("dead", "no consumer")
      : badge("complete", "served");
    const values = [
      count(waiting),
      duration(latency),
      `${count(running.length)}${running.length === 200 ? "+" : ""}`,
      count(scheduled),
    ];
    const labels = ["Waiting", "Oldest", "Running", "Scheduled", "Failed", "Dead", "Consumers"];
    const spark = sparkline(stepsOf(hour.rows, SPANS.hour, queue.core.clock.now()), SPANS.hour.title);
    return html`<tr>${name}<td>${state}</td><td data-label="${SPANS.hour.title}">${spark}</td>${
      [...values, count(failed), count(all - failed), count(alive)].map((value, index) =>
        html`<td class="number${(index === 4 || index === 5) && value !== "0" ? " failing" : ""}" data-label="${
          labels[index]
        }">${value}</td>`
      )
    }</tr>`;
  } catch (error) {
    board.logger.warn(`Dashboard: queue "${queue.name}" cannot be read`, { error });
    return html`<tr>${name}<td colspan="9">${badge("failed", "does not answer")}</td></tr>`;
  }
}

/** The login; `wrong` after a token that is none of ours. */
export function loginPage({ board }: Visit, wrong: boolean, status: number): Content {
  const body = html`<form class="card form" method="post" action="${link(board, "/login")}">
    ${wrong ? html`<p class="alert bad" role="alert">This is not the token.</p>` : ""}
    <div><label for="token">Token</label><input id="token" name="token" type="password" required autocomplete="current-password"></div>
    <div><button class="strong">Log in</button></div>
  </form>`;
  return { title: "Log in", body, status };
}

/** Nobody is let in. */
export function refusedPage(visit: Visit, ruled: boolean): Content {
  if (visit.board.session !== undefined) return loginPage(visit, false, 401);
  const body = ruled
    ? html`<p>This dashboard does not let you in.</p>`
    : html`<p>This dashboard answers only to this computer, by the name <code>localhost</code>. To reach it from elsewhere or through a proxy,
      give it a <code>token</code>, or an <code>authorize</code> of your own.</p>`;
  return { title: "No access", body: html`<section class="card">${body}</section>`, status: 401 };
}

/** A sentence, for everything that cannot be shown. */
export function sentencePage(title: string, sentence: string, status: number): Content {
  return {
    title,
    body: html`
      <section class="card">
        <p class="empty">${sentence}</p>
      </section>
    `,
    status,
  };
}
