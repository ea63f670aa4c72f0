/**
 * From an attempt that has ended to what is kept of it, for those who look for what went wrong.
 * @module
 */
import type { Execution } from "../attempt/execution.ts";
import { type Outcome, willRetry } from "../attempt/outcome.ts";
import { LONGEST_ERROR_MESSAGE, LONGEST_ERROR_NAME, LONGEST_ERROR_STACK, withAttempt } from "../message/history.ts";
import type { AttemptRecord, ErrorRecord, Message } from "../message/message.ts";
import { errorStack, readText, toError } from "../primitives/error_record.ts";
import { beginningOf } from "../primitives/secrets.ts";

/** The message of the next attempt, with what is kept of the one before. @param endedMs When that has ended */
export function withHistory(retry: Message, execution: Execution, outcome: Outcome, endedMs: number): Message {
  const record = { ...attemptRecord(execution, outcome, endedMs), error: errorRecord(outcome) };
  return { ...retry, history: withAttempt(execution.message.history, record, outcome.postponed === true) };
}

/** What is kept of an attempt beside its error. @param endedAt When it has ended */
export function attemptRecord(execution: Execution, { kind }: Outcome, endedAt: number): AttemptRecord {
  const { message, claim, attempt, options: { owner } } = execution;
  return {
    attempt: (message.attempt ?? 0) + 1,
    outcome: kind,
    endedAt,
    startedAt: attempt?.startedAtMs(endedAt),
    dueAt: message.eta,
    // Whoever ends the attempt of a worker that is gone does not know it.
    worker: owner?.worker || undefined,
    consumer: owner?.consumer || undefined,
    deliveries: claim.deliveries > 1 ? claim.deliveries : undefined,
    log: attempt?.lines,
  };
}

/** That a task asks to be tried again is no failure: where it did is of no interest. */
function errorRecord(outcome: Outcome): ErrorRecord | undefined {
  if (outcome.error === undefined) return undefined;
  const error = toError(outcome.error);
  const isPlain = outcome.postponed || outcome.kind === "retry" || (outcome.kind === "canceled" && willRetry(outcome));
  const message = cut(error.message, LONGEST_ERROR_MESSAGE);
  const stack = isPlain || readText(error, "stack") === undefined
    ? undefined
    : cut(stackOf(error, message), LONGEST_ERROR_STACK);
  return { name: cut(error.name, LONGEST_ERROR_NAME), message, stack };
}

/** With a long message cut, so that the lines behind it are told. */
function stackOf(error: Error, message: string): string {
  const stack = errorStack(error);
  const at = error.message.length > LONGEST_ERROR_MESSAGE ? stack.indexOf(error.message.slice(0, LONGEST_ERROR_MESSAGE)) : -1;
  if (at < 0 || !stack.startsWith(error.message, at)) return stack;
  return `${stack.slice(0, at)}${message}...${stack.slice(at + error.message.length)}`;
}

function cut(text: string, longest: number): string {
  return beginningOf(text, longest).toWellFormed();
}
