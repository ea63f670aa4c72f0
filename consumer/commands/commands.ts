/**
 * Every command beside `run` and `health`, in the order of the help.
 * @module
 */
import { call, runPeriodic } from "./call.ts";
import { flush, pause, remove, restore, resume, retry, revoke, runNow } from "./change.ts";
import type { Command } from "./command.ts";
import { list } from "./list.ts";
import { show } from "./show.ts";
import { stats, status } from "./status.ts";

/** The commands. */
export const COMMANDS: readonly Command[] = [
  ...[status, list, show, stats, call, runPeriodic],
  ...[retry, revoke, restore, remove, runNow, pause, resume, flush],
];

/** The command of a name; `undefined` if there is none. */
export function findCommand(name: string | undefined): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}

/** The names of all. */
export function commandNames(): string[] {
  return COMMANDS.map(({ name }) => name);
}
