/**
 * Everything that is known of one invocation. Looking takes nothing: values stay to be read.
 * @module
 */
import { keptSteps } from "../attempt/steps.ts";
import { makeTask } from "../composition/call.ts";
import { findDeadLetter } from "./dead_letters.ts";
import { runningTasks } from "./listings.ts";
import { lastProgress } from "../attempt/progress.ts";
import type { Core } from "../core/core.ts";
import { readMessage } from "../core/codec.ts";
import { findItem } from "../result/listed_items.ts";
import { readById } from "../result/reader.ts";
import { taskStatus } from "../result/state.ts";
import { readRecent } from "../statistics/read.ts";
import { DecodeError, TaskException } from "../errors.ts";
import { nameAndMessage } from "../primitives/error_record.ts";
import type { Message } from "../message/message.ts";
import { historyOf, isFailure } from "./history.ts";
import type { PastAttempt } from "../types/history.ts";
import type { TaskInfo } from "../types/calling.ts";
import type { DeadLetter, RunningTask } from "../types/operating.ts";
import type { TaskStatus } from "../types/results.ts";
import type { RecentTask } from "../types/statistics.ts";

/** What is known of one invocation. */
export interface InvocationDetails {
  /** Id of the task. */
  readonly id: string;
  /** Empty if it is not known. */
  readonly name: string;
  readonly status: TaskStatus;
  readonly task: TaskInfo | undefined;
  /** What travels, with what follows it; known while the task has not ended, and of failed ones. */
  readonly message: Message | undefined;
  readonly running: RunningTask | undefined;
  readonly deadLetter: DeadLetter | undefined;
  /** The last attempts that have ended, the oldest first; known as long as the message is. */
  readonly history: readonly PastAttempt[];
  readonly recent: RecentTask | undefined;
  /** Its value, if there is one. */
  readonly value: { readonly value: unknown } | undefined;
  readonly error: { readonly text: string; readonly stack: string | undefined } | undefined;
  readonly progress: unknown;
  readonly steps: ReadonlyMap<string, unknown>;
}

/** So many of the waiting tasks are looked at for the one with the id. */
const MOST_LOOKED = 2000;

/**
 * Looks for an invocation.
 *
 * @param core Of the Huey.
 * @param id Of the task, or of the dead letter.
 * @returns `undefined` if nothing is known of it
 */
export async function readInvocationDetails(core: Core, id: string): Promise<InvocationDetails | undefined> {
  const letter = await findDeadLetter(core, id);
  const taskId = letter?.taskId ?? id;
  const [status, progress, outcome, recents] = await Promise.all([
    taskStatus(core, taskId),
    readableProgress(core, taskId),
    readStoredResult(core, taskId),
    readRecent(core.storage),
  ]);
  const recent = recents.find((each) => each.id === taskId);
  const running = status.state === "running"
    ? (await runningTasks(core, MOST_LOOKED)).find((each) => each.id === taskId)
    : undefined;
  const item = status.ended ? undefined : await findItem(core, taskId, status.state);
  const known = [letter, recent, outcome, item].some((each) => each !== undefined) || status.state !== "unknown";
  if (!known) return undefined;
  const written = item ?? (letter && { id: taskId, data: letter.data });
  const message = written && await readMessage(core, written);
  const task = message === undefined ? running ?? letter?.task : makeTask(message);
  const history = letter?.history ?? historyOf(message);
  return {
    id: taskId,
    name: task?.name ?? letter?.taskName ?? recent?.name ?? "",
    status,
    task,
    message,
    running,
    deadLetter: letter,
    history,
    recent,
    value: outcome?.value,
    error: errorOf(letter, outcome?.error, history, status),
    progress,
    steps: await keptSteps(core, { id: taskId, run: message?.run }),
  };
}

/** What cannot be read is said in the log, and the rest is told all the same. */
async function readableProgress(core: Core, id: string): Promise<unknown> {
  try {
    return await lastProgress(core, id);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    core.logger.warn(`The progress of task ${id} cannot be read`, { error });
    return undefined;
  }
}

interface Outcome {
  readonly value: { readonly value: unknown } | undefined;
  readonly error: InvocationDetails["error"];
}

async function readStoredResult(core: Core, id: string): Promise<Outcome | undefined> {
  try {
    const value = await readById(core, id, { preserve: true });
    return value === undefined ? undefined : { value: { value }, error: undefined };
  } catch (error) {
    if (!(error instanceof TaskException)) return undefined;
    const { error: text, traceback } = error.metadata;
    return { value: undefined, error: { text, stack: traceback === "" ? undefined : traceback } };
  }
}

/** What was thrown last, as far as that is known; else what is told of the end. */
function errorOf(
  letter: DeadLetter | undefined,
  stored: InvocationDetails["error"],
  history: readonly PastAttempt[],
  status: TaskStatus,
): InvocationDetails["error"] {
  const thrown = letter?.error ?? (stored === undefined ? history.findLast(isFailure)?.error : undefined);
  if (thrown !== undefined) return { text: nameAndMessage(thrown), stack: thrown.stack };
  const text = letter?.reason ?? status.error;
  return stored ?? (text === undefined ? undefined : { text, stack: undefined });
}
