/**
 * The command line: from arguments to options.
 * @module
 */
import { existsSync } from "node:fs";
import { nearest } from "../../lib/primitives/arguments.ts";
import { type Applications, MISSING_MODULE, searchOf } from "../application/applications.ts";
import type { CommandCall } from "../commands/arguments.ts";
import { type Addresses, addressesOf } from "./endpoints.ts";
import { COMMAND_NAME } from "./early_signals.ts";
import type { LoggingOptions } from "../log/logging.ts";
import { COMMAND_KEYS, OPTIONS } from "../options/options.ts";
import { nameOf, readArguments, UsageError } from "../options/read_arguments.ts";
import { resolveSettings } from "../options/settings.ts";
import type { ConsumerOptions } from "../options/settings.ts";

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
  const { commandNames, findCommand } = await import("../commands/commands.ts");
  const command = findCommand(name);
  if (command === undefined) {
    if (!existsSync(name)) throw new UsageError(unknownCommand(name, commandNames()));
    return parseCommand(args, canSearch);
  }
  const { parseCommandCall } = await import("../commands/arguments.ts");
  return { kind: "command", ...parseCommandCall(command, rest, canSearch) };
}

function unknownCommand(name: string, names: readonly string[]): string {
  const meant = nearest(name, ["run", "health", "--help", "--version", ...names]);
  const advice = meant === undefined ? ", nor a module of that name" : `, did you mean ${meant}?`;
  return `There is no command ${JSON.stringify(name)}${advice}`;
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
  const { values, others } = readArguments(asksHealth ? args.slice(1) : args, OPTIONS, "There is no option");
  if (values.has("help")) return { kind: "help" };
  if (values.has("version")) return { kind: "version" };
  const what = applicationsOf(others, values, canSearch);
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
  if (!canSearch || all) throw new UsageError(MISSING_MODULE);
  return searchOf(values);
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
