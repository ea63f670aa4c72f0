/**
 * The arguments of a command, from the command line to what the command is handed.
 * @module
 */
import { type Applications, MISSING_MODULE, searchOf } from "../application/applications.ts";
import { type Option, optionTable } from "../options/options.ts";
import { readArguments, UsageError } from "../options/read_arguments.ts";
import type { Command, CommandOptions } from "./command.ts";

/** The options of commands; which of them a command has, it says. */
export const COMMAND_OPTIONS: readonly Option[] = optionTable({
  task: { kind: "text", placeholder: "NAME", help: "of this task only" },
  limit: { kind: "count", placeholder: "N", help: "at most so many (default 50)" },
  sinceMs: { long: "since", kind: "length", placeholder: "1h", help: "how far back: 10s, 10m, 1h, 2d" },
  delayMs: { long: "delay", kind: "length", placeholder: "10s", help: "not before this time from now" },
  forMs: { long: "for", kind: "length", placeholder: "10m", help: "so long" },
  wait: { kind: "flag", help: "wait for the value, and print it" },
  all: { kind: "flag", help: "all that there are" },
  yes: { kind: "flag", help: "do it" },
  json: { kind: "flag", help: "print JSON, a line for each row" },
  watch: { kind: "flag", help: "print it anew every two seconds" },
  config: { kind: "text", placeholder: "PATH", help: "the configuration, in the place of APP" },
  autoload: { long: "disable-autoload", short: "A", kind: "flag", help: "do not import the modules with its tasks" },
  help: { short: "h", kind: "flag", help: "print this help" },
});

/** The options of every command. */
const COMMON: ReadonlySet<string> = new Set(["json", "config", "autoload", "help"]);

/** Whether a command has an option. */
export function hasOption(command: Command, { key }: Option): boolean {
  if (key === "watch") return command.watch === true;
  return COMMON.has(key) || isOwn(command, key);
}

function isOwn({ options = [] }: Command, key: string): boolean {
  return options.includes(key as keyof CommandOptions);
}

/** A command with its arguments. */
export interface CommandCall {
  readonly command: Command;
  readonly what: Applications;
  readonly args: readonly string[];
  readonly options: CommandOptions;
  readonly json: boolean;
  readonly watch: boolean;
  readonly help: boolean;
}

/**
 * Parses the arguments behind the name of a command.
 *
 * @param command The command.
 * @param given Without the program and the name.
 * @param canSearch Whether an application that is not named can be found.
 * @throws {UsageError} Naming what is wrong.
 */
export function parseCommandCall(command: Command, given: readonly string[], canSearch: boolean): CommandCall {
  const known = COMMAND_OPTIONS.filter((option) => hasOption(command, option));
  const { values, others } = readArguments(given, known, `${command.name} has no option`);
  const { targets, args } = split(command, others, values);
  const call = {
    command,
    what: targets.length > 0 ? { targets, all: false } : searchOf(values),
    args,
    options: Object.fromEntries([...values].filter(([key]) => isOwn(command, key))) as CommandOptions,
    json: values.has("json"),
    watch: values.has("watch"),
    help: values.has("help"),
  };
  if (call.help) return call;
  if (targets.length === 0 && !canSearch) throw new UsageError(MISSING_MODULE);
  checkCall(call);
  return call;
}

function checkCall({ command, args, options }: CommandCall): void {
  const { name, form = "", least = 0, most = least, check } = command;
  if (args.length < least) throw new UsageError(`${name} needs more: ${name} APP ${form}`);
  if (args.length > most) {
    throw new UsageError(`${name} takes no ${JSON.stringify(args[most])}: ${`${name} APP ${form}`.trim()}`);
  }
  const wrong = check?.(args, options);
  if (wrong !== undefined) throw new UsageError(wrong);
}

/** The application comes first, unless its configuration is named, or the only argument could not be one. */
function split(
  command: Command,
  all: readonly string[],
  values: ReadonlyMap<string, unknown>,
): { targets: string[]; args: string[] } {
  if (values.has("config")) return { targets: [], args: [...all] };
  const isAlone = all.length === 1 && command.least === 1 && command.check?.(all, {}) === undefined &&
    !looksLikeModule(all[0]!);
  return isAlone ? { targets: [], args: [...all] } : { targets: all.slice(0, 1), args: all.slice(1) };
}

function looksLikeModule(text: string): boolean {
  return /[./#\\]/.test(text);
}
