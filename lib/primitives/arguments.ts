/**
 * Checks of arguments: each refuses with an error that names the argument, the value and the rule.
 * @module
 */
import { isTooLong, MAX_NAME_BYTES } from "./limits.ts";
import { shortened, withoutKnown } from "./secrets.ts";

/** Longest text of a value in an error message. */
const LONGEST_SHOWN = 80;

/** A value as an error message shows it: short, and safe for any value. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(short(value));
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (typeof value !== "object" || value === null) return `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
  try {
    return short(objectText(value));
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function short(text: string): string {
  // Many values are shown in errors that nobody reads; what is short and tells no secret costs nothing.
  return text.length > LONGEST_SHOWN ? shortened(text, LONGEST_SHOWN) : withoutKnown(text);
}

/** Whether a value can be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Record<string, unknown> | null | undefined)?.["then"] === "function";
}

/** What JSON would show as an empty object says what it is instead. */
function objectText(value: object): string {
  if (isPromise(value)) return "a promise (await it)";
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (!Array.isArray(value) && value.toString !== Object.prototype.toString && !ArrayBuffer.isView(value)) return String(value);
  return tag === "Object" || tag === "Array" ? JSON.stringify(value) : tag;
}

/** @throws {TypeError} If it is not a function. */
export function checkFunction(value: unknown, name: string): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function: ${show(value)}`);
}

/** @throws {TypeError} If it is not a string, or empty. */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string: ${show(value)}`);
  if (value === "") throw new TypeError(`${name} must not be empty`);
}

/**
 * Of a value that the application stores.
 * @throws {TypeError} If it is not a string, empty, or has half of a surrogate pair.
 */
export function checkKey(value: unknown, name: string): asserts value is string {
  checkText(value, name);
  // Written as UTF-8, all such texts become one.
  if (!value.isWellFormed()) throw new TypeError(`${name} must not have half of a surrogate pair: ${show(value)}`);
}

/**
 * Of an id or a name.
 * @throws {TypeError} If it is not a string, empty, or has half of a surrogate pair.
 * @throws {RangeError} If it is too long.
 */
export function checkName(value: unknown, name: string): asserts value is string {
  checkKey(value, name);
  if (isTooLong(value)) throw new RangeError(`${name} must not take more than ${MAX_NAME_BYTES} bytes: ${show(value)}`);
}

/** @throws {TypeError} If it is given and not a boolean. */
export function checkBoolean(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== "boolean") throw new TypeError(`${name} must be true or false: ${show(value)}`);
}

/**
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is not finite, below `min`, above `max`, or not whole though `whole`.
 */
export function checkNumber(
  value: unknown,
  name: string,
  rule: { readonly min?: number; readonly max?: number; readonly whole?: boolean } = {},
): asserts value is number {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number: ${show(value)}`);
  if (!Number.isFinite(value)) throw new RangeError(`${name} must be finite: ${value}`);
  if (rule.whole && !Number.isInteger(value)) throw new RangeError(`${name} must be a whole number: ${value}`);
  const { min = -Infinity, max = rule.whole ? Number.MAX_SAFE_INTEGER : Infinity } = rule;
  if (value >= min && value <= max) return;
  if (rule.min !== undefined && rule.max !== undefined) {
    throw new RangeError(`${name} must be ${rule.whole ? "a whole number " : ""}from ${min} to ${max}: ${value}`);
  }
  throw new RangeError(`${name} must be ${value < min ? `at least ${min}` : `at most ${max}`}: ${value}`);
}

/** @throws {TypeError} If it is none of the words. */
export function checkOneOf(value: unknown, name: string, words: readonly string[]): void {
  if (typeof value !== "string" || !words.includes(value)) {
    throw new TypeError(`${name} must be one of ${words.map((word) => `"${word}"`).join(", ")}: ${show(value)}`);
  }
}

/**
 * @param what The word for a key.
 * @throws {TypeError} If `options` is no object of options, or has a key that is not known; the message suggests the nearest one, or
 * lists them all.
 */
export function checkKeys(options: unknown, name: string, known: readonly string[], what: string = "option"): void {
  checkIsOptions(options, name);
  refuseUnknownKey(options, name, known, what);
}

/** @throws {TypeError} If an object has a key that is not known. */
export function refuseUnknownKey(object: object, name: string, known: readonly string[], what: string): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const all = known.length === 0 ? ": it takes none" : `, the ${what}s are ${known.join(", ")}`;
  throw new TypeError(`${name} has no ${what} ${JSON.stringify(unknown)}${didYouMean(unknown, known) || all}`);
}

/** @throws {TypeError} If it can hold no options: a text, a list, a date, a promise. */
export function checkIsOptions(options: unknown, name: string): asserts options is object {
  if (!isOptions(options)) throw new TypeError(`${name} takes an object of options: ${show(options)}`);
}

/** Whether a value can hold options: a plain object, an instance of a class of the application, or a module; no date, no promise. */
export function isOptions(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return ["[object Object]", "[object Module]"].includes(Object.prototype.toString.call(value));
}

/** The end of a message about a word that is not known: the word that is probably meant; empty if there is none. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : `: did you mean "${near}"?`;
}

/** The known word that is probably meant: one that differs by little, begins alike, or holds the word or is held by it. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = plainWord(word);
  const ranked = known.map((other) => ({ other, distance: editDistance(plain, plainWord(other)) }))
    .filter(({ other, distance }) =>
      distance <= Math.max(word.length > LEAST_PART ? 2 : 1, word.length / 3) || areRelated(plain, plainWord(other))
    );
  ranked.sort((a, b) => a.distance - b.distance);
  return ranked[0]?.other;
}

/** `worker_type`, `worker-type` and `workerType` are one word. */
function plainWord(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, "");
}

/** Shortest part of a word that says anything. */
const LEAST_PART = 3;

function areRelated(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length < LEAST_PART) return false;
  // All but the last letter: "retry" begins as "retries" does.
  return long.startsWith(short.slice(0, Math.max(LEAST_PART, short.length - 1))) ||
    (short.length > LEAST_PART && long.includes(short));
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
