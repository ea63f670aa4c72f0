/**
 * Looking at dead letters: failed tasks, and messages that nobody could run.
 * @module
 */
import { decodeMessage, decodeValue, placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { makeTask } from "../composition/call.ts";
import { checkNumber } from "../primitives/arguments.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { instantMs } from "../primitives/time.ts";
import type { DeadLetterQuery, StoredDeadLetter } from "../storage.ts";
import type { TaskInfo } from "../types/calling.ts";
import type { DeadLetter, DeadLetterError, DeadLetterFilter } from "../types/operating.ts";

const FILTER: Rules<DeadLetterFilter> = {
  kind: rule.oneOf("failed", "unknown", "unreadable"),
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
  const [task, error] = [await taskOf(core, stored), await errorOf(core, stored)];
  return { id, kind, reason, at: new Date(atMs), data, taskId, taskName, task, error, attempts };
}

async function taskOf(core: Core, { taskId = "", data }: StoredDeadLetter): Promise<TaskInfo | undefined> {
  try {
    return makeTask(await decodeMessage(core, { id: taskId, data }));
  } catch {
    // That is why it was set aside, or it was written by another serializer.
    return undefined;
  }
}

async function errorOf(core: Core, { id, kind, reason, error: data }: StoredDeadLetter): Promise<DeadLetterError | undefined> {
  if (kind !== "failed") return undefined;
  try {
    if (data === undefined) return { name: "Error", message: reason, stack: undefined };
    const stored = await decodeValue(core, data, placeOf(core, "failure", id)) as Partial<DeadLetterError> | null;
    const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;
    return { name: text(stored?.name) ?? "Error", message: text(stored?.message) ?? reason, stack: text(stored?.stack) };
  } catch (error) {
    core.logger.warn(`The error of dead letter ${id} cannot be read`, { error });
    return { name: "Error", message: reason, stack: undefined };
  }
}
