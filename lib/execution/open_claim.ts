/**
 * The first step of an attempt: from the bytes of a claim to a message and its task, or to the dead letters.
 * @module
 */
import { setMessageAside } from "../settlement/set_aside.ts";
import { chordPlace, decodeMessage, decodeValue, itemOf, placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { DecodeError, HueyException, UnknownTaskError } from "../errors.ts";
import { toError } from "../primitives/error_record.ts";
import { logTask } from "../observe/tracing.ts";
import { describeMessage } from "../observe/logger.ts";
import type { Message } from "../message/message.ts";
import { callStorage, isTemporary, settleWithRetry } from "../core/patience.ts";
import type { OpenedClaim } from "../attempt/execution.ts";
import { withEnqueueTime } from "../composition/link.ts";
import { plainValue } from "../serializer/spread.ts";
import type { Claim, Item } from "../storage.ts";

/** How often, and how long, a message of an unknown task is left to other consumers before it becomes a dead letter. */
const UNKNOWN_TRIES = 5;
const UNKNOWN_PAUSE_MS = 1000;

/** What comes of opening a claim; `undefined` if it cannot be run here: it was set aside, or left to other consumers. */
type Opening = OpenedClaim | Promise<OpenedClaim | undefined>;

/**
 * Decodes a claim. Answers at once where nothing has to be waited for, as with most.
 *
 * @param stop Ends the patience with a storage that is down.
 */
export function openClaim(core: Core, claim: Claim, stop: AbortSignal | undefined): Opening {
  if (killsWhenDecoded(core, claim)) return setAsideUnread(core, claim, deadlyBytes(claim), stop);
  const refuse = (error: unknown): Promise<undefined> => setAsideUnread(core, claim, toError(error), stop);
  try {
    const message = decodeMessage(core, claim);
    if (!(message instanceof Promise)) return openMessage(core, claim, message, stop);
    return message.then((decoded) => openMessage(core, claim, decoded, stop), refuse);
  } catch (error) {
    return refuse(error);
  }
}

function openMessage(core: Core, claim: Claim, message: Message, stop: AbortSignal | undefined): Opening {
  const definition = core.registry.find(message.name);
  if (definition === undefined) return leaveToOthers(core, claim, message, stop);
  const opened = { message, definition, dropChord: message.valuesOf };
  const isPlain = core.serializer.signs !== true && message.valuesOf === undefined;
  return isPlain ? opened : openSpecial(core, claim, opened, stop);
}

/** One that may be the replay of a task that has ended, or that takes the values of a chord. */
async function openSpecial(
  core: Core,
  claim: Claim,
  opened: OpenedClaim,
  stop: AbortSignal | undefined,
): Promise<OpenedClaim | undefined> {
  const { message } = opened;
  if (await isReplay(core, message, stop)) {
    const { name, id } = message;
    const reason = `Task ${name}: ${id} has ended already, and its message was stored again. ` +
      "An id can be used again when its result was read";
    await setMessageAside(core, { claim, message, reason, ended: true }, stop);
    return undefined;
  }
  try {
    return { ...opened, message: await withChordValues(core, message, stop) };
  } catch (thrown) {
    if (isTemporary(thrown)) throw thrown;
    const error = toError(thrown);
    await setMessageAside(core, { claim, message, reason: error.message, error }, stop);
    return undefined;
  }
}

/**
 * Whether the bytes themselves may be what kills: a task that was handed out too often is failed at the next hand-out, which does no
 * more than decode it, and that one was lost too.
 */
function killsWhenDecoded(core: Core, { deliveries }: Claim): boolean {
  return deliveries > core.settings.maxDeliveries + 1;
}

function deadlyBytes({ deliveries }: Claim): Error {
  return new HueyException(
    `It was handed out ${deliveries - 1} times and its worker died each time, also when it was only decoded`,
  );
}

/** What cannot be read may stand under the id of a task that has ended: whatever it is, that end stays. */
async function setAsideUnread(core: Core, claim: Claim, error: Error, stop: AbortSignal | undefined): Promise<undefined> {
  const ended = await hasEnded(core, claim.id, undefined, stop);
  await setMessageAside(core, { claim, reason: error.message, error, ended }, stop);
}

/**
 * Whether a message was stored again after its task had ended. Where messages are signed, nobody without the secret can make one, but
 * somebody who can write to the storage can store an old one again.
 */
async function isReplay(core: Core, { id, attempt = 0 }: Message, stop: AbortSignal | undefined): Promise<boolean> {
  return core.serializer.signs === true && await hasEnded(core, id, attempt, stop);
}

/**
 * Whether a task has ended, as far as the storage knows of that: while the result is there, or the notice, which a driver forgets when
 * the id is enqueued once more.
 *
 * @param attempt Attempts before, if that is known: the error of one would be taken for an end.
 */
async function hasEnded(core: Core, id: string, attempt: number | undefined, stop: AbortSignal | undefined): Promise<boolean> {
  if (core.settings.storeIntermediateErrors && attempt !== 0) return false;
  const what = `look whether task ${id} has ended`;
  return (await callStorage(core, what, stop, () => core.storage.endedOf([id]))).length > 0;
}

/**
 * The message of an item as its function gets it, for those who only look: with the values of its chord, if it is the callback of one.
 *
 * @returns `undefined` for one that cannot be read: it becomes a dead letter when it is claimed
 * @throws {StorageError} If the storage is down.
 */
export async function readInvocation(core: Core, item: Item): Promise<Message | undefined> {
  try {
    return await withChordValues(core, await decodeMessage(core, item), undefined);
  } catch (error) {
    if (isTemporary(error)) throw error;
    // It may have ended since it was listed, and the values of its chord have gone with it.
    if ((await core.storage.endedOf([item.id])).length > 0) return undefined;
    core.logger.warn(`Message ${item.id} cannot be listed`, { error });
    return undefined;
  }
}

/**
 * The message with the values of its chord as last argument, if it is the callback of one.
 *
 * @throws {DecodeError} If some of the values are missing, or cannot be read.
 */
async function withChordValues(core: Core, message: Message, stop: AbortSignal | undefined): Promise<Message> {
  const { valuesOf } = message;
  if (valuesOf === undefined) return message;
  const values: unknown[] = [];
  const what = `collect the values for task ${describeMessage(message)}`;
  const collected = await callStorage(core, what, stop, () => core.storage.collect(valuesOf));
  const found = collected.values.filter((data) => data !== undefined).length;
  if (message.places !== undefined && found !== message.places) {
    throw new DecodeError(`Of the ${message.places} values of its chord ${found} are there`);
  }
  for (const [index, data] of collected.values.entries()) {
    values.push(data === undefined ? undefined : plainValue(await decodeValue(core, data, chordPlace(core, valuesOf, index))));
  }
  const called = { ...message, args: [...message.args, values], valuesOf: undefined, places: undefined };
  // It was enqueued by the report that filled the last place.
  return withEnqueueTime(called, collected.filledMs ?? core.clock.now());
}

async function leaveToOthers(
  core: Core,
  claim: Claim,
  message: Message,
  stop: AbortSignal | undefined,
): Promise<undefined> {
  const tries = message.unknown ?? 0;
  const again = { ...message, unknown: tries < UNKNOWN_TRIES ? tries + 1 : undefined };
  const data = await core.serializer.serialize(again, placeOf(core, "message", claim.id));
  if (tries >= UNKNOWN_TRIES) {
    const error = new UnknownTaskError(message.name);
    await setMessageAside(core, { claim, reason: error.message, error, message, data }, stop);
    return;
  }
  logTask(core, "warn", message, "is not registered here, its module was not imported: left to other consumers");
  const { id, priority, track, chord } = claim;
  const item = itemOf(core, again, data, { returned: true });
  const next = { ...item, id, priority, track, chord, dueMs: core.clock.now() + UNKNOWN_PAUSE_MS };
  await settleWithRetry(core, { claim, id, noticeTtlMs: 0, next }, () => describeMessage(message), stop);
}
