/**
 * How a queue is: what has to be known to tell what is wrong with it. Every look is bounded.
 * @module
 */
import type { Core } from "../core/core.ts";
import { infosOf } from "./consumers.ts";
import { type Lengths, queueLatency, readLengths, runningTasks, tasksOf } from "./listings.ts";
import { readStats } from "../statistics/read.ts";
import { MINUTE_MS } from "../primitives/time.ts";
import type { Pause } from "../storage.ts";
import type { ConsumerInfo, RunningTask } from "../types/operating.ts";
import type { StatsRow } from "../types/statistics.ts";

/** The condition of a queue. */
export interface Condition {
  readonly nowMs: number;
  /** Whether tasks run where they are called, so that nobody has to serve the queue. */
  readonly immediate: boolean;
  /** How many tasks are in each list. */
  readonly counts: Lengths;
  /** Age of the oldest waiting task, in seconds. */
  readonly latency: number;
  readonly consumers: readonly ConsumerInfo[];
  /** Those that should have renewed their lease, and have not: it still lasts. */
  readonly late: readonly ConsumerInfo[];
  /** How far the clock of the consumer that is most ahead is ahead of that of this process, in seconds, at least. */
  readonly clockAhead: number;
  readonly pause: Pause | undefined;
  /** Those that run longest, longest first. */
  readonly running: readonly RunningTask[];
  /** Name of the task that waits for its place first. */
  readonly blockedName: string | undefined;
  /** Names of tasks that nobody knows, as far as was looked. */
  readonly unknownNames: readonly string[];
  /** When the first scheduled task is due. */
  readonly dueMs: number | undefined;
  /** What happened lately, by minute and task. */
  readonly lately: readonly StatsRow[];
}

/** So long is lately. */
export const LATELY_MS: number = 5 * MINUTE_MS;

const RUNNING_EXAMINED = 200;
const LETTERS_EXAMINED = 20;

/** What has been read already. */
export interface Known {
  readonly counts?: Condition["counts"];
  readonly running?: readonly RunningTask[];
}

/**
 * Looks at a queue.
 *
 * @param core Of the Huey.
 * @param known What was read for something else.
 */
export async function readCondition(core: Core, known: Known = {}): Promise<Condition> {
  const { storage, clock } = core;
  const nowMs = clock.now();
  const [counts, latency, leases, pause, running, [blocked], unknown, dueMs, stats] = await Promise.all([
    known.counts ?? readLengths(core),
    queueLatency(core),
    storage.leases(),
    storage.paused(),
    known.running ?? runningTasks(core, RUNNING_EXAMINED),
    storage.blocked(1).then((items) => tasksOf(core, items)),
    storage.deadLetters({ kind: "unknown", limit: LETTERS_EXAMINED }),
    storage.dueMs(),
    readStats(storage, clock, { from: new Date(nowMs - LATELY_MS) }),
  ]);
  const consumers = infosOf(leases, nowMs);
  // It is renewed three times within its length.
  const renewed = new Set(
    leases.filter(({ expiresMs, ttlMs }) => expiresMs - nowMs >= ttlMs / 2).map(({ consumer }) => consumer),
  );
  // A lease is never longer than its time: one that is was written by a clock that is ahead.
  const ahead = leases.map(({ expiresMs, ttlMs }) => (expiresMs - nowMs - ttlMs) / 1000).filter(Number.isFinite);
  return {
    nowMs,
    immediate: core.immediate,
    counts,
    latency,
    consumers,
    late: consumers.filter((consumer) => !consumer.silent && !renewed.has(consumer.id)),
    clockAhead: Math.max(0, ...ahead),
    pause,
    running,
    blockedName: blocked?.name,
    unknownNames: [...new Set(unknown.flatMap(({ taskName }) => taskName === undefined ? [] : [taskName]))],
    dueMs,
    lately: stats.rows,
  };
}
