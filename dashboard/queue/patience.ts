/**
 * How long a page waits for a storage.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import { type Clock, within } from "../../lib/primitives/clock.ts";

/** How long a storage may take for what a page asks of it. */
const LONGEST_MS = 8000;

/** A storage has failed or was silent. What it said is for the log: it may name servers and files. */
export class Unavailable extends Error {
  override name = "Unavailable";
}

/**
 * What a storage gives.
 *
 * @param clock The clock of the machine: a clock that stands still would wait for ever.
 * @param queue Name of the queue.
 * @param work What was asked.
 * @returns its value
 * @throws {Unavailable} If it fails, or takes too long.
 */
export async function asked<T>(clock: Clock, queue: string, work: Promise<T>): Promise<T> {
  const late = `The storage of queue "${queue}" did not answer within ${LONGEST_MS / 1000} s`;
  try {
    return await within(clock, { ms: LONGEST_MS }, work, () => Promise.reject(new Unavailable(late)));
  } catch (cause) {
    // A mistake of the visitor, or of ours, is none of the storage.
    if (!(cause instanceof StorageError)) throw cause;
    throw new Unavailable(`The storage of queue "${queue}" failed`, { cause });
  }
}
