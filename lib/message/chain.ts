/**
 * What follows a message: the steps of a chain, chords among them, and the handlers of errors.
 * @module
 */
import type { ChordMembership, ChordMessage, Message, NextStep } from "./message.ts";

/** Whether a step is a chord. */
export function isChord(step: NextStep): step is ChordMessage {
  return "members" in step;
}

/** The place in a chord that this step, or the last of those that follow it, fills. */
export function membershipOf(step: NextStep): ChordMembership | undefined {
  let last = step;
  for (let next: NextStep | undefined = step; next !== undefined; next = isChord(next) ? next.callback : next.next) last = next;
  return isChord(last) ? undefined : last.chord;
}

/**
 * A step, and all that would follow it; of a chord also the members. Not the handlers of errors.
 */
export function* followingMessages(step: NextStep): Generator<Message> {
  for (let next: NextStep | undefined = step; next !== undefined;) {
    if (isChord(next)) {
      for (const member of next.members) yield* followingMessages(member);
      next = next.callback;
    } else {
      yield next;
      next = next.next;
    }
  }
}

/** Every message of a step: the ones that follow, the members, and the handlers of all. */
export function* everyMessage(step: NextStep): Generator<Message> {
  for (const message of followingMessages(step)) {
    yield message;
    if (message.onError !== undefined) yield* everyMessage(message.onError);
  }
}
