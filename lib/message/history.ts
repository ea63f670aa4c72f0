/**
 * The attempts that a task has behind it, as its message keeps them: a few, with their texts cut, so that a message which is tried again
 * ten thousand times does not grow. A task that has not been tried yet has none.
 * @module
 */
import { byteLength, isCount, isName, isRecord } from "../primitives/limits.ts";
import { isTime } from "../primitives/time.ts";
import type { AttemptRecord, LineRecord } from "./message.ts";

/** So many attempts are kept, the last ones, */
export const MOST_ATTEMPTS = 5;
/** and so many bytes of JSON of all of them: the lines of the oldest go first, then their stacks. */
export const MOST_HISTORY_BYTES = 10_000;

/** Longest texts of an attempt, in characters. */
export const LONGEST_ERROR_NAME = 100;
export const LONGEST_ERROR_MESSAGE = 300;
export const LONGEST_ERROR_STACK = 1500;

/** So many lines of a log are kept of an attempt, the last ones, and so much of each. */
export const MOST_LINES = 20;
export const LONGEST_LINE = 300;

/** What a stored message may have is more than what is written: a later version may keep more. */
const LENIENCE = 4;

/**
 * A history with one attempt more. Those that were put off again and again, as by a lock, are one, which says how often.
 *
 * @param history What was kept until now.
 * @param ended The attempt that has ended, with its texts cut.
 * @param isPutOff Whether the next one is the same attempt.
 */
export function withAttempt(
  history: readonly AttemptRecord[] | undefined,
  ended: AttemptRecord,
  isPutOff: boolean,
): readonly AttemptRecord[] {
  const before = history ?? [];
  const last = before.at(-1);
  if (!isPutOff || last?.attempt !== ended.attempt || last.outcome !== ended.outcome) return bounded([...before, ended]);
  return bounded([...before.slice(0, -1), { ...ended, times: Math.min((last.times ?? 1) + 1, Number.MAX_SAFE_INTEGER) }]);
}

function bounded(history: readonly AttemptRecord[]): readonly AttemptRecord[] {
  const kept = history.slice(-MOST_ATTEMPTS);
  for (const shorter of [withoutLines, withoutStack]) {
    for (let at = 0; at < kept.length && byteLength(JSON.stringify(kept)) > MOST_HISTORY_BYTES; at++) {
      kept[at] = shorter(kept[at]!);
    }
  }
  return kept;
}

function withoutLines({ log: _log, ...kept }: AttemptRecord): AttemptRecord {
  return kept;
}

function withoutStack({ error, ...kept }: AttemptRecord): AttemptRecord {
  return error === undefined ? kept : { ...kept, error: { name: error.name, message: error.message } };
}

/** Whether a message may say this of its attempts. */
export function isHistory(value: unknown): boolean {
  return isList(value, MOST_ATTEMPTS, isAttemptRecord);
}

/** Whether this is an attempt as a message keeps it. */
export function isAttemptRecord(value: unknown): value is AttemptRecord {
  if (!isRecord(value)) return false;
  const { attempt, outcome, endedAt, startedAt, dueAt, worker, consumer, deliveries, times, error, log } = value;
  return isCount(attempt) && isName(outcome) && isTime(endedAt) && [startedAt, dueAt].every(orNothing(isTime)) &&
    [deliveries, times].every(orNothing(isCount)) &&
    [worker, consumer].every(orNothing((text) => text === "" || isName(text))) &&
    orNothing(isErrorRecord)(error) && orNothing((lines) => isList(lines, MOST_LINES, isLineRecord))(log);
}

function isErrorRecord(value: unknown): boolean {
  return isRecord(value) && isText(value["name"], LONGEST_ERROR_NAME) && isText(value["message"], LONGEST_ERROR_MESSAGE) &&
    orNothing((stack) => isText(stack, LONGEST_ERROR_STACK))(value["stack"]);
}

function isLineRecord(value: unknown): value is LineRecord {
  return isRecord(value) && isTime(value["at"]) && isName(value["level"]) && isText(value["text"], LONGEST_LINE);
}

function isList(value: unknown, most: number, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= LENIENCE * most && value.every(isItem);
}

function isText(value: unknown, longest: number): boolean {
  return typeof value === "string" && value.length <= LENIENCE * longest;
}

function orNothing(check: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || check(value);
}
