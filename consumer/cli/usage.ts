/**
 * What the command line says of itself: its help, made from the table of options, and its version.
 * @module
 */
import { commandsHelp, optionForm } from "../commands/help.ts";
import { OPTIONS } from "../options/options.ts";
import type { Option } from "../options/options.ts";

const FORMS = `Usage: huey-consumer [run] [options] [MODULE[#EXPORT[:WORKERS]] ...]
       huey-consumer health [--json] [--all] [MODULE[#EXPORT] ...]
       huey-consumer COMMAND MODULE[#EXPORT] ... [--json] [--watch]
`;

const SYNOPSIS = `${FORMS}
Runs the tasks of the Huey that MODULE exports, for example: huey-consumer -w 4 ./app.ts
Several, each with its own workers: huey-consumer ./app.ts#mail ./app.ts#reports:8, or --all that MODULE exports.
The command health says whether a consumer serves the queue, and what waits; it ends with 0 if so, else with 1.
Without MODULE: of the application that huey.config.ts in this folder configures.
`;

const COMMANDS_TITLE = "Commands, with APP as MODULE; each has a --help of its own:";

const SIGNALS = `
Signals: SIGINT waits for running tasks, a second one does not; SIGTERM gives them the grace time; SIGHUP restarts;
SIGUSR1 and SIGUSR2 open the log file again (on Deno send SIGUSR2).
Exit codes: 0 stopped in order, 1 could not start, 2 wrong options, 130 forced by a second SIGINT.
`;

/** What follows the message about a mistake, which a whole help would push out of sight. */
export function shortUsage(): string {
  return `${FORMS}       huey-consumer --help\n`;
}

/** The whole help. */
export function usage(): string {
  const rows = OPTIONS.map((option) => [optionForm(option), helpOf(option)] as const);
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return [
    SYNOPSIS,
    COMMANDS_TITLE,
    commandsHelp(),
    "",
    "Options:",
    ...rows.map(([left, right]) => left.padEnd(width) + right),
    SIGNALS,
  ].join("\n");
}

function helpOf(option: Option): string {
  const limits = option.divisorOf === undefined ? "" : `, ${option.min} to ${option.max} and a divisor of ${option.divisorOf}`;
  const standard = option.default === undefined ? "" : ` (default ${option.default})`;
  return option.help + limits + standard;
}
