/**
 * Statistics as charts need them: a bar for each step of time, also for those in which nothing happened.
 * @module
 */
import { readStatsByTask, type TaskStats } from "../../lib/statistics/by_task.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/primitives/time.ts";
import type { Stats, StatsOptions, StatsRow } from "../../lib/types/statistics.ts";
import type { Queue } from "./queue.ts";

/** A span of time that can be looked at. */
export interface Span {
  readonly name: SpanName;
  readonly title: string;
  readonly ms: number;
  readonly step: "minute" | "hour";
  readonly stepMs: number;
}

/** Names of the spans, as addresses have them. */
export type SpanName = "hour" | "day" | "month";

/** The spans. */
export const SPANS: Readonly<Record<SpanName, Span>> = {
  hour: { name: "hour", title: "Last hour", ms: HOUR_MS, step: "minute", stepMs: MINUTE_MS },
  day: { name: "day", title: "Last day", ms: 24 * HOUR_MS, step: "hour", stepMs: HOUR_MS },
  month: { name: "month", title: "Last 30 days", ms: 720 * HOUR_MS, step: "hour", stepMs: 24 * HOUR_MS },
};

/** What happened in one step of time. */
export interface Step {
  readonly at: Date;
  readonly completed: number;
  readonly failed: number;
}

/**
 * The span that an address names.
 *
 * @param name As given.
 * @returns It; the last hour for any other text
 */
export function spanOf(name: string | null): Span {
  return name !== null && Object.hasOwn(SPANS, name) ? SPANS[name as SpanName] : SPANS.hour;
}

/**
 * The statistics of a span.
 *
 * @param queue The queue.
 * @param span The span, which ends now.
 */
export async function readStats({ huey, core }: Queue, span: Span): Promise<Stats> {
  return await huey.stats(rangeOf(span, core.clock.now()));
}

/**
 * The statistics of each task in a span.
 *
 * @param queue The queue.
 * @param span The span, which ends now.
 * @param taskName Of this task alone.
 * @returns `cut`: there is more than was read
 */
export async function readTaskStats(
  { core }: Queue,
  span: Span,
  taskName?: string,
): Promise<{ tasks: Map<string, TaskStats>; cut: boolean }> {
  const range = rangeOf(span, core.clock.now());
  await core.statistics?.write();
  return await readStatsByTask(core.storage, core.clock, taskName === undefined ? range : { ...range, taskName });
}

function rangeOf(span: Span, nowMs: number): StatsOptions {
  return { from: new Date(firstStep(span, nowMs)), to: new Date(nowMs + 1), step: span.step };
}

/**
 * One step after the other, empty ones too.
 *
 * @param rows Of the statistics.
 * @param span Their span.
 * @param nowMs Its end.
 */
export function stepsOf(rows: readonly StatsRow[], span: Span, nowMs: number): Step[] {
  const first = firstStep(span, nowMs);
  const steps = Array.from({ length: Math.floor((nowMs - first) / span.stepMs) + 1 }, () => ({ completed: 0, failed: 0 }));
  for (const { at, completed, failed } of rows) {
    const step = steps[Math.floor((at.getTime() - first) / span.stepMs)];
    if (step === undefined) continue;
    step.completed += completed;
    step.failed += failed;
  }
  return steps.map((step, index) => ({ at: new Date(first + index * span.stepMs), ...step }));
}

/** Steps begin at whole minutes, hours and days. */
function firstStep({ ms, stepMs }: Span, nowMs: number): number {
  return Math.floor(nowMs / stepMs) * stepMs - ms + stepMs;
}
