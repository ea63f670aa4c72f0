/**
 * Tells who listens what has become of messages that were enqueued.
 * @module
 */
import { readMessage } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { makeTask } from "../composition/call.ts";
import type { Message } from "../message/message.ts";
import { SIGNAL_BLOCKED, SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "../observe/signals.ts";
import type { Enqueued, Item, Moved, Settled } from "../storage.ts";

/**
 * Tells of the messages that will be on the queue, so that whoever listens hears of them before they run. What becomes of those with a
 * gate or a unique key is known only when they are written. `undefined` where there is nobody to tell.
 */
export function announceBeforeWriting(
  core: Core,
  messages: readonly Message[],
  items: readonly Item[],
): Promise<void> | undefined {
  return core.signals.has(SIGNAL_ENQUEUED) ? announceQueued(core, messages, items) : undefined;
}

async function announceQueued(core: Core, messages: readonly Message[], items: readonly Item[]): Promise<void> {
  for (const [index, message] of messages.entries()) {
    if (goesToQueue(items[index]!)) await emit(core, SIGNAL_ENQUEUED, message);
  }
}

/** Tells of the messages of which that was not known before they were written, and of those that they have let through. */
export function announceAfterWriting(
  core: Core,
  messages: readonly Message[],
  items: readonly Item[],
  enqueued: Enqueued,
): Promise<void> | undefined {
  const { signals } = core;
  const isHeard = signals.has(SIGNAL_SCHEDULED) || signals.has(SIGNAL_BLOCKED) || signals.has(SIGNAL_ENQUEUED);
  return isHeard ? announceWritten(core, messages, items, enqueued) : undefined;
}

async function announceWritten(
  core: Core,
  messages: readonly Message[],
  items: readonly Item[],
  { duplicates, blocked, admitted }: Enqueued,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (duplicates?.has(index) || goesToQueue(item)) continue;
    await emit(core, signalOf(item.dueMs !== undefined, blocked?.has(index)), messages[index]!);
  }
  await announceItems(core, admitted);
}

function goesToQueue({ dueMs, gate, unique }: Item): boolean {
  return dueMs === undefined && gate === undefined && unique === undefined;
}

/** Tells who listens of a message that was written: it is enqueued, blocked, or scheduled. @param item What was written of it */
export async function announceMessage(
  core: Core,
  message: Message,
  item: Item | undefined,
  isBlocked?: boolean,
): Promise<void> {
  await emit(core, signalOf(item?.dueMs !== undefined, isBlocked), message);
}

/** Tells of items that the storage has moved: what became due, or was admitted. @param movedMs When it has */
export async function announceItems(
  core: Core,
  items: readonly Moved[] = [],
  movedMs: number = core.clock.now(),
): Promise<void> {
  for (const item of items) {
    const signal = signalOf(item.dueMs !== undefined && item.dueMs > movedMs, item.blocked);
    const message = core.signals.has(signal) ? await readMessage(core, item) : undefined;
    if (message !== undefined) await emit(core, signal, message);
  }
}

/**
 * Tells of what a settlement has moved: of the callback of a chord, which is counted as well, and of what was admitted.
 * @param movedMs When it has.
 */
export async function announceMoved(core: Core, { callback, admitted }: Settled, movedMs: number): Promise<void> {
  if (callback !== undefined && core.statistics !== undefined) {
    const message = await readMessage(core, callback);
    if (message !== undefined) core.statistics.count(message.name, "enqueued");
  }
  await announceItems(core, callback === undefined ? admitted : [callback, ...admitted ?? []], movedMs);
}

/** The signals of what is enqueued. */
type EnqueueSignal = typeof SIGNAL_BLOCKED | typeof SIGNAL_ENQUEUED | typeof SIGNAL_SCHEDULED;

function signalOf(isScheduled: boolean, isBlocked: boolean | undefined): EnqueueSignal {
  if (isScheduled) return SIGNAL_SCHEDULED;
  return isBlocked ? SIGNAL_BLOCKED : SIGNAL_ENQUEUED;
}

async function emit(core: Core, signal: EnqueueSignal, message: Message): Promise<void> {
  if (core.signals.has(signal)) await core.signals.emit(signal, makeTask(message));
}
