/**
 * Tasks of all lists in one form.
 * @module
 */
import { messageOf } from "../../lib/composition/call.ts";
import type { TaskInfo } from "../../lib/types/calling.ts";
import type { Task } from "../../lib/types/composition.ts";
import type { DeadLetter, RunningTask } from "../../lib/types/operating.ts";
import type { RecentTask } from "../../lib/types/statistics.ts";

/** A task in a list. */
export interface Row {
  readonly id: string;
  /** Id of its dead letter. */
  readonly letter: string | undefined;
  /** Name of its task; empty if it cannot be read. */
  readonly name: string;
  /** The time of the list: since when it waits or runs, when it is due, when it ended. */
  readonly at: Date | undefined;
  readonly meta: Readonly<Record<string, string>>;
  /** Where its arguments are known. */
  readonly task: TaskInfo | undefined;
  readonly worker: string | undefined;
  readonly attempts: number | undefined;
  /** How it ended, or of which kind the dead letter is. */
  readonly outcome: RecentTask["outcome"] | DeadLetter["kind"] | undefined;
  readonly error: { readonly name: string; readonly message: string; readonly stack: string | undefined } | undefined;
  /** Why its message was set aside. */
  readonly reason: string | undefined;
  /** How long it ran. */
  readonly ranSeconds: number | undefined;
}

const NOTHING: Omit<Row, "id" | "name"> = {
  letter: undefined,
  at: undefined,
  meta: {},
  task: undefined,
  worker: undefined,
  attempts: undefined,
  outcome: undefined,
  error: undefined,
  reason: undefined,
  ranSeconds: undefined,
};

/** A task that waits, on the queue, on the schedule, or for a place of its concurrency. */
export function waitingRow(task: Task): Row {
  const { id, name, meta, eta, enqueuedAt } = task;
  return { ...NOTHING, id, name, at: eta ?? enqueuedAt, meta, task, attempts: messageOf(task).attempt };
}

/** A task that runs. */
export function runningRow(task: RunningTask): Row {
  const { id, name, meta, worker, attempt, startedAt } = task;
  return { ...NOTHING, id, name, at: startedAt, meta, task, worker, attempts: attempt };
}

/** A task that has ended lately. */
export function recentRow({ id, name, outcome, worker, startedAt, endedAt, attempts }: RecentTask): Row {
  const ranSeconds = startedAt === undefined ? undefined : Math.max(0, endedAt.getTime() - startedAt.getTime()) / 1000;
  return { ...NOTHING, id, name, at: endedAt, worker, attempts, outcome, ranSeconds };
}

/** A message that was set aside. */
export function letterRow(letter: DeadLetter): Row {
  const { id, taskId, taskName, at, task, attempts, kind, error, reason } = letter;
  return {
    ...NOTHING,
    id: taskId ?? id,
    letter: id,
    name: taskName ?? "",
    at,
    meta: task?.meta ?? {},
    task,
    attempts,
    outcome: kind,
    error,
    reason,
  };
}
