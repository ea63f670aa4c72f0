/**
 * From the outcome of an attempt to the one write that settles it.
 * @module
 */
import { revocationKey } from "../control/revocation_record.ts";
import { chordReportOf } from "./chord_report.ts";
import type { Attempt } from "../attempt/attempt.ts";
import { stepsToDrop } from "../attempt/steps.ts";
import { aboutText } from "../core/about.ts";
import { canceledSteps } from "./canceled_steps.ts";
import { decodeMessage, encodeItem, placeOf } from "../core/codec.ts";
import { membershipOf } from "../message/chain.ts";
import { withHistory } from "./attempt_record.ts";
import { failedDeadLetter } from "./failed_dead_letter.ts";
import { chordRecords } from "../enqueue/chord_record.ts";
import type { Core } from "../core/core.ts";
import { errorStack, errorText, toError } from "../primitives/error_record.ts";
import { tryConcurrencyKey } from "../control/concurrency.ts";
import { briefError, causeOf, storableError, storedFailure, storedValue } from "../core/failure.ts";
import { newId } from "../primitives/ids.ts";
import { keepsResult } from "../core/kept_results.ts";
import { type FirstMessages, firstMessagesOf, withValue } from "../composition/link.ts";
import { plainValue } from "../serializer/spread.ts";
import type { ChordMembership, Message } from "../message/message.ts";
import { failureOutcome, isInstruction, type Outcome, OUTCOMES, retryMessage, willRetry } from "../attempt/outcome.ts";
import { isTemporary } from "../core/patience.ts";
import type { Definition } from "../task/registry.ts";
import type { Claim, Ending, Item, Owner, Settlement } from "../storage.ts";

/** A settlement, and what it means in the terms of the library. */
export interface BuiltSettlement {
  /** As given, unless its value turned out not to be storable. */
  readonly outcome: Outcome;
  readonly settlement: Settlement;
  /** The steps that follow: the next one, or the error handler. */
  readonly followUps: readonly Message[];
  /** The next attempt. */
  readonly retry: Message | undefined;
  /** The place in a chord that was filled. */
  readonly report: ChordMembership | undefined;
}

/** What is to be settled. */
export interface EndedAttempt {
  readonly core: Core;
  readonly definition: Definition;
  /** As it was decoded; the outcome has it with its retries changed. */
  readonly message: Message;
  readonly claim: Claim;
  readonly outcome: Outcome;
  /** Chord whose values this task has used. */
  readonly dropChord: string | undefined;
  /** If it ran, and here. */
  readonly attempt: Attempt | undefined;
  /** Who has ended it. */
  readonly owner: Owner | undefined;
  readonly dropLocks?: boolean | undefined;
  /** As of the settlement. */
  readonly passLocks?: Owner | undefined;
}

/** Builds the settlement. A value that cannot be stored makes the attempt fail. */
export async function buildSettlement(ended: EndedAttempt): Promise<BuiltSettlement> {
  const { core, outcome, message } = ended;
  if (outcome.kind === "not-due" || outcome.kind === "at-gate") return await buildMove(ended);
  if (outcome.error !== undefined) return await buildFailure(ended, outcome, outcome.error);
  try {
    return await buildEnd(ended, outcome, outcome.value);
  } catch (error) {
    const failed = failureOutcome(message, unstorableValue(ended, error), core.clock.now());
    return await buildSettlement({ ...ended, outcome: failed });
  }
}

async function buildFailure(ended: EndedAttempt, outcome: Outcome, error: Error): Promise<BuiltSettlement> {
  try {
    return await buildEnd(ended, outcome, await storableError(ended.core, error));
  } catch (refusal) {
    if (isTemporary(refusal)) throw refusal;
    // It can be stored alone, but not together with what is stored beside it.
    const brief = briefError(error);
    return await buildEnd(ended, { ...outcome, error: brief }, await storableError(ended.core, brief));
  }
}

/**
 * Most tasks end with nothing to follow, to report or to keep: nothing is waited for then, since each wait costs a task more than all
 * that is looked at here.
 *
 * @param carried The value, or what can be stored of the error.
 */
async function buildEnd(ended: EndedAttempt, outcome: Outcome, carried: unknown): Promise<BuiltSettlement> {
  const { core } = ended;
  const retrying = willRetry(outcome);
  // In immediate mode what gets a pause would stay in the schedule: only what has no other end does.
  const endedMs = core.clock.now();
  const retry = retrying
    ? withFirst(
      retryMessage(outcome, endedMs, Math.random(), !core.immediate || isInstruction(outcome)),
      ended.message,
    )
    : undefined;
  const { messages, chords } = followUpsOf(core, outcome, carried, retrying);
  const followUps = messages.map((message) => tryConcurrencyKey(core, message));
  const report = retrying ? undefined : membershipToReport(outcome);
  const canceled = retrying || outcome.kind === "complete" ? undefined : await canceledSteps(core, outcome);
  const settlement = settlementOf(ended, outcome, retrying, {
    result: stores(ended, outcome, retrying) ? await resultOf(core, outcome, carried) : undefined,
    enqueue: followUps.length === 0 ? undefined : await itemsOf(core, followUps),
    next: retry && await retryItem(ended, outcome, retry, endedMs),
    chords: chords.length === 0 ? undefined : await chordRecords(core, chords),
    chord: report && await chordReportOf(core, report, chordValue(outcome, carried)),
    canceled,
  });
  const deadLetter = retrying || outcome.kind === "complete" ? undefined : await failedDeadLetter(ended, outcome);
  // The steps of a failed task stay with it, for the run that `retry` may begin.
  const whole = deadLetter === undefined ? settlement : { ...settlement, ...deadLetter, dropSteps: undefined };
  return { outcome, settlement: whole, followUps, retry, report };
}

/** The next attempt; with the history of those before it, where the serializer takes so much. */
async function retryItem(ended: EndedAttempt, outcome: Outcome, retry: Message, endedMs: number): Promise<Item> {
  const options = { retry: true, error: isInstruction(outcome) ? undefined : outcome.error };
  try {
    return await encodeItem(ended.core, withHistory(retry, ended, outcome, endedMs), options);
  } catch (error) {
    if (isTemporary(error)) throw error;
    return await encodeItem(ended.core, { ...retry, history: undefined }, options);
  }
}

/** What an end writes beside what each has. */
type Written = Pick<Settlement, "result" | "enqueue" | "next" | "chords" | "chord" | "canceled">;

function settlementOf(
  ended: EndedAttempt,
  outcome: Outcome,
  retrying: boolean,
  { result, enqueue, next, chords, chord, canceled }: Written,
): Settlement {
  const { core, message, claim, dropChord, dropLocks, passLocks } = ended;
  return {
    claim,
    id: message.id,
    result,
    resultTtlMs: core.settings.resultTtlMs,
    ending: retrying ? undefined : endingOf(outcome, result),
    noticeTtlMs: core.settings.completionTtlMs,
    dropRevocations: revocationsToDrop(outcome, retrying, canceled),
    enqueue,
    next,
    chords,
    chord,
    canceled,
    dropChord,
    dropSteps: retrying ? undefined : stepsToDrop({ ...ended, outcome }),
    about: retrying || !core.settings.trackState ? undefined : aboutEnd(ended, outcome),
    dropLocks,
    passLocks,
  };
}

/** What needs no revocation any more. */
function revocationsToDrop(
  { used, message }: Outcome,
  retrying: boolean,
  canceled: Settlement["canceled"],
): Settlement["dropRevocations"] {
  const own = used ?? (retrying || message.periodic ? undefined : [revocationKey(message.id)]);
  return canceled === undefined ? own : [...own ?? [], ...canceled.map(({ id }) => revocationKey(id))];
}

async function buildMove(ended: EndedAttempt): Promise<BuiltSettlement> {
  const { core, claim, outcome } = ended;
  const { concurrency } = outcome.message;
  // To a gate it goes as it came: the values of a chord stay where they are.
  const message = outcome.kind === "at-gate" ? { ...await decodeMessage(core, claim), concurrency } : ended.message;
  const dropChord = outcome.kind === "at-gate" ? undefined : ended.dropChord;
  const next = await encodeItem(core, message, { returned: true });
  const settlement = { claim, id: message.id, noticeTtlMs: 0, next, dropChord };
  return { outcome, settlement, followUps: [], retry: undefined, report: undefined };
}

function endingOf({ kind }: Outcome, result: Uint8Array | undefined): Ending | undefined {
  const { ending } = OUTCOMES[kind];
  return ending === "complete" && result === undefined ? "empty" : ending;
}

/**
 * Whether the error of an attempt is stored and handed on; `storeIntermediateErrors` decides while retries are left. That a task asks
 * to be tried again is no error.
 */
function surfaces(core: Core, outcome: Outcome, retrying: boolean): boolean {
  if (!outcome.ran || outcome.error === undefined || isInstruction(outcome)) return false;
  return !retrying || core.settings.storeIntermediateErrors;
}

function followUpsOf(core: Core, outcome: Outcome, carried: unknown, retrying: boolean): FirstMessages {
  const { message } = outcome;
  const { next, onError } = message;
  const nowMs = core.clock.now();
  if (outcome.kind === "complete") {
    return next === undefined ? NO_START : firstMessagesOf([withValue(next, outcome.value)], nowMs, message);
  }
  if (onError === undefined || outcome.kind === "canceled" || !surfaces(core, outcome, retrying)) return NO_START;
  // Each failed attempt calls the handler anew, so each call has an id of its own.
  return firstMessagesOf([{ ...onError, id: newId(), args: [...onError.args, carried] }], nowMs, message);
}

const NO_START: FirstMessages = { messages: [], chords: [] };

/** Whether the outcome leaves something in the result store. */
function stores({ core, definition }: EndedAttempt, outcome: Outcome, retrying: boolean): boolean {
  if (!keepsResult(core, outcome.message) || definition.periodic !== undefined) return false;
  // A success overwrites the error that an attempt before it has stored, also if it has nothing to say.
  const overwrites = (outcome.message.attempt ?? 0) > 0 && core.settings.storeIntermediateErrors;
  if (outcome.kind === "complete") return outcome.value !== undefined || core.settings.storeNone || overwrites;
  return surfaces(core, outcome, retrying);
}

/** @param carried Of a failure: what can be stored of its error. */
function resultOf(core: Core, outcome: Outcome, carried?: unknown): Uint8Array | Promise<Uint8Array> {
  const { error, message } = outcome;
  return core.serializer.serialize(
    error === undefined
      ? storedValue(plainValue(outcome.value))
      : storedFailure(metadataOf(outcome, error), causeOf(carried as Error | string)),
    placeOf(core, "result", message.id),
  );
}

function metadataOf(outcome: Outcome, error: Error): Parameters<typeof storedFailure>[0] {
  return {
    error: errorText(error),
    traceback: errorStack(error),
    taskId: outcome.message.id,
    retries: outcome.message.retries ?? 0,
    outcome: outcome.kind === "revoked" || outcome.kind === "canceled" ? outcome.kind : "failed",
  };
}

/** A member reports when the last step of its chain has succeeded, or when any step has ended otherwise. */
function membershipToReport(outcome: Outcome): ChordMembership | undefined {
  const { message } = outcome;
  if (outcome.rescheduled) return undefined;
  return outcome.kind === "complete" ? message.next === undefined ? message.chord : undefined : membershipOf(message);
}

function chordValue(outcome: Outcome, value: unknown): unknown {
  return outcome.ran ? value : undefined;
}

/** The next attempt knows what the first one was told, so that the task can be tried again from its beginning. */
function withFirst(retry: Message, { first, retries, retryDelay }: Message): Message {
  return { ...retry, first: first ?? { retries, retryDelay } };
}

async function itemsOf(core: Core, followUps: readonly Message[]): Promise<Item[]> {
  const items: Item[] = [];
  for (const message of followUps) items.push(await encodeItem(core, message));
  return items;
}

/** What is told of a task that has ended. */
function aboutEnd({ core: { clock }, attempt }: EndedAttempt, { kind, ran, error, message }: Outcome): string {
  const endedMs = clock.now();
  const startedMs = attempt?.startedAtMs(endedMs);
  const { enqueuedAt: enqueuedMs, attempt: before = 0 } = message;
  const failure = OUTCOMES[kind].ending === "failed" ? error?.message : undefined;
  return aboutText({ enqueuedMs, attempts: before + (ran ? 1 : 0), startedMs, endedMs, error: failure });
}

function unstorableValue(ended: EndedAttempt, cause: unknown): Error {
  const reason = toError(cause).message;
  return new TypeError(`The value of task ${ended.message.name} cannot be stored: ${reason}`, { cause });
}
