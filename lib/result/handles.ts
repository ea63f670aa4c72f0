/**
 * The handles of what is enqueued: of a task, a pipeline, a group or a chord.
 * @module
 */
import { isChord } from "../message/chain.ts";
import type { Core } from "../core/core.ts";
import { type EnqueuedMessages, enqueueSteps, isSingleTask } from "../enqueue/enqueue.ts";
import { chordParts, groupMembers } from "../composition/group.ts";
import { linkStages } from "../composition/link.ts";
import type { Message, NextStep } from "../message/message.ts";
import { memberStages } from "../composition/pipeline.ts";
import { handleOfCall, ResultHandle } from "./result.ts";
import { type AnyHandle, ChordHandle, ResultGroupHandle } from "./group.ts";
import type { Chord, Group, Member } from "../types/composition.ts";

/** Enqueues a task, a pipeline, a group or a chord. */
export async function enqueueAny(core: Core, item: Member | Group<readonly Member[]>): Promise<AnyHandle> {
  if (item?.kind === "group") return await enqueueAll(core, groupMembers(item));
  const step = linkStages(memberStages(item));
  return handleOf(new Handles(core, await enqueueSteps(core, [step])), item, step);
}

/** Enqueues several in one round trip. */
export async function enqueueAll(core: Core, members: readonly Member[]): Promise<ResultGroupHandle> {
  const steps = members.map((member) => linkStages(memberStages(member)));
  const enqueued = await enqueueSteps(core, steps);
  if (steps.every(isSingleTask)) return new ResultGroupHandle(handlesOf(core, enqueued));
  const handles = new Handles(core, enqueued);
  return new ResultGroupHandle(members.map((member, index) => handleOf(handles, member, steps[index]!)));
}

/** The handles of messages that are enqueued, or were there already. */
export function handlesOf(core: Core, { messages, duplicates }: EnqueuedMessages): ResultHandle[] {
  if (duplicates === undefined) return messages.map((message) => new ResultHandle(core, message));
  return messages.map((message, index) => handleOfCall(core, message, duplicates.get(index)));
}

/** A message that was to be enqueued. */
interface Placed {
  /** As it was enqueued: with what follows it, and with its expiry. */
  readonly message: Message;
  /** Id of the task that it is a duplicate of. */
  readonly holder: string | undefined;
}

/** Makes handles of the steps of what is enqueued. */
class Handles {
  readonly #core: Core;
  readonly #placed: ReadonlyMap<string, Placed>;

  constructor(core: Core, { messages, duplicates }: EnqueuedMessages) {
    this.#core = core;
    this.#placed = new Map(
      messages.map((message, index) => [message.id, { message, holder: duplicates?.get(index) }]),
    );
  }

  one(message: Message): ResultHandle {
    const placed = this.#placed.get(message.id);
    if (placed === undefined) return new ResultHandle(this.#core, message, { later: true });
    return handleOfCall(this.#core, placed.message, placed.holder);
  }

  /** A handle for each step of a chain; of a chord for its callback. */
  chain(step: NextStep): ResultGroupHandle {
    const messages: Message[] = [];
    for (let next: NextStep | undefined = step; next !== undefined; next = messages.at(-1)!.next) {
      messages.push(isChord(next) ? next.callback : next);
    }
    const [first, ...rest] = messages;
    const holder = this.#placed.get(first!.id)?.holder;
    const others = rest.map((message) =>
      holder === undefined ? this.one(message) : this.#neverEnqueued(message, first!, holder)
    );
    return new ResultGroupHandle([this.one(first!), ...others]);
  }

  #neverEnqueued(message: Message, first: Message, holder: string): ResultHandle {
    const why = `the first step of its pipeline was not enqueued: ${first.name}: ${holder} is there, with the same unique key`;
    return new ResultHandle(this.#core, message, { later: true, canceled: why });
  }
}

function handleOf(handles: Handles, member: Member, step: NextStep): AnyHandle {
  if (member.kind === "pipeline") return handles.chain(step);
  if (!isChord(step)) return handles.one(step);
  const { members } = chordParts(member as Chord<unknown, unknown[]>);
  const results = new ResultGroupHandle(members.map((inner, index) => handleOf(handles, inner, step.members[index]!)));
  return new ChordHandle(results, handles.chain(step.callback));
}
