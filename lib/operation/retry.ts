/**
 * Trying dead letters again: a new run of the task under its id, with everything that was to follow it.
 * @module
 */
import { idsOfCanceledSteps } from "../settlement/canceled_steps.ts";
import { decodeMessage, encodeItem } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { withEnqueueTime } from "../composition/link.ts";
import { announceItems, announceMessage } from "../enqueue/announce.ts";
import { DecodeError } from "../errors.ts";
import { drainQueue } from "../immediate/run_in_call.ts";
import type { Message } from "../message/message.ts";
import { logTask } from "../observe/tracing.ts";
import type { DeadLetterQuery, StoredDeadLetter } from "../storage.ts";

/**
 * Enqueues the task of a dead letter again.
 *
 * @param id Of the dead letter, or of its task.
 * @returns whether it is enqueued: of several that try at once one is told so
 */
export async function retryDeadLetter(core: Core, id: string): Promise<boolean> {
  const letter = await core.storage.deadLetter(id);
  if (letter === undefined || !await retryStored(core, letter)) return false;
  await drainQueue(core);
  return true;
}

/** How many are read at once. */
const BATCH = 500;

/**
 * Enqueues the tasks of dead letters again, each once: one that fails at once comes back as another dead letter, and would come again
 * and again.
 *
 * @returns how many
 */
export async function retryAllDeadLetters(core: Core, query: DeadLetterQuery & { readonly limit: number }): Promise<number> {
  const { limit, ...filter } = query;
  const seen = new Set<string>();
  const retried = new Set<string | undefined>();
  let { beforeMs } = filter;
  let [done, edge] = [0, 0];
  while (done < limit) {
    const page = { ...filter, beforeMs, limit: Math.min(limit - done, BATCH) + edge };
    const found = await core.storage.deadLetters(page);
    const fresh = found.filter(({ id }) => !seen.has(id));
    const letters = fresh.filter(({ taskId }) => !retried.has(taskId));
    for (const { id } of fresh) seen.add(id);
    // The oldest of them first, as they were called.
    for (const letter of letters.toReversed()) {
      if (done >= limit) break;
      if (!await retryStored(core, letter)) continue;
      done++;
      if (letter.taskId !== undefined) retried.add(letter.taskId);
    }
    if (fresh.length === 0) break;
    // The next page begins in the millisecond in which this one ends, with what of it is still there.
    const oldestMs = found.at(-1)!.atMs;
    edge = found.filter(({ atMs }) => atMs === oldestMs).length;
    beforeMs = oldestMs + 1;
  }
  await drainQueue(core);
  return done;
}

/** What was stored of the ends of the steps that were to follow goes in the same step, so that their readers wait again. */
async function retryStored(core: Core, letter: StoredDeadLetter): Promise<boolean> {
  const { id, taskId = id, data, priority } = letter;
  const message = await readable(core, taskId, data);
  if (message === undefined) {
    // As it was: perhaps another consumer, or a later version, can read it.
    const item = { id: taskId, data, priority, track: core.settings.trackState };
    return await core.storage.requeueDeadLetter(id, item) !== undefined;
  }
  const again = withEnqueueTime(asNew(core, message), core.clock.now());
  const steps = await idsOfCanceledSteps(core, again);
  const item = await encodeItem(core, again);
  const enqueued = await core.storage.requeueDeadLetter(id, item, steps);
  if (enqueued === undefined) return false;
  const holder = enqueued.duplicates?.get(0);
  if (holder === undefined) {
    core.statistics?.count(again.name, "enqueued");
    await announceMessage(core, again, item, enqueued.blocked?.has(0));
    await announceItems(core, enqueued.admitted);
    return true;
  }
  logTask(core, "warn", message, `is not tried again: task ${holder} holds its unique key`);
  return false;
}

async function readable(core: Core, id: string, data: Uint8Array): Promise<Message | undefined> {
  try {
    return await decodeMessage(core, { id, data });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}

/** The message of a first attempt: with all its retries, due at once, with an expiry that counts from now. */
function asNew(core: Core, message: Message): Message {
  const { first = message, ...kept } = message;
  const { retries } = core.registry.find(message.name)?.blank ?? first;
  const fresh = {
    eta: undefined,
    expiresAt: undefined,
    attempt: undefined,
    history: undefined,
    quick: undefined,
    unknown: undefined,
  };
  return { ...kept, ...fresh, retries, retryDelay: first.retryDelay };
}
