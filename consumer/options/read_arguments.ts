/**
 * From the arguments of a command line to the values of options, by a table of them. The one file that touches `@std/cli`.
 * @module
 */
// @ts-ignore -- the npm package has no types, that of JSR has
import { parseArgs as untyped } from "#std/cli/parse-args";
import { nearest } from "../../lib/primitives/arguments.ts";
import { checkValue, type Option, ruleOf } from "./options.ts";

/** The parts of `parseArgs` that are used; the copy on npm has no types. */
interface ParseOptions {
  readonly boolean: readonly string[];
  readonly string: readonly string[];
  /** Keep every value of these, as a list. */
  readonly collect: readonly string[];
  /** Told of what is neither an option that is known nor a value; `key` is missing for a plain argument. */
  readonly unknown: (argument: string, key?: string) => unknown;
}

type Parsed = Record<string, unknown> & { readonly _: readonly (string | number)[] };
const parseArgs: (args: readonly string[], options: ParseOptions) => Parsed = untyped as never;

/** The command line is wrong; the message is a whole sentence for the user. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** What a command line gives. */
export interface GivenArguments {
  /** By the keys of options. Who asks for the help or the version gets that, whatever else is given. */
  readonly values: ReadonlyMap<string, unknown>;
  /** The arguments that are no options. */
  readonly others: readonly string[];
}

/**
 * Reads arguments.
 *
 * @param args Without the program, and the name of a command.
 * @param options The options that there are.
 * @param refusal How the refusal of any other begins: `There is no option`.
 * @throws {UsageError} Naming the option, the value and the rule.
 */
export function readArguments(args: readonly string[], options: readonly Option[], refusal: string): GivenArguments {
  const longOf = (isFlag: boolean): string[] =>
    options.filter(({ kind }) => (kind === "flag") === isFlag).map(({ long }) => long);
  const parsed = parseArgs(inLongForm(args, options, refusal), {
    boolean: longOf(true),
    string: [...longOf(false), "_"],
    collect: longOf(false),
    unknown: (argument, key) => {
      if (key === undefined) return true;
      throw new UsageError(`${refusal} ${unknownOption(key, options)} (in ${JSON.stringify(argument)})`);
    },
  });
  const others = parsed._.map(String);
  const asked = ["help", "version"].find((long) => parsed[long] === true);
  if (asked !== undefined) return { values: new Map([[asked, true]]), others };
  const values = options.map((option) => [option.key, valueOf(option, parsed[option.long])] as const);
  return { values: new Map(values.filter(([, value]) => value !== undefined)), others };
}

/** The arguments without short options, which the parser reads otherwise than people do: it drops both of `-fw3`, and the flag of `-n=3`. */
function inLongForm(args: readonly string[], options: readonly Option[], refusal: string): string[] {
  const plain = args.includes("--") ? args.indexOf("--") : args.length;
  return args.flatMap((argument, index) => {
    if (index >= plain || argument === "-" || !argument.startsWith("-")) return [argument];
    if (!argument.startsWith("--")) return longForms(argument, options, refusal);
    const [long, value] = argument.slice(2).split(/=(.*)/s);
    const option = options.find((option) => option.long === long);
    if (option?.kind === "flag" && value !== undefined) throw takesNoValue(option, argument);
    return [argument];
  });
}

/** `-fw3`, `-fw=3` and `-fw` as the long options that they mean. */
function longForms(argument: string, options: readonly Option[], refusal: string): string[] {
  const forms: string[] = [];
  for (let index = 1; index < argument.length; index++) {
    const letter = argument[index]!;
    const option = options.find(({ short }) => short === letter);
    if (option === undefined) throw new UsageError(`${refusal} -${letter} (in ${JSON.stringify(argument)})`);
    const rest = argument.slice(index + 1);
    if (option.kind !== "flag") {
      return [...forms, rest === "" ? `--${option.long}` : `--${option.long}=${rest.replace(/^=/, "")}`];
    }
    if (rest.startsWith("=")) throw takesNoValue(option, argument);
    forms.push(`--${option.long}`);
  }
  return forms;
}

function takesNoValue(option: Option, argument: string): UsageError {
  return new UsageError(`${nameOf(option)} takes no value (in ${JSON.stringify(argument)})`);
}

/** With the option that may be meant, also by its name in a program. */
function unknownOption(key: string, options: readonly Option[]): string {
  const meant = nearest(key, options.flatMap(({ long, key }) => [long, key]));
  const option = options.find(({ long, key }) => meant === long || meant === key);
  return `--${key}${option === undefined ? "" : `, did you mean --${option.long}?`}`;
}

function valueOf(option: Option, given: unknown): unknown {
  if (option.kind === "flag") return given === true ? option.value : undefined;
  const texts = (given as readonly unknown[]).map(String);
  if (texts.length === 0) return undefined;
  const name = nameOf(option);
  if (texts.length > 1 && option.kind !== "list") {
    throw new UsageError(`${name} is given more than once${option.secret ? "" : `: ${texts.join(", ")}`}`);
  }
  const value = convert(option, texts);
  try {
    checkValue(option, value, name);
  } catch {
    throw new UsageError(`${name} must be ${ruleOf(option)}: ${JSON.stringify(texts.join(","))}`);
  }
  return value;
}

function convert({ kind }: Option, texts: readonly string[]): unknown {
  const text = texts[0]!;
  switch (kind) {
    case "list":
      return texts.flatMap((each) => each.split(",")).map((each) => each.trim());
    case "text":
    case "choice":
      return text;
    case "count":
      return /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    case "length":
      return readDurationMs(text);
    default:
      return text.trim() === "" ? NaN : Number(text);
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { "": 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The milliseconds of a text such as `10`, `10s`, `1.5h`, `2d`; a bare number is seconds. @returns `NaN` if it is none */
export function readDurationMs(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(text.trim()) ?? [];
  return Number(number) * UNIT_MS[unit]!;
}

/** An option as errors call it: `-w, --workers`. */
export function nameOf({ long, short }: Option): string {
  return short === undefined ? `--${long}` : `-${short}, --${long}`;
}
