/**
 * From stages to messages: each message carries the steps that follow it.
 * @module
 */
import { isChord } from "../message/chain.ts";
import { ConfigurationError } from "../errors.ts";
import { chordParts } from "./group.ts";
import { newId } from "../primitives/ids.ts";
import type { ChordMembership, ChordMessage, Message, NextStep } from "../message/message.ts";
import { withoutUnique } from "../message/keys.ts";
import { withInheritedMeta, withMetaOfMembers } from "../message/meta.ts";
import { memberStages, type Stage } from "./pipeline.ts";
import { isSpread, spreadItems } from "../serializer/spread.ts";
import { expiresAtMs } from "../task/options.ts";
import { messageOf } from "./call.ts";
import type { Chord } from "../types/composition.ts";

/** The first step of a chain; its last one fills a place in a chord. */
export function linkStages(stages: readonly Stage[], membership?: ChordMembership): NextStep {
  return linkBefore(undefined, stages, membership)!;
}

/** Stages in front of what follows them, from the last to the first. */
function linkBefore(
  following: NextStep | undefined,
  stages: readonly Stage[],
  membership: ChordMembership | undefined,
): NextStep | undefined {
  let next = following;
  for (const stage of stages.toReversed()) {
    if (stage.kind === "task") next = linkTask(messageOf(stage), next, membership);
    else next = linkChord(stage, next, membership);
  }
  return next;
}

function linkTask(message: Message, next: NextStep | undefined, membership: ChordMembership | undefined): Message {
  if (next !== undefined) return { ...message, next };
  return membership === undefined ? message : joinChord(message, membership);
}

function linkChord(
  stage: Chord<unknown, unknown[]>,
  next: NextStep | undefined,
  membership: ChordMembership | undefined,
): ChordMessage {
  const { members, tail } = chordParts(stage);
  const id = newId();
  return {
    chord: id,
    members: members.map((member, index) => linkStages(memberStages(member), { id, index })),
    callback: linkBefore(next, tail, membership) as Message,
  };
}

/** What is enqueued so that steps start. */
export interface FirstMessages {
  readonly messages: readonly Message[];
  /** The chords whose members are among the messages. */
  readonly chords: readonly ChordMessage[];
}

/**
 * What to enqueue now so that steps start. An empty chord starts with its callback. Members of chords, and what follows a task, are
 * enqueued whatever holds their unique keys.
 *
 * @param before The task that they follow, from which they inherit. Default: an application enqueues them.
 */
export function firstMessagesOf(steps: readonly NextStep[], nowMs: number, before?: Message): FirstMessages {
  const messages: Message[] = [];
  const chords: ChordMessage[] = [];
  const add = (step: NextStep, asksUnique: boolean): void => {
    if (!isChord(step)) {
      const message = asEnqueued(withInheritedMeta(step, before?.meta), nowMs);
      messages.push(asksUnique ? message : withoutUnique(message));
    } else if (step.members.length === 0) add(withValue(step.callback, []), asksUnique);
    else {
      chords.push(withMetaOfMembers(step, before?.meta));
      for (const member of step.members) add(member, false);
    }
  };
  for (const step of steps) add(step, before === undefined);
  return { messages, chords };
}

/** A message as it is enqueued first. What `s()` has made may be enqueued again and again: each time its steps are others. */
export function asEnqueued(message: Message, nowMs: number): Message {
  return withEnqueueTime(message.run === undefined ? message : { ...message, run: newId() }, nowMs);
}

/** A message with the time at which it is enqueued first, and with its expiry fixed. */
export function withEnqueueTime(message: Message, nowMs: number): Message {
  const { expires, expiresAt, eta } = message;
  if (expires === undefined || expiresAt !== undefined) return { ...message, enqueuedAt: nowMs };
  return { ...message, enqueuedAt: nowMs, expiresAt: expiresAtMs(expires, eta, nowMs) };
}

/** The step with the value of its predecessor added: nothing for `undefined`, each item of a spread, else one argument. */
export function withValue(step: NextStep, value: unknown): NextStep {
  const added = value === undefined ? [] : isSpread(value) ? spreadItems(value) : [value];
  if (added.length === 0) return step;
  if (isChord(step)) return { ...step, members: step.members.map((member) => withValue(member, value)) };
  return { ...step, args: [...step.args, ...added] };
}

function joinChord(message: Message, membership: ChordMembership): Message {
  if (message.next === undefined) return { ...message, chord: membership };
  if (isChord(message.next)) {
    throw new ConfigurationError(`Task ${message.name} ends in a chord already and cannot join another`);
  }
  return { ...message, next: joinChord(message.next, membership) };
}
