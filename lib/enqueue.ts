/**
 * Puts tasks on the queue or the schedule and hands out what reads their results.
 * @module
 */
import { ChordHandle } from "./chord_result.ts";
import { encodeItem } from "./codec.ts";
import type { Core } from "./core.ts";
import { chordParts, groupMembers } from "./group.ts";
import { runImmediately } from "./immediate.ts";
import { everyMessage, isChord } from "./chain.ts";
import { chordRecords } from "./chord_record.ts";
import { link, type Start, startOf, withExpiry } from "./link.ts";
import type { Message, NextStep } from "./message.ts";
import { memberStages } from "./pipeline.ts";
import { ResultHandle } from "./result.ts";
import { ResultGroupHandle } from "./result_group.ts";
import { SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "./signals.ts";
import type { Item } from "./storage.ts";
import { makeTask } from "./task.ts";
import type { Chord, Group, Member } from "./types/composition.ts";

/** The handle of one member: of a task, of a pipeline, or of a chord. */
export type AnyHandle = ResultHandle | ResultGroupHandle | ChordHandle;

/** Enqueues a task, a pipeline, a group or a chord. */
export async function enqueueAny(core: Core, item: Member | Group<readonly Member[]>): Promise<AnyHandle> {
  if (item?.kind === "group") return await enqueueAll(core, groupMembers(item));
  const step = link(memberStages(item));
  return handleOf(new Handles(core, await enqueueSteps(core, [step])), item, step);
}

/** Enqueues several in one round trip. */
export async function enqueueAll(core: Core, members: readonly Member[]): Promise<ResultGroupHandle> {
  const steps = members.map((member) => link(memberStages(member)));
  if (steps.every(isAlone)) return new ResultGroupHandle(await enqueueMessages(core, steps));
  const handles = new Handles(core, await enqueueSteps(core, steps));
  return new ResultGroupHandle(members.map((member, index) => handleOf(handles, member, steps[index]!)));
}

/**
 * Enqueues one message: the short way for plain calls.
 * @throws {UnknownTaskError} If its task is not registered.
 */
export async function enqueueMessage(core: Core, message: Message): Promise<ResultHandle> {
  checkStep(core, message);
  const enqueued = withExpiry(message, core.clock.now());
  await write(core, { messages: [enqueued], chords: NO_CHORDS });
  return new ResultHandle(core, enqueued);
}

/**
 * Enqueues messages in one round trip: the short way for many plain calls.
 * @throws {UnknownTaskError} If the task of one is not registered; then none is enqueued.
 */
export async function enqueueMessages(core: Core, messages: readonly Message[]): Promise<ResultHandle[]> {
  for (const message of messages) checkStep(core, message);
  const nowMs = core.clock.now();
  const enqueued = messages.map((message) => withExpiry(message, nowMs));
  await write(core, { messages: enqueued, chords: NO_CHORDS });
  return enqueued.map((message) => new ResultHandle(core, message));
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
function isAlone(step: NextStep): step is Message {
  return !isChord(step) && step.next === undefined;
}

/** Checks everything, then writes everything at once. @returns the messages that were written */
async function enqueueSteps(core: Core, steps: readonly NextStep[]): Promise<readonly Message[]> {
  for (const step of steps) checkStep(core, step);
  const start = startOf(steps, core.clock.now());
  await write(core, start);
  return start.messages;
}

const NO_CHORDS: Start["chords"] = [];

function write(core: Core, start: Start): Promise<void> {
  return core.immediate ? runImmediately(core, start) : writeStart(core, start);
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
  if (isAlone(step) && step.onError === undefined) return checkMessage(core, step);
  for (const message of everyMessage(step)) checkMessage(core, message);
}

function checkMessage(core: Core, { id, name, priority }: Message): void {
  core.registry.get(name);
  if (priority) core.storage.check({ id, data: NO_BYTES, priority, track: false });
}

const NO_BYTES = new Uint8Array(0);

/** Makes handles from the messages as they were enqueued: with what follows them, and with their expiry. */
class Handles {
  readonly #core: Core;
  readonly #enqueued: ReadonlyMap<string, Message>;

  constructor(core: Core, enqueued: readonly Message[]) {
    this.#core = core;
    this.#enqueued = new Map(enqueued.map((message) => [message.id, message]));
  }

  one(message: Message): ResultHandle {
    const enqueued = this.#enqueued.get(message.id);
    return new ResultHandle(this.#core, enqueued ?? message, enqueued !== undefined);
  }

  /** A handle for each step of a chain; of a chord for its callback. */
  chain(step: NextStep): ResultGroupHandle {
    const messages: Message[] = [];
    for (let next: NextStep | undefined = step; next !== undefined; next = messages.at(-1)!.next) {
      messages.push(isChord(next) ? next.callback : next);
    }
    return new ResultGroupHandle(messages.map((message) => this.one(message)));
  }
}

function handleOf(handles: Handles, member: Member, step: NextStep): AnyHandle {
  if (member.kind === "pipeline") return handles.chain(step);
  if (!isChord(step)) return handles.one(step);
  const { members } = chordParts(member as Chord<unknown, unknown[]>);
  const results = new ResultGroupHandle(members.map((inner, index) => handleOf(handles, inner, step.members[index]!)));
  return new ChordHandle(results, handles.chain(step.callback));
}
