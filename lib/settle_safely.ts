/**
 * Settles in spite of a storage that is down for a while: what a task has done must not be lost.
 * @module
 */
import type { Core } from "./core.ts";
import { StorageError } from "./errors.ts";
import type { Settlement } from "./storage.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/**
 * Settles; tries again while the storage is down.
 * @returns whether the claim was still held
 * @throws {StorageError} If the storage is still down when `stop` is aborted; at once without `stop`, and if the Huey is closed.
 */
export async function settleSafely(core: Core, settlement: Settlement, stop: AbortSignal | undefined): Promise<boolean> {
  for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return (await core.storage.settle(settlement)).held;
    } catch (error) {
      if (!(error instanceof StorageError) || core.closed || stop === undefined || stop.aborted) throw error;
      // Told once for each task that waits; the consumer tells of the outage itself.
      const level = pauseMs === FIRST_PAUSE_MS ? "error" : "debug";
      core.logger[level](`Cannot settle task ${settlement.id}, trying again: ${error.message}`, { error });
      await pause(pauseMs, stop);
    }
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const aborted = (): void => resolve();
  stop.addEventListener("abort", aborted, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    stop.removeEventListener("abort", aborted);
  });
}
