/**
 * Immediate mode: tasks run in the call, on the same path as in a consumer, serializer included.
 * @module
 */
import { encodeItem } from "./codec.ts";
import type { Core } from "./core.ts";
import { execute } from "./execute.ts";
import { newId } from "./ids.ts";
import { heads, withValue } from "./link.ts";
import type { ChordMembership, Message } from "./message.ts";
import { SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "./signals.ts";
import { plainValue } from "./spread.ts";
import { makeTask } from "./task.ts";

/** Takes what a settlement would have enqueued. */
export class Inline {
  readonly #chords: Map<string, Map<number, unknown>> = new Map();
  /** To run next, in this order. */
  next: Message[] = [];

  /** Notes the value of a chord member; the callback runs when the last one is there. */
  report({ id, index, size, callback }: ChordMembership, value: unknown): void {
    const values = this.#chords.get(id) ?? new Map<number, unknown>();
    this.#chords.set(id, values.set(index, value));
    if (values.size < size) return;
    this.#chords.delete(id);
    this.next.push(...heads(withValue(callback, Array.from({ length: size }, (_, place) => plainValue(values.get(place))))));
  }
}

/** Runs messages, and whatever follows from them, before it resolves. What is not due goes to the schedule and stays there. */
export async function runImmediately(core: Core, messages: readonly Message[]): Promise<void> {
  const inline = new Inline();
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
