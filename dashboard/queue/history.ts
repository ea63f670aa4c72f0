/**
 * How the runs of tasks have ended, from what is counted and sampled of all tasks.
 * @module
 */
import type { RecentTask, StatsRow } from "../../lib/types/statistics.ts";
import type { Queue } from "./queue.ts";
import { readTaskStats, SPANS } from "./throughput.ts";

/** The runs of one task. */
export interface History {
  /** The one that ended last, as far as it is in the sample. */
  readonly last: RecentTask | undefined;
  /** A row for each step of time in which something happened, oldest first. */
  readonly rows: readonly StatsRow[];
}

/** So many ends are in the sample. */
const SAMPLE = 1000;

/**
 * The runs of all tasks in a day, by the hour: with two looks, however many tasks there are.
 *
 * @param queue The queue.
 * @returns By the name of the task; nothing for those that nobody has run
 */
export async function readHistories(queue: Queue): Promise<ReadonlyMap<string, History>> {
  const [{ tasks }, recent] = await Promise.all([readTaskStats(queue, SPANS.day), queue.huey.recent(SAMPLE)]);
  const histories = new Map([...tasks].map(([name, { rows }]) => [name, { last: undefined, rows } as History]));
  // Newest first, so that the first of a name is its last run.
  for (const last of recent) {
    const known = histories.get(last.name);
    if (known?.last === undefined) histories.set(last.name, { last, rows: known?.rows ?? [] });
  }
  return histories;
}

/**
 * The hours of 30 days in which invocations of one task have ended, newest first.
 *
 * @param queue The queue.
 * @param taskName The task.
 * @param most At most so many hours.
 */
export async function readHours(queue: Queue, taskName: string, most: number): Promise<readonly StatsRow[]> {
  const { tasks } = await readTaskStats(queue, SPANS.month, taskName);
  return (tasks.get(taskName)?.rows ?? []).filter((row) => endedIn(row) > 0).slice(-most).reverse();
}

/** How many have ended in a step, in whatever way. */
export function endedIn({ completed, failed, revoked, expired, canceled }: StatsRow): number {
  return completed + failed + revoked + expired + canceled;
}

/**
 * How the last run has ended: by the sample, else by the last hour in which anything has ended.
 *
 * @param history Of the task.
 * @returns A state; `undefined` if nothing is known
 */
export function lastOutcome({ last, rows }: History): string | undefined {
  if (last !== undefined) return last.outcome;
  const row = rows.findLast((each) => endedIn(each) > 0);
  if (row === undefined) return undefined;
  if (row.failed > 0) return "failed";
  if (row.completed > 0) return "complete";
  if (row.canceled > 0) return "canceled";
  return row.expired > 0 ? "expired" : "revoked";
}
