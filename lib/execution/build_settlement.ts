/**
 * From the outcome of an attempt to the one write that settles it.
 * @module
 */
import { revocationKey } from "../control/revocation.ts";
import { chordRecords, chordReportOf } from "../enqueue/chords.ts";
import type { Execution } from "../attempt/execution.ts";
import { stepsToDrop } from "../attempt/steps.ts";
import { aboutText } from "../core/about.ts";
import { canceledSteps } from "../settlement/canceled_steps.ts";
import { decodeMessage, encodeItem, placeOf } from "../core/codec.ts";
import { membershipOf } from "../message/chain.ts";
import { withHistory } from "../settlement/attempt_record.ts";
import { failedDeadLetter } from "../settlement/failed_dead_letter.ts";
import type { Core } from "../core/core.ts";
import { errorStack, errorText, toError } from "../primitives/error_record.ts";
import { tryConcurrencyKey } from "../control/keys.ts";
import { briefError, keepsResult, storableError, storedFailure, storedValue } from "../core/stored_results.ts";
import { newId } from "../primitives/ids.ts";
import { type FirstMessages, firstMessagesOf, withValue } from "../composition/link.ts";
import { plainValue } from "../serializer/spread.ts";
import type { ChordMembership, Message } from "../message/message.ts";
import { failureOutcome, isInstruction, type Outcome, OUTCOMES, retryMessage, willRetry } from "../attempt/outcome.ts";
import { gateOf } from "../message/keys.ts";
import { firstAccepted } from "../core/patience.ts";
import type { Ending, Item, Settlement } from "../storage.ts";

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
  /** When the attempt has ended. */
  readonly endedMs: number;
}

/**
 * The settlement of an end with nothing to follow, to report or to keep, as most are: nothing is waited for, since a wait costs such a
 * task more than all that is looked at here.
 *
 * @param endedMs When it has ended.
 * @returns `undefined` for any other end
 */
export function buildBareEnd(execution: Execution, outcome: Outcome, endedMs: number): BuiltSettlement | undefined {
  const { kind, message: { next, chord } } = outcome;
  if (kind !== "complete" || next !== undefined || chord !== undefined || stores(execution, outcome, false)) return undefined;
  const settlement = settlementOf(execution, outcome, false, NOTHING, endedMs);
  return { outcome, settlement, followUps: NO_MESSAGES, retry: undefined, report: undefined, endedMs };
}

/**
 * Builds the settlement. A value that cannot be stored makes the attempt fail.
 *
 * @param execution The attempt.
 * @param outcome What became of it; its message has its retries changed.
 * @param endedMs When.
 */
export async function buildSettlement(execution: Execution, outcome: Outcome, endedMs: number): Promise<BuiltSettlement> {
  if (outcome.kind === "not-due" || outcome.kind === "at-gate") return await buildMove(execution, outcome);
  if (outcome.error !== undefined) return await buildFailure(execution, outcome, outcome.error, endedMs);
  try {
    return await buildEnd(execution, outcome, outcome.value, endedMs);
  } catch (error) {
    const { message } = execution;
    const failed = failureOutcome(message, unstorableValue(message, error), endedMs);
    return await buildSettlement(execution, failed, endedMs);
  }
}

async function buildFailure(
  execution: Execution,
  outcome: Outcome,
  error: Error,
  endedMs: number,
): Promise<BuiltSettlement> {
  const build = async (told: Error): Promise<BuiltSettlement> =>
    await buildEnd(execution, { ...outcome, error: told }, await storableError(execution.core, told), endedMs);
  // It may be stored alone, but not together with what is stored beside it.
  return await firstAccepted([() => build(error), () => build(briefError(error))]);
}

/** @param carried The value, or what can be stored of the error. */
async function buildEnd(
  execution: Execution,
  outcome: Outcome,
  carried: unknown,
  endedMs: number,
): Promise<BuiltSettlement> {
  const { core } = execution;
  const retrying = willRetry(outcome);
  const retry = retrying ? nextAttempt(execution, outcome, endedMs) : undefined;
  const { messages, chords } = followUpsOf(core, outcome, carried, retrying, endedMs);
  const followUps = messages.map((message) => tryConcurrencyKey(core, message));
  const report = retrying ? undefined : membershipToReport(outcome);
  const isOver = !retrying && outcome.kind !== "complete";
  const settlement = settlementOf(execution, outcome, retrying, {
    result: stores(execution, outcome, retrying) ? await resultOf(core, outcome, carried) : undefined,
    enqueue: followUps.length === 0 ? undefined : await itemsOf(core, followUps),
    next: retry && await retryItem(execution, outcome, retry, endedMs),
    chords: chords.length === 0 ? undefined : await chordRecords(core, chords),
    chord: report && await chordReportOf(core, report, chordValue(outcome, carried)),
    canceled: isOver ? await canceledSteps(core, outcome) : undefined,
  }, endedMs);
  const deadLetter = isOver ? await failedDeadLetter(execution, outcome, endedMs) : undefined;
  // The steps of a failed task stay with it, for the run that `retry` may begin.
  const whole = deadLetter === undefined ? settlement : { ...settlement, ...deadLetter, dropSteps: undefined };
  return { outcome, settlement: whole, followUps, retry, report, endedMs };
}

const NOTHING: Written = {};
const NO_MESSAGES: readonly Message[] = [];

/** The message of the next attempt. */
function nextAttempt({ core, message }: Execution, outcome: Outcome, endedMs: number): Message {
  // In immediate mode what gets a pause would stay in the schedule: only what has no other end does.
  const paced = !core.immediate || isInstruction(outcome);
  const { first = { retries: message.retries, retryDelay: message.retryDelay } } = message;
  // It knows what the first one was told, so that the task can be tried again from its beginning.
  return { ...retryMessage(outcome, endedMs, Math.random(), paced), first };
}

/** The next attempt; with the history of those before it, where the serializer takes so much. */
async function retryItem(execution: Execution, outcome: Outcome, retry: Message, endedMs: number): Promise<Item> {
  const { core } = execution;
  const options = { retry: true, error: isInstruction(outcome) ? undefined : outcome.error };
  return await firstAccepted([
    () => encodeItem(core, withHistory(retry, execution, outcome, endedMs), options),
    () => encodeItem(core, { ...retry, history: undefined }, options),
  ]);
}

/** What an end writes beside what each has. */
type Written = Pick<Settlement, "result" | "enqueue" | "next" | "chords" | "chord" | "canceled">;

function settlementOf(
  execution: Execution,
  outcome: Outcome,
  retrying: boolean,
  { result, enqueue, next, chords, chord, canceled }: Written,
  endedMs: number,
): Settlement {
  const { core: { settings }, message, claim, dropChord, options: { owner } } = execution;
  return {
    claim,
    id: message.id,
    result,
    resultTtlMs: settings.resultTtlMs,
    ending: retrying ? undefined : endingOf(outcome, result),
    noticeTtlMs: settings.completionTtlMs,
    dropRevocations: revocationsToDrop(outcome, retrying, canceled),
    enqueue,
    next,
    chords,
    chord,
    canceled,
    dropChord,
    dropSteps: retrying ? undefined : stepsToDrop(execution, outcome),
    about: retrying || !settings.trackState ? undefined : aboutEnd(execution, outcome, endedMs),
    dropLocks: owner !== undefined && dropsLocks(execution),
    passLocks: owner !== undefined && passesLocks(execution) ? owner : undefined,
  };
}

/** Unless its function goes on after its timeout: then they go with that. */
function dropsLocks({ attempt }: Execution): boolean {
  if (attempt === undefined) return true;
  return attempt.overrun === undefined && attempt.held.size > 0 && [...attempt.held].some(({ ends }) => !ends);
}

function passesLocks({ attempt, message }: Execution): boolean {
  return attempt?.overrun !== undefined && (attempt.held.size > 0 || gateOf(message) !== undefined);
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

async function buildMove(execution: Execution, outcome: Outcome): Promise<BuiltSettlement> {
  const { core, claim } = execution;
  const { concurrency } = outcome.message;
  // To a gate it goes as it came: the values of a chord stay where they are.
  const message = outcome.kind === "at-gate" ? { ...await decodeMessage(core, claim), concurrency } : execution.message;
  const dropChord = outcome.kind === "at-gate" ? undefined : execution.dropChord;
  const next = await encodeItem(core, message, { returned: true });
  const settlement = { claim, id: message.id, noticeTtlMs: 0, next, dropChord };
  return { outcome, settlement, followUps: [], retry: undefined, report: undefined, endedMs: core.clock.now() };
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

function followUpsOf(core: Core, outcome: Outcome, carried: unknown, retrying: boolean, endedMs: number): FirstMessages {
  const { message } = outcome;
  const { next, onError } = message;
  if (outcome.kind === "complete") {
    return next === undefined ? NO_START : firstMessagesOf([withValue(next, outcome.value)], endedMs, message);
  }
  if (onError === undefined || outcome.kind === "canceled" || !surfaces(core, outcome, retrying)) return NO_START;
  // Each failed attempt calls the handler anew, so each call has an id of its own.
  return firstMessagesOf([{ ...onError, id: newId(), args: [...onError.args, carried] }], endedMs, message);
}

const NO_START: FirstMessages = { messages: [], chords: [] };

/** Whether the outcome leaves something in the result store. */
function stores({ core, definition }: Execution, outcome: Outcome, retrying: boolean): boolean {
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
    error === undefined ? storedValue(plainValue(outcome.value)) : storedFailure(metadataOf(outcome, error), carried),
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

async function itemsOf(core: Core, followUps: readonly Message[]): Promise<Item[]> {
  const items: Item[] = [];
  for (const message of followUps) items.push(await encodeItem(core, message));
  return items;
}

/** What is told of a task that has ended. */
function aboutEnd({ attempt }: Execution, { kind, ran, error, message }: Outcome, endedMs: number): string {
  const startedMs = attempt?.startedAtMs(endedMs);
  const { enqueuedAt: enqueuedMs, attempt: before = 0 } = message;
  const failure = OUTCOMES[kind].ending === "failed" ? error?.message : undefined;
  return aboutText({ enqueuedMs, attempts: before + (ran ? 1 : 0), startedMs, endedMs, error: failure });
}

function unstorableValue({ name }: Message, cause: unknown): Error {
  return new TypeError(`The value of task ${name} cannot be stored: ${toError(cause).message}`, { cause });
}
