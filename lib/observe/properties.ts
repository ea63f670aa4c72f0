/**
 * Properties of log lines without the secrets that are known, however deep they are.
 * @module
 */
import { errorStack, toError } from "../primitives/error_record.ts";
import { showSafely } from "../primitives/log_text.ts";
import { hasSecrets, withoutKnown } from "../primitives/secrets.ts";

/** Deeper, and after so many parts, a value is shown as a text. */
const DEEPEST = 8;
const MOST_PARTS = 10_000;

/** What errors have beside their own properties. */
const OF_ERRORS = ["cause", "errors", "error", "suppressed"] as const;

/**
 * The same properties, unless something in them tells a secret that is known. Never throws, and changes no value: whoever logs it may
 * still use it.
 *
 * @param properties Of a log line.
 * @returns Them; those that tell a secret are copies without it.
 */
export function propertiesWithoutSecrets(properties: Record<string, unknown>): Record<string, unknown> {
  if (!hasSecrets()) return properties;
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, valueWithoutSecrets(value)]));
}

function valueWithoutSecrets(value: unknown): unknown {
  return new Search().tells(value) ? copyOf(value, [], { parts: 0 }) : value;
}

/** Looks for a secret in a value. What is too large or too deep to be looked at counts as telling one. */
class Search {
  readonly #seen: Set<object> = new Set();

  tells(value: unknown, depth = 0): boolean {
    if (typeof value === "string") return withoutKnown(value) !== value;
    if (!isOpen(value) || this.#seen.has(value)) return false;
    if (depth > DEEPEST || this.#seen.size > MOST_PARTS) return true;
    this.#seen.add(value);
    if (value instanceof URL) return this.tells(value.href);
    if (value instanceof Error && this.tells(errorStack(value))) return true;
    const parts = partsOf(value);
    return parts.length > MOST_PARTS || parts.some(([key, part]) => this.tells(key, depth + 1) || this.tells(part, depth + 1));
  }
}

interface Work {
  parts: number;
}

/** Without secrets. Instances become plain objects; `above` are those that contain the value. */
function copyOf(value: unknown, above: readonly object[], work: Work): unknown {
  if (typeof value === "string") return withoutKnown(value);
  if (!isOpen(value)) return value;
  if (above.includes(value)) return "[circular]";
  if (above.length > DEEPEST || ++work.parts > MOST_PARTS || value instanceof URL) return withoutKnown(showSafely(value));
  const part = ([key, each]: Part): Part => [copyOf(key, above, work), copyOf(each, [...above, value], work)];
  const parts = partsOf(value).slice(0, MOST_PARTS).map(part);
  if (value instanceof Error) return errorOf(value, parts);
  if (value instanceof Map) return new Map(parts);
  if (value instanceof Set) return new Set(parts.map(([, each]) => each));
  return Array.isArray(value) ? parts.map(([, each]) => each) : Object.fromEntries(parts);
}

function errorOf(error: Error, parts: readonly Part[]): Error {
  const { name, message } = toError(error);
  const copy = new Error(withoutKnown(message));
  const own: readonly Part[] = [...parts, ["name", withoutKnown(name)], ["stack", withoutKnown(errorStack(error))]];
  for (const [key, value] of own) {
    if (key === "message") continue;
    Object.defineProperty(copy, String(key), { value, configurable: true, writable: true });
  }
  return copy;
}

type Part = readonly [unknown, unknown];

/** A value that may contain texts. */
function isOpen(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}

/** What a value contains, as far as it can be read. */
function partsOf(value: object): readonly Part[] {
  try {
    if (value instanceof Map) return [...value];
    if (value instanceof Set) return [...value].map((each) => [undefined, each]);
    const keys = value instanceof Error ? [...new Set([...Object.keys(value), ...OF_ERRORS])] : Object.keys(value);
    return keys.flatMap((key) => partOf(value, key));
  } catch {
    return [];
  }
}

function partOf(value: object, key: string): readonly Part[] {
  try {
    const part = (value as Record<string, unknown>)[key];
    return part === undefined ? [] : [[key, part]];
  } catch {
    // A getter that throws tells no secret.
    return [];
  }
}
