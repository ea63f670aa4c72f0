/**
 * Puts messages on the queue or the schedule: everything is checked and encoded before anything is written.
 * @module
 */
import { encodeItem } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { everyMessage, isChord } from "../message/chain.ts";
import { chordRecords } from "./chord_record.ts";
import { type Start, startOf, withExpiry } from "../composition/link.ts";
import type { Message, NextStep } from "../message/message.ts";
import { SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "../observe/signals.ts";
import type { Item } from "../storage.ts";
import { makeTask } from "../composition/call.ts";

/**
 * Enqueues one message: the short way for plain calls.
 * @returns it with its expiry fixed
 * @throws {UnknownTaskError} If its task is not registered.
 */
export async function enqueueMessage(core: Core, message: Message): Promise<Message> {
  checkStep(core, message);
  const enqueued = withExpiry(message, core.clock.now());
  await write(core, { messages: [enqueued], chords: NO_CHORDS });
  return enqueued;
}

/**
 * Enqueues messages in one round trip: the short way for many plain calls.
 * @returns them with their expiry fixed
 * @throws {UnknownTaskError} If the task of one is not registered; then none is enqueued.
 */
export async function enqueueMessages(core: Core, messages: readonly Message[]): Promise<Message[]> {
  for (const message of messages) checkStep(core, message);
  const nowMs = core.clock.now();
  const enqueued = messages.map((message) => withExpiry(message, nowMs));
  await write(core, { messages: enqueued, chords: NO_CHORDS });
  return enqueued;
}

/**
 * Checks everything that enqueueing a message would check, and writes nothing.
 * @throws {UnknownTaskError} If its task is not registered.
 * @throws {TypeError | RangeError} For what the storage cannot hold, or arguments that cannot be stored.
 */
export async function checkEnqueueing(core: Core, message: Message): Promise<void> {
  checkStep(core, message);
  await encodeItem(core, withExpiry(message, core.clock.now()));
}

/** Whether a step is a task and nothing more. */
export function isSingleTask(step: NextStep): step is Message {
  return !isChord(step) && step.next === undefined;
}

/** Checks everything, then writes everything at once. @returns the messages that were written */
export async function enqueueSteps(core: Core, steps: readonly NextStep[]): Promise<readonly Message[]> {
  for (const step of steps) checkStep(core, step);
  const start = startOf(steps, core.clock.now());
  await write(core, start);
  return start.messages;
}

const NO_CHORDS: Start["chords"] = [];

function write(core: Core, start: Start): Promise<void> {
  // What is defined elsewhere waits for a consumer that has it, as always.
  const runsHere = core.immediate && !start.messages.every(({ name }) => core.registry.isRemote(name));
  return runsHere ? core.runInCall((inside) => writeStart(inside, start)) : writeStart(core, start);
}

async function writeStart(core: Core, { messages, chords }: Start): Promise<void> {
  const items: Item[] = [];
  for (const message of messages) {
    const item = encodeItem(core, message);
    items.push(item instanceof Promise ? await item : item);
  }
  const records = chords.length === 0 ? undefined : await chordRecords(core, chords);
  if (core.signals.has(SIGNAL_ENQUEUED)) {
    await announce(core, messages.filter((_, index) => items[index]!.dueMs === undefined), SIGNAL_ENQUEUED);
  }
  await core.storage.enqueue(items, records);
  for (const { name } of messages) core.statistics?.count(name, "enqueued");
  if (core.signals.has(SIGNAL_SCHEDULED)) {
    await announce(core, messages.filter((_, index) => items[index]!.dueMs !== undefined), SIGNAL_SCHEDULED);
  }
}

/** Tells who listens that messages were enqueued or scheduled. */
export async function announce(
  core: Core,
  messages: readonly Message[],
  signal: typeof SIGNAL_ENQUEUED | typeof SIGNAL_SCHEDULED,
): Promise<void> {
  if (!core.signals.has(signal)) return;
  for (const message of messages) await core.signals.emit(signal, makeTask(message));
}

function checkStep(core: Core, step: NextStep): void {
  if (isSingleTask(step) && step.onError === undefined) return checkMessage(core, step);
  for (const message of everyMessage(step)) checkMessage(core, message);
}

function checkMessage(core: Core, { id, name, priority }: Message): void {
  core.registry.get(name);
  if (priority) core.storage.check({ id, data: NO_BYTES, priority, track: false });
}

const NO_BYTES = new Uint8Array(0);
