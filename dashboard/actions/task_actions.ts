/**
 * What can be done with tasks: one, a selection, or all that match.
 * @module
 */
import type { TaskAction } from "../parts/actions.ts";
import type { QueueVisit } from "../parts/visit.ts";
import { MOST_AT_ONCE, readAction } from "../pages/confirm.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { findRows } from "../queue/lists.ts";
import { readSearch } from "../queue/search.ts";
import { idsOf, Mistake } from "./form.ts";

/** What an action has done. */
export interface Done {
  /** A word of `done.ts`. */
  readonly word: string;
  /** For the log: with what. */
  readonly ids: readonly string[];
  /** With how many it was done. */
  readonly number: number;
  /** Where to go, where that is not where the form says. */
  readonly path?: string;
}

const WORDS: Readonly<Record<TaskAction, string>> = {
  cancel: "canceled",
  restore: "restored",
  retry: "retried",
  "run-now": "promoted",
  delete: "deleted",
};

/** So many are under way at once. */
const AT_ONCE = 20;

/**
 * Does something with the tasks that a form names.
 *
 * @param visit Of the form.
 * @param action What.
 * @param form What was sent.
 * @throws {Mistake} If it names no task.
 */
export async function actOnChosen(visit: QueueVisit, action: TaskAction, form: URLSearchParams): Promise<Done> {
  const ids = idsOf(form);
  return { word: WORDS[action], ids, number: await actOn(visit.queue.huey, action, ids) };
}

/**
 * Does something with all tasks that match, at most as many as the page before has said.
 *
 * @param visit Of the form.
 * @param form What was sent: the list, the action and the search.
 * @throws {Mistake} If there is no such list or action.
 */
export async function actOnAll(visit: QueueVisit, form: URLSearchParams): Promise<Done> {
  const wanted = readAction(form);
  if (wanted === undefined) throw new Mistake("There is no such action");
  const { rows } = await findRows(visit.queue, wanted.list, readSearch(form), visit.board.show);
  const ids = rows.slice(0, MOST_AT_ONCE).map(({ letter, id }) => letter ?? id);
  return { word: WORDS[wanted.action], ids, number: await actOn(visit.queue.huey, wanted.action, ids) };
}

async function actOn(huey: Huey, action: TaskAction, ids: readonly string[]): Promise<number> {
  let number = 0;
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const done = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => actOnOne(huey, action, id)));
    number += done.filter(Boolean).length;
  }
  return number;
}

/** @returns whether there was anything to do */
async function actOnOne(huey: Huey, action: TaskAction, id: string): Promise<boolean> {
  switch (action) {
    case "retry":
      return await huey.retry(id);
    case "run-now":
      return await huey.runNow(id);
    case "delete":
      return await huey.deleteDeadLetter(id);
    case "restore":
      return await huey.restoreById(id);
    case "cancel":
      await huey.revokeById(id, { once: true });
      return true;
  }
}
