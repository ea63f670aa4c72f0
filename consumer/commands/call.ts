/**
 * `call` and `run-periodic`: enqueue a task by hand.
 * @module
 */
import { parseExactly } from "../../lib/primitives/json.ts";
import { showSafely } from "../../lib/primitives/log_text.ts";
import { makeRemote } from "../../lib/huey/task_function.ts";
import { type Command, fail, FAILED, isKnownTask } from "./command.ts";

/** `call APP TASK 1 '{"a":2}'`. */
export const call: Command = {
  name: "call",
  form: "TASK [JSON ...]",
  help: "enqueue a task with these arguments and print its id; after -- also negative numbers",
  least: 1,
  most: Infinity,
  options: ["delayMs", "wait"],
  check: ([, ...texts]) => texts.map(problemOf).find((problem) => problem !== undefined),
  run: async (request) => {
    const { core, args: [name = "", ...texts], options: { delayMs, wait }, printer } = request;
    if (!isKnownTask(request, name)) return FAILED;
    const task = makeRemote(core, core.registry.get(name));
    const args = texts.map(parseExactly);
    const result = await (delayMs === undefined ? task(...args) : task.with({ delay: { milliseconds: delayMs } })(...args));
    if (wait !== true) return printer.value({ id: result.id, duplicate: result.duplicate }, result.id);
    if (!printer.json) printer.value(result.id);
    const value = await result.get({ blocking: true });
    printer.value({ id: result.id, value }, showSafely(value));
  },
};

/** What is wrong with an argument as it was typed. */
function problemOf(text: string): string | undefined {
  try {
    parseExactly(text);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    return `An argument of a task is JSON, such as 1, '"text"' or '{"a": 2}': ${JSON.stringify(text)}`;
  }
}

/** `run-periodic APP TASK`. */
export const runPeriodic: Command = {
  name: "run-periodic",
  form: "TASK",
  help: "enqueue a periodic task now; its schedule stays",
  least: 1,
  run: async (request) => {
    const { core, args: [name = ""], printer } = request;
    if (!isKnownTask(request, name)) return FAILED;
    const definition = core.registry.get(name);
    if (definition.periodic === undefined) return fail(request, `Task ${JSON.stringify(name)} is not periodic: use call`);
    const { id } = await makeRemote(core, definition)();
    printer.value({ id }, id);
  },
};
