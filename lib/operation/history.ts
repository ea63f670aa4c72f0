/**
 * The attempts that a task has behind it, as they are told.
 * @module
 */
import { isAttemptRecord, MOST_ATTEMPTS, MOST_LINES } from "../message/history.ts";
import type { AttemptRecord, Message } from "../message/message.ts";
import { dateOf } from "../primitives/time.ts";
import type { DeadLetterError, PastAttempt, TaskLine } from "../types/history.ts";

/** The attempts that a message tells of, the oldest first. */
export function historyOf(message: Message | undefined): PastAttempt[] {
  return (message?.history ?? []).slice(-MOST_ATTEMPTS).map((record) => pastAttempt(record, errorOf(record)));
}

/**
 * The attempt of which a task failed for good, as its dead letter keeps it.
 *
 * @param stored May come from anybody.
 * @param error What it threw.
 * @returns `undefined` if it is none
 */
export function lastAttempt(stored: unknown, error: DeadLetterError): PastAttempt | undefined {
  return isAttemptRecord(stored) ? pastAttempt(stored, error) : undefined;
}

/** Whether something went wrong in an attempt: not if the task only asked to be tried again. */
export function isFailure({ outcome }: Pick<PastAttempt, "outcome">): boolean {
  return outcome === "error" || outcome === "timeout";
}

function errorOf({ error }: AttemptRecord): DeadLetterError | undefined {
  return error && { name: error.name, message: error.message, stack: error.stack };
}

function pastAttempt(record: AttemptRecord, error: DeadLetterError | undefined): PastAttempt {
  const { attempt, outcome, dueAt, startedAt, endedAt, worker = "", consumer = "", deliveries = 1, times = 1, log = [] } =
    record;
  return {
    attempt,
    outcome: oneOf(OUTCOMES, outcome, "error"),
    dueAt: dateOf(dueAt),
    startedAt: dateOf(startedAt),
    endedAt: new Date(endedAt),
    worker,
    consumer,
    deliveries,
    times,
    error,
    log: log.slice(-MOST_LINES).map(({ at, level, text }) => ({ at: new Date(at), level: oneOf(LEVELS, level, "info"), text })),
  };
}

const OUTCOMES: readonly PastAttempt["outcome"][] = ["error", "timeout", "locked", "rate-limited", "retry", "canceled"];
const LEVELS: readonly TaskLine["level"][] = ["info", "warn", "error"];

/** What a later version says in other words is told in ours. */
function oneOf<T extends string>(known: readonly T[], text: string, usual: T): T {
  return known.find((each) => each === text) ?? usual;
}
