/**
 * How a failure is stored: plain data under one telling key, so that any serializer keeps it apart from values.
 * @module
 */
import { type TaskErrorMetadata, TaskException } from "./errors.ts";

const FAILURE = "huey:failure";

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
  return new TaskException(failure[FAILURE], { cause: failure.cause });
}

/** A copy of an error without the properties that cannot be stored. */
export function bareError(error: Error): Error {
  const bare = new Error(error.message);
  bare.name = error.name;
  if (error.stack !== undefined) bare.stack = error.stack;
  return bare;
}
