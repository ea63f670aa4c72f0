/**
 * The overview of a queue: what is wrong, how much waits, what ran lately.
 * @module
 */
import { actionButton } from "../parts/actions.ts";
import { type Bar, type Mark, throughputChart } from "../parts/chart.ts";
import { ago, compact, count, duration } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { queueLink, type QueueVisit } from "../parts/visit.ts";
import type { ConsumerInfo, RunningTask } from "../../lib/types/operating.ts";
import { type Failure, readFailures } from "../queue/failures.ts";
import type { ListName } from "../queue/lists.ts";
import { readStats, type Span, SPANS, stepsOf } from "../queue/throughput.ts";
import { consumerTable } from "./consumers.ts";
import { type Facts, warningsOf } from "./warnings.ts";

/** So many of the failed tasks are grouped on this page. */
const FAILURES_EXAMINED = 200;
const RUNNING_SHOWN = 5;
const RUNNING_COUNTED = 200;

/** The page. */
export async function overviewPage(visit: QueueVisit): Promise<Content> {
  const { queue } = visit;
  const [facts, running, failures, hour, day] = await Promise.all([
    readFacts(visit),
    queue.huey.running(RUNNING_COUNTED),
    readFailures(queue, { limit: FAILURES_EXAMINED, bytes: 2_000_000 }),
    readStats(queue, SPANS.hour),
    readStats(queue, SPANS.day),
  ]);
  const marks = marksOf(facts.consumers);
  const lately = hour.rows.filter(({ at }) => at.getTime() >= visit.nowMs - 300_000);
  const perMinute = lately.reduce((sum, row) => sum + row.completed + row.failed, 0) / 5;
  const body = html`
    ${warnings(visit, { ...facts, running, recentFailures: lately.reduce((sum, row) => sum + row.failed, 0) })}
    ${queue.core.statistics === undefined
      ? html`<p class="note">This Huey counts nothing (<code>stats: false</code>): the charts show what other programs have counted.</p>`
      : ""}
    ${tiles(visit, facts, running.length, perMinute)}
    <div class="grid2">
      ${chartCard(SPANS.hour, stepsOf(hour.rows, SPANS.hour, visit.nowMs), marks)}
      ${chartCard(SPANS.day, stepsOf(day.rows, SPANS.day, visit.nowMs), marks)}
    </div>
    <div class="grid2">${errorsCard(visit, failures.failures)} ${runningCard(visit, running)}</div>
    <section class="card"><h2>Consumers <a href="${queueLink(visit, "consumers")}">All</a></h2>${consumerTable(
      facts.consumers.slice(0, 5),
      visit.nowMs,
    )}</section>
  `;
  return { title: "Overview", here: "", body, aside: pauseButton(visit, facts.paused) };
}

async function readFacts({ queue, counts }: QueueVisit): Promise<Facts> {
  const { huey } = queue;
  const lengthOf = async (list: ListName): Promise<number> => await counts.of(list) ?? 0;
  const [waiting, scheduled, blocked, failed, dead, latency, consumers, paused] = await Promise.all([
    lengthOf("waiting"),
    lengthOf("scheduled"),
    lengthOf("blocked"),
    lengthOf("failed"),
    lengthOf("dead"),
    huey.latency(),
    huey.consumers(),
    huey.isPaused(),
  ]);
  return { waiting, scheduled, blocked, failed, dead, latency, consumers, paused };
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

function warnings(visit: QueueVisit, facts: Parameters<typeof warningsOf>[1]): Html {
  const found = warningsOf(visit, facts);
  if (found.length === 0) {
    return html`
      <ul class="alerts">
        <li class="alert good" role="status">✓ All is well</li>
      </ul>
    `;
  }
  return html`<ul class="alerts" role="status">${
    found.map(({ text, tone, path }) =>
      html`<li class="alert ${tone}"><span aria-hidden="true">⚠</span> ${
        path === undefined ? text : html`<a href="${queueLink(visit, path)}">${text}</a>`
      }</li>`
    )
  }</ul>`;
}

function tiles(visit: QueueVisit, facts: Facts, running: number, perMinute: number): Html {
  const alive = facts.consumers.filter(({ silent }) => !silent);
  const slots = alive.reduce((sum, consumer) => sum + consumer.slots, 0);
  const more = running === RUNNING_COUNTED ? "+" : "";
  return html`<ul class="tiles">
    ${
    tile(visit, "list/waiting", "Waiting", facts.waiting, `oldest ${duration(facts.latency)}`, facts.latency > 60 ? "warn" : "")
  }
    ${tile(visit, "list/running", "Running", `${count(running)}${more}`, `of ${count(slots)} slots`)}
    ${tile(visit, "list/scheduled", "Scheduled", facts.scheduled)}
    ${tile(visit, "list/blocked", "Blocked", facts.blocked)}
    ${tile(visit, "list/failed", "Failed", facts.failed, "", facts.failed > 0 ? "bad" : "")}
    ${tile(visit, "list/dead", "Dead letters", facts.dead, "", facts.dead > 0 ? "bad" : "")}
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
    failures.length === 0 ? html`<p class="empty">No task has failed for good</p>` : html`
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Error</th>
              <th class="number">Tasks</th>
              <th>Last</th>
            </tr>
          </thead>
          <tbody>${failures.slice(0, RUNNING_SHOWN).map((failure) =>
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
          )}</tbody>
        </table>
      </div>
    `
  }</section>`;
}

function runningCard(visit: QueueVisit, running: readonly RunningTask[]): Html {
  return html`<section class="card"><h2>Running longest <a href="${queueLink(visit, "list/running")}">All</a></h2>${
    running.length === 0 ? html`<p class="empty">Nothing runs</p>` : html`
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Task</th>
              <th>Worker</th>
              <th class="number">For</th>
            </tr>
          </thead>
          <tbody>${running.slice(0, RUNNING_SHOWN).map((task) =>
            html`
              <tr>
                <th scope="row"><a href="${queueLink(visit, "invocation", { id: task.id })}">${task.name}</a></th>
                <td class="muted">${task.worker}</td>
                <td class="number">${duration((visit.nowMs - task.startedAt.getTime()) / 1000)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `
  }</section>`;
}
