/**
 * What can be done with a queue and with its tasks as such.
 * @module
 */
import { parseExactly } from "../../lib/primitives/json.ts";
import { queueLink, type QueueVisit } from "../parts/visit.ts";
import { makeWrapper } from "../../lib/huey/task_function.ts";
import { beginningOf } from "../../lib/primitives/secrets.ts";
import type { Definition } from "../../lib/task/registry.ts";
import type { RegisteredTask } from "../../lib/types/calling.ts";
import { Mistake } from "./form.ts";
import type { Done } from "./task_actions.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Consumers take nothing more. */
export async function pauseQueue({ queue }: QueueVisit): Promise<Done> {
  await queue.huey.pause();
  return { word: "paused", ids: [], number: 1 };
}

/** Consumers go on. */
export async function resumeQueue({ queue }: QueueVisit): Promise<Done> {
  await queue.huey.resume();
  return { word: "resumed", ids: [], number: 1 };
}

/** A task does not run until it is released. @throws {Mistake} If it is not defined here. */
export async function holdTask(visit: QueueVisit, form: URLSearchParams): Promise<Done> {
  const task = definitionIn(visit, form);
  await visit.queue.huey.revokeAll(registered(task));
  return { word: "held", ids: [task.name], number: 1 };
}

/** A task runs again. @throws {Mistake} If it is not defined here. */
export async function releaseTask(visit: QueueVisit, form: URLSearchParams): Promise<Done> {
  const task = definitionIn(visit, form);
  await visit.queue.huey.restoreAll(registered(task));
  return { word: "released", ids: [task.name], number: 1 };
}

/** Enqueues a periodic task once, beside its schedule. @throws {Mistake} If it is not defined here. */
export async function runPeriodic(visit: QueueVisit, form: URLSearchParams): Promise<Done> {
  const task = definitionIn(visit, form);
  if (task.periodic === undefined) throw new Mistake(`${task.name} is no periodic task`);
  const { id } = await makeWrapper(visit.queue.core, task)();
  return { word: "enqueued", ids: [id], number: 1 };
}

/**
 * Enqueues a task as it was typed.
 *
 * @param visit Of the form.
 * @param form The task, its arguments as JSON, a delay and a priority.
 * @throws {Mistake} For what cannot be enqueued; nothing is.
 */
export async function enqueueTyped(visit: QueueVisit, form: URLSearchParams): Promise<Done> {
  const task = definitionIn(visit, form);
  const args = readArguments(form.get("args") ?? "", task);
  const delay = readDelay((form.get("delay") ?? "").trim());
  const priority = readPriority((form.get("priority") ?? "").trim());
  const wrapper = makeWrapper(visit.queue.core, task);
  const options = priority === undefined ? {} : { priority };
  const { id } = await stated(() => wrapper.with(delay === undefined ? options : { ...options, delay })(...args));
  return { word: "enqueued", ids: [id], number: 1, path: queueLink(visit, "invocation", { id }) };
}

function definitionIn({ queue }: QueueVisit, form: URLSearchParams): Definition {
  const name = form.get("task") ?? "";
  const found = queue.core.registry.known().find((task) => task.name === name);
  if (found === undefined) {
    throw new Mistake(
      name === "" ? "Choose a task" : `The program with this dashboard defines no task "${beginningOf(name, 200)}"`,
    );
  }
  return found;
}

/** Only the name counts where a task is held or released. */
function registered({ name }: Definition): RegisteredTask {
  return { kind: "function", name } as RegisteredTask;
}

function readArguments(text: string, { name, fn, context }: Definition): unknown[] {
  let value: unknown;
  try {
    value = parseExactly(text.trim() === "" ? "[]" : text);
  } catch (error) {
    if (error instanceof RangeError) throw new Mistake(error.message);
    throw new Mistake(`The arguments are no JSON: ${beginningOf((error as Error).message, 300)}`);
  }
  if (!Array.isArray(value)) throw new Mistake('The arguments must be a list, such as [1, "two"]');
  const least = Math.max(0, fn.length - (context ? 1 : 0));
  if (value.length < least) {
    throw new Mistake(`${name} takes at least ${least} argument${least === 1 ? "" : "s"}; ${value.length} given`);
  }
  return value;
}

function readDelay(text: string): number | undefined {
  if (text === "") return undefined;
  const found = /^(\d{1,9}(?:\.\d{1,6})?) ?([smhd]?)$/.exec(text);
  if (found === null) throw new Mistake("The delay must be a length of time, such as 10s, 5m, 1h or 2d");
  return Number(found[1]) * UNITS[found[2] || "s"]!;
}

function readPriority(text: string): number | undefined {
  if (text === "") return undefined;
  if (!/^-?\d{1,9}$/.test(text)) throw new Mistake("The priority must be a whole number");
  return Number(text);
}

/** What the library refuses is told as it says it; what the storage says is not for pages. */
async function stated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new Mistake(beginningOf(error.message, 500));
    throw error;
  }
}
