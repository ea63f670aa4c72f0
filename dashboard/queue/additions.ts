/**
 * What a dashboard asks of a Huey.
 * @module
 */
import type { Huey } from "../../lib/huey/huey.ts";
import type { Instant } from "../../lib/primitives/time.ts";
import type { TaskInfo } from "../../lib/types/calling.ts";
import type { DeadLetter } from "../../lib/types/operating.ts";
import type { TaskStatus } from "../../lib/types/results.ts";

export type { ConsumerInfo, DeadLetterFilter, PeriodicInfo, RunningTask } from "../../lib/types/operating.ts";

export type Kind = DeadLetter["kind"];
export type Letter = DeadLetter;
export type Task = TaskInfo & { readonly meta?: Readonly<Record<string, string>>; readonly enqueuedAt?: Date | undefined };

export type Status = Omit<TaskStatus, "state"> & {
  state: TaskStatus["state"] | "blocked";
  error?: string;
  attempts?: number;
  enqueuedAt?: Date;
  startedAt?: Date;
  endedAt?: Date;
};

export interface RecentTask {
  readonly id: string;
  readonly name: string;
  readonly outcome: "complete" | "failed" | "revoked" | "expired" | "canceled";
  readonly worker: string;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date;
  readonly attempts: number;
}

export interface StatsCounts {
  enqueued: number;
  completed: number;
  failed: number;
  retried: number;
  revoked: number;
  expired: number;
  canceled: number;
  dead: number;
  recovered: number;
}

export interface StatsTimes {
  runMean: number | undefined;
  runP50: number | undefined;
  runP95: number | undefined;
  runMax: number | undefined;
  waitMean: number | undefined;
  waitP95: number | undefined;
}

export interface StatsRow extends StatsCounts, StatsTimes {
  readonly at: Date;
  readonly taskName: string;
}

export interface Stats {
  readonly rows: readonly StatsRow[];
  readonly totals: StatsCounts & StatsTimes;
}

export interface Missing {
  recent(limit?: number): Promise<RecentTask[]>;
  stats(options?: { from?: Instant; to?: Instant; taskName?: string; step?: "minute" | "hour" }): Promise<Stats>;
}

export type Operable = Huey & Missing;

const NO_COUNTS: StatsCounts & StatsTimes = {
  enqueued: 0,
  completed: 0,
  failed: 0,
  retried: 0,
  revoked: 0,
  expired: 0,
  canceled: 0,
  dead: 0,
  recovered: 0,
  runMean: undefined,
  runP50: undefined,
  runP95: undefined,
  runMax: undefined,
  waitMean: undefined,
  waitP95: undefined,
};

/** For the time until a Huey has all of them. */
export function operable(huey: Huey): Operable {
  const empty: Missing = { recent: () => Promise.resolve([]), stats: () => Promise.resolve({ rows: [], totals: NO_COUNTS }) };
  for (const [key, value] of Object.entries(empty)) if (!(key in huey)) Object.defineProperty(huey, key, { value });
  return huey as Operable;
}
