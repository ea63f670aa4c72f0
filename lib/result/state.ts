/**
 * Where a task is, by its id.
 * @module
 */
import { isKeyRevoked, isTaskRevoked, revocationKey, revokedTasks } from "../control/revocation.ts";
import { type About, isEnded, readAbout } from "../core/about.ts";
import type { Core } from "../core/core.ts";
import type { StoredState } from "../storage.ts";
import { readMessage } from "../core/codec.ts";
import { findItem } from "./listed_items.ts";
import { dateOf } from "../primitives/time.ts";
import type { TaskStatus } from "../types/results.ts";

/**
 * The state of a task; `unknown` when nothing is known of it, or not any more.
 *
 * @param name Of its task, if that is known.
 */
export async function taskStatus(core: Core, id: string, name?: string): Promise<TaskStatus> {
  const stored = await core.storage.state(id);
  const { state = "unknown", worker, sinceMs } = stored ?? {};
  const status: TaskStatus = { state: state === "empty" ? "complete" : state, ended: isEnded(stored) };
  if (worker !== undefined) status.worker = worker;
  const since = dateOf(sinceMs);
  if (since !== undefined) status.since = since;
  addAbout(status, readAbout(stored?.about));
  if (!status.ended && await isRevoked(core, id, name, stored)) status.revoked = true;
  return status;
}

/** What the storage keeps of a task beside its state; of one that runs its attempt counts, and began when the worker got it. */
function addAbout(status: TaskStatus, { enqueuedMs, attempts, startedMs, endedMs, error }: About): void {
  const isRunning = status.state === "running";
  if (error !== undefined) status.error = error;
  if (attempts !== undefined) status.attempts = attempts + (isRunning ? 1 : 0);
  if (enqueuedMs !== undefined) status.enqueuedAt = new Date(enqueuedMs);
  if (startedMs !== undefined) status.startedAt = new Date(startedMs);
  else if (isRunning && status.since !== undefined) status.startedAt = status.since;
  if (endedMs !== undefined) status.endedAt = new Date(endedMs);
}

async function isRevoked(core: Core, id: string, name: string | undefined, stored: StoredState | undefined): Promise<boolean> {
  const nowMs = core.clock.now();
  const runs = stored?.state === "running";
  if (name !== undefined) return await isTaskRevoked(core, { id, name }, nowMs, runs);
  if (await isKeyRevoked(core, revocationKey(id), nowMs)) return true;
  const revoked = await revokedTasks(core, runs);
  // Only now it matters of which task it is, which the storage does not know.
  const item = revoked.length > 0 ? await findItem(core, id, stored?.state) : undefined;
  return item !== undefined && revoked.includes((await readMessage(core, item))?.name ?? "");
}
