/**
 * Where a task is, by its id.
 * @module
 */
import type { Core } from "./core.ts";
import type { TaskStatus } from "./types/results.ts";

/** The state of a task; `unknown` when nothing is known of it, or not any more. */
export async function taskStatus(core: Core, id: string): Promise<TaskStatus> {
  const stored = await core.storage.state(id);
  if (stored === undefined) return { state: "unknown" };
  const status: TaskStatus = { state: stored.state === "empty" ? "complete" : stored.state };
  if (stored.worker !== undefined) status.worker = stored.worker;
  if (stored.sinceMs !== undefined) status.since = new Date(stored.sinceMs);
  return status;
}
