/**
 * The end of a task that has a handle and will never be enqueued.
 * @module
 */
import { placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { storedFailure } from "../core/failure.ts";
import { keepsResult } from "../core/kept_results.ts";
import type { Message } from "../message/message.ts";

/**
 * Ends a task as canceled, so that nobody waits for it.
 *
 * @param why As the end of a sentence.
 */
export async function cancelUnqueued(core: Core, message: Message, why: string): Promise<void> {
  const { id, name } = message;
  const error = `Task ${name}: ${id} was canceled: ${why}`;
  const failure = storedFailure({ error, traceback: "", taskId: id, retries: 0, outcome: "canceled" }, undefined);
  const { resultTtlMs, completionTtlMs } = core.settings;
  await core.storage.settle({
    id,
    ending: "canceled",
    noticeTtlMs: completionTtlMs,
    result: keepsResult(core, message) ? await core.serializer.serialize(failure, placeOf(core, "result", id)) : undefined,
    resultTtlMs,
  });
}
