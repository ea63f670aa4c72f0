/**
 * How an attempt ended, and what follows from it. Pure: no storage, no clock but the one given.
 * @module
 */
import { CancelExecution, RateLimitExceeded, RetryTask, TaskLockedException, TaskTimeout } from "../errors.ts";
import { toError } from "../primitives/error_record.ts";
import type { Message } from "../message/message.ts";
import { type RescheduleExtent, RevokedWhileRunning } from "../control/revocation.ts";
import {
  SIGNAL_CANCELED,
  SIGNAL_COMPLETE,
  SIGNAL_ERROR,
  SIGNAL_EXPIRED,
  SIGNAL_LOCKED,
  SIGNAL_RATE_LIMITED,
  SIGNAL_REVOKED,
  SIGNAL_SCHEDULED,
  SIGNAL_TIMEOUT,
  type SignalName,
} from "../observe/signals.ts";
import type { Ending } from "../storage.ts";
import { durationMs, instantMs } from "../primitives/time.ts";
import type { Logger } from "../types/options.ts";

/** The ways in which an attempt can end. */
export type OutcomeKind =
  | "complete"
  | "error"
  | "timeout"
  | "locked"
  | "rate-limited"
  | "retry"
  | "canceled"
  | "revoked"
  | "expired"
  | "not-due"
  | "at-gate";

/** How a task can end with an attempt. */
export type OutcomeEnding = Exclude<Ending, "empty" | "dead">;

/** How an attempt ended. */
export interface Outcome {
  readonly kind: OutcomeKind;
  /** Whether the attempt counts as run: its error is stored and handed on, and post-execute hooks see it. */
  readonly ran: boolean;
  readonly value?: unknown;
  readonly error?: Error | undefined;
  /** The message with its retries as this outcome leaves them. */
  readonly message: Message;
  /** When to retry, if the outcome says so itself. */
  readonly retryAtMs?: number | undefined;
  /** It was put off, not tried: the next one is the same attempt. */
  readonly postponed?: boolean | undefined;
  /** The invocation goes on under another id, which takes its place in a chord. */
  readonly rescheduled?: RescheduleExtent | undefined;
  /** Revocations that are used up. */
  readonly used?: readonly string[] | undefined;
}

/** What each kind of outcome means: its signal, how the task ends if it is not retried, and how it is logged. */
export const OUTCOMES: {
  readonly [K in OutcomeKind]: {
    readonly signal: SignalName | undefined;
    readonly ending: OutcomeEnding | undefined;
    readonly level: keyof Logger;
    readonly text: string;
  };
} = {
  "complete": { signal: SIGNAL_COMPLETE, ending: "complete", level: "info", text: "executed" },
  "error": { signal: SIGNAL_ERROR, ending: "failed", level: "error", text: "failed" },
  "timeout": { signal: SIGNAL_TIMEOUT, ending: "failed", level: "warn", text: "timed out" },
  "locked": { signal: SIGNAL_LOCKED, ending: "failed", level: "warn", text: "met a lock that is held" },
  "rate-limited": { signal: SIGNAL_RATE_LIMITED, ending: "failed", level: "info", text: "exceeded its rate limit" },
  "retry": { signal: undefined, ending: "failed", level: "info", text: "asked to be tried again" },
  "canceled": { signal: SIGNAL_CANCELED, ending: "canceled", level: "warn", text: "was canceled" },
  "revoked": { signal: SIGNAL_REVOKED, ending: "revoked", level: "warn", text: "was revoked" },
  "expired": { signal: SIGNAL_EXPIRED, ending: "expired", level: "info", text: "expired" },
  "not-due": { signal: SIGNAL_SCHEDULED, ending: undefined, level: "info", text: "is not due yet, scheduled" },
  "at-gate": { signal: undefined, ending: undefined, level: "debug", text: "goes through the gate of its concurrency first" },
};

/** Longest delay before a retry: ten years. Keeps an unlimited backoff inside what a date can hold. */
const LONGEST_DELAY_MS = 315_576_000_000;

/** The outcome of a function that threw; what the thrown value means is decided here and nowhere else. */
export function failureOutcome(message: Message, thrown: unknown, nowMs: number): Outcome {
  const error = toError(thrown);
  try {
    return classify(message, error, nowMs);
  } catch (invalid) {
    // The instruction itself is wrong: RetryTask({ delay: "soon" }).
    return { kind: "error", ran: true, error: toError(invalid), message };
  }
}

function classify(message: Message, error: Error, nowMs: number): Outcome {
  const failed = { ran: true, error, message };
  const retries = message.retries ?? 0;
  if (is(error, RevokedWhileRunning)) {
    return { ...failed, kind: "revoked", message: { ...message, retries: 0 }, rescheduled: error.rescheduled };
  }
  // A boolean, not a type guard: a class without fields of its own would narrow every other error away.
  const timedOut: boolean = is(error, TaskTimeout);
  if (timedOut) return { ...failed, kind: "timeout" };
  if (is(error, TaskLockedException)) return { ...failed, kind: "locked", postponed: true };
  if (is(error, RateLimitExceeded)) return { ...failed, ...rateLimited(message, error, nowMs), kind: "rate-limited" };
  if (is(error, RetryTask)) {
    return { ...failed, kind: "retry", message: { ...message, retries: retries + 1 }, retryAtMs: retryTime(error, nowMs) };
  }
  if (is(error, CancelExecution)) {
    return { ...failed, kind: "canceled", message: { ...message, retries: error.retry === true ? Math.max(retries, 1) : 0 } };
  }
  return { ...failed, kind: "error" };
}

/** Whether the attempt is followed by another one. */
export function willRetry(outcome: Outcome): boolean {
  return outcome.error !== undefined && (outcome.message.retries ?? 0) > 0;
}

/** The outcomes by which a task says itself that it wants to be tried again: nothing has failed. */
const INSTRUCTIONS: ReadonlySet<OutcomeKind> = new Set(["retry", "locked", "rate-limited", "canceled"]);

/** Whether the error of an outcome is one: not if it only tells that the task is tried again. */
export function isInstruction(outcome: Outcome): boolean {
  return INSTRUCTIONS.has(outcome.kind) && willRetry(outcome);
}

/**
 * The message of the next attempt.
 *
 * @param paced Whether one that was tried again at once many times gets a pause.
 */
export function retryMessage(outcome: Outcome, nowMs: number, random: number, paced: boolean = true): Message {
  const { message } = outcome;
  const attempt = (message.attempt ?? 0) + (outcome.postponed ? 0 : 1);
  const again = { ...message, retries: (message.retries ?? 0) - 1, attempt: attempt === 0 ? undefined : attempt };
  if (outcome.retryAtMs !== undefined && outcome.retryAtMs > nowMs) {
    return { ...again, eta: outcome.retryAtMs, quick: undefined };
  }
  if (outcome.retryAtMs !== undefined || !message.retryDelay) {
    return { ...again, ...(paced ? pace(message, nowMs) : { eta: undefined }) };
  }
  const delay = Math.min(message.retryDelay, message.retryMaxDelay ?? LONGEST_DELAY_MS);
  const jitter = message.retryJitter ?? 0;
  const eta = nowMs + Math.round(delay * (1 - jitter + jitter * random));
  const nextDelay = message.retryBackoff
    ? Math.min(message.retryDelay * message.retryBackoff, LONGEST_DELAY_MS)
    : message.retryDelay;
  return { ...again, eta, retryDelay: nextDelay, quick: undefined };
}

/** So often a task is tried again at once; then there is a pause before each try, so that none keeps the workers busy for ever. */
const QUICK_RETRIES = 10;
const PAUSE_MS = 1000;

function pace({ quick = 0 }: Message, nowMs: number): Pick<Message, "eta" | "quick"> {
  return quick < QUICK_RETRIES ? { eta: undefined, quick: quick + 1 } : { eta: nowMs + PAUSE_MS, quick };
}

/** It waits until the limit has room; the delay of retries is for failures. */
function rateLimited(message: Message, error: RateLimitExceeded, nowMs: number): Partial<Outcome> {
  const retries = (message.retries ?? 0) + (error.retry ? 1 : 0);
  // An error of another copy of the package, or of an old version, may carry anything.
  const waitMs = error.delay >= 0 ? Math.min(Math.ceil(error.delay * 1000), LONGEST_DELAY_MS) : 0;
  return { message: { ...message, retries }, retryAtMs: retries > 0 ? nowMs + waitMs : undefined, postponed: true };
}

function retryTime(error: RetryTask, nowMs: number): number | undefined {
  if (error.eta !== undefined) return instantMs(error.eta, "RetryTask.eta");
  if (error.delay === undefined) return undefined;
  return nowMs + Math.min(durationMs(error.delay, "RetryTask.delay", { negative: true }), LONGEST_DELAY_MS);
}

/** `instanceof`, also for the class of another copy of the package. */
function is<E extends Error>(error: Error, kind: new (...args: never) => E): error is E {
  return error instanceof kind || error.name === kind.name;
}
