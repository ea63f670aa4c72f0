/**
 * Concurrency: how many invocations of a task, or of a key of it, run at once. Storages let them through one gate for each key; here it is
 * found which gate that is, and left when a function that went on after its timeout has ended.
 * @module
 */
import type { Core } from "../core/core.ts";
import { needsConcurrencyKey } from "../message/keys.ts";
import type { Message } from "../message/message.ts";
import { describeMessage } from "../observe/logger.ts";
import { callStorage } from "../core/patience.ts";
import type { Claim, Item } from "../storage.ts";
import { withConcurrencyKey } from "../task/keys.ts";

/**
 * A message with the key of its concurrency.
 *
 * @throws {TypeError} If the function that makes the key throws, or gives no text.
 */
export function resolveConcurrencyKey(core: Core, message: Message): Message {
  return needsConcurrencyKey(message) ? withConcurrencyKey(message, core.registry.get(message.name).keys) : message;
}

/**
 * The same for a step that follows: one whose function is not here, or fails, is asked when a worker has it, where its task can fail
 * of that.
 */
export function tryConcurrencyKey(core: Core, message: Message): Message {
  const definition = needsConcurrencyKey(message) ? core.registry.find(message.name) : undefined;
  if (definition === undefined) return message;
  try {
    return withConcurrencyKey(message, definition.keys);
  } catch (error) {
    core.logger.debug(`The key of task ${describeMessage(message)} is not known yet`, { error });
    return message;
  }
}

/**
 * Leaves the gate of a task that was settled while its function went on, when the function has ended.
 *
 * @param stop Ends the patience with a storage that is down: the gate is free then when the claims of the worker are recovered.
 * @returns the items that were admitted
 */
export async function leaveGate(
  core: Core,
  message: Message,
  claim: Claim,
  stop: AbortSignal | undefined,
): Promise<readonly Item[]> {
  const what = `free the place of task ${describeMessage(message)}`;
  try {
    return await callStorage(core, what, stop, () => core.storage.leaveGate(claim));
  } catch (error) {
    core.logger.warn(`Cannot ${what}: it is free when its worker ends`, { error });
    return [];
  }
}
