/**
 * Immediate mode: tasks run in the call, on the same path as in a consumer, serializer included.
 * @module
 */
import { encodeItem } from "./codec.ts";
import type { Core } from "./core.ts";
import { execute } from "./execute.ts";
import { newId } from "./ids.ts";
import { type Start, withExpiry, withValue } from "./link.ts";
import type { ChordMembership, ChordMessage, Message } from "./message.ts";
import type { Clock } from "./primitives/clock.ts";
import { SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "./signals.ts";
import { plainValue } from "./spread.ts";
import { makeTask } from "./task.ts";

/** Takes what a settlement would have enqueued. */
export class Inline {
  readonly #chords: Map<string, { readonly chord: ChordMessage; readonly values: Map<number, unknown> }> = new Map();
  readonly #clock: Clock;
  /** To run next, in this order. */
  next: Message[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps chords whose members are about to run. */
  open(chords: readonly ChordMessage[]): void {
    for (const chord of chords) this.#chords.set(chord.chord, { chord, values: new Map() });
  }

  /** Notes the value of a chord member; the callback runs when the last one is there. */
  report({ id, index }: ChordMembership, value: unknown): void {
    const found = this.#chords.get(id);
    if (found === undefined) return;
    const { chord: { members, callback }, values } = found;
    values.set(index, value);
    if (values.size < members.length) return;
    this.#chords.delete(id);
    const list = members.map((_, place) => plainValue(values.get(place)));
    this.next.push(withExpiry(withValue(callback, list) as Message, this.#clock.now()));
  }
}

/** Runs messages, and whatever follows from them, before it resolves. What is not due goes to the schedule and stays there. */
export async function runImmediately(core: Core, { messages, chords }: Start): Promise<void> {
  const inline = new Inline(core.clock);
  inline.open(chords);
  // Everything is checked and encoded before the first one runs.
  for (const message of messages) await encodeItem(core, message);
  const waiting = [...messages];
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    await runOne(core, message, inline);
    // Depth first, as nested calls would be.
    waiting.unshift(...inline.next);
    inline.next = [];
  }
}

async function runOne(core: Core, message: Message, inline: Inline): Promise<void> {
  const item = await encodeItem(core, message);
  if (item.dueMs !== undefined) {
    await core.storage.enqueue([item]);
    return await core.signals.emit(SIGNAL_SCHEDULED, makeTask(message));
  }
  await core.signals.emit(SIGNAL_ENQUEUED, makeTask(message));
  await execute(core, { ...item, token: newId(), deliveries: 1 }, { owner: undefined, revocations: true, inline });
}
