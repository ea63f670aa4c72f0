/**
 * A form that enqueues a task by hand.
 * @module
 */
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import { queueLink, type QueueVisit } from "../parts/visit.ts";

/** What was typed, and what is wrong with it. */
export interface Typed {
  readonly task: string;
  readonly args: string;
  readonly delay: string;
  readonly priority: string;
  readonly problem: string | undefined;
}

const MOST_NAMES = 1000;

/** The page, with the name of the task of the address. */
export function enqueuePage(visit: QueueVisit): Content {
  const task = visit.url.searchParams.get("task") ?? "";
  return enqueueForm(visit, { task, args: "[]", delay: "", priority: "", problem: undefined });
}

/**
 * The form with what was typed.
 *
 * @param visit Of the page.
 * @param typed What was typed, and what is wrong with it.
 */
export function enqueueForm(visit: QueueVisit, { task, args, delay, priority, problem }: Typed): Content {
  const names = visit.queue.core.registry.known().map(({ name }) => name).slice(0, MOST_NAMES);
  const chosen = (name: string): Html | "" =>
    name === task
      ? html`
        selected
      `
      : "";
  const body = html`
    ${problem === undefined ? "" : html`<p class="alert bad" role="alert" id="problem">${problem}</p>`}
    <form class="card form" method="post" action="${queueLink(visit, "act/enqueue")}">
      <div><label for="task">Task</label><select id="task" name="task" required>
        <option value="">Choose a task</option>${names.map((name) =>
          html`
            <option value="${name}" ${chosen(name)}>${name}</option>
          `
        )}
      </select></div>
      <div><label for="args">Arguments, as a JSON list</label>
        <textarea id="args" name="args" spellcheck="false" autocomplete="off" aria-describedby="args-help">${args}</textarea>
        <p class="muted" id="args-help">For example <code>["ada@example.org", {"copies": 2}]</code>; <code>[]</code> if it takes none.</p></div>
      <div class="row">
        <div><label for="delay">Delay</label><input id="delay" name="delay" value="${delay}" placeholder="10s, 5m, 1h" maxlength="20"></div>
        <div><label for="priority">Priority</label><input id="priority" name="priority" value="${priority}" inputmode="numeric" placeholder="of the task" maxlength="10"></div>
      </div>
      <div><button class="strong">Enqueue</button></div>
    </form>
  `;
  return { title: "Enqueue a task", here: "enqueue", body, live: false, ...(problem === undefined ? {} : { status: 400 }) };
}
