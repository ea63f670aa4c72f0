/**
 * Where a task is, by its id.
 * @module
 */
import { revocationKey } from "../control/revocation_record.ts";
import { type About, readAbout } from "../core/about.ts";
import { decodeMessage } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { isEnded } from "../control/endings.ts";
import { isKeyRevoked, isTaskRevoked, revokedTasks } from "../control/revocation.ts";
import type { TaskStatus } from "../types/results.ts";

/** How many waiting and scheduled tasks are looked at for the name of one. */
const MOST_LISTED = 10_000;

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
  if (sinceMs !== undefined) status.since = new Date(sinceMs);
  addAbout(status, readAbout(stored?.about));
  if (!status.ended && await isRevoked(core, id, name)) status.revoked = true;
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

async function isRevoked(core: Core, id: string, name: string | undefined): Promise<boolean> {
  const nowMs = core.clock.now();
  if (name !== undefined) return await isTaskRevoked(core, { id, name }, nowMs);
  if (await isKeyRevoked(core, revocationKey(id), nowMs)) return true;
  // Only now it matters of which task it is, which the storage does not know.
  const revoked = await revokedTasks(core);
  return revoked.length > 0 && revoked.includes(await nameOf(core, id) ?? "");
}

async function nameOf(core: Core, id: string): Promise<string | undefined> {
  const { storage } = core;
  const find = async (list: (limit: number) => ReturnType<typeof storage.pending>) =>
    (await list(MOST_LISTED)).find((item) => item.id === id);
  const item = await find((limit) => storage.pending(limit)) ?? await find((limit) => storage.scheduled(limit));
  try {
    return item && (await decodeMessage(core, item)).name;
  } catch {
    return undefined;
  }
}
