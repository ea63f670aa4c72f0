/**
 * Sets a message aside that cannot be run: its task has ended then, for whoever waits for it and for its chord.
 * @module
 */
import { revocationKey } from "../control/revocation.ts";
import { chordReportOf } from "../enqueue/chords.ts";
import { canceledStepsAfter } from "./canceled_steps.ts";
import { membershipOf } from "../message/chain.ts";
import { placeOf } from "../core/codec.ts";
import { aboutText } from "../core/about.ts";
import type { Core } from "../core/core.ts";
import { toError } from "../primitives/error_record.ts";
import { HueyException, UnknownTaskError } from "../errors.ts";
import { type CarriedError, keepsResult, storableError, storedFailure } from "../core/stored_results.ts";
import { newId } from "../primitives/ids.ts";
import { announceMoved } from "../enqueue/announce.ts";
import { describeMessage } from "../observe/logger.ts";
import { aboutTask } from "../observe/tracing.ts";
import type { Message } from "../message/message.ts";
import { firstAccepted, settleWithRetry } from "../core/patience.ts";
import { MAX_DEAD_LETTERS, warnWhenDeadLettersFull } from "./dead_letter_bounds.ts";
import type { Burial, Claim, DeadLetterKind, Settlement } from "../storage.ts";

/** A claim that cannot be run. */
export interface UnrunnableClaim {
  readonly claim: Claim;
  /** Why, as a sentence without its full stop. */
  readonly reason: string;
  /** As an error, for those who wait. */
  readonly error?: Error | undefined;
  /** As far as it can be read. */
  readonly message?: Message | undefined;
  /** Its task has ended before: how it did stays. */
  readonly ended?: boolean | undefined;
  /** It ran, and how it ended cannot be stored. */
  readonly ran?: boolean | undefined;
  /** What to keep, if it is not what was claimed. */
  readonly data?: Uint8Array | undefined;
}

/**
 * Moves the message to the dead letters.
 *
 * @param stop Ends the patience with a storage that is down.
 * @returns whether the claim was still held
 * @throws {StorageError} If the storage is down when the patience ends.
 */
export async function setMessageAside(
  core: Core,
  unrunnable: UnrunnableClaim,
  stop: AbortSignal | undefined,
): Promise<boolean> {
  const { claim, reason, message, ended, data = claim.data } = unrunnable;
  const taskId = message?.id ?? claim.id;
  const kind = kindOf(unrunnable);
  const deadLetter = { id: newId(), kind, reason, atMs: core.clock.now(), data, taskId, taskName: message?.name };
  const about = message === undefined ? { taskId, queue: core.settings.name } : aboutTask(core, message);
  core.logger.error(`Message ${claim.id} is set aside as dead letter ${deadLetter.id}: ${reason}`, { ...about });
  const name = message === undefined ? claim.id : describeMessage(message);
  const plain: Settlement = {
    claim,
    id: taskId,
    ending: ended ? undefined : "dead",
    noticeTtlMs: core.settings.completionTtlMs,
    bury: deadLetter,
    buryBounds: { count: MAX_DEAD_LETTERS },
    dropLocks: true,
    about: aboutDead(core, message, reason),
  };
  const settle = async (settlement: Settlement): Promise<boolean> => {
    const settled = await settleWithRetry(core, settlement, () => name, stop);
    if (settled.held) core.statistics?.count(message?.name ?? "", "dead");
    await announceMoved(core, settled, core.clock.now());
    await warnWhenDeadLettersFull(core, kind);
    return settled.held;
  };
  const bare = { ...plain, bury: { ...deadLetter, data: claim.data } };
  return await firstAccepted([
    async () => await settle({ ...plain, ...await endForReaders(core, unrunnable, deadLetter) }),
    async (error) => {
      // What its readers would have been told is refused too; the message as it was is in the storage already.
      core.logger.error(`Only message ${claim.id} itself can be set aside: ${toError(error).message}`, { ...about, error });
      const report = await reportOfDead(core, unrunnable, new HueyException("Its message was set aside"));
      return await settle({ ...bare, chord: report });
    },
    () => settle(bare),
  ]);
}

function kindOf({ ran, error, message }: UnrunnableClaim): DeadLetterKind {
  if (ran) return "failed";
  return message !== undefined && error instanceof UnknownTaskError ? "unknown" : "unreadable";
}

function aboutDead({ settings, clock }: Core, message: Message | undefined, error: string): string | undefined {
  if (!settings.trackState) return undefined;
  return aboutText({ enqueuedMs: message?.enqueuedAt, attempts: message?.attempt, endedMs: clock.now(), error });
}

async function reportOfDead(
  core: Core,
  { claim, message, ended }: UnrunnableClaim,
  error: Error | CarriedError,
): Promise<Settlement["chord"]> {
  const membership = ended ? undefined : (message && membershipOf(message)) ?? claim.chord;
  return membership && await chordReportOf(core, membership, error);
}

/** What the settlement leaves for those who wait: a failure to read, a failed place in the chord, and the end of the steps behind it. */
async function endForReaders(
  core: Core,
  unrunnable: UnrunnableClaim,
  deadLetter: Burial,
): Promise<Pick<Settlement, "result" | "resultTtlMs" | "chord" | "canceled" | "dropRevocations">> {
  const { message, error, ended } = unrunnable;
  if (ended) return {};
  const { reason, taskId = "" } = deadLetter;
  const metadata = { error: reason, traceback: "", taskId, retries: message?.retries ?? 0, outcome: "dead" } as const;
  const carried = await storableError(core, error ?? new HueyException(reason));
  const canceled = message && await canceledStepsAfter(core, message, "was set aside as a dead letter");
  return {
    result: (message === undefined ? core.settings.results : keepsResult(core, message))
      ? await core.serializer.serialize(storedFailure(metadata, carried), placeOf(core, "result", taskId))
      : undefined,
    resultTtlMs: core.settings.resultTtlMs,
    chord: await reportOfDead(core, unrunnable, carried),
    canceled,
    dropRevocations: [taskId, ...canceled?.map(({ id }) => id) ?? []].map((id) => revocationKey(id)),
  };
}
