/**
 * How an attempt ended, as a test sees it.
 * @module
 */
import type { Core } from "../lib/core/core.ts";
import type { AttemptEnd } from "../lib/attempt/execution.ts";
import { type OutcomeKind, OUTCOMES } from "../lib/attempt/outcome.ts";
import { makeTask } from "../lib/composition/call.ts";
import type { TaskInfo } from "../lib/types/calling.ts";

/** An attempt that has ended. */
export interface RanTask {
  /** The invocation. */
  readonly task: TaskInfo;
  /** How it ended. `"retrying"`: it will be tried again. */
  readonly outcome: "complete" | "failed" | "retrying" | "revoked" | "expired" | "canceled" | "dead";
  /** What the function returned. */
  readonly value: unknown;
  /** What it failed of; of a dead one why nobody can run it. `undefined` also where it was put off: by a lock, a rate limit or `RetryTask`. */
  readonly error: Error | undefined;
  /** When, on the clock of its Huey. */
  readonly at: Date;
}

/** What puts a task off, and is no failure of it. */
const POSTPONED: readonly OutcomeKind[] = ["locked", "rate-limited", "retry", "canceled", "not-due", "at-gate"];

/** What a test sees of the end of an attempt. */
export function ranTask(core: Core, { outcome, retries }: AttemptEnd): RanTask {
  const { kind, message, value, error } = outcome;
  const ending = OUTCOMES[kind].ending;
  return {
    task: makeTask(message),
    outcome: retries || ending === undefined ? "retrying" : ending as RanTask["outcome"],
    value,
    error: retries && POSTPONED.includes(kind) ? undefined : error,
    at: new Date(core.clock.now()),
  };
}

/** What a test sees of a message that was set aside: `error` is the reason, and there are no arguments. */
export async function deadTask(core: Core, id: string): Promise<RanTask> {
  const letter = await core.storage.deadLetter(id);
  const task = makeTask({ v: 1, id, name: letter?.taskName ?? "", args: [] });
  const error = letter && new Error(letter.reason);
  return { task, outcome: "dead", value: undefined, error, at: new Date(core.clock.now()) };
}
