/**
 * The keys of messages: of their concurrency, so many of which run at once, and what makes one the duplicate of another. They are asked of
 * their tasks where applications enqueue, and carried in the message, so that whoever enqueues it again knows them.
 * @module
 */
import type { Core } from "../core/core.ts";
import { needsConcurrencyKey, sha256 } from "../message/keys.ts";
import type { Message } from "../message/message.ts";
import { describeMessage } from "../observe/logger.ts";
import { withConcurrencyKey, withUniqueKey } from "../task/keys.ts";

/**
 * A message with its keys, as far as it is to have some.
 *
 * @throws {TypeError} If a function that makes a key throws or gives no text, and for arguments that cannot be stored.
 */
export function resolveKeys(core: Core, message: Message): Message | Promise<Message> {
  return resolveUniqueKey(core, resolveConcurrencyKey(core, message));
}

/**
 * A message with the key of its concurrency.
 *
 * @throws {TypeError} If the function that makes the key throws, or gives no text.
 */
export function resolveConcurrencyKey(core: Core, message: Message): Message {
  return needsConcurrencyKey(message) ? withConcurrencyKey(message, core.registry.get(message.name).keys) : message;
}

/**
 * The same for a step that follows: one whose function is not here, or fails, is asked when a worker has it, where its task can fail of
 * that.
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

function resolveUniqueKey(core: Core, message: Message): Message | Promise<Message> {
  if (message.unique === undefined) return message;
  const asked = withUniqueKey(message, core.registry.get(message.name).keys);
  if (typeof asked.unique!.key === "string") return asked;
  const data = plainBytes(core, message.args);
  return data instanceof Uint8Array ? withArgumentsKey(message, data) : data.then((bytes) => withArgumentsKey(message, bytes));
}

/** The arguments as the serializer writes them, before compression and signing, which may give other bytes each time. */
function plainBytes({ serializer }: Core, args: readonly unknown[]): Uint8Array | Promise<Uint8Array> {
  return serializer.plain === undefined ? serializer.serialize(args) : serializer.plain(args);
}

function withArgumentsKey(message: Message, data: Uint8Array): Message {
  return { ...message, unique: { ...message.unique, key: `arguments:${sha256(message.name, "\0", data)}` } };
}
