/**
 * Stands in for an operation that a driver does not have yet.
 * @module
 */
import { StorageError } from "../lib/errors.ts";

/** Refuses every call. */
export function unbuilt(): Promise<never> {
  return Promise.reject(new StorageError("This storage does not offer this operation yet"));
}
