/**
 * Puts tasks on the queue or the schedule and hands out what reads their results.
 * @module
 */
import { ChordHandle } from "./chord_result.ts";
import { encodeItem } from "./codec.ts";
import type { Core } from "./core.ts";
import { chordParts, groupMembers } from "./group.ts";
import { runImmediately } from "./immediate.ts";
import { everyMessage, heads, link } from "./link.ts";
import type { Message, NextStep } from "./message.ts";
import { makePipeline, memberStages, type Stage } from "./pipeline.ts";
import { ResultHandle } from "./result.ts";
import { ResultGroupHandle } from "./result_group.ts";
import { SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "./signals.ts";
import type { Item } from "./storage.ts";
import { makeTask } from "./task.ts";
import type { Chord, Group, Member, Task } from "./types/composition.ts";

/** The handle of one member: of a task, of a pipeline, or of a chord. */
export type AnyHandle = ResultHandle | ResultGroupHandle | ChordHandle;

/** Enqueues a task, a pipeline, a group or a chord. */
export async function enqueueAny(core: Core, item: Member | Group<readonly Member[]>): Promise<AnyHandle> {
  if (item?.kind === "group") return await enqueueAll(core, groupMembers(item));
  await enqueueSteps(core, [link(memberStages(item))]);
  return handleOf(core, item);
}

/** Enqueues several in one round trip. */
export async function enqueueAll(core: Core, members: readonly Member[]): Promise<ResultGroupHandle> {
  await enqueueSteps(core, members.map((member) => link(memberStages(member))));
  return new ResultGroupHandle(members.map((member) => handleOf(core, member)));
}

/**
 * Enqueues one task: the short way for plain calls.
 * @throws {UnknownTaskError} If it is not registered.
 */
export async function enqueueTask(core: Core, task: Task, message: Message): Promise<ResultHandle> {
  await enqueueSteps(core, [message]);
  return new ResultHandle(core, task);
}

/** Checks everything, then writes everything at once. */
export async function enqueueSteps(core: Core, steps: readonly NextStep[]): Promise<void> {
  for (const step of steps) checkStep(core, step);
  const messages = steps.length === 1 ? heads(steps[0]!) : steps.flatMap(heads);
  if (core.immediate) return await runImmediately(core, messages);
  const items: Item[] = [];
  for (const message of messages) items.push(await encodeItem(core, message));
  await announce(core, messages.filter((_, index) => items[index]!.dueMs === undefined), SIGNAL_ENQUEUED);
  await core.storage.enqueue(items);
  await announce(core, messages.filter((_, index) => items[index]!.dueMs !== undefined), SIGNAL_SCHEDULED);
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
  for (const message of everyMessage(step)) {
    core.registry.get(message.name);
    if (message.priority) core.storage.check({ id: message.id, data: NO_BYTES, priority: message.priority, track: false });
  }
}

const NO_BYTES = new Uint8Array(0);

function handleOf(core: Core, member: Member): AnyHandle {
  if (member.kind === "task") return new ResultHandle(core, member);
  if (member.kind === "pipeline") return handlesOf(core, member.tasks);
  const { members, tail } = chordParts(member as Chord<unknown, unknown[]>);
  const results = new ResultGroupHandle(members.map((inner) => handleOf(core, inner)));
  return new ChordHandle(results, handlesOf(core, tailTasks(tail)));
}

function tailTasks(tail: readonly Stage[]): readonly Task[] {
  return makePipeline(tail).tasks;
}

function handlesOf(core: Core, tasks: readonly Task[]): ResultGroupHandle {
  return new ResultGroupHandle(tasks.map((task) => new ResultHandle(core, task)));
}
