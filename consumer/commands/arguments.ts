/**
 * The arguments of a command, from the command line to what the command is handed.
 * @module
 */
import { nearest } from "../../lib/primitives/arguments.ts";
import { type Applications, UsageError } from "../application/applications.ts";
import { parseArgs } from "../options/parse_args.ts";
import type { Command, CommandOptions } from "./command.ts";
import { readDurationMs } from "./durations.ts";

/** An option of commands. */
export interface CommandOption {
  readonly long: string;
  readonly short?: string;
  readonly key: keyof CommandOptions | "json" | "watch" | "config" | "autoload" | "help";
  readonly kind: "flag" | "text" | "count" | "duration";
  /** Of its value, in the help. */
  readonly placeholder?: string;
  readonly help: string;
}

/** The options of commands; which of them a command has, it says. */
export const COMMAND_OPTIONS: readonly CommandOption[] = [
  { long: "task", key: "task", kind: "text", placeholder: "NAME", help: "of this task only" },
  { long: "limit", key: "limit", kind: "count", placeholder: "N", help: "at most so many (default 50)" },
  { long: "since", key: "sinceMs", kind: "duration", placeholder: "1h", help: "how far back: 10s, 10m, 1h, 2d" },
  { long: "delay", key: "delayMs", kind: "duration", placeholder: "10s", help: "not before this time from now" },
  { long: "for", key: "forMs", kind: "duration", placeholder: "10m", help: "so long" },
  { long: "wait", key: "wait", kind: "flag", help: "wait for the value, and print it" },
  { long: "all", key: "all", kind: "flag", help: "all that there are" },
  { long: "yes", key: "yes", kind: "flag", help: "do it" },
  { long: "json", key: "json", kind: "flag", help: "print JSON, a line for each row" },
  { long: "watch", key: "watch", kind: "flag", help: "print it anew every two seconds" },
  { long: "config", key: "config", kind: "text", placeholder: "PATH", help: "the configuration, in the place of APP" },
  { long: "disable-autoload", short: "A", key: "autoload", kind: "flag", help: "do not import the modules with its tasks" },
  { long: "help", short: "h", key: "help", kind: "flag", help: "print this help" },
];

/** The options of every command. */
const COMMON: ReadonlySet<string> = new Set(["json", "config", "autoload", "help"]);

/** Whether a command has an option. */
export function hasOption(command: Command, { key }: CommandOption): boolean {
  if (key === "watch") return command.watch === true;
  return COMMON.has(key) || command.options.includes(key as keyof CommandOptions);
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
  const parsed = parse(command, given);
  const values = new Map<string, unknown>();
  for (const option of COMMAND_OPTIONS) {
    const value = valueOf(option, parsed[option.long]);
    if (value !== undefined) values.set(option.key, value);
  }
  const { targets, args } = split(command, parsed._.map(String), values);
  const call = {
    command,
    what: applicationOf(targets, values, canSearch, values.has("help")),
    args,
    options: Object.fromEntries([...values].filter(([key]) => command.options.includes(key as never))) as CommandOptions,
    json: values.has("json"),
    watch: values.has("watch"),
    help: values.has("help"),
  };
  if (!call.help) checkCall(call);
  return call;
}

function checkCall({ command, args, options }: CommandCall): void {
  const { name, form, least, most, check } = command;
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

function applicationOf(
  targets: readonly string[],
  values: ReadonlyMap<string, unknown>,
  canSearch: boolean,
  forHelp: boolean,
): Applications {
  if (targets.length > 0) return { targets, all: false };
  if (!canSearch && !forHelp) {
    throw new UsageError("The module of the application is missing, such as ./app.ts or ./app.ts#huey");
  }
  return { config: values.get("config") as string | undefined, autoload: !values.has("autoload") };
}

function parse(command: Command, given: readonly string[]): ReturnType<typeof parseArgs> {
  const known = COMMAND_OPTIONS.filter((option) => hasOption(command, option));
  const isFlag = ({ kind }: CommandOption): boolean => kind === "flag";
  const long = ({ long }: CommandOption): string => long;
  return parseArgs(given, {
    boolean: known.filter(isFlag).map(long),
    string: [...known.filter((option) => !isFlag(option)).map(long), "_"],
    collect: known.filter((option) => !isFlag(option)).map(long),
    alias: Object.fromEntries(known.flatMap(({ long, short }) => short === undefined ? [] : [[long, short]])),
    unknown: (argument, key) => {
      if (key === undefined) return true;
      const meant = nearest(key, known.map(long));
      const name = key.length === 1 ? `-${key}` : `--${key}${meant === undefined ? "" : `, did you mean --${meant}?`}`;
      throw new UsageError(`${command.name} has no option ${name} (in ${JSON.stringify(argument)})`);
    },
  });
}

function valueOf({ long, kind }: CommandOption, given: unknown): unknown {
  if (kind === "flag") return given === true ? true : undefined;
  const texts = (given ?? []) as readonly unknown[];
  if (texts.length === 0) return undefined;
  if (texts.length > 1) throw new UsageError(`--${long} is given more than once: ${texts.join(", ")}`);
  const text = String(texts[0]);
  if (kind === "text" && text !== "") return text;
  if (kind === "count" && /^\d{1,9}$/.test(text)) return Number(text);
  const ms = kind === "duration" ? readDurationMs(text) : undefined;
  if (ms !== undefined) return ms;
  const rule = { text: "a text", count: "a whole number", duration: "a length of time, such as 10s, 10m, 1h or 2d" }[kind];
  throw new UsageError(`--${long} must be ${rule}: ${JSON.stringify(text)}`);
}
