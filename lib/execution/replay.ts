/**
 * Messages of tasks that have ended already. Where messages are signed, nobody without the secret can make one, but somebody who can
 * write to the storage can store an old one again.
 * @module
 */
import type { Core } from "../core/core.ts";
import type { Message } from "../message/message.ts";

/**
 * Whether a message was stored again after its task had ended, as far as the storage knows of that end: while the result is there, or
 * the notice, which a driver forgets when the id is enqueued once more. Costs nothing where nothing is signed.
 */
export async function isReplayed(core: Core, { id, attempt = 0 }: Message): Promise<boolean> {
  if (core.serializer.signs !== true) return false;
  // The error of the attempt before it would be taken for an end.
  if (attempt > 0 && core.settings.storeIntermediateErrors) return false;
  return (await core.storage.endedOf([id])).length > 0;
}

/** Why it is set aside. */
export function replayReason({ name, id }: Message): string {
  return `Task ${name}: ${id} has ended already, and its message was stored again. An id can be used again when its result was read`;
}
