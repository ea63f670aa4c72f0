/**
 * Puts messages on the queue or the schedule: everything is checked and encoded before anything is written.
 * @module
 */
import { encodeItem } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { resolveConcurrencyKey } from "../control/concurrency.ts";
import { resolveUniqueKey } from "../control/unique.ts";
import { everyMessage, isChord } from "../message/chain.ts";
import { chordRecords } from "./chord_record.ts";
import { asEnqueued, type FirstMessages, firstMessagesOf } from "../composition/link.ts";
import type { Message, NextStep } from "../message/message.ts";
import { checkMetaOf, withCarriedMeta } from "../message/meta.ts";
import { announceAfterWriting, announceBeforeWriting } from "./announce.ts";
import type { Enqueued, Item } from "../storage.ts";

/** Messages that were enqueued. */
export interface EnqueuedMessages {
  /** With the time, their expiry, and their keys. */
  readonly messages: readonly Message[];
  /** By position: the id of the task that is there already. Such a message was not enqueued. */
  readonly duplicates: ReadonlyMap<number, string> | undefined;
}

/**
 * Enqueues one message: the short way for plain calls.
 *
 * @param from Id of the task in whose place it is put.
 * @throws {UnknownTaskError} If its task is not registered.
 */
export function enqueueMessage(core: Core, message: Message, from?: string): Promise<EnqueuedMessages> {
  const { tracing } = core;
  if (tracing === undefined) return enqueueOne(core, message, from);
  return tracing.enqueue([message], (carried) => enqueueOne(core, withCarriedMeta(message, carried), from));
}

async function enqueueOne(core: Core, message: Message, from: string | undefined): Promise<EnqueuedMessages> {
  checkStep(core, message);
  const messages = [asEnqueued(message, core.clock.now())];
  return await write(core, { messages: asks(messages) ? await asked(core, messages) : messages, chords: NO_CHORDS }, from);
}

/**
 * Enqueues messages in one round trip: the short way for many plain calls.
 * @throws {UnknownTaskError} If the task of one is not registered; then none is enqueued.
 */
export function enqueueMessages(core: Core, messages: readonly Message[]): Promise<EnqueuedMessages> {
  const { tracing } = core;
  if (tracing === undefined) return enqueueMany(core, messages);
  return tracing.enqueue(messages, (carried) => {
    return enqueueMany(core, messages.map((message) => withCarriedMeta(message, carried)));
  });
}

async function enqueueMany(core: Core, messages: readonly Message[]): Promise<EnqueuedMessages> {
  for (const message of messages) checkStep(core, message);
  const nowMs = core.clock.now();
  return await write(core, {
    messages: await asked(core, messages.map((message) => asEnqueued(message, nowMs))),
    chords: NO_CHORDS,
  });
}

/**
 * Checks everything that enqueueing a message would check, and writes nothing.
 * @throws {UnknownTaskError} If its task is not registered.
 * @throws {TypeError | RangeError} For what the storage cannot hold, or arguments that cannot be stored.
 */
export async function checkEnqueueing(core: Core, message: Message): Promise<void> {
  checkStep(core, message);
  const [ready] = await asked(core, [asEnqueued(message, core.clock.now())]);
  await encodeItem(core, ready!);
}

/** Whether a step is a task and nothing more. */
export function isSingleTask(step: NextStep): step is Message {
  return !isChord(step) && step.next === undefined;
}

/** Checks everything, then writes everything at once. */
export function enqueueSteps(core: Core, steps: readonly NextStep[]): Promise<EnqueuedMessages> {
  const { tracing } = core;
  if (tracing === undefined) return enqueueChains(core, steps);
  return tracing.enqueue(steps, (carried) => enqueueChains(core, steps.map((step) => withCarriedMeta(step, carried))));
}

async function enqueueChains(core: Core, steps: readonly NextStep[]): Promise<EnqueuedMessages> {
  for (const step of steps) checkStep(core, step);
  const { messages, chords } = firstMessagesOf(steps, core.clock.now());
  return await write(core, { messages: await asked(core, messages), chords });
}

const NO_CHORDS: FirstMessages["chords"] = [];

/** Whether there are messages with keys to be found, as most have none. */
function asks(messages: readonly Message[]): boolean {
  return messages.some(({ concurrency, unique }) => concurrency !== undefined || unique !== undefined);
}

/** The messages with the keys that their tasks ask for. */
async function asked(core: Core, messages: readonly Message[]): Promise<readonly Message[]> {
  const ready: Message[] = [];
  for (const message of messages) ready.push(await resolveUniqueKey(core, resolveConcurrencyKey(core, message)));
  return ready;
}

function write(core: Core, start: FirstMessages, from?: string): Promise<EnqueuedMessages> {
  // What is defined elsewhere waits for a consumer that has it, as always.
  const runsHere = core.immediate && !start.messages.every(({ name }) => core.registry.isRemote(name));
  return runsHere ? core.runInCall((inside) => writeStart(inside, start, from)) : writeStart(core, start, from);
}

async function writeStart(
  core: Core,
  { messages, chords }: FirstMessages,
  from: string | undefined,
): Promise<EnqueuedMessages> {
  const items: Item[] = [];
  const options = from === undefined ? undefined : { from };
  for (const message of messages) {
    const item = encodeItem(core, message, options);
    items.push(item instanceof Promise ? await item : item);
  }
  const records = chords.length === 0 ? undefined : await chordRecords(core, chords);
  const telling = announceBeforeWriting(core, messages, items);
  if (telling !== undefined) await telling;
  const enqueued = await core.storage.enqueue(items, records);
  if (core.statistics !== undefined) countEnqueued(core.statistics, messages, enqueued);
  const told = announceAfterWriting(core, messages, items, enqueued);
  if (told !== undefined) await told;
  return { messages, duplicates: enqueued.duplicates };
}

function countEnqueued(
  statistics: NonNullable<Core["statistics"]>,
  messages: readonly Message[],
  { duplicates }: Enqueued,
): void {
  for (let index = 0; index < messages.length; index++) {
    if (!duplicates?.has(index)) statistics.count(messages[index]!.name, "enqueued");
  }
}

function checkStep(core: Core, step: NextStep): void {
  // The meta of one was checked where it was given.
  if (isSingleTask(step) && step.onError === undefined) return checkMessage(core, step);
  let hasMeta = false;
  for (const message of everyMessage(step)) {
    checkMessage(core, message);
    hasMeta ||= message.meta !== undefined;
  }
  if (hasMeta) checkMetaOf(step);
}

function checkMessage(core: Core, { id, name, priority }: Message): void {
  core.registry.get(name);
  if (priority) core.storage.check({ id, data: NO_BYTES, priority, track: false });
}

const NO_BYTES = new Uint8Array(0);
