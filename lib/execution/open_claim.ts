/**
 * The first step of an attempt: from the bytes of a claim to a message and its task, or to the dead letters.
 * @module
 */
import { setMessageAside } from "../settlement/set_aside.ts";
import { chordPlace, decodeMessage, decodeValue, itemOf, placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { DecodeError, UnknownTaskError } from "../errors.ts";
import { toError } from "../primitives/error_record.ts";
import { aboutTask } from "../observe/tracing.ts";
import { describeMessage } from "../observe/logger.ts";
import type { Message } from "../message/message.ts";
import { callStorage, isTemporary } from "../core/patience.ts";
import type { OpenedClaim } from "../attempt/execution.ts";
import { isReplayed, replayReason } from "./replay.ts";
import { settleWithRetry } from "../settlement/settle_with_retry.ts";
import { withEnqueueTime } from "../composition/link.ts";
import { plainValue } from "../serializer/spread.ts";
import type { Claim } from "../storage.ts";

/** How to open a claim. */
export interface OpenOptions {
  readonly stop?: AbortSignal | undefined;
  /** Only look: what cannot be opened is left where it is. */
  readonly readOnly?: boolean | undefined;
}

/** How often, and how long, a message of an unknown task is left to other consumers before it becomes a dead letter. */
const UNKNOWN_TRIES = 5;
const UNKNOWN_PAUSE_MS = 1000;

/** What comes of opening a claim; `undefined` if it cannot be run here: it was set aside, or left to other consumers. */
type Opening = OpenedClaim | Promise<OpenedClaim | undefined>;

/** Decodes a claim. Answers at once where nothing has to be waited for, as with most. */
export function openClaim(core: Core, claim: Claim, options: OpenOptions): Opening {
  if (killsWhenDecoded(core, claim)) return setAsideUnread(core, claim, options);
  const refuse = (error: unknown): Promise<undefined> => setAsideForError(core, claim, toError(error), undefined, options);
  try {
    const message = decodeMessage(core, claim);
    if (!(message instanceof Promise)) return openMessage(core, claim, message, options);
    return message.then((decoded) => openMessage(core, claim, decoded, options), refuse);
  } catch (error) {
    return refuse(error);
  }
}

function openMessage(core: Core, claim: Claim, message: Message, options: OpenOptions): Opening {
  const definition = core.registry.find(message.name);
  if (definition === undefined) return leaveToOthers(core, claim, message, options);
  const mayBeReplay = core.serializer.signs === true && !options.readOnly;
  const opened = { message, definition, dropChord: message.valuesOf };
  return mayBeReplay || message.valuesOf !== undefined ? openSpecial(core, claim, opened, options) : opened;
}

/** One that may be the replay of a task that has ended, or that takes the values of a chord. */
async function openSpecial(
  core: Core,
  claim: Claim,
  opened: OpenedClaim,
  options: OpenOptions,
): Promise<OpenedClaim | undefined> {
  const { message } = opened;
  if (core.serializer.signs === true && !options.readOnly && await isReplay(core, message, options.stop)) {
    await setMessageAside(core, { claim, message, reason: replayReason(message), ended: true }, options.stop);
    return undefined;
  }
  try {
    return { ...opened, message: await withChordValues(core, message, options.stop) };
  } catch (error) {
    if (isTemporary(error)) throw error;
    return await setAsideForError(core, claim, toError(error), message, options);
  }
}

/**
 * Whether the bytes themselves may be what kills: a task that was handed out too often is failed at the next hand-out, which does no
 * more than decode it, and that one was lost too.
 */
function killsWhenDecoded(core: Core, { deliveries }: Claim): boolean {
  return deliveries > core.settings.maxDeliveries + 1;
}

async function setAsideUnread(core: Core, claim: Claim, { readOnly, stop }: OpenOptions): Promise<undefined> {
  if (readOnly) return;
  const reason = `It was handed out ${claim.deliveries - 1} times and its worker died each time, also when it was only decoded`;
  await setMessageAside(core, { claim, reason, ended: await hasEnded(core, claim, stop) }, stop);
}

/**
 * The message with the values of its chord as last argument, if it is the callback of one.
 *
 * @throws {DecodeError} If some of the values are missing, or cannot be read.
 */
export async function withChordValues(core: Core, message: Message, stop?: AbortSignal): Promise<Message> {
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
  { readOnly, stop }: OpenOptions,
): Promise<undefined> {
  if (readOnly) return;
  const tries = message.unknown ?? 0;
  const again = { ...message, unknown: tries < UNKNOWN_TRIES ? tries + 1 : undefined };
  const data = await core.serializer.serialize(again, placeOf(core, "message", claim.id));
  if (tries >= UNKNOWN_TRIES) {
    const error = new UnknownTaskError(message.name);
    await setMessageAside(core, { claim, reason: error.message, error, message, data }, stop);
    return;
  }
  const line = `Task ${describeMessage(message)} is not registered here, its module was not imported: left to other consumers`;
  core.logger.warn(line, { ...aboutTask(core, message) });
  const { id, priority, track, chord } = claim;
  const item = itemOf(core, again, data, { returned: true });
  const next = { ...item, id, priority, track, chord, dueMs: core.clock.now() + UNKNOWN_PAUSE_MS };
  await settleWithRetry(core, { claim, id, noticeTtlMs: 0, next }, () => describeMessage(message), stop);
}

function isReplay(core: Core, message: Message, stop: AbortSignal | undefined): Promise<boolean> {
  return callStorage(core, `look whether task ${describeMessage(message)} has ended`, stop, () => isReplayed(core, message));
}

/** Whether what cannot be read stands under the id of a task that has ended: whatever it is, that end stays. */
function hasEnded(core: Core, { id }: Claim, stop: AbortSignal | undefined): Promise<boolean> {
  // The error of an attempt would be taken for an end.
  if (core.settings.storeIntermediateErrors) return Promise.resolve(false);
  return callStorage(
    core,
    `look whether task ${id} has ended`,
    stop,
    () => core.storage.endedOf([id]).then((ended) => ended.length > 0),
  );
}

async function setAsideForError(
  core: Core,
  claim: Claim,
  error: Error,
  message: Message | undefined,
  { readOnly, stop }: OpenOptions,
): Promise<undefined> {
  if (readOnly) return;
  const ended = message === undefined && await hasEnded(core, claim, stop);
  await setMessageAside(core, { claim, reason: error.message, error, message, ended }, stop);
}
