/**
 * The overview of a queue: what is wrong, how much waits, what ran lately.
 * @module
 */
import { numberHead, table } from "../parts/table.ts";
import { actionButton } from "../parts/actions.ts";
import { type Bar, type Mark, throughputChart } from "../parts/chart.ts";
import { ago, compact, count, duration } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { queueLink, type QueueVisit } from "../parts/visit.ts";
import type { ConsumerInfo, RunningTask } from "../../lib/types/operating.ts";
import { type Failure, readFailures } from "../queue/failures.ts";
import { readStats, type Span, SPANS, stepsOf } from "../queue/throughput.ts";
import { consumerTable } from "./consumers.ts";
import { warnings } from "./warnings.ts";
import { type Condition, LATELY_MS, readCondition } from "../../lib/operation/condition.ts";

/** So many of the failed tasks are grouped on this page. */
const FAILURES_EXAMINED = 200;
const RUNNING_SHOWN = 5;
const RUNNING_COUNTED = 200;

/** The page. */
export async function overviewPage(visit: QueueVisit): Promise<Content> {
  const { queue } = visit;
  const running = await queue.huey.running(RUNNING_COUNTED);
  const [condition, failures, hour, day] = await Promise.all([
    conditionOf(visit, running),
    readFailures(queue, { limit: FAILURES_EXAMINED, bytes: 2_000_000 }),
    readStats(queue, SPANS.hour),
    readStats(queue, SPANS.day),
  ]);
  const marks = marksOf(condition.consumers);
  const perMinute = condition.lately.reduce((sum, row) => sum + row.completed + row.failed, 0) / (LATELY_MS / 60_000);
  const charts = html`
    <div class="grid2">
      ${chartCard(SPANS.hour, stepsOf(hour.rows, SPANS.hour, visit.nowMs), marks)}
      ${chartCard(SPANS.day, stepsOf(day.rows, SPANS.day, visit.nowMs), marks)}
    </div>
  `;
  const work = html`<div class="grid2">${errorsCard(visit, failures.failures)} ${runningCard(visit, running)}</div>`;
  // What has failed stands before the charts: on a telephone they would hide it.
  const parts = failures.failures.length > 0 ? [work, charts] : [charts, work];
  const body = html`
    ${warnings(visit, condition)}
    ${queue.core.statistics === undefined
      ? html`<p class="note">This Huey counts nothing (<code>stats: false</code>): the charts show what other programs have counted.</p>`
      : ""}
    ${tiles(visit, condition, perMinute)} ${parts}
    <section class="card"><h2>Consumers <a href="${queueLink(visit, "consumers")}">All</a></h2>${consumerTable(
      condition.consumers.slice(0, 5),
      visit.nowMs,
    )}</section>
  `;
  return { title: "Overview", here: "", body, aside: pauseButton(visit, condition.pause !== undefined) };
}

/** Numbers that the frame of the page shows too are asked for once. */
async function conditionOf({ queue, counts }: QueueVisit, running: readonly RunningTask[]): Promise<Condition> {
  const lists = ["waiting", "scheduled", "blocked", "failed", "dead"] as const;
  const numbers = await Promise.all(lists.map(async (list) => [list, await counts.of(list) ?? 0] as const));
  return await readCondition(queue.core, { counts: Object.fromEntries(numbers) as Condition["counts"], running });
}

/** Pause or go on. */
export function pauseButton(visit: QueueVisit, paused: boolean): Html {
  return html`<div>${
    paused ? actionButton(visit, { action: "resume", label: "Resume", strong: true }) : actionButton(visit, {
      action: "pause",
      label: "Pause",
      question: `Pause queue ${visit.queue.name}? Consumers finish what they run, and take nothing more until it is resumed.`,
    })
  }</div>`;
}

function tiles(
  visit: QueueVisit,
  { counts, consumers, latency, running: { length: running } }: Condition,
  perMinute: number,
): Html {
  const alive = consumers.filter(({ silent }) => !silent);
  const slots = alive.reduce((sum, consumer) => sum + consumer.slots, 0);
  const more = running === RUNNING_COUNTED ? "+" : "";
  return html`<ul class="tiles">
    ${tile(visit, "list/waiting", "Waiting", counts.waiting, `oldest ${duration(latency)}`, latency > 60 ? "warn" : "")}
    ${tile(visit, "list/running", "Running", `${count(running)}${more}`, `of ${count(slots)} slots`)}
    ${tile(visit, "list/scheduled", "Scheduled", counts.scheduled)}
    ${tile(visit, "list/blocked", "Blocked", counts.blocked)}
    ${tile(visit, "list/failed", "Failed", counts.failed, "", counts.failed > 0 ? "bad" : "")}
    ${tile(visit, "list/dead", "Dead letters", counts.dead, "", counts.dead > 0 ? "bad" : "")}
    ${
    tile(
      visit,
      "tasks",
      "Per minute",
      perMinute >= 100 ? Math.round(perMinute) : Math.round(perMinute * 10) / 10,
      "last 5 minutes",
    )
  }
  </ul>`;
}

function tile(visit: QueueVisit, path: string, title: string, value: number | string, more = "", tone = ""): Html {
  const text = typeof value === "string" ? value : value >= 1e6 ? compact(value) : count(value);
  const exactly = typeof value === "number" ? count(value) : value;
  return html`<li><a class="tile ${tone}" href="${
    queueLink(visit, path)
  }"><span>${title}</span><b title="${exactly}">${text}</b><small>${more}</small></a></li>`;
}

function chartCard(span: Span, bars: readonly Bar[], marks: readonly Mark[]): Html {
  const sum = (key: "completed" | "failed"): number => bars.reduce((total, bar) => total + bar[key], 0);
  return html`
    <section
      class="card"><h2>${span.title}</h2>${throughputChart({
        title: span.title,
        bars,
        stepMs: span.stepMs,
        marks,
      })}<ul class="legend"><li>${count(sum("completed"))} completed</li><li class="bad">${count(
        sum("failed"),
      )} failed</li><li class="mark">a consumer started</li></ul></section>
  `;
}

/** Consumers that start with another version are a deployment. */
function marksOf(consumers: readonly ConsumerInfo[]): Mark[] {
  return consumers.map(({ startedAt, version, host }) => ({ at: startedAt, label: `Consumer ${version} started on ${host}` }));
}

function errorsCard(visit: QueueVisit, failures: readonly Failure[]): Html {
  const { show } = visit.board;
  return html`<section class="card"><h2>Errors <a href="${queueLink(visit, "failures")}">All</a></h2>${
    failures.length === 0 ? html`<p class="empty">No task has failed for good</p>` : table(
      ["Error", numberHead("Tasks"), "Last"],
      failures.slice(0, RUNNING_SHOWN).map((failure) =>
        html`
          <tr>
            <th scope="row"><a href="${queueLink(visit, "invocation", { id: failure.newest })}">${failure.taskName}</a>
                      <div class="failing">${show.text(`${failure.error}: ${failure.message}`).text.slice(
                        0,
                        140,
                      )}</div></th>
            <td class="number failing">${count(failure.count)}</td>
            <td>${ago(failure.last, visit.nowMs)}</td>
          </tr>
        `
      ),
      "",
    )
  }</section>`;
}

function runningCard(visit: QueueVisit, running: readonly RunningTask[]): Html {
  return html`<section class="card"><h2>Running longest <a href="${queueLink(visit, "list/running")}">All</a></h2>${
    running.length === 0 ? html`<p class="empty">Nothing runs</p>` : table(
      ["Task", "Worker", numberHead("For")],
      running.slice(0, RUNNING_SHOWN).map((task) =>
        html`
          <tr>
            <th scope="row"><a href="${queueLink(visit, "invocation", { id: task.id })}">${task.name}</a></th>
            <td class="muted">${task.worker}</td>
            <td class="number">${duration((visit.nowMs - task.startedAt.getTime()) / 1000)}</td>
          </tr>
        `
      ),
      "",
    )
  }</section>`;
}
