/**
 * One invocation: where it is, what it was given, what it gave, what went wrong.
 * @module
 */
import { taskButton } from "../parts/actions.ts";
import { ago, count, duration, exact } from "../parts/format.ts";
import { drawGraph } from "../parts/graph.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { badge } from "../parts/state.ts";
import { mayAct, type QueueVisit } from "../parts/visit.ts";
import { graphOf } from "../queue/graph.ts";
import { type InvocationDetails, readInvocationDetails } from "../../lib/operation/invocation_details.ts";
import { HIDDEN, type Shown } from "../queue/shown.ts";
import { attempts } from "./attempts.ts";
import { timeline } from "./timeline.ts";

/** The page. */
export async function invocationPage(visit: QueueVisit): Promise<Content> {
  const id = visit.url.searchParams.get("id") ?? "";
  const found = id === "" || id.length > 4000 ? undefined : await readInvocationDetails(visit.queue.core, id);
  if (found === undefined) {
    const body = html`
      <section class="card">
        <p class="empty">Nothing is known of <code>${id.slice(0, 200)}</code>, or not any more.
            A task that has ended is known as long as its result waits to be read.</p>
      </section>
    `;
    return { title: "No such task", body, status: 404 };
  }
  const body = html`
    <p><span class="id" id="task-id">${found.id}</span> <button type="button" class="small" data-copy="${found
      .id}">Copy</button></p>
    ${found.status.revoked && !found.status.ended
      ? html`<p class="note">It is revoked: ${
        found.status.state === "running"
          ? "its signal is aborted, and it is not retried."
          : "it will be dropped when its turn comes."
      }</p>`
      : ""}
    ${problem(visit, found)}
    <div class="grid2">
      <section class="card"><h2>Timeline</h2>${timeline(visit, found)}</section>
      <section class="card"><h2>About</h2>${facts(visit, found)}</section>
    </div>
    ${attempts(visit, found)} ${data(visit, found)} ${graph(visit, found)}
  `;
  return { title: found.name === "" ? "Unreadable message" : found.name, body, aside: buttons(visit, found) };
}

function buttons(visit: QueueVisit, { id, name, status, deadLetter: letter }: InvocationDetails): Html {
  const state = badge(stateOf(status, letter));
  if (!mayAct(visit)) return html`<div>${state}</div>`;
  const of = name === "" ? "this message" : name;
  const due = status.state === "scheduled" || status.state === "retrying";
  return html`<div>${state}
    ${letter === undefined ? "" : [taskButton(visit, "retry", letter.id, of), " ", taskButton(visit, "delete", letter.id, of)]}
    ${due ? taskButton(visit, "run-now", id, of) : ""}
    ${
    status.ended || letter !== undefined || status.state === "unknown"
      ? ""
      : status.revoked
      ? taskButton(visit, "restore", id, of)
      : taskButton(visit, "cancel", id, of)
  }</div>`;
}

/** A failed task is known longer than its state. */
function stateOf({ state }: InvocationDetails["status"], letter: InvocationDetails["deadLetter"]): string {
  return state === "unknown" && letter !== undefined ? letter.kind === "failed" ? "failed" : "dead" : state;
}

function problem(visit: QueueVisit, { error, deadLetter: letter, status }: InvocationDetails): Html | "" {
  const { show } = visit.board;
  if (error === undefined) return "";
  const ofTask = status.ended || letter !== undefined ? "Error" : "Error of the last attempt";
  const title = letter === undefined || letter.kind === "failed" ? ofTask : "Why nobody could run it";
  const text = show.text(error.text);
  // A stack begins with the error itself.
  const stack = error.stack === undefined || !show.open ? undefined : show.text(error.stack);
  return html`<section class="card"><h2>${title}</h2><p class="failing">${text.text}${text.cut ? "…" : ""}</p>${
    stack === undefined ? "" : block(stack)
  }</section>`;
}

function facts({ nowMs, board }: QueueVisit, found: InvocationDetails): Html {
  const { task, running, status, recent, deadLetter: letter } = found;
  const worker = running?.worker ?? status.worker ?? recent?.worker;
  const tags = board.show.open ? Object.entries(task?.meta ?? {}) : [];
  const rows: (readonly [string, unknown] | undefined)[] = [
    ["State", stateOf(status, letter)],
    worker === undefined || worker === "" ? undefined : ["Worker", worker],
    running && ["Consumer", html`<span class="id">${running.consumer}</span>`],
    running && running.deliveries > 1 ? ["Handed out", `${count(running.deliveries)} times: a worker died with it`] : undefined,
    attemptsOf(found),
    task && ["Retries left", count(task.retries)],
    task && task.retryDelay > 0
      ? ["Retry delay", `${duration(task.retryDelay)}${task.retryBackoff > 0 ? `, times ${task.retryBackoff} after each` : ""}`]
      : undefined,
    task && task.priority !== 0 ? ["Priority", count(task.priority)] : undefined,
    task?.timeout === undefined ? undefined : ["Timeout", duration(task.timeout)],
    task?.expiresAt && ["Expires", html`${ago(task.expiresAt, nowMs)} <span class="muted">${exact(task.expiresAt)}</span>`],
    letter && ["Dead letter", html`<span class="id">${letter.id}</span>`],
    ...tags.map(([name, value]) => [`Tag ${name}`, value.slice(0, 500)] as const),
  ];
  return html`<dl class="facts">${
    rows.filter((row) => row !== undefined).map(([name, value]) =>
      html`
        <dt>${name}</dt>
        <dd>${value}</dd>
      `
    )
  }</dl>`;
}

function attemptsOf({ running, status, deadLetter: letter, recent }: InvocationDetails): readonly [string, string] | undefined {
  const attempts = running?.attempt ?? letter?.attempts ?? status.attempts ?? recent?.attempts;
  return attempts === undefined ? undefined : ["Attempts", count(attempts)];
}

function data(visit: QueueVisit, { task, value, progress, steps, status }: InvocationDetails): Html {
  const { show } = visit.board;
  const part = (title: string, shown: Shown | undefined, empty: string): Html =>
    html`<section class="card"><h2>${title}</h2>${
      shown === undefined ? html`<p class="muted">${empty}</p>` : block(shown)
    }</section>`;
  const noArgs = status.ended
    ? "Not known any more: the message goes when its task has ended."
    : "Not found among the first of its list.";
  return html`<div class="grid2">${part("Arguments", task && show.args(task), noArgs)}
    ${part("Value", value && show.value(value.value), status.ended ? "Nothing is stored, or it was read." : "None yet.")}</div>
    ${progress === undefined ? "" : html`<section class="card"><h2>Progress</h2>${progressOf(visit, progress)}</section>`}
    ${
    steps.size === 0 ? "" : html`
      <section class="card">
        <h2>Steps that are done</h2>
        <div class="scroll">
          <table>
            <tbody>${[...steps].slice(0, 100).map(([name, step]) =>
              html`
                <tr>
                  <th scope="row">${show.open ? name : HIDDEN}</th>
                  <td>${block(show.value(step))}</td>
                </tr>
              `
            )}</tbody>
          </table>
        </div>
      </section>
    `
  }`;
}

/** A share of 1, of 100, or `{ done, total }`, is drawn; anything else is written. */
function progressOf({ board: { show } }: QueueVisit, progress: unknown): Html {
  const part = show.open ? shareOf(progress) : undefined;
  const shown = show.value(progress);
  if (part === undefined) return block(shown);
  return html`
    <progress max="1" value="${part}" aria-label="Progress">${Math.round(part * 100)} %</progress>
    <p class="muted">${Math.round(part * 100)} %${typeof progress === "number" ? "" : html`
      · <code>${shown.text}</code>
    `}</p>
  `;
}

function shareOf(progress: unknown): number | undefined {
  const fraction = (done: unknown, total: unknown): number | undefined =>
    typeof done === "number" && typeof total === "number" && total > 0 && done >= 0 && done <= total ? done / total : undefined;
  if (typeof progress === "number") return fraction(progress, progress <= 1 ? 1 : 100);
  if (Array.isArray(progress) && progress.length === 2) return fraction(progress[0], progress[1]);
  if (typeof progress !== "object" || progress === null) return undefined;
  const { done, current, total, of, max } = progress as Record<string, unknown>;
  return fraction(done ?? current, total ?? of ?? max);
}

function block({ text, cut }: Shown): Html {
  return html`<pre>${text}</pre>${cut ? html`<p class="muted">Cut: this is the beginning.</p>` : ""}`;
}

function graph(visit: QueueVisit, { message }: InvocationDetails): Html | "" {
  const found = message && graphOf(message);
  return found === undefined ? "" : html`<section class="card"><h2>What follows</h2>${drawGraph(visit, found)}</section>`;
}
