/**
 * Values and messages to bytes and back, through the serializer of a Huey.
 * @module
 */
import { isPromise, show } from "../primitives/arguments.ts";
import { aboutWaiting } from "./about.ts";
import { gateOf, uniqueKeyOf } from "../message/keys.ts";
import { membershipOf } from "../message/chain.ts";
import type { Core } from "./core.ts";
import { DecodeError, HueyException } from "../errors.ts";
import type { Message } from "../message/message.ts";
import { checkMessageFields } from "../message/check.ts";
import type { Item } from "../storage.ts";
import type { Place } from "../types/options.ts";

/** Where a value of this Huey is stored. The name is that of the storage: what another one holds was never ours. */
export function placeOf(core: Core, purpose: Place["purpose"], id: string): Place {
  return { purpose, queue: core.storage.name, id };
}

/** Where the value of a member of a chord is stored. */
export function chordPlace(core: Core, chordId: string, index: number): Place {
  return placeOf(core, "chord", `${chordId}:${index}`);
}

/** What is known of an item beside its message. */
export interface ItemOptions {
  /** It is the next attempt of a task that was claimed. */
  readonly retry?: boolean | undefined;
  /** It was claimed, and goes back without having run. */
  readonly returned?: boolean | undefined;
  /** What the attempt before it has thrown. */
  readonly error?: Error | undefined;
  /** Id of the task in whose place it is put. */
  readonly from?: string | undefined;
}

const NEW: ItemOptions = {};

/** The item of a message, ready for the storage. */
export function encodeItem(core: Core, message: Message, options: ItemOptions = NEW): Item | Promise<Item> {
  const data = core.serializer.serialize(message, placeOf(core, "message", message.id));
  // Our own serializer answers at once, and a batch of a thousand need not wait a thousand times.
  if (data instanceof Uint8Array) return itemOf(core, message, data, options);
  return data.then((bytes) => itemOf(core, message, bytes, options));
}

/** The item of a message that is written already. */
export function itemOf(
  core: Core,
  message: Message,
  data: Uint8Array,
  { retry, returned, error, from }: ItemOptions,
): Item {
  const { trackState } = core.settings;
  return {
    id: message.id,
    data,
    priority: message.priority ?? 0,
    dueMs: dueMs(core, message),
    retry,
    track: trackState,
    chord: membershipOf(message),
    gate: gateOf(message),
    unique: uniqueKeyOf(message, retry || returned, from),
    steps: message.run,
    about: trackState ? aboutWaiting(message, error) : undefined,
  };
}

/** The eta of a message, if it is in the future: the item then belongs on the schedule. */
export function dueMs(core: Core, message: Message): number | undefined {
  return message.eta !== undefined && message.eta > core.clock.now() ? message.eta : undefined;
}

/**
 * The message of an item.
 * @throws {DecodeError} If the bytes are no message of a version that we know.
 */
export function decodeMessage(core: Core, { id, data }: Pick<Item, "id" | "data">): Message | Promise<Message> {
  const value = decodeValue(core, data, placeOf(core, "message", id));
  return isPromise(value) ? Promise.resolve(value).then(toMessage) : toMessage(value);
}

/** The same for those who only look; `undefined` for one that cannot be read: whoever claims it sets it aside, and says why. */
export async function readMessage(core: Core, item: Pick<Item, "id" | "data">): Promise<Message | undefined> {
  try {
    return await decodeMessage(core, item);
  } catch {
    return undefined;
  }
}

function toMessage(value: unknown): Message {
  const message = value as Partial<Message> | null;
  if (typeof message !== "object" || message === null) throw new DecodeError(`A message must be an object: ${show(value)}`);
  if (message.v !== 1) throw new DecodeError(`Messages of version ${show(message.v)} are not understood: this is version 1`);
  if (typeof message.id !== "string" || typeof message.name !== "string" || !Array.isArray(message.args)) {
    throw new DecodeError("A message must have an id, a name and args");
  }
  checkMessageFields(message);
  return message as Message;
}

/**
 * Reads a key, and takes it unless `peek`. What cannot be read stays where it is.
 *
 * @param space Results, or values put by the application.
 * @returns `undefined` if there is nothing, else the value in an object of its own
 * @throws {DecodeError} If the serializer cannot read it.
 */
export async function readKey(
  core: Core,
  space: "results" | "data",
  key: string,
  peek: boolean | undefined,
): Promise<{ readonly value: unknown } | undefined> {
  const values = core.storage[space];
  const found = await (peek ? values.peek(key) : values.pop(key));
  if (found === undefined) return undefined;
  try {
    return { value: await decodeValue(core, found, placeOf(core, space === "results" ? "result" : "value", key)) };
  } catch (error) {
    // How long it was to stay is not known any more.
    const ttlMs = space === "results" ? core.settings.resultTtlMs : undefined;
    if (!peek) await values.putIfEmpty(key, found, { ttlMs });
    throw error;
  }
}

/**
 * A stored value; a promise of it if the serializer takes its time.
 * @throws {DecodeError} If the serializer cannot read it.
 */
export function decodeValue(core: Core, data: Uint8Array, place: Place): unknown {
  try {
    const value = core.serializer.deserialize(data, place);
    if (!isPromise(value)) return value;
    return Promise.resolve(value).catch((error: unknown) => {
      throw decodeError(data, error);
    });
  } catch (error) {
    throw decodeError(data, error);
  }
}

function decodeError(data: Uint8Array, error: unknown): HueyException {
  if (error instanceof HueyException) return error;
  const reason = error instanceof Error ? error.message : show(error);
  return new DecodeError(`Cannot read ${data.length} bytes: ${reason}`, { cause: error });
}
