/**
 * Rules for the values of options. A table of rules says at one place which options there are and what each of them takes.
 * @module
 */
import {
  checkBoolean,
  checkFunction,
  checkKeys,
  checkName,
  checkNumber,
  checkOneOf,
  checkText,
  isOptions,
  show,
} from "./arguments.ts";
import { type Duration, durationMs, type Instant, instantMs, isInstant } from "./time.ts";

/** Refuses a wrong value with an error that names the option, the value and the rule. It is not asked about `undefined`. */
export type Rule = (value: unknown, name: string) => void;

/** A rule for each option, so that the compiler sees when one is missing. */
export type Rules<O> = { readonly [K in keyof O]-?: Rule };

interface NumberRule {
  readonly min?: number;
  readonly max?: number;
}

interface DurationRule {
  /** Whether it may be less than zero. Default false. */
  readonly negative?: boolean;
  /** Whether it must be more than zero; says why. */
  readonly positive?: string | true;
}

/** Rules without limits of their own. */
type PlainRule =
  | ("boolean" | "text" | "name" | "string" | "texts" | "object" | "fn")
  | ("instant" | "ttl" | "signal" | "clock" | "any");

/** The rules. */
export const rule: Readonly<Record<PlainRule, Rule>> & {
  readonly number: (limits?: NumberRule) => Rule;
  readonly whole: (limits?: NumberRule) => Rule;
  readonly duration: (limits?: DurationRule) => Rule;
  readonly moment: (limits?: DurationRule) => Rule;
  readonly oneOf: (...words: string[]) => Rule;
} = {
  boolean: checkBoolean,
  /** Not empty. */
  text: checkText,
  /** Of an id or a name, which has its limits. */
  name: checkName,
  /** May be empty. */
  string: checkString,
  /** Not empty, and no empty text in it. */
  texts: checkTexts,
  object: checkObject,
  fn: checkFunction,
  instant: (value, name) => void instantMs(value as Instant, name),
  /** How long something stays: a length of time above 0, or "forever". */
  ttl: checkTtl,
  signal: checkSignal,
  /** What reads the time and sets timers. */
  clock: checkClock,
  /** Whatever another check takes. */
  any: () => {},
  number: (limits = {}) => (value, name) => checkNumber(value, name, limits),
  whole: (limits = {}) => (value, name) => checkNumber(value, name, { ...limits, whole: true }),
  duration: (limits = {}) => (value, name) => checkDuration(value, name, limits),
  /** A point of time, or a length of time from some other one on. */
  moment: (limits = {}) => (value, name) => isInstant(value) ? void instantMs(value, name) : checkDuration(value, name, limits),
  oneOf: (...words) => (value, name) => checkOneOf(value, name, words),
};

/**
 * Checks options against a table.
 *
 * @param options As given.
 * @param of What takes them, as the subject of a sentence: `A lock has no option "tll"`.
 * @param rules A rule for each option that there is.
 * @param prefix What stands before the name of each: of options within an option `lock.`.
 * @throws {TypeError} If it is no object, has an unknown option, or a value has a wrong type.
 * @throws {RangeError} If a value is out of range.
 */
export function checkOptions<O extends object>(
  options: unknown,
  of: string,
  rules: Rules<O>,
  prefix?: string,
): asserts options is O {
  checkKeys(options, of, Object.keys(rules));
  checkValues(options as O, rules, prefix);
}

/**
 * Checks the values that are given of some options; others are left alone.
 * @throws {TypeError | RangeError} Naming the option, the value and the rule.
 */
export function checkValues<O extends object>(options: O, rules: Rules<O>, prefix: string = ""): void {
  for (const key of Object.keys(rules) as (keyof O & string)[]) {
    if (options[key] !== undefined) rules[key](options[key], `${prefix}${key}`);
  }
}

function checkString(value: unknown, name: string): void {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string: ${show(value)}`);
}

function checkObject(value: unknown, name: string): void {
  if (!isOptions(value)) throw new TypeError(`${name} must be an object: ${show(value)}`);
}

function checkTexts(value: unknown, name: string): void {
  if (!Array.isArray(value)) throw new TypeError(`${name} must be a list of texts: ${show(value)}`);
  for (const each of value) checkText(each, `Each of ${name}`);
}

function checkDuration(value: unknown, name: string, { negative, positive }: DurationRule): void {
  const ms = durationMs(value as Duration, name, { negative: negative ?? false });
  if (ms === 0 && positive) throw new RangeError(`${name} must be more than 0${positive === true ? "" : `: ${positive}`}`);
}

function checkTtl(value: unknown, name: string): void {
  if (value === "forever") return;
  if (typeof value === "string") throw new TypeError(`${name} must be a length of time or "forever": ${show(value)}`);
  checkDuration(value, name, { positive: 'it would end at once; "forever" keeps it' });
}

function checkSignal(value: unknown, name: string): void {
  if (!(value instanceof AbortSignal)) throw new TypeError(`${name} must be an AbortSignal: ${show(value)}`);
}

function checkClock(value: unknown, name: string): void {
  const methods = ["now", "elapsed", "startTimer"];
  const missing = methods.find((method) => typeof (value as Record<string, unknown> | null)?.[method] !== "function");
  if (missing !== undefined) throw new TypeError(`${name} must have the methods ${methods.join(", ")}: ${missing} is missing`);
}
