/**
 * Tagged JSON into values. The input may come from anybody: no code of it runs and no prototype is touched.
 * @module
 */
import { DecodeError } from "../errors.ts";
import { isRecord } from "../primitives/limits.ts";
import { spreadOf } from "./spread.ts";
import { BINARY_TAGS, decodeBytes } from "./bytes.ts";
import { domExceptionOfRecord, errorOfRecord } from "./error.ts";
import { hasLongHost, MAX_DIGITS, MAX_HOST, MAX_PATTERNS, setOwn, TAG } from "./format.ts";

type Decode = (value: unknown, levels: number) => unknown;

const NUMBERS: ReadonlyMap<unknown, number> = new Map([["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity], [
  "-0",
  -0,
]]);

const DECODERS: ReadonlyMap<unknown, Decode> = new Map<unknown, Decode>([
  ["undefined", () => undefined],
  ["number", decodeNumber],
  ["bigint", (value) => BigInt(check(value, isDigits, `A bigint must be at most ${MAX_DIGITS} decimal digits`))],
  ["Date", decodeDate],
  ["Map", decodeMap],
  ["Set", (value, levels) => new Set(items(value, levels))],
  ["RegExp", decodeRegExp],
  ["URL", decodeUrl],
  ["Error", (value, levels) => errorOfRecord(value, (property) => fromTagged(property, levels - 1))],
  ["DOMException", (value) => domExceptionOfRecord(value)],
  ["spread", (value, levels) => spreadOf(items(value, levels))],
  ["object", (value, levels) => properties(check(value, isRecord, "An escaped object must be an object"), levels)],
  ...BINARY_TAGS.map((tag): [string, Decode] => [tag, (value) => decodeBytes(tag, value)]),
]);

/** How many characters the regular expressions of the value may still have that is being decoded, which nothing interrupts. */
let patternsLeft = MAX_PATTERNS;

/**
 * The value of a tagged tree. The tree is used up.
 *
 * @param value What `JSON.parse` returned.
 * @param levels How many containers within containers there may be.
 * @returns The value.
 * @throws {DecodeError} For an unknown tag, a wrong content, too deep a value. Built-in classes may throw errors of their own.
 */
export function decodeTagged(value: unknown, levels: number): unknown {
  patternsLeft = MAX_PATTERNS;
  return fromTagged(value, levels);
}

function fromTagged(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  checkDepth(levels);
  if (Array.isArray(value)) return items(value, levels);
  if (!isRecord(value)) throw new DecodeError("A value must be plain JSON");
  if (!Object.hasOwn(value, TAG)) return properties(value, levels);
  const decode = DECODERS.get(value[TAG]);
  if (decode === undefined) throw new DecodeError(`Unknown tag: ${String(JSON.stringify(value[TAG])).slice(0, 100)}`);
  return decode(value.v, levels);
}

/**
 * Refuses a tree without tags that is nested too deeply.
 *
 * @param value What `JSON.parse` returned.
 * @param levels How many containers within containers there may be.
 * @throws {DecodeError} If it is.
 */
export function refuseDeep(value: unknown, levels: number): void {
  if (typeof value !== "object" || value === null) return;
  checkDepth(levels);
  if (Array.isArray(value)) { for (const item of value) refuseDeep(item, levels - 1); }
  else for (const key in value) refuseDeep((value as Record<string, unknown>)[key], levels - 1);
}

function checkDepth(levels: number): void {
  if (levels <= 0) throw new DecodeError("The value is nested deeper than maxDepth of the serializer");
}

function items(value: unknown, levels: number): unknown[] {
  const array = check(value, isArray, "A list must be an array");
  for (let index = 0; index < array.length; index++) {
    const item = array[index];
    if (typeof item === "object" && item !== null) array[index] = fromTagged(item, levels - 1);
  }
  return array;
}

function properties(record: Record<string, unknown>, levels: number): Record<string, unknown> {
  for (const key of Object.keys(record)) {
    const item = record[key];
    if (typeof item === "object" && item !== null) setOwn(record, key, fromTagged(item, levels - 1));
  }
  return record;
}

function decodeNumber(value: unknown): number {
  const number = NUMBERS.get(value);
  if (number === undefined) throw new DecodeError("A tagged number must be NaN, Infinity, -Infinity or -0");
  return number;
}

function decodeDate(value: unknown): Date {
  if (value !== null && typeof value !== "number") throw new DecodeError("A date must be milliseconds or null");
  return new Date(value ?? NaN);
}

function decodeMap(value: unknown, levels: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (const entry of check(value, isArray, "A map must be an array of entries")) {
    const pair = check(entry, isArray, "An entry of a map must be an array");
    if (pair.length !== 2) throw new DecodeError("An entry of a map must have a key and a value");
    map.set(fromTagged(pair[0], levels - 1), fromTagged(pair[1], levels - 1));
  }
  return map;
}

function decodeRegExp(value: unknown): RegExp {
  const [source, flags] = check(value, isArray, "A regular expression must be source and flags");
  const message = "Source and flags of a regular expression must be text";
  const pattern = check(source, isText, message);
  patternsLeft -= pattern.length;
  if (patternsLeft < 0) {
    throw new DecodeError(`The regular expressions of a value must not have more than ${MAX_PATTERNS} characters together`);
  }
  return new RegExp(pattern, check(flags, isText, message));
}

function decodeUrl(value: unknown): URL {
  const text = check(value, isText, "A URL must be text");
  if (hasLongHost(text)) throw new DecodeError(`The host of a URL must not have more than ${MAX_HOST} characters`);
  return new URL(text);
}

function check<T>(value: unknown, test: (value: unknown) => value is T, rule: string): T {
  if (!test(value)) throw new DecodeError(rule);
  return value;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isDigits(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_DIGITS && /^-?[0-9]+$/.test(value);
}

function isArray(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
