/**
 * What went wrong in each attempt of a task, and what it logged.
 * @module
 */
import { ago } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { QueueVisit } from "../parts/visit.ts";
import { nameAndMessage } from "../../lib/primitives/error_record.ts";
import { isFailure } from "../../lib/operation/history.ts";
import type { InvocationDetails } from "../../lib/operation/invocation_details.ts";
import type { PastAttempt, TaskLine } from "../../lib/types/history.ts";
import type { Shown } from "../queue/shown.ts";

/**
 * The error of each attempt with its stack, the last one first. Nothing for a task whose first attempt has not ended.
 *
 * @param visit Of the page.
 * @param found The invocation.
 */
export function attempts(visit: QueueVisit, { history }: InvocationDetails): Html | "" {
  if (history.length === 0) return "";
  return html`<section class="card attempts"><h2>Attempts</h2>${
    history.toReversed().map((ended) => attempt(visit, ended))
  }</section>`;
}

function attempt({ board: { show }, nowMs }: QueueVisit, ended: PastAttempt): Html {
  const { attempt, outcome, endedAt, times, error, log } = ended;
  const text = error === undefined ? outcome : show.text(nameAndMessage(error)).text;
  const stack = error?.stack === undefined || !show.open ? undefined : show.text(error.stack);
  const head = html`
    <strong>Attempt ${attempt}</strong> <span class="muted">${ago(endedAt, nowMs)}${times > 1
      ? `, put off ${times} times`
      : ""}</span> <span
      class="${isFailure(ended) ? "failing" : "muted"}">${text}</span>
  `;
  if (stack === undefined && log.length === 0) return html`<p>${head}</p>`;
  return html`<details id="attempt-${attempt}-${outcome}"><summary>${head}</summary>${stack === undefined ? "" : block(stack)}${
    log.length === 0 ? "" : lines(log, (line) => show.text(line))
  }</details>`;
}

function lines(log: readonly TaskLine[], show: (text: string) => Shown): Html {
  return html`<ul class="log">${
    log.map(({ at, level, text }) =>
      html`<li class="${level}"><span class="muted">${at.toISOString().slice(11, 23)} ${level}</span> ${show(text).text}</li>`
    )
  }</ul>`;
}

function block({ text, cut }: Shown): Html {
  return html`<pre>${text}</pre>${cut ? html`<p class="muted">Cut: this is the beginning.</p>` : ""}`;
}
