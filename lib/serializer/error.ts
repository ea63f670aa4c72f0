/**
 * Errors in tagged JSON. Storing a failure must not fail: what an error carries and cannot travel is left out.
 * @module
 */
import * as errors from "../errors.ts";
import { util } from "../primitives/builtin.ts";
import { readText } from "../primitives/error_record.ts";

// deno-lint-ignore no-explicit-any -- the constructors are never called
type ErrorClass = new (...args: any[]) => Error;

const BUILT_IN = [
  "Error",
  "TypeError",
  "RangeError",
  "SyntaxError",
  "ReferenceError",
  "EvalError",
  "URIError",
  "AggregateError",
  "SuppressedError",
] as const;

/** Classes that are rebuilt, by the `name` of their errors. */
const CLASSES: ReadonlyMap<string, ErrorClass> = new Map<string, ErrorClass>([
  ...BUILT_IN.filter((name) => name in globalThis).map((name): [string, ErrorClass] => [name, globalThis[name]]),
  ...Object.entries<ErrorClass>(errors),
]);

/** Own properties that are not enumerable in the built-in classes. */
const HIDDEN = ["cause", "errors", "error", "suppressed"] as const;
const TEXTS: readonly string[] = ["name", "message", "stack"];

/** An error as plain data. */
export interface ErrorRecord {
  name: string;
  message: string;
  stack?: string;
  cause?: unknown;
  errors?: unknown;
  error?: unknown;
  suppressed?: unknown;
  /** The other enumerable properties. */
  own?: Record<string, unknown>;
}

/** Encodes a property; `undefined` if it cannot travel. */
export type EncodeProperty = (key: string) => { readonly encoded: unknown } | undefined;

/** Whether a value is an error of any realm. */
export function isError(value: object): value is Error {
  return util().types.isNativeError(value) || value instanceof Error;
}

/**
 * The record of an error.
 *
 * @param error The error; its getters may throw.
 * @param encode Encodes one of its properties; without it, the record has the name and the message only.
 * @returns Plain data for JSON.
 */
export function recordOfError(error: Error, encode: EncodeProperty | undefined): ErrorRecord {
  const record: ErrorRecord = {
    name: readText(error, "name") ?? "Error",
    message: readText(error, "message") ?? "",
  };
  if (encode === undefined) return record;
  const stack = readText(error, "stack");
  if (stack !== undefined) record.stack = stack;
  for (const key of HIDDEN) {
    if (!Object.hasOwn(error, key) || Object.prototype.propertyIsEnumerable.call(error, key)) continue;
    const property = encode(key);
    if (property !== undefined) record[key] = property.encoded;
  }
  const own = ownProperties(error, encode);
  if (own.length > 0) record.own = Object.fromEntries(own);
  return record;
}

/**
 * Rebuilds an error. No constructor of its class runs.
 *
 * @param record What `recordOfError` made, possibly by somebody else.
 * @param decode Decodes one property.
 * @returns The error, an `Error` with the name kept if its class is unknown.
 * @throws {DecodeError} If the record is not one.
 */
export function errorOfRecord(record: unknown, decode: (value: unknown) => unknown): Error {
  const { name, message, stack, own, ...rest } = checkRecord(record);
  const error = withoutStack(message, CLASSES.get(name) ?? Error);
  if (error.name !== name) define(error, "name", name, false);
  define(error, "stack", stack ?? `${name}: ${message}`, false);
  for (const key of HIDDEN) {
    if (Object.hasOwn(rest, key)) define(error, key, decode(rest[key]), false);
  }
  for (const [key, value] of Object.entries(own ?? {})) {
    if (!TEXTS.includes(key) && !isMethod(key)) define(error, key, decode(value), true);
  }
  return error;
}

/** An error as its class makes it. The stack of this place would take a hundred times as long as all the rest, and is replaced. */
function withoutStack(message: string, prototypeOf: ErrorClass): Error {
  const { stackTraceLimit } = Error;
  // Where it cannot be set, it only takes longer.
  Reflect.set(Error, "stackTraceLimit", 0);
  try {
    return Reflect.construct(Error, [message], prototypeOf) as Error;
  } finally {
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  }
}

/**
 * Rebuilds a DOMException, such as the reason of an abort.
 *
 * @param record Name, message and stack.
 * @returns The exception.
 * @throws {DecodeError} If the record is not one.
 */
export function domExceptionOfRecord(record: unknown): DOMException {
  const { name, message, stack } = checkRecord(record);
  const exception = new DOMException(message, name);
  define(exception, "stack", stack ?? `${name}: ${message}`, false);
  return exception;
}

function ownProperties(error: Error, encode: EncodeProperty): [string, unknown][] {
  const own: [string, unknown][] = [];
  for (const key of Object.keys(error)) {
    if (TEXTS.includes(key)) continue;
    const property = encode(key);
    if (property !== undefined) own.push([key, property.encoded]);
  }
  return own;
}

/** A property in place of `toString` would make the error one that cannot be shown. */
function isMethod(key: string): boolean {
  return typeof Reflect.get(Error.prototype, key) === "function";
}

function checkRecord(value: unknown): ErrorRecord {
  const record = value as Partial<ErrorRecord> | null | undefined;
  if (typeof record?.name !== "string" || typeof record.message !== "string") {
    throw new errors.DecodeError("An error must have a name and a message");
  }
  if (record.stack !== undefined && typeof record.stack !== "string") {
    throw new errors.DecodeError("The stack of an error must be text");
  }
  if (record.own !== undefined && (typeof record.own !== "object" || record.own === null || Array.isArray(record.own))) {
    throw new errors.DecodeError("The properties of an error must be an object");
  }
  return record as ErrorRecord;
}

function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}
