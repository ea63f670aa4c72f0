/**
 * Commands that change what is in a queue, or how it works.
 * @module
 */
import { restoreKey, revokeAll, taskRevocationKey } from "../../lib/control/revocation.ts";
import { type Command, fail, FAILED, isKnownTask, type Request } from "./command.ts";
import { showSeconds } from "./records.ts";

/** `retry APP ID...`, or `--all`. */
export const retry: Command = {
  name: "retry",
  form: "ID... | --all",
  help: "run failed, unknown or unreadable ones again",
  most: Infinity,
  options: ["all", "task"],
  check: (ids, { all, task }) => {
    if (all === true && ids.length > 0) return "retry takes ids or --all, not both";
    if (all !== true && ids.length === 0) return "retry takes the ids of those to run again, or --all";
    return task !== undefined && all !== true ? "--task goes with --all" : undefined;
  },
  run: async (request) => {
    const { huey, core, options: { all, task }, printer } = request;
    if (all === true) {
      // A thousand at a time, until there are no more; what fails anew meanwhile is not taken again.
      const before = new Date(core.clock.now());
      let retried = 0;
      for (let more = -1; more !== 0; retried += more) {
        more = await huey.retryAll({ before, ...task === undefined ? {} : { taskName: task } });
      }
      // Some may be of a task that only others know.
      if (retried === 0 && task !== undefined && !isKnownTask(request, task)) return FAILED;
      return printer.value({ retried }, `${retried} run again`);
    }
    return await eachId(request, (id) => huey.retry(id), "No failed task or dead letter", "runs again");
  },
};

/** `delete APP ID...`. */
export const remove: Command = {
  name: "delete",
  form: "ID...",
  help: "delete failed tasks or dead letters, by either id",
  least: 1,
  most: Infinity,
  run: (request) => eachId(request, (id) => request.huey.deleteDeadLetter(id), "No failed task or dead letter", "is deleted"),
};

/** `run-now APP ID...`. */
export const runNow: Command = {
  name: "run-now",
  form: "ID...",
  help: "run scheduled tasks now",
  least: 1,
  most: Infinity,
  run: (request) => eachId(request, (id) => request.huey.runNow(id), "No scheduled task", "runs as soon as a worker is free"),
};

/** `revoke APP ID`, or `--task`. */
export const revoke: Command = {
  name: "revoke",
  form: "ID | --task NAME",
  help: "stop one before it runs, or while it runs; or all of a task until it is restored",
  most: 1,
  options: ["task"],
  check: idOrTask,
  run: async (request) => {
    const { huey, core, args: [id], options: { task }, printer, complain } = request;
    if (id === undefined) {
      if (!isKnownTask(request, task!)) return FAILED;
      await revokeAll(core, task!, {});
      return printer.say(`Task ${task} is revoked until it is restored`);
    }
    const { state, ended } = await huey.state(id);
    if (state === "unknown") complain(`Nothing is known of ${JSON.stringify(id)}: it will be stopped if it comes`);
    if (ended) complain(`${id} has ended already: ${state}`);
    await huey.revokeById(id);
    printer.say(`${id} is revoked`);
  },
};

/** `restore APP ID`, or `--task`. */
export const restore: Command = {
  name: "restore",
  form: "ID | --task NAME",
  help: "end a revocation",
  most: 1,
  options: ["task"],
  check: idOrTask,
  run: async (request) => {
    const { huey, core, args: [id], options: { task }, printer } = request;
    if (id === undefined && !isKnownTask(request, task!)) return FAILED;
    const restored = id === undefined ? await restoreKey(core, taskRevocationKey(task!)) : await huey.restoreById(id);
    if (!restored) return fail(request, `${id ?? task} is not revoked`);
    printer.say(`${id ?? task} is restored`);
  },
};

/** `pause APP`. */
export const pause: Command = {
  name: "pause",
  help: "consumers claim nothing from now on, or for so long; what runs goes on",
  options: ["forMs"],
  run: async ({ huey, options: { forMs }, printer }) => {
    await huey.pause(forMs === undefined ? {} : { until: { milliseconds: forMs } });
    printer.say(`Queue "${huey.name}" is paused ${forMs === undefined ? "until resume" : `for ${showSeconds(forMs / 1000)}`}`);
  },
};

/** `resume APP`. */
export const resume: Command = {
  name: "resume",
  help: "end the pause",
  run: async (request) => {
    const { huey, printer } = request;
    if (!await huey.resume()) return fail(request, `Queue "${huey.name}" was not paused`);
    printer.say(`Queue "${huey.name}" works again`);
  },
};

/** `flush APP --yes`. */
export const flush: Command = {
  name: "flush",
  form: "--yes",
  help: "delete everything that the queue has",
  options: ["yes"],
  check: (_args, { yes }) =>
    yes === true ? undefined : "flush deletes every task, result and lock of the queue: confirm it with --yes",
  run: async ({ huey, printer }) => {
    await huey.flush();
    printer.say(`Queue "${huey.name}" is empty`);
  },
};

function idOrTask(ids: readonly string[], { task }: Request["options"]): string | undefined {
  if (ids.length > 0 && task !== undefined) return "Give an id or --task, not both";
  return ids.length === 0 && task === undefined ? "Give an id, or --task with the name of a task" : undefined;
}

/** Does the same with each id; what is not there is told, and the rest is done all the same. */
async function eachId(
  request: Request,
  work: (id: string) => Promise<boolean>,
  nothing: string,
  done: string,
): Promise<number | void> {
  let code: number | undefined;
  for (const id of request.args) {
    if (await work(id)) request.printer.value({ id }, `${id} ${done}`);
    else code = fail(request, `${nothing} has the id ${JSON.stringify(id)}`);
  }
  return code;
}
