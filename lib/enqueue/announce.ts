/**
 * Tells who listens what has become of messages that were enqueued.
 * @module
 */
import { readMessage } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { makeTask } from "../composition/call.ts";
import type { Message } from "../message/message.ts";
import { SIGNAL_BLOCKED, SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "../observe/signals.ts";
import type { Enqueued, Item, Moved } from "../storage.ts";

/** The signals of what is enqueued. */
type EnqueueSignal = typeof SIGNAL_BLOCKED | typeof SIGNAL_ENQUEUED | typeof SIGNAL_SCHEDULED;

/** Tells who listens that messages were enqueued, are blocked, or were scheduled. */
export async function announceMessages(core: Core, messages: readonly Message[], signal: EnqueueSignal): Promise<void> {
  if (!core.signals.has(signal)) return;
  for (const message of messages) await core.signals.emit(signal, makeTask(message));
}

/**
 * Tells of the messages that will be on the queue, so that whoever listens hears of them before they run. What becomes of those with a
 * gate or a unique key is known only when they are written. `undefined` where there is nobody to tell.
 */
export function announceBeforeWriting(
  core: Core,
  messages: readonly Message[],
  items: readonly Item[],
): Promise<void> | undefined {
  if (!core.signals.has(SIGNAL_ENQUEUED)) return undefined;
  return announceMessages(core, messages.filter((_, index) => goesToQueue(items[index]!)), SIGNAL_ENQUEUED);
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
  { duplicates, blocked, admitted = [] }: Enqueued,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (duplicates?.has(index) || goesToQueue(item)) continue;
    await announceMessages(core, [messages[index]!], signalOf(item.dueMs !== undefined, blocked?.has(index)));
  }
  await announceItems(core, admitted);
}

function goesToQueue({ dueMs, gate, unique }: Item): boolean {
  return dueMs === undefined && gate === undefined && unique === undefined;
}

/** The signal of what is written. */
export function signalOf(isScheduled: boolean, isBlocked: boolean | undefined): EnqueueSignal {
  if (isScheduled) return SIGNAL_SCHEDULED;
  return isBlocked ? SIGNAL_BLOCKED : SIGNAL_ENQUEUED;
}

/** Tells of items that the storage has moved: what became due, or was admitted. */
export async function announceItems(core: Core, items: readonly Moved[]): Promise<void> {
  for (const item of items) {
    const signal = signalOfMoved(item, core.clock.now());
    const message = core.signals.has(signal) ? await readMessage(core, item) : undefined;
    if (message !== undefined) await announceMessages(core, [message], signal);
  }
}

/**
 * Counts and tells of the callback of a chord, which the storage has enqueued by itself.
 * @param movedMs When it has.
 */
export async function announceCallback(core: Core, callback: Moved, movedMs: number = core.clock.now()): Promise<void> {
  const signal = signalOfMoved(callback, movedMs);
  if (core.statistics === undefined && !core.signals.has(signal)) return;
  const message = await readMessage(core, callback);
  if (message === undefined) return;
  core.statistics?.count(message.name, "enqueued");
  await announceMessages(core, [message], signal);
}

function signalOfMoved({ dueMs, blocked }: Moved, movedMs: number): EnqueueSignal {
  return signalOf(dueMs !== undefined && dueMs > movedMs, blocked);
}
