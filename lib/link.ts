/**
 * From stages to messages: each message carries the steps that follow it.
 * @module
 */
import { ConfigurationError } from "./errors.ts";
import { chordParts } from "./group.ts";
import { newId } from "./ids.ts";
import type { ChordMembership, ChordMessage, Message, NextStep } from "./message.ts";
import { memberStages, type Stage } from "./pipeline.ts";
import { isSpread, spreadItems } from "./spread.ts";
import { expiresAtMs } from "./task_options.ts";
import { messageOf } from "./task.ts";

/** Whether a step is a chord. */
export function isChord(step: NextStep): step is ChordMessage {
  return "members" in step;
}

/** The first step of a chain; its last one fills the place of `membership` in a chord. */
export function link(stages: readonly Stage[], membership?: ChordMembership): NextStep {
  const [head, ...rest] = stages as [Stage, ...Stage[]];
  if (head.kind === "task") {
    const message = messageOf(head);
    if (rest.length > 0) return { ...message, next: link(rest, membership) };
    return membership === undefined ? message : join(message, membership);
  }
  const { members, tail } = chordParts(head);
  const callback = link([...tail, ...rest], membership) as Message;
  const id = newId();
  const size = members.length;
  const linked = members.map((member, index) => link(memberStages(member), { id, index, size, callback }));
  return { chord: id, members: linked, callback };
}

/** The messages to enqueue so that a step starts. An empty chord starts with its callback. */
export function heads(step: NextStep): Message[] {
  if (!isChord(step)) return [withExpiry(step)];
  return step.members.length > 0 ? step.members.flatMap(heads) : [withExpiry(withValue(step.callback, []) as Message)];
}

/** Every message of a step: the ones that follow, the handlers, the members. */
export function* everyMessage(step: NextStep): Generator<Message> {
  if (isChord(step)) {
    yield* everyMessage(step.callback);
    for (const member of step.members) yield* everyMessage(member);
    return;
  }
  yield step;
  if (step.onError !== undefined) yield* everyMessage(step.onError);
  if (step.next !== undefined) yield* everyMessage(step.next);
}

/** The step with the value of its predecessor added: nothing for `undefined`, each item of a spread, else one argument. */
export function withValue(step: NextStep, value: unknown): NextStep {
  const added = value === undefined ? [] : isSpread(value) ? spreadItems(value) : [value];
  if (added.length === 0) return step;
  if (isChord(step)) return { ...step, members: step.members.map((member) => withValue(member, value)) };
  return { ...step, args: [...step.args, ...added] };
}

/** The place in a chord that this message, or the last of those that follow it, fills. */
export function membershipOf(step: NextStep): ChordMembership | undefined {
  if (isChord(step)) return membershipOf(step.callback);
  return step.next === undefined ? step.chord : membershipOf(step.next);
}

/** The message with its expiry fixed, if it has one: at its first enqueue. */
export function withExpiry(message: Message): Message {
  if (message.expires === undefined || message.expiresAt !== undefined) return message;
  return { ...message, expiresAt: expiresAtMs(message.expires, message.eta) };
}

function join(message: Message, membership: ChordMembership): Message {
  if (message.next === undefined) return { ...message, chord: membership };
  if (isChord(message.next)) {
    throw new ConfigurationError(`Task ${message.name} ends in a chord already and cannot join another`);
  }
  return { ...message, next: join(message.next, membership) };
}
