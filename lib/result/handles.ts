/**
 * The handles of what is enqueued: of a task, a pipeline, a group or a chord.
 * @module
 */
import { isChord } from "../message/chain.ts";
import { ChordHandle } from "./chord.ts";
import type { Core } from "../core/core.ts";
import { enqueueMessages, enqueueSteps, isSingleTask } from "../enqueue/enqueue.ts";
import { chordParts, groupMembers } from "../composition/group.ts";
import { linkStages } from "../composition/link.ts";
import type { Message, NextStep } from "../message/message.ts";
import { memberStages } from "../composition/pipeline.ts";
import { ResultHandle } from "./result.ts";
import { ResultGroupHandle } from "./group.ts";
import type { Chord, Group, Member } from "../types/composition.ts";

/** The handle of one member: of a task, of a pipeline, or of a chord. */
export type AnyHandle = ResultHandle | ResultGroupHandle | ChordHandle;

/** Enqueues a task, a pipeline, a group or a chord. */
export async function enqueueAny(core: Core, item: Member | Group<readonly Member[]>): Promise<AnyHandle> {
  if (item?.kind === "group") return await enqueueAll(core, groupMembers(item));
  const step = linkStages(memberStages(item));
  return handleOf(new Handles(core, await enqueueSteps(core, [step])), item, step);
}

/** Enqueues several in one round trip. */
export async function enqueueAll(core: Core, members: readonly Member[]): Promise<ResultGroupHandle> {
  const steps = members.map((member) => linkStages(memberStages(member)));
  if (steps.every(isSingleTask)) return new ResultGroupHandle(handlesOf(core, await enqueueMessages(core, steps)));
  const handles = new Handles(core, await enqueueSteps(core, steps));
  return new ResultGroupHandle(members.map((member, index) => handleOf(handles, member, steps[index]!)));
}

/** The handles of messages that are enqueued. */
export function handlesOf(core: Core, messages: readonly Message[]): ResultHandle[] {
  return messages.map((message) => new ResultHandle(core, message));
}

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
