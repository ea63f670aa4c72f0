/**
 * Whether a value and a failure are stored, and how: the failure as plain data under one telling key, so that any serializer keeps it apart from
 * values, and a value that looks like one under another.
 * @module
 */
import type { Core } from "./core.ts";
import type { Message } from "../message/message.ts";
import { errorText } from "../primitives/error_record.ts";
import { isRecord } from "../primitives/limits.ts";
import { beginningOf } from "../primitives/secrets.ts";
import { errorOfRecord, type ErrorRecord, recordOfError } from "../serializer/error.ts";
import { isOurFormat } from "../serializer/serializer.ts";
import type { SerializerLike } from "../types/options.ts";
import { type TaskErrorMetadata, TaskException } from "../errors.ts";

const FAILURE = "huey:failure";
/** Around a value that has, or may turn out to have, one of these keys itself. */
const VALUE = "huey:value";

/** Around an error that is carried as plain data. */
const ERROR = "huey:error";

/** An error for a serializer that has none. */
export interface CarriedError {
  readonly [ERROR]: ErrorRecord;
}

/** A stored failure. */
export interface StoredFailure {
  readonly [FAILURE]: TaskErrorMetadata;
  /** The error itself, as far as the serializer keeps it. */
  readonly cause?: unknown;
}

/** What to store of a failure. */
export function storedFailure(metadata: TaskErrorMetadata, cause: unknown): StoredFailure {
  return { [FAILURE]: metadata, cause };
}

/** What is told of a task that was canceled before it ran. @param why As the end of a sentence */
export function canceledMetadata({ id, name }: Pick<Message, "id" | "name">, why: string): TaskErrorMetadata {
  return { error: `Task ${name}: ${id} was canceled: ${why}`, traceback: "", taskId: id, retries: 0, outcome: "canceled" };
}

/** What to store of a value, so that it is never read as a failure: a task may return what a caller has given it. */
export function storedValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const isOdd = FAILURE in value || VALUE in value || (!(value instanceof Date) && "toJSON" in value);
  return isOdd ? { [VALUE]: value } : value;
}

/** The value that was stored by `storedValue`. */
export function valueOf(stored: unknown): unknown {
  return typeof stored === "object" && stored !== null && Object.hasOwn(stored, VALUE)
    ? (stored as Record<typeof VALUE, unknown>)[VALUE]
    : stored;
}

/** Whether a stored value is a failure. */
export function isFailure(value: unknown): value is StoredFailure {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, FAILURE)) return false;
  const { [FAILURE]: metadata } = value as Record<typeof FAILURE, unknown>;
  return typeof metadata === "object" && metadata !== null;
}

/** Whether a stored failure is that of an attempt which is followed by another. */
export function isIntermediate(failure: StoredFailure): boolean {
  const { retries, outcome = "failed" } = failure[FAILURE];
  return outcome === "failed" && retries > 0;
}

/** The exception that a handle throws for a stored failure. */
export function failureException(failure: StoredFailure): TaskException {
  return new TaskException(checkedMetadata(failure[FAILURE]), { cause: errorOf(failure.cause) });
}

const OUTCOMES: readonly unknown[] = ["failed", "revoked", "expired", "canceled", "dead"];

/** What is stored may come from anybody: what is not as it should be is left out. */
function checkedMetadata({ error, traceback, taskId, retries, outcome, ...others }: TaskErrorMetadata): TaskErrorMetadata {
  const text = (value: unknown): string => typeof value === "string" ? value : "";
  return {
    ...others,
    error: text(error),
    traceback: text(traceback),
    taskId: text(taskId),
    retries: typeof retries === "number" ? retries : 0,
    ...(OUTCOMES.includes(outcome) ? { outcome } : {}),
  };
}

/**
 * What the serializer takes of an error: the error itself; else one without the properties that cannot be stored; else its texts as
 * plain data, for a format of one's own that has no errors: JSON would make an empty object of one.
 */
export async function storableError(core: Core, error: Error): Promise<Error | CarriedError> {
  for (const candidate of [error, bareError(error)]) {
    try {
      if (await isKept(core.serializer, candidate)) return candidate;
    } catch {
      // Reported to the task's reader in full text; only the parts that cannot travel are lost.
    }
  }
  return { [ERROR]: recordOfError(error, () => undefined) };
}

async function isKept(serializer: SerializerLike, error: Error): Promise<boolean> {
  const data = await serializer.serialize(error);
  return isOurFormat(serializer) || await serializer.deserialize(data) instanceof Error;
}

/** The arguments of a function, with the errors that were handed to it, alone or among the values of a chord. */
export function withErrors({ serializer }: Core, args: readonly unknown[]): readonly unknown[] {
  if (isOurFormat(serializer)) return args;
  const last = args.at(-1);
  const handed = Array.isArray(last) ? last.map(errorOf) : errorOf(last);
  return args.length === 0 ? args : [...args.slice(0, -1), handed];
}

/** The error that was carried as plain data; any other value as it is. */
function errorOf(value: unknown): unknown {
  if (!isRecord(value) || !Object.hasOwn(value, ERROR) || Object.keys(value).length > 1) return value;
  try {
    return errorOfRecord(value[ERROR], (property) => property);
  } catch {
    // It only looks like one.
    return value;
  }
}

function bareError(error: Error): Error {
  const bare = new Error(error.message);
  bare.name = error.name;
  if (error.stack !== undefined) bare.stack = error.stack;
  return bare;
}

/** So much of the text of an error is kept when all of it is too much. */
const BRIEF_LENGTH = 1000;

/** An error with the beginning of another one's text, and without a stack, for a serializer that takes no more. */
export function briefError(error: Error): Error {
  const { name, message } = bareError(error);
  const more = message.length - BRIEF_LENGTH;
  const brief = new Error(more > 0 ? `${beginningOf(message, BRIEF_LENGTH)}... (${more} more characters)` : message);
  brief.name = beginningOf(name, BRIEF_LENGTH);
  brief.stack = errorText(brief);
  return brief;
}

/** Whether the value or error of an invocation is stored: its own option comes first, then that of its task, then that of the Huey. */
export function keepsResult(core: Core, { results }: Message): boolean {
  return results ?? core.settings.results;
}

/** Whether that of a task of which only the id is known may be. */
export function mayKeepResults(core: Core): boolean {
  return core.settings.results || core.registry.known().some(({ blank }) => blank.results === true);
}
