/**
 * Settles in spite of a storage that is down for a while: what a task has done must not be lost.
 * @module
 */
import type { Core } from "../core/core.ts";
import { callStorage } from "../core/patience.ts";
import type { Settled, Settlement } from "../storage.ts";

/**
 * Settles; tries again while the storage is down. What was written, and whose reply was lost, is found to be written.
 *
 * @param name Names the task, for the log.
 * @throws {StorageError} If the storage is still down when `stop` is aborted; at once without `stop`, and if the Huey is closed.
 */
export function settleWithRetry(
  core: Core,
  settlement: Settlement,
  name: () => string,
  stop: AbortSignal | undefined,
): Promise<Settled> {
  return callStorage(
    core,
    () => `settle task ${name()}`,
    stop,
    (again) => core.storage.settle(again ? { ...settlement, again } : settlement),
  );
}
