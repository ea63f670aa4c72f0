/**
 * The keys of a message: what lets through so many at once, and what makes it a duplicate of another. In the options of applications,
 * in messages, and as storages take them.
 * @module
 */
import { checkOneOf } from "../primitives/arguments.ts";
import { nodeCrypto } from "../primitives/builtin.ts";
import { isCount, isName, isRecord, MAX_CONCURRENCY, MAX_DURATION_MS } from "../primitives/limits.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { type Duration, durationMs } from "../primitives/time.ts";
import type { Gate, UniqueKey } from "../storage.ts";
import type { ConcurrencyOptions, UniqueOptions } from "../types/definition.ts";
import type { ConcurrencyField, Message, UniqueField } from "./message.ts";

const isLimit = rule.whole({ min: 1, max: MAX_CONCURRENCY });
const CONCURRENCY: Rules<ConcurrencyOptions> = { limit: isLimit, key: rule.fn };
const UNIQUE: Rules<UniqueOptions> = { key: rule.fn, until: checkUntil };

/**
 * Refuses what is no `concurrency`.
 * @throws {TypeError | RangeError} Naming the value and the rule.
 */
export function checkConcurrency(value: unknown, name: string): void {
  if (typeof value === "number") return isLimit(value, name);
  checkOptions<Partial<ConcurrencyOptions>>(value, name, CONCURRENCY, `${name}.`);
  if (value.limit === undefined) throw new TypeError(`${name}.limit must be given: how many run at once`);
}

/**
 * Refuses what is no `unique`.
 * @throws {TypeError | RangeError} Naming the value and the rule.
 */
export function checkUnique(value: unknown, name: string): void {
  if (typeof value === "boolean") return;
  checkOptions<UniqueOptions>(value, name, UNIQUE, `${name}.`);
}

function checkUntil(value: unknown, name: string): void {
  if (typeof value === "string") checkOneOf(value, name, ["start", "end"]);
  else rule.duration({ positive: true })(value, name);
}

/** What a message says of a `concurrency` that was checked. */
export function concurrencyField(value: number | ConcurrencyOptions): number | ConcurrencyField {
  if (typeof value === "number") return value;
  return value.key === undefined ? value.limit : { limit: value.limit, key: true };
}

/** What a message says of a `unique` that was checked. */
export function uniqueField(value: boolean | UniqueOptions): UniqueField | undefined {
  if (typeof value === "boolean") return value ? {} : undefined;
  const { key, until = "end" } = value;
  const field: { key?: true; until?: "start" | number } = key === undefined ? {} : { key: true };
  if (until !== "end") field.until = until === "start" ? until : durationMs(until as Duration, "until");
  return field;
}

/** Whether a message may say this of its concurrency. */
export function isConcurrencyField(value: unknown): boolean {
  if (typeof value === "number") return isCountTo(value, MAX_CONCURRENCY);
  const { limit, key } = (value ?? {}) as Partial<ConcurrencyField>;
  return isCountTo(limit, MAX_CONCURRENCY) && (key === true || isKey(key));
}

/** Whether a message may say this of what makes it unique. */
export function isUniqueField(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { key, until } = value;
  return (key === undefined || key === true || isKey(key)) &&
    (until === undefined || until === "start" || isCountTo(until, MAX_DURATION_MS));
}

function isCountTo(value: unknown, max: number): boolean {
  return isCount(value) && value >= 1 && value <= max;
}

function isKey(value: unknown): boolean {
  return value === "" || isName(value);
}

/** A key as it travels: what is longer than a name, or no text that all storages write alike, as its hash. */
export function travelingKey(key: string): string {
  return isKey(key) ? key : `sha256:${sha256(JSON.stringify(key))}`;
}

/** SHA-256, in hexadecimal digits. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = nodeCrypto().createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** Whether the function of the task is to be asked for a key before the message is enqueued. */
export function needsConcurrencyKey({ concurrency }: Message): boolean {
  return typeof concurrency === "object" && concurrency.key === true;
}

/** The gate of a message; `undefined` if it has none, or the function of its task is to be asked first. */
export function gateOf({ name, concurrency }: Message): Gate | undefined {
  if (concurrency === undefined) return undefined;
  if (typeof concurrency === "number") return { key: ofTask(name, undefined), limit: concurrency };
  return concurrency.key === true ? undefined : { key: ofTask(name, concurrency.key), limit: concurrency.limit };
}

/**
 * What makes a message unique, as the storage takes it.
 *
 * @param again It was claimed before: what was held until then, or for a time, is not asked for again.
 * @param from Id of the task that it takes the place of.
 */
export function uniqueKeyOf({ name, unique }: Message, again?: boolean, from?: string): UniqueKey | undefined {
  if (typeof unique?.key !== "string" || (again && unique.until !== undefined)) return undefined;
  return { key: ofTask(name, unique.key), until: unique.until ?? "end", from };
}

/** A message that is enqueued whatever holds its key. */
export function withoutUnique(message: Message): Message {
  if (message.unique === undefined) return message;
  const { unique: _unique, ...others } = message;
  return others;
}

/** Longest key that a storage is given as it is: names of tasks and keys may take a thousand bytes each, and more once escaped. */
const LONGEST = 255;

/** A key of one task. As JSON, so that no name and key look like another name and key. */
function ofTask(name: string, key: string | undefined): string {
  const text = JSON.stringify(key === undefined ? [name] : [name, key]);
  return text.length > LONGEST ? sha256(text) : text;
}
