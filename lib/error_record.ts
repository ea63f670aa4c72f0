/**
 * Reading errors safely. Anything can be thrown: text, `undefined`, a proxy, an object whose getters throw. Nothing here throws.
 * @module
 */
import { inspect, types } from "node:util";

/**
 * The name and message of an error, as stored in the metadata of a failure: `TypeError: x is not a function`.
 *
 * @param thrown Anything that was thrown.
 * @returns One line or more; the name alone if there is no message.
 */
export function errorText(thrown: unknown): string {
  const error = toError(thrown);
  return error.message === "" ? error.name : `${error.name}: ${error.message}`;
}

/**
 * The stack of an error as text, with the stacks of its causes.
 *
 * @param thrown Anything that was thrown.
 * @returns The stack, or name and message if there is none.
 */
export function errorStack(thrown: unknown): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (let next = thrown; stacks.length === 0 || (isErrorLike(next) && !seen.has(next)); next = read(next, "cause")) {
    seen.add(next);
    stacks.push(readText(toError(next), "stack") || errorText(next));
  }
  return stacks.join("\nCaused by: ");
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
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    // A proxy may throw when it is asked for its prototype.
    return false;
  }
}

function describe(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  if (thrown === undefined) return "undefined was thrown";
  try {
    return inspect(thrown, { depth: 1, breakLength: Infinity, maxStringLength: 1000, showProxy: true });
  } catch {
    // Only an object that runs code of its own while it is shown.
    return "A value that cannot be shown was thrown";
  }
}
