/**
 * What one task does by the clock: when, and how its runs have ended.
 * @module
 */
import { numberHead, table } from "../parts/table.ts";
import { ago, count, duration, exact } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import { inWords } from "../parts/schedule_words.ts";
import { badge } from "../parts/state.ts";
import type { QueueVisit } from "../parts/visit.ts";
import { readHours } from "../queue/history.ts";
import type { StatsRow } from "../../lib/types/statistics.ts";

/** Hours that are listed. */
const MOST_HOURS = 30;

/**
 * The card on the page of a periodic task.
 *
 * @param visit Of the page.
 * @param name The task.
 */
export async function periodicCard(visit: QueueVisit, name: string): Promise<Html | undefined> {
  const { queue, nowMs } = visit;
  const [tasks, hours] = await Promise.all([queue.huey.periodic(), readHours(queue, name, MOST_HOURS)]);
  const info = tasks.find((task) => task.name === name);
  if (info === undefined) return undefined;
  return html`<section class="card"><h2>By the clock</h2>
    <dl class="facts"><dt>Runs</dt><dd>${inWords(info.schedule)}</dd><dt>Next</dt><dd>${ago(info.next, nowMs)}</dd>
      <dt>Last</dt><dd>${ago(info.last, nowMs)}</dd></dl>
    ${hours.length === 0 ? html`<p class="empty">None has ended in the last 30 days.</p>` : hourTable(hours)}</section>`;
}

function hourTable(hours: readonly StatsRow[]): Html {
  const heads = ["Completed", "Failed", "Retried", "Mean", "Longest"];
  return table(["Hour", "Ended", ...heads.map(numberHead)], hours.map((hour) => hourRow(hour, heads)));
}

function hourRow(hour: StatsRow, heads: readonly string[]): Html {
  const { at, completed, failed, retried, revoked, expired, canceled, runMean, runMax } = hour;
  const others = { revoked, expired, canceled };
  const cells = [count(completed), count(failed), count(retried), duration(runMean), duration(runMax)];
  const states = [
    failed > 0 ? badge("failed") : completed > 0 ? badge("complete") : "",
    ...Object.entries(others).filter(([, number]) => number > 0).map(([state, number]) =>
      badge(state, `${count(number)} ${state}`)
    ),
  ];
  return html`<tr><th scope="row"><time datetime="${at.toISOString()}">${exact(at).slice(0, 16)}</time></th><td>${states}</td>${
    cells.map((text, index) =>
      html`<td class="number${index === 1 && failed > 0 ? " failing" : ""}" data-label="${heads[index]}">${text}</td>`
    )
  }</tr>`;
}
