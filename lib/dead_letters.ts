/**
 * Dead letters: messages that nobody could run, set aside with the reason.
 * @module
 */
import type { Core } from "./core.ts";
import type { DeadLetter } from "./types/options.ts";

/** The dead letters, oldest first. */
export async function listDeadLetters(core: Core, limit: number | undefined): Promise<DeadLetter[]> {
  const stored = await core.storage.deadLetters(limit);
  return stored.map(({ id, reason, atMs, data, taskId, taskName }) => ({
    id,
    reason,
    at: new Date(atMs),
    data,
    taskId,
    taskName,
  }));
}
