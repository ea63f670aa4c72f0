/**
 * Reads the errors of the two SQLite bindings.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";

const BUSY = 5;
const LOCKED = 6;
/** A race between connections that open or close a write-ahead log; it passes. */
const PROTOCOL = 15;
/** Too large, against a rule of the table, of a wrong type, out of range: it would be refused again. */
const FOR_GOOD = [18, 19, 20, 25];

/**
 * Whether another connection is in the way and a new try makes sense.
 *
 * @param error What the binding threw.
 */
export function isBusy(error: unknown): boolean {
  if (!isSqliteError(error)) return false;
  const code = resultCode(error);
  if (code !== undefined) return code === BUSY || code === LOCKED || code === PROTOCOL;
  // Deno gives no number for statements that were not prepared.
  return /is locked|locking protocol/.test(error.message);
}

/**
 * A StorageError for an error of the binding; any other error as it is.
 *
 * @param error What was thrown.
 * @param filename The database file, for the message.
 */
export function toStorageError(error: unknown, filename: string): unknown {
  if (!isSqliteError(error)) return error;
  const permanent = FOR_GOOD.includes(resultCode(error) ?? 0);
  return new StorageError(`SQLite file ${JSON.stringify(filename)} failed: ${reasonOf(error)}`, { cause: error, permanent });
}

/** What went wrong. SQLite says the same of a file that it cannot open and of one that it cannot make beside it. */
export function reasonOf(error: Error): string {
  if (!error.message.startsWith("unable to open")) return error.message;
  return `${error.message} (it must be possible to write the file, and to make others in its folder)`;
}

/**
 * The error of an operation that a lock has kept waiting for too long.
 *
 * @param filename The database file.
 * @param waitedMs How long it has waited.
 * @param cause The last error of the binding.
 */
export function lockedError(filename: string, waitedMs: number, cause: unknown): StorageError {
  const seconds = (waitedMs / 1000).toFixed(1);
  return new StorageError(`SQLite file ${JSON.stringify(filename)} was locked by another process for ${seconds} s`, { cause });
}

function isSqliteError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error.name === "SQLiteError" || (error as { code?: unknown }).code === "ERR_SQLITE_ERROR";
}

/** The primary result code of SQLite. */
function resultCode(error: Error): number | undefined {
  const { errno, errcode } = error as { errno?: number; errcode?: number };
  const code = errno ?? errcode;
  return code === undefined ? undefined : code & 0xff;
}
