/**
 * Puts messages on the queue or the schedule: everything is checked and encoded before anything is written.
 * @module
 */
import { encodeItem } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { resolveKeys } from "../control/keys.ts";
import { everyMessage, isChord } from "../message/chain.ts";
import { chordRecords } from "./chords.ts";
import { asEnqueued, type FirstMessages, firstMessagesOf } from "../composition/link.ts";
import type { Message, NextStep } from "../message/message.ts";
import { checkMetaOf, withCarriedMeta } from "../message/meta.ts";
import { announceAfterWriting, announceBeforeWriting } from "./announce.ts";
import type { Statistics } from "../statistics/statistics.ts";
import type { Enqueued, Item } from "../storage.ts";

/** Messages that were enqueued. */
export interface EnqueuedMessages {
  /** With the time, their expiry, and their keys. */
  readonly messages: readonly Message[];
  /** By position: the id of the task that is there already. Such a message was not enqueued. */
  readonly duplicates: ReadonlyMap<number, string> | undefined;
}

/**
 * Enqueues steps in one round trip: checks everything, then writes everything at once.
 *
 * @param from Id of the task in whose place it is put, where it is one.
 * @throws {UnknownTaskError} If the task of one is not registered; then none is enqueued. At once, where nothing is traced.
 */
export function enqueueSteps(core: Core, steps: readonly NextStep[], from?: string): Promise<EnqueuedMessages> {
  const { tracing } = core;
  if (tracing === undefined) return enqueueFirst(core, steps, from);
  return tracing.enqueue(steps, (carried) => enqueueFirst(core, steps.map((step) => withCarriedMeta(step, carried)), from));
}

function enqueueFirst(core: Core, steps: readonly NextStep[], from: string | undefined): Promise<EnqueuedMessages> {
  for (const step of steps) checkStep(core, step);
  const { messages, chords } = firstMessagesOf(steps, core.clock.now());
  if (!messages.some(hasKeys)) return write(core, { messages, chords }, from);
  return withAskedKeys(core, messages).then((asked) => write(core, { messages: asked, chords }, from));
}

/**
 * Checks everything that enqueueing a message would check, and writes nothing.
 * @throws {UnknownTaskError} If its task is not registered.
 * @throws {TypeError | RangeError} For what the storage cannot hold, or arguments that cannot be stored.
 */
export async function checkEnqueueing(core: Core, message: Message): Promise<void> {
  checkStep(core, message);
  const [ready] = await withAskedKeys(core, [asEnqueued(message, core.clock.now())]);
  await encodeItem(core, ready!);
}

/** Whether a step is a task and nothing more. */
export function isSingleTask(step: NextStep): step is Message {
  return !isChord(step) && step.next === undefined;
}

/** Whether a message may have keys to be found: most have none. */
function hasKeys({ concurrency, unique }: Message): boolean {
  return concurrency !== undefined || unique !== undefined;
}

/** The messages with the keys that their tasks ask for. */
async function withAskedKeys(core: Core, messages: readonly Message[]): Promise<readonly Message[]> {
  const ready: Message[] = [];
  for (const message of messages) ready.push(await resolveKeys(core, message));
  return ready;
}

function write(core: Core, start: FirstMessages, from: string | undefined): Promise<EnqueuedMessages> {
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

/** Counts messages of one task in a row together: a batch is often of one task. */
function countEnqueued(statistics: Statistics, messages: readonly Message[], { duplicates }: Enqueued): void {
  const written = duplicates === undefined ? messages : messages.filter((_, index) => !duplicates.has(index));
  for (let first = 0, next = 0; first < written.length; first = next) {
    const { name } = written[first]!;
    while (next < written.length && written[next]!.name === name) next++;
    statistics.count(name, "enqueued", next - first);
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
