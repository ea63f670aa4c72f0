/**
 * The tasks of a queue, each with how often it ran, failed, and how long it took.
 * @module
 */
import { numberHead, table } from "../parts/table.ts";
import { count, duration } from "../parts/format.ts";
import { sparkline } from "../parts/chart.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { leafLinks, leafThrough } from "../parts/leaf.ts";
import { queueLink, type QueueVisit } from "../parts/visit.ts";
import type { TaskStats } from "../../lib/statistics/by_task.ts";
import { readTaskStats, type Span, spanOf, SPANS, stepsOf } from "../queue/throughput.ts";

/** Tasks on one page. */
const PAGE_TASKS = 25;

/** The page. */
export async function tasksPage(visit: QueueVisit): Promise<Content> {
  const { queue, url } = visit;
  const span = spanOf(url.searchParams.get("span"));
  const { tasks, cut } = await readTaskStats(queue, span);
  const names = new Set([...queue.core.registry.known().map(({ name }) => name), ...tasks.keys()]);
  const sorted = [...names].sort((a, b) => ended(tasks.get(b)) - ended(tasks.get(a)) || (a < b ? -1 : 1));
  const leaf = leafThrough(visit, sorted, PAGE_TASKS);
  const body = html`
    ${cut ? html`<p class="note">There is more than was read: the beginning of the time is left out.</p>` : ""}
    <section class="card">${sorted.length === 0 ? html`<p class="empty">No task is known.</p>` : table(
      ["Task", "Over time", ...NUMBERS.map(numberHead)],
      leaf.rows.map((name) => row(visit, span, name, tasks.get(name))),
    )}</section>
    ${leafLinks(visit, "tasks", leaf, { span: span.name })}
  `;
  return { title: "Tasks", here: "tasks", body, aside: spanTabs(visit, "tasks", span) };
}

/** Links to the other spans. */
export function spanTabs(visit: QueueVisit, path: string, span: Span, query: Readonly<Record<string, string>> = {}): Html {
  return html`<div class="tabs" role="group" aria-label="Time">${
    Object.values(SPANS).map(({ name, title }) =>
      html`
        <a href="${queueLink(visit, path, { ...query, span: name })}" ${name === span.name
          ? html`
            aria-current="true"
          `
          : ""}>${title}</a>
      `
    )
  }</div>`;
}

function ended(stats: TaskStats | undefined): number {
  return stats === undefined ? 0 : stats.totals.completed + stats.totals.failed;
}

const NUMBERS = ["Enqueued", "Completed", "Failed", "Retried", "Mean", "p95", "Longest", "Wait p95"];

function row(visit: QueueVisit, span: Span, name: string, stats: TaskStats | undefined): Html {
  const totals = stats?.totals;
  const cells: readonly (readonly [string, string])[] = [
    ["Enqueued", count(totals?.enqueued ?? 0)],
    ["Completed", count(totals?.completed ?? 0)],
    ["Failed", count(totals?.failed ?? 0)],
    ["Retried", count(totals?.retried ?? 0)],
    ["Mean", duration(totals?.runMean)],
    ["p95", duration(totals?.runP95)],
    ["Longest", duration(totals?.runMax)],
    ["Wait p95", duration(totals?.waitP95)],
  ];
  const steps = stepsOf(stats?.rows ?? [], span, visit.nowMs);
  const failing = (totals?.failed ?? 0) > 0;
  return html`<tr data-row="${name}"><th scope="row"><a href="${queueLink(visit, "task", { name, span: span.name })}">${
    name === "" ? "(unreadable)" : name
  }</a></th><td>${sparkline(steps, `${name}, ${span.title}`)}</td>${
    cells.map(([label, text]) =>
      html`<td class="number${label === "Failed" && failing ? " failing" : ""}" data-label="${label}">${text}</td>`
    )
  }</tr>`;
}
