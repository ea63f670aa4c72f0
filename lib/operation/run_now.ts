/**
 * Running a scheduled task now.
 * @module
 */
import { readMessage } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { earlyKey } from "../core/keys.ts";
import { announceItems } from "../enqueue/announce.ts";
import { drainQueue } from "../immediate/run_in_call.ts";
import { HOUR_MS } from "../primitives/time.ts";

/** How long the note lasts until the task is found, and when it is due is known. */
const FIRST_MS = 60_000;
/** So long after its time a task is due by any clock. */
const LATE_MS = HOUR_MS;
const NOTE = new Uint8Array([1]);

/**
 * Moves a scheduled task to the queue, under its id. Its message goes on saying when it was due, so a note tells the worker that gets it
 * not to put it back.
 *
 * @returns whether it was found
 */
export async function runNow(core: Core, id: string): Promise<boolean> {
  const { meta } = core.storage;
  // First, since a worker may have the task before the answer is here. Another call may have left a note that lasts longer.
  await meta.putIfEmpty(earlyKey(id), NOTE, { ttlMs: FIRST_MS });
  const promoted = await core.storage.promote(id);
  if (promoted === undefined) return false;
  const message = await readMessage(core, promoted);
  await meta.put(earlyKey(id), NOTE, Math.max(0, (message?.eta ?? 0) - core.clock.now()) + LATE_MS);
  await announceItems(core, [{ ...promoted, dueMs: undefined }]);
  await drainQueue(core);
  return true;
}
