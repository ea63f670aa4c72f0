/**
 * The options of a consumer: one table behind the constructor, the command line, its help and the documentation.
 * @module
 */
import { checkKeys, show } from "../../lib/primitives/arguments.ts";
import { durationMs } from "../../lib/primitives/time.ts";
import type { Duration } from "../../lib/primitives/time.ts";
import type { ConsumerOptions } from "./settings.ts";

/** What an option takes. `flag` takes nothing and sets `value`; `count` and `length` are of commands: `50`, and `10m`. */
export type OptionKind = "flag" | "integer" | "number" | "duration" | "text" | "list" | "choice" | "count" | "length";

/** One option. */
export interface Option {
  readonly long: string;
  readonly short?: string;
  /** Name in `ConsumerOptions`, or of a setting of the command line only. */
  readonly key: string;
  readonly kind: OptionKind;
  /** What a flag sets. */
  readonly value?: boolean;
  /** Where it is not given, and in the help; that of the worker type is of the command line only. */
  readonly default?: string | number;
  readonly min?: number;
  readonly max?: number;
  readonly divisorOf?: number;
  readonly choices?: readonly string[];
  /** What the help writes for its value. */
  readonly placeholder?: string;
  readonly help: string;
  /** Its value is not repeated in errors. */
  readonly secret?: boolean;
}

/** An option as its table has it. */
type OptionRow = Omit<Option, "key" | "long"> & { readonly long?: string };

/** A table of options, by their keys. The long form is the key with dashes, and a flag sets `true`, unless a row says otherwise. */
export function optionTable<Key extends string>(rows: Readonly<Record<Key, OptionRow>>): readonly Option[] {
  return Object.entries<OptionRow>(rows).map(([key, row]) => {
    const long = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return { key, long, ...(row.kind === "flag" ? { value: true } : {}), ...row };
  });
}

const COMMAND_ONLY = [
  ...["config", "autoload", "all", "logfile", "verbose", "quiet", "simple", "json", "help", "version"] as const,
  ...["healthPort", "healthHost", "metricsPort", "dashboard", "dashboardToken"] as const,
] as const;

/** Keys of the table that are not options of a `Consumer`. */
export const COMMAND_KEYS: ReadonlySet<string> = new Set(COMMAND_ONLY);

/** All of `ConsumerOptions` but what the command line says in other words, and what belongs to it alone. */
type OptionKey = Exclude<keyof ConsumerOptions, "module" | "exportName"> | typeof COMMAND_ONLY[number];

/** Every option of the command line, in the order of the help. */
export const OPTIONS: readonly Option[] = optionTable<OptionKey>({
  logfile: { short: "l", kind: "text", help: "append the log to this file instead of standard error" },
  verbose: { short: "v", kind: "flag", help: "log everything (level debug)" },
  quiet: { short: "q", kind: "flag", help: "log warnings and errors only" },
  simple: { short: "S", kind: "flag", help: "log time and message only" },
  json: { kind: "flag", help: "log one JSON object per line" },
  workers: { short: "w", kind: "integer", default: 1, min: 1, max: 100_000, help: "number of workers" },
  workerType: {
    short: "k",
    kind: "choice",
    default: "thread",
    choices: ["greenlet", "thread", "process"],
    help: "where tasks run: asynchronous slots here, Web Workers, or child processes",
  },
  concurrency: { kind: "integer", default: 1, min: 1, max: 100_000, help: "tasks at once in each worker" },
  initialDelay: {
    long: "delay",
    short: "d",
    kind: "duration",
    default: 0.1,
    min: 0.001,
    help: "shortest poll interval, of storages that poll",
  },
  maxDelay: { short: "m", kind: "duration", default: 10, min: 0.001, help: "longest poll interval" },
  backoff: { short: "b", kind: "number", default: 1.15, min: 1, help: "growth of the poll interval" },
  healthCheckInterval: {
    short: "c",
    kind: "duration",
    default: 10,
    min: 0.1,
    help: "how often workers and scheduler are checked",
  },
  checkWorkerHealth: {
    long: "disable-health-check",
    short: "C",
    kind: "flag",
    value: false,
    help: "do not check, and do not replace workers that died",
  },
  flushLocks: { short: "f", kind: "flag", help: "clear known locks at the start" },
  extraLocks: { short: "L", kind: "list", help: "clear these locks as well, separated by commas; implies --flush-locks" },
  maxTasks: { short: "M", kind: "integer", min: 1, help: "replace a worker after so many tasks" },
  schedulerInterval: {
    short: "s",
    kind: "duration",
    default: 1,
    min: 1,
    max: 60,
    divisorOf: 60,
    help: "longest sleep of the scheduler",
  },
  periodic: { long: "no-periodic", short: "n", kind: "flag", value: false, help: "do not enqueue periodic tasks" },
  grace: { kind: "duration", default: 10, min: 0, help: "time that running tasks get at SIGTERM, and when they are revoked" },
  lease: { kind: "duration", default: 15, min: 0.1, help: "take over the tasks of a consumer that is silent for so long" },
  healthPort: {
    kind: "integer",
    min: 0,
    max: 65535,
    help: "answer /live, /ready, /health and /metrics over HTTP at this port",
  },
  healthHost: { kind: "text", placeholder: "HOST", default: "127.0.0.1", help: "the address to answer at" },
  metricsPort: {
    kind: "integer",
    min: 0,
    max: 65535,
    help: "answer /metrics at this port of 127.0.0.1, as the health port does",
  },
  dashboard: {
    kind: "text",
    placeholder: "[HOST:]PORT",
    help: "serve the dashboard there; HOST is 127.0.0.1 if left out, any other needs a token",
  },
  dashboardToken: {
    kind: "text",
    placeholder: "TOKEN",
    secret: true,
    help: "who has it may use the dashboard; better in the environment, as HUEY_DASHBOARD_TOKEN",
  },
  all: { kind: "flag", help: "serve all Hueys that the module exports" },
  config: { kind: "text", help: "the configuration of an application that is not named" },
  autoload: {
    long: "disable-autoload",
    short: "A",
    kind: "flag",
    value: false,
    help: "do not import the modules with its tasks",
  },
  version: { kind: "flag", help: "print the version" },
  help: { short: "h", kind: "flag", help: "print this help" },
});

/** The option behind a key of `ConsumerOptions`; `undefined` for what a program cannot give. */
export function optionOf(key: string): Option | undefined {
  return COMMAND_KEYS.has(key) ? undefined : OPTIONS.find((option) => option.key === key);
}

/**
 * Checks names and values of options that a program gives: a constructor, or a configuration.
 *
 * @param options As given.
 * @param of What takes them, as the subject of a sentence.
 * @param others Options that are checked elsewhere.
 * @param prefix What stands before the name of an option in an error: `consumer.`.
 * @throws {TypeError} For an option that does not exist, or a value of a wrong type.
 * @throws {RangeError} For a value out of range.
 */
export function checkConsumerOptions(options: object, of: string, others: readonly string[] = [], prefix: string = ""): void {
  const known = OPTIONS.map(({ key }) => key).filter((key) => !COMMAND_KEYS.has(key));
  checkKeys(options, of, [...new Set(known), ...others, ...commandKeysOf(options)]);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || others.includes(key)) continue;
    const option = optionOf(key);
    if (option === undefined) throw new TypeError(`${of} has no option ${JSON.stringify(key)}: it is one of the command line`);
    checkValue(option, value, `${prefix}${key}`);
  }
}

/** Options of the command line that were given: they have a refusal of their own. */
function commandKeysOf(options: object): string[] {
  return typeof options === "object" && options !== null ? Object.keys(options).filter((key) => COMMAND_KEYS.has(key)) : [];
}

/** The number that an option has where none is given. */
export function defaultOf(key: string): number {
  return optionOf(key)!.default as number;
}

/** What an option demands of its value, as part of a sentence: `a whole number, at least 1`. */
export function ruleOf(option: Option): string {
  const { kind, min, max, divisorOf, choices } = option;
  if (kind === "choice") return `one of ${choices?.join(", ")}`;
  const nouns: Record<OptionKind, string> = {
    flag: "true or false",
    integer: "a whole number",
    number: "a number",
    duration: "a number of seconds",
    text: "a text",
    list: "a list of names",
    choice: "",
    count: "a whole number",
    length: "a length of time, such as 10s, 10m, 1h or 2d",
  };
  const parts = [nouns[kind]];
  if (min !== undefined && max !== undefined) parts.push(`from ${min} to ${max}`);
  else if (min !== undefined) parts.push(`at least ${min}`);
  if (divisorOf !== undefined) parts.push(`that divides ${divisorOf}`);
  return parts.join(divisorOf === undefined ? ", " : " ");
}

/**
 * Checks a value against the table.
 *
 * @param option The option.
 * @param value What was given.
 * @param name How to call the option in an error: `workers`, or `--workers`.
 * @throws {TypeError} If the value is of another type.
 * @throws {RangeError} If it is out of range.
 */
export function checkValue(option: Option, value: unknown, name: string): void {
  const failure = `${name} must be ${ruleOf(option)}: ${show(value)}`;
  switch (option.kind) {
    case "flag":
      if (typeof value !== "boolean") throw new TypeError(failure);
      return;
    case "integer":
    case "number":
    case "count":
    case "length":
      return checkNumber(option, value, failure);
    case "duration":
      return checkDuration(option, value, name, failure);
    case "text":
      if (typeof value !== "string") throw new TypeError(failure);
      if (value === "") throw new RangeError(failure);
      return;
    case "list":
      if (!Array.isArray(value) || value.some((each) => typeof each !== "string")) throw new TypeError(failure);
      if (value.some((each) => each === "")) throw new RangeError(failure);
      return;
    case "choice":
      if (typeof value !== "string") throw new TypeError(failure);
      if (!option.choices?.includes(value)) throw new RangeError(failure);
  }
}

function checkNumber(option: Option, value: unknown, failure: string): void {
  if (typeof value !== "number") throw new TypeError(failure);
  const whole = ["number", "length"].includes(option.kind) || Number.isInteger(value);
  if (!Number.isFinite(value) || !whole || !inRange(option, value)) throw new RangeError(failure);
}

function checkDuration(option: Option, value: unknown, name: string, failure: string): void {
  const seconds = durationMs(value as Duration, name) / 1000;
  if (!inRange(option, seconds)) throw new RangeError(failure);
}

function inRange(option: Option, value: number): boolean {
  const { min = -Infinity, max = Infinity, divisorOf } = option;
  return value >= min && value <= max && (divisorOf === undefined || divisorOf % value === 0);
}
