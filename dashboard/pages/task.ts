/**
 * One task: what became of its invocations, how long they took, what went wrong.
 * @module
 */
import { makeWrapper } from "../../lib/huey/task_function.ts";
import { actionButton } from "../parts/actions.ts";
import { histogram, throughputChart } from "../parts/chart.ts";
import { count, duration } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import { badge } from "../parts/state.ts";
import { type Content, LIST_TITLES } from "../parts/layout.ts";
import { mayAct, queueLink, type QueueVisit } from "../parts/visit.ts";
import type { TaskStats } from "../../lib/statistics/by_task.ts";
import type { Stats } from "../../lib/types/statistics.ts";
import { periodicCard } from "./periodic_card.ts";
import { readFailures } from "../queue/failures.ts";
import { LISTS } from "../queue/lists.ts";
import { recentRow } from "../queue/row.ts";
import { readTaskStats, type Span, spanOf, stepsOf } from "../queue/throughput.ts";
import { failureTable } from "./failures.ts";
import { rowTable } from "./list.ts";
import { spanTabs } from "./tasks.ts";

const SAMPLE = 1000;

/** The page. */
export async function taskPage(visit: QueueVisit): Promise<Content> {
  const { queue, url, nowMs } = visit;
  const name = url.searchParams.get("name") ?? "";
  const span = spanOf(url.searchParams.get("span"));
  const [{ tasks }, recent, { failures }] = await Promise.all([
    readTaskStats(queue, span, name),
    queue.huey.recent(SAMPLE),
    name === "" ? { failures: [] } : readFailures(queue, { taskName: name }),
  ]);
  const stats = tasks.get(name);
  const definition = queue.core.registry.known().find((task) => task.name === name);
  const held = definition && await makeWrapper(queue.core, definition).isRevoked();
  const clockwork = definition?.periodic === undefined ? undefined : await periodicCard(visit, name);
  const rows = recent.filter((task) => task.name === name).map(recentRow);
  if (definition === undefined && stats === undefined && rows.length === 0) {
    return { title: "No such task", body: html`<p class="empty">Nothing is known of a task of this name.</p>`, status: 404 };
  }
  const body = html`
    <p>${listLinks(visit, name)}</p>
    <div class="grid2">
      <section class="card"><h2>${span.title}</h2>${throughputChart({
        title: `${name}, ${span.title}`,
        bars: stepsOf(stats?.rows ?? [], span, nowMs),
        stepMs: span.stepMs,
      })}</section>
      <section class="card"><h2>Numbers</h2>${stats === undefined
        ? html`<p class="empty">Nothing happened in this time.</p>`
        : numbers(stats.totals)}</section>
    </div>
    ${failuresOf(visit, failures)}
    ${clockwork}
    <section class="card"><h2>Run times</h2>${runTimes(span, stats)}</section>
    <section class="card"><h2>Recent</h2>${rows.length === 0
      ? html`<p class="empty">None has ended lately.</p>`
      : rowTable(visit, "recent", rows.slice(0, 20), false)}</section>
  `;
  return {
    title: name,
    here: "tasks",
    body,
    aside: html`<div>${held ? badge("blocked", "held") : ""} ${taskActions(visit, name, held)} ${
      spanTabs(visit, "task", span, { name })
    }</div>`,
  };
}

function failuresOf(visit: QueueVisit, failures: Parameters<typeof failureTable>[1]): Html | "" {
  return failures.length === 0 ? "" : html`<section class="card"><h2>Errors</h2>${failureTable(visit, failures)}</section>`;
}

function listLinks(visit: QueueVisit, name: string): Html[] {
  return LISTS.map((list) =>
    html`
      <a class="tag" href="${queueLink(visit, `list/${list}`, { task: name })}">${LIST_TITLES[list]}</a>
    `
  );
}

function taskActions(visit: QueueVisit, name: string, held: boolean | undefined): Html | "" {
  if (held === undefined || !mayAct(visit)) return "";
  const fields = { task: name };
  const hold = {
    action: "hold",
    label: "Hold",
    fields,
    question:
      `Hold ${name}? Its invocations are dropped when their turn comes, and those that run are aborted, until it is released.`,
  };
  return html`<a class="button" href="${queueLink(visit, "enqueue", { task: name })}">Enqueue…</a>
    ${held ? actionButton(visit, { action: "release", label: "Release", fields }) : actionButton(visit, hold)}`;
}

function numbers(totals: Stats["totals"]): Html {
  const rows: readonly (readonly [string, string])[] = [
    ["Enqueued", count(totals.enqueued)],
    ["Completed", count(totals.completed)],
    ["Failed for good", count(totals.failed)],
    ["Retried", count(totals.retried)],
    ["Revoked, expired, canceled", count(totals.revoked + totals.expired + totals.canceled)],
    ["Recovered from dead workers", count(totals.recovered)],
    ["Run time, mean", duration(totals.runMean)],
    ["Run time, half below", duration(totals.runP50)],
    ["Run time, 95 % below", duration(totals.runP95)],
    ["Run time, longest", duration(totals.runMax)],
    ["Wait, mean", duration(totals.waitMean)],
    ["Wait, 95 % below", duration(totals.waitP95)],
  ];
  return html`<dl class="facts">${
    rows.map(([name, value]) =>
      html`
        <dt>${name}</dt>
        <dd>${value}</dd>
      `
    )
  }</dl>`;
}

function runTimes({ title }: Span, stats: TaskStats | undefined): Html {
  if (stats === undefined || stats.runTimes.length === 0) return html`<p class="empty">None has ended in this time.</p>`;
  const buckets = stats.runTimes.map((each) => ({ label: `up to ${duration(each.seconds)}`, value: each.count }));
  return histogram(`${title}; attempts that took longer than the row above`, buckets);
}
