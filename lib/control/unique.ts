/**
 * Unique tasks: what makes a call the duplicate of another. It is asked where applications enqueue, and carried in the message, so that
 * whoever enqueues it again knows it.
 * @module
 */
import type { Core } from "../core/core.ts";
import { sha256 } from "../message/keys.ts";
import type { Message } from "../message/message.ts";
import { withUniqueKey } from "../task/keys.ts";

/**
 * A message with its unique key, if it is to have one.
 *
 * @throws {TypeError} If the function that makes the key throws or gives no text, and for arguments that cannot be stored.
 */
export function resolveUniqueKey(core: Core, message: Message): Message | Promise<Message> {
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
