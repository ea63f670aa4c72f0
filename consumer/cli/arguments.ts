/**
 * The command line: from arguments to options.
 * @module
 */
import { nearest } from "../../lib/primitives/arguments.ts";
import { type Applications, UsageError } from "../application/applications.ts";
import type { CommandCall } from "../commands/arguments.ts";
import { type Addresses, addressesOf } from "./addresses.ts";
import type { LoggingOptions } from "../log/logging.ts";
import { checkValue, COMMAND_KEYS, OPTIONS, ruleOf } from "../options/options.ts";
import type { Option } from "../options/options.ts";
import { resolveSettings } from "../options/settings.ts";
import type { ConsumerOptions } from "../options/settings.ts";
import { parseArgs } from "../options/parse_args.ts";
import type { Parsed } from "../options/parse_args.ts";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | {
    readonly kind: "run";
    readonly what: Applications;
    readonly options: ConsumerOptions;
    readonly logging: LoggingOptions;
  } & Addresses
  | {
    readonly kind: "health";
    readonly what: Applications;
    readonly json: boolean;
  }
  | CommandCall & { readonly kind: "command" };

/** What the first argument may be if it is the name of a command: no path, no URL and no option. */
const COMMAND_NAME = /^[a-z-]+$/;

/**
 * Parses the arguments of the command line. The commands beside `run` and `health` are loaded only where one may be meant.
 *
 * @param args Without the program.
 * @param canSearch Whether an application that is not named can be found.
 * @throws {UsageError} Naming the option, the value and the rule.
 */
export async function parseArguments(args: readonly string[], canSearch: boolean): Promise<Command> {
  const [name = "", ...rest] = args;
  if (!COMMAND_NAME.test(name) || name === "run" || name === "health") return parseCommand(args, canSearch);
  const { findCommand } = await import("../commands/commands.ts");
  const command = findCommand(name);
  if (command === undefined) return parseCommand(args, canSearch);
  const { parseCommandCall } = await import("../commands/arguments.ts");
  return { kind: "command", ...parseCommandCall(command, rest, canSearch) };
}

/**
 * Parses the arguments of `run`, which need not be named, and of `health`.
 *
 * @param args Without the program.
 * @param canSearch Whether an application that is not named can be found.
 * @throws {UsageError} Naming the option, the value and the rule.
 */
export function parseCommand(args: readonly string[], canSearch = false): Command {
  if (args[0] === "run") return parseCommand(args.slice(1), canSearch);
  const asksHealth = args[0] === "health";
  const parsed = parse(asksHealth ? args.slice(1) : args);
  if (parsed.help === true) return { kind: "help" };
  if (parsed.version === true) return { kind: "version" };
  const values = new Map<string, unknown>();
  for (const option of OPTIONS) {
    const value = valueOf(option, parsed[option.long]);
    if (value !== undefined) values.set(option.key, value);
  }
  const what = applicationsOf(parsed._.map(String), values, canSearch);
  if (asksHealth) return healthCommand(what, values);
  const options = consumerOptions(values, "targets" in what);
  refuseContradictions({ ...options, module: "app.ts" });
  return { kind: "run", what, options, logging: loggingOptions(values), ...addressesOf(values) };
}

function applicationsOf(targets: readonly string[], values: ReadonlyMap<string, unknown>, canSearch: boolean): Applications {
  const all = values.has("all");
  if (targets.length > 0 && values.has("config")) {
    throw new UsageError(`Give either a module or --config: ${targets.join(" ")} and ${values.get("config")}`);
  }
  if (targets.length > 0) return { targets, all };
  if (!canSearch || all) throw new UsageError("The module of the application is missing, such as ./app.ts or ./app.ts#huey");
  return { config: values.get("config") as string | undefined, autoload: !values.has("autoload") };
}

/** Options of the subcommand `health`. */
const HEALTH_KEYS: ReadonlySet<string> = new Set(["json", "all", "config", "autoload"]);

function healthCommand(what: Applications, values: ReadonlyMap<string, unknown>): Command {
  const extra = OPTIONS.find(({ key }) => values.has(key) && !HEALTH_KEYS.has(key));
  if (extra !== undefined) throw new UsageError(`${nameOf(extra)} means nothing to the command health`);
  return { kind: "health", what, json: values.has("json") };
}

/** What the constructor of a consumer would refuse, in the words of the command line. */
function refuseContradictions(options: ConsumerOptions): void {
  try {
    resolveSettings(options);
  } catch (error) {
    let { message } = error as Error;
    for (const { key, long, value } of OPTIONS) {
      const word = value === false ? `${key}: false` : key;
      message = message.replaceAll(new RegExp(`\\b${word}\\b`, "g"), `--${long}`);
    }
    throw new UsageError(message);
  }
}

function parse(args: readonly string[]): Parsed {
  const takesValue = (option: Option): boolean => option.kind !== "flag";
  const long = ({ long }: Option): string => long;
  return parseArgs(args, {
    boolean: OPTIONS.filter((option) => !takesValue(option)).map(long),
    string: [...OPTIONS.filter(takesValue).map(long), "_"],
    collect: OPTIONS.filter(takesValue).map(long),
    alias: Object.fromEntries(OPTIONS.flatMap(({ long, short }) => short === undefined ? [] : [[long, short]])),
    unknown: (argument, key) => {
      if (key === undefined) return true;
      throw new UsageError(`There is no option ${unknownOption(key)} (in ${JSON.stringify(argument)})`);
    },
  });
}

/** With the option that may be meant, also by its name in a program. */
function unknownOption(key: string): string {
  if (key.length === 1) return `-${key}`;
  const meant = nearest(key, OPTIONS.flatMap(({ long, key }) => [long, key]));
  const option = OPTIONS.find(({ long, key }) => meant === long || meant === key);
  return `--${key}${option === undefined ? "" : `, did you mean --${option.long}?`}`;
}

function valueOf(option: Option, given: unknown): unknown {
  if (option.kind === "flag") return given === true ? option.value : undefined;
  const texts = given as readonly unknown[];
  if (texts.length === 0) return undefined;
  const name = nameOf(option);
  if (texts.length > 1 && option.kind !== "list") {
    throw new UsageError(`${name} is given more than once${option.secret ? "" : `: ${texts.join(", ")}`}`);
  }
  const value = convert(option, texts.map(String));
  try {
    checkValue(option, value, name);
  } catch {
    throw new UsageError(`${name} must be ${ruleOf(option)}: ${JSON.stringify(texts.join(","))}`);
  }
  return value;
}

function convert(option: Option, texts: readonly string[]): unknown {
  const text = texts[0]!;
  if (option.kind === "list") return texts.flatMap((each) => each.split(",")).map((each) => each.trim());
  if (option.kind === "text" || option.kind === "choice") return text;
  return text.trim() === "" ? NaN : Number(text);
}

function nameOf({ long, short }: Option): string {
  return short === undefined ? `--${long}` : `-${short}, --${long}`;
}

/** Of an application that is found, the settings come before the defaults. */
function consumerOptions(values: ReadonlyMap<string, unknown>, isNamed: boolean): ConsumerOptions {
  const given = [...values].filter(([key]) => !COMMAND_KEYS.has(key));
  return { ...(isNamed ? { workerType: "thread" } : {}), ...Object.fromEntries(given) };
}

function loggingOptions(values: ReadonlyMap<string, unknown>): LoggingOptions {
  if (values.has("verbose") && values.has("quiet")) throw new UsageError("-v, --verbose and -q, --quiet exclude each other");
  if (values.has("simple") && values.has("json")) throw new UsageError("-S, --simple and --json exclude each other");
  const logfile = values.get("logfile") as string | undefined;
  return {
    ...(logfile === undefined ? {} : { logfile }),
    level: values.has("verbose") ? "debug" : values.has("quiet") ? "warning" : "info",
    format: values.has("json") ? "json" : values.has("simple") ? "simple" : "full",
  };
}
