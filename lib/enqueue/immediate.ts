/**
 * Immediate mode: tasks run in the call, on the same path as in a consumer, serializer included.
 * @module
 */
import { encodeItem } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { execute } from "../attempt/execute.ts";
import { Inline } from "../attempt/inline.ts";
import { newId } from "../primitives/ids.ts";
import type { Start } from "../composition/link.ts";
import type { Message } from "../message/message.ts";
import { SIGNAL_ENQUEUED, SIGNAL_SCHEDULED } from "../observe/signals.ts";
import { makeTask } from "../composition/call.ts";

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
