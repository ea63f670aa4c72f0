/**
 * Reading errors safely. Anything can be thrown: text, `undefined`, a proxy, an object whose getters throw. Nothing here throws.
 * @module
 */
import { util } from "./builtin.ts";
import { beginningOf, inspected } from "./secrets.ts";

/**
 * The name and message of an error, as stored in the metadata of a failure: `TypeError: x is not a function`.
 *
 * @param thrown Anything that was thrown.
 * @returns One line or more; the name alone if there is no message.
 */
export function errorText(thrown: unknown): string {
  return nameAndMessage(toError(thrown));
}

/** The same of an error that is safe to read, or of what is stored of one. */
export function nameAndMessage({ name, message }: { readonly name: string; readonly message: string }): string {
  return message === "" ? name : `${name}: ${message}`;
}

/** What to leave out of the text of an error. */
export interface StackOptions {
  /** Names of errors whose stack tells nothing: only their message is shown. */
  readonly plain?: ReadonlySet<string>;
}

/** So many errors are shown of one that has many reasons. */
const MOST_ERRORS = 50;

/** Longest text within a thrown value that is no error, and longest text of all of it. */
const LONGEST_TEXT = 1000;
const LONGEST_DESCRIPTION = 100_000;

/** Of a message, to see whether another text has it: looking for a long text in a long one may take very long. */
const COMPARED = 200;

/**
 * The stack of an error as text, with the stacks of all its reasons: its cause, the errors of an `AggregateError`, and the two of a
 * `SuppressedError`, as deep as they go, each once.
 *
 * @param thrown Anything that was thrown.
 * @param options What to leave out.
 * @returns The stack, or name and message if there is none.
 */
export function errorStack(thrown: unknown, options: StackOptions = {}): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  // A stack of its own, the last first: a chain of causes may be longer than that of calls.
  const rest: Reason[] = [{ title: "", value: thrown }];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (parts.length >= MOST_ERRORS) {
      parts.push(`... and ${rest.length + 1} more`);
      break;
    }
    if (seen.has(next.value)) continue;
    if (isErrorLike(next.value)) seen.add(next.value);
    const isPlain = next.isBrief || options.plain?.has(readText(next.value, "name") ?? "") === true;
    parts.push(
      next.title + (parts.length > 0 && !isErrorLike(next.value) ? describe(next.value) : stackOf(next.value, isPlain)),
    );
    if (!next.isBrief) rest.push(...(isPlain ? untoldCause(next.value) : reasonsOf(next.value)).reverse());
  }
  return parts.join("\n");
}

/**
 * Whether an error is among the causes of another, so that the other way round it would make a circle.
 *
 * @param thrown Where to look.
 * @param error What to look for.
 */
export function hasReason(thrown: unknown, error: unknown): boolean {
  const seen = new Set<unknown>();
  const rest = [thrown];
  while (rest.length > 0) {
    const next = rest.pop();
    if (next === error) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    for (const { value } of reasonsOf(next)) rest.push(value);
  }
  return false;
}

/**
 * A copy of an error that tells of itself only.
 *
 * @param thrown Anything that was thrown.
 */
export function withoutReasons(thrown: unknown): Error {
  const { name, message } = toError(thrown);
  const copy = new Error(message);
  const stack = readText(thrown, "stack") ?? errorText(thrown);
  for (const [key, value] of Object.entries({ name, stack })) {
    Object.defineProperty(copy, key, { value, configurable: true, writable: true });
  }
  return copy;
}

interface Reason {
  readonly title: string;
  readonly value: unknown;
  /** Without its stack and its own reasons. */
  readonly isBrief?: boolean;
}

/** Why an error was thrown, as far as it tells. */
function reasonsOf(error: unknown): Reason[] {
  if (!isErrorLike(error)) return [];
  const reasons: Reason[] = [];
  const cause = read(error, "cause");
  if (cause !== undefined) reasons.push({ title: "Caused by: ", value: cause });
  const errors = read(error, "errors");
  const count = isArray(errors) ? Number(read(errors, "length")) : 0;
  for (let index = 0; index < Math.min(count, MOST_ERRORS); index++) {
    reasons.push({ title: `Reason ${index + 1} of ${count}: `, value: read(errors, String(index)) });
  }
  const suppressed = read(error, "suppressed");
  const last = read(error, "error");
  // What other errors call `error` may be anything; together with the other one it is that of a `SuppressedError`.
  if (isErrorLike(last) || suppressed !== undefined) reasons.push({ title: "Thrown last: ", value: last });
  if (suppressed !== undefined) reasons.push({ title: "Suppressed: ", value: suppressed });
  return reasons;
}

function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    // A proxy that was revoked.
    return false;
  }
}

/** The cause of an error whose message tells what to do, if it does not tell the cause too. */
function untoldCause(error: unknown): Reason[] {
  const cause = read(error, "cause");
  const message = readText(cause, "message");
  const isTold = message === undefined || readText(error, "message")?.includes(message.slice(0, COMPARED));
  return isErrorLike(cause) && !isTold ? [{ title: "Caused by: ", value: cause, isBrief: true }] : [];
}

function stackOf(value: unknown, isPlain: boolean): string {
  const text = errorText(value);
  if (isPlain) return text;
  const error = toError(value);
  const stack = readText(error, "stack") || text;
  // Some stacks have no head, as those of errors that Bun made elsewhere.
  return stack.includes(error.message.slice(0, COMPARED)) ? stack : `${text}\n${stack}`;
}

/**
 * Turns anything thrown into an error that is safe to read.
 *
 * @param thrown Anything that was thrown.
 * @returns The same object if it is an error whose name, message and stack can be read; else a new error that describes it,
 * with what was thrown as its `cause`.
 */
export function toError(thrown: unknown): Error {
  if (isErrorLike(thrown) && readText(thrown, "name") !== undefined && readText(thrown, "message") !== undefined) return thrown;
  const error = new Error(
    readText(thrown, "message") ?? describe(thrown),
    thrown === undefined ? undefined : { cause: thrown },
  );
  const name = readText(thrown, "name");
  if (name !== undefined && typeof thrown === "object") {
    Object.defineProperty(error, "name", { value: name, configurable: true });
  }
  const stack = readText(thrown, "stack");
  if (stack !== undefined) Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  return error;
}

/**
 * Reads a property that should be text.
 *
 * @param value Anything.
 * @param key Name of the property.
 * @returns The text; `undefined` if it is none, or reading it throws.
 */
export function readText(value: unknown, key: string): string | undefined {
  const text = read(value, key);
  return typeof text === "string" ? text : undefined;
}

function read(value: unknown, key: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    // A getter or a proxy that throws has nothing to tell.
    return undefined;
  }
}

function isErrorLike(value: unknown): value is Error {
  try {
    return util().types.isNativeError(value) || value instanceof Error;
  } catch {
    // A proxy may throw when it is asked for its prototype.
    return false;
  }
}

function describe(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  if (thrown === undefined) return "undefined was thrown";
  try {
    return beginningOf(inspected(thrown, LONGEST_TEXT, { depth: 1, showProxy: true }), LONGEST_DESCRIPTION);
  } catch {
    // Only an object that runs code of its own while it is shown.
    return "A value that cannot be shown was thrown";
  }
}
