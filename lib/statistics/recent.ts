/**
 * The sample of tasks that ended last: what is kept of each, as bytes.
 * @module
 */
import type { RecentTask } from "../types/statistics.ts";
import { jsonBytes, readJson } from "../primitives/json.ts";
import { dateOf, isTime } from "../primitives/time.ts";

/** How a task can end here. */
export type RecentOutcome = RecentTask["outcome"];

/** The end of a task, as it is noted. Times are milliseconds. */
export interface NotedEnd {
  readonly id: string;
  readonly name: string;
  readonly outcome: RecentOutcome;
  readonly worker: string;
  readonly startedMs: number | undefined;
  readonly endedMs: number;
  readonly attempts: number;
}

const OUTCOMES: readonly unknown[] = ["complete", "failed", "revoked", "expired", "canceled"] satisfies RecentOutcome[];

/** The bytes of a noted end. */
export function encodeEnd({ id, name, outcome, worker, startedMs, endedMs, attempts }: NotedEnd): Uint8Array {
  return jsonBytes({ id, name, outcome, worker, startedMs, endedMs, attempts });
}

/** What was noted. @returns `undefined` for bytes that are none of ours */
export function decodeEnd(data: Uint8Array): RecentTask | undefined {
  const { id, name, outcome, worker, startedMs, endedMs, attempts } = (readJson(data) ?? {}) as Partial<NotedEnd>;
  const isText = [id, name, worker].every((text) => typeof text === "string");
  if (!isText || !OUTCOMES.includes(outcome) || !isTime(endedMs)) return undefined;
  return {
    id: id!,
    name: name!,
    outcome: outcome!,
    worker: worker!,
    startedAt: dateOf(startedMs),
    endedAt: new Date(endedMs),
    attempts: typeof attempts === "number" ? attempts : 0,
  };
}
