/**
 * What the command line says of its commands.
 * @module
 */
import type { Option, OptionKind } from "../options/options.ts";
import { COMMAND_OPTIONS, hasOption } from "./arguments.ts";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";

/** A line for each command. */
export function commandsHelp(): string {
  const rows = COMMANDS.map(({ name, form = "", help }) => [`  ${name} APP ${form}`.trimEnd(), help] as const);
  const width = Math.max(...rows.map(([left]) => left.length > 30 ? 0 : left.length)) + 2;
  return rows.map(([left, right]) => left.length > 30 ? `${left}\n${" ".repeat(width)}${right}` : left.padEnd(width) + right)
    .join("\n");
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const { name, form = "", help } = command;
  const options = COMMAND_OPTIONS.filter((option) => hasOption(command, option));
  const rows = options.map((option) => optionForm(option).padEnd(30) + option.help);
  return [`Usage: huey-consumer ${name} APP ${form}`.trimEnd() + " [options]", "", help, "", "Options:", ...rows, "", EXIT]
    .join("\n");
}

const EXIT = "Exit codes: 0 done, 1 not there or failed, 2 wrong usage.\n";

/** What a help writes for the values of options that have no placeholder. */
const PLACEHOLDERS: Readonly<Partial<Record<OptionKind, string>>> = {
  integer: " N",
  number: " X",
  duration: " SECONDS",
  text: " PATH",
  list: " A,B",
};

/** An option as a help names it: `  -w, --workers N`. */
export function optionForm({ long, short, kind, choices, placeholder }: Option): string {
  const value = placeholder ?? choices?.join("|");
  return `  ${short === undefined ? "    " : `-${short}, `}--${long}${
    value === undefined ? PLACEHOLDERS[kind] ?? "" : ` ${value}`
  }`;
}
