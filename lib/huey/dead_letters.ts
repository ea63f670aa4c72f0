/**
 * Dead letters: messages that nobody could run, set aside with the reason.
 * @module
 */
import { forgetCanceled } from "../settlement/canceled_steps.ts";
import { decodeMessage } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { DecodeError } from "../errors.ts";
import type { StoredDeadLetter } from "../storage.ts";
import type { DeadLetter } from "../types/options.ts";

/** The dead letters, newest first. */
export async function listDeadLetters(core: Core, limit: number | undefined): Promise<DeadLetter[]> {
  const stored = await core.storage.deadLetters({ limit });
  return stored.map(({ id, reason, atMs, data, taskId, taskName }) => ({
    id,
    reason,
    at: new Date(atMs),
    data,
    taskId,
    taskName,
  }));
}

/**
 * Puts a dead letter back on the queue. What was stored of its end goes first, also for the steps that were to follow it, so that
 * their readers wait again.
 *
 * @returns whether it was there
 */
export async function requeueDeadLetter(core: Core, id: string): Promise<boolean> {
  const letter = await findDeadLetter(core, id);
  if (letter === undefined) return false;
  if (letter.taskId !== undefined) await core.storage.results.delete(letter.taskId);
  try {
    await forgetCanceled(core, await decodeMessage(core, { id: letter.taskId ?? "", data: letter.data }));
  } catch (error) {
    // What cannot be read has no steps that anybody knows of.
    if (!(error instanceof DecodeError)) throw error;
  }
  const { data, priority, taskId = letter.id } = letter;
  return await core.storage.requeueDeadLetter(id, { id: taskId, data, priority, track: core.settings.trackState }) !==
    undefined;
}

/** How many of the newest dead letters are looked at, in steps: most often the newest one is wanted. */
const LOOKS = [1, 100, 10_000];

async function findDeadLetter(core: Core, id: string): Promise<StoredDeadLetter | undefined> {
  for (const limit of LOOKS) {
    const letters = await core.storage.deadLetters({ limit });
    const found = letters.find((letter) => letter.id === id);
    if (found !== undefined || letters.length < limit) return found;
  }
  return undefined;
}
