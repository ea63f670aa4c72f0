/**
 * Looking at dead letters: failed tasks, and messages that nobody could run.
 * @module
 */
import { decodeValue, placeOf, readMessage } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { makeTask } from "../composition/call.ts";
import { checkNumber } from "../primitives/arguments.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { dateOf, instantMs } from "../primitives/time.ts";
import { DEAD_LETTER_KINDS, type DeadLetterQuery, type StoredDeadLetter } from "../storage.ts";
import { historyOf, lastAttempt } from "./history.ts";
import { readText } from "../primitives/error_record.ts";
import type { DeadLetterError, PastAttempt } from "../types/history.ts";
import type { DeadLetter, DeadLetterFilter } from "../types/operating.ts";

const FILTER: Rules<DeadLetterFilter> = {
  kind: rule.oneOf(...DEAD_LETTER_KINDS),
  taskName: rule.name,
  before: rule.instant,
};

/** Most dead letters that a listing gives, and that are tried again at once, unless it is told. */
const USUAL_LIMIT = 1000;

/**
 * What the storage is asked for.
 *
 * @param of What takes the filter, for errors.
 * @throws {TypeError | RangeError} For a wrong option.
 */
export function filterQuery(filter: DeadLetterFilter, of: string): DeadLetterQuery {
  checkOptions<DeadLetterFilter>(filter, of, FILTER);
  return toQuery(filter);
}

/**
 * The same, with a limit.
 * @throws {TypeError | RangeError} For a wrong option.
 */
export function limitedQuery(filter: DeadLetterFilter & { limit?: number }, of: string): DeadLetterQuery & { limit: number } {
  checkOptions<DeadLetterFilter & { limit?: number }>(filter, of, { ...FILTER, limit: rule.whole({ min: 0 }) });
  return { ...toQuery(filter), limit: filter.limit ?? USUAL_LIMIT };
}

function toQuery({ kind, taskName, before }: DeadLetterFilter): DeadLetterQuery {
  return { kind, taskName, beforeMs: before === undefined ? undefined : instantMs(before, "before") };
}

/**
 * The dead letters, newest first.
 * @throws {TypeError | RangeError} For a wrong option.
 */
export async function listDeadLetters(
  core: Core,
  options: number | (DeadLetterFilter & { limit?: number }),
): Promise<DeadLetter[]> {
  if (typeof options === "number") checkNumber(options, "limit", { min: 0, whole: true });
  const query = typeof options === "number" ? { limit: options } : limitedQuery(options, "deadLetters");
  const letters: DeadLetter[] = [];
  for (const stored of await core.storage.deadLetters(query)) letters.push(await toDeadLetter(core, stored));
  return letters;
}

/** A dead letter, by its own id or by that of its task. @returns `undefined` for what is not there */
export async function findDeadLetter(core: Core, id: string): Promise<DeadLetter | undefined> {
  const stored = await core.storage.deadLetter(id);
  return stored && await toDeadLetter(core, stored);
}

/** Deletes a dead letter, by its own id or by that of its task. @returns whether it was there */
export async function deleteDeadLetter(core: Core, id: string): Promise<boolean> {
  const letter = await core.storage.deadLetter(id);
  return letter !== undefined && await core.storage.deleteDeadLetter(letter.id);
}

async function toDeadLetter(core: Core, stored: StoredDeadLetter): Promise<DeadLetter> {
  const { id, kind, reason, atMs, data, taskId, taskName, attempts } = stored;
  // One that cannot be read was set aside for that, or it was written by another serializer.
  const message = await readMessage(core, { id: taskId ?? "", data });
  const failure = await failureOf(core, stored);
  const last = failure?.last === undefined ? [] : [failure.last];
  return {
    id,
    kind,
    reason,
    at: dateOf(atMs) ?? new Date(0),
    data,
    taskId,
    taskName,
    task: message && makeTask(message),
    error: failure?.error,
    attempts,
    history: [...historyOf(message), ...last],
  };
}

/** Of what a task failed for good. */
interface Failure {
  readonly error: DeadLetterError;
  readonly last?: PastAttempt | undefined;
}

async function failureOf(core: Core, { id, kind, reason, error: data }: StoredDeadLetter): Promise<Failure | undefined> {
  if (kind !== "failed") return undefined;
  const unknown = { name: "Error", message: reason, stack: undefined };
  try {
    if (data === undefined) return { error: unknown };
    const stored = await decodeValue(core, data, placeOf(core, "failure", id)) as Record<string, unknown> | null;
    const text = (key: keyof DeadLetterError): string | undefined => readText(stored, key);
    const error = { name: text("name") ?? unknown.name, message: text("message") ?? reason, stack: text("stack") };
    return { error, last: lastAttempt(stored?.["attempt"], error) };
  } catch (error) {
    core.logger.warn(`The error of dead letter ${id} cannot be read`, { error });
    return { error: unknown };
  }
}
