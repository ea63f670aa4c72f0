/**
 * Waiting for what becomes of a task.
 * @module
 */
import { checkOneOf } from "../lib/primitives/arguments.ts";
import { checkOptions, rule } from "../lib/primitives/option_rules.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { sleep, systemClock } from "../lib/primitives/clock.ts";
import { type Duration, durationMs } from "../lib/primitives/time.ts";
import type { TaskState, TaskStatus } from "../lib/types/results.ts";

const STATES: readonly TaskState[] = [
  "waiting",
  "blocked",
  "scheduled",
  "running",
  "complete",
  "failed",
  "retrying",
  "revoked",
  "expired",
  "canceled",
  "dead",
  "unknown",
];
const DEFAULT_TIMEOUT_SECONDS = 5;
const LOOK_EVERY_MS = 10;

/** How to wait. */
export interface WaitForStateOptions {
  /** Longest wait, in real time. Default 5; a number is seconds. */
  timeout?: Duration;
}

/**
 * Waits until a task is in a state. For tests against a running consumer; a `TestHuey` is advanced instead.
 *
 * @param huey Any Huey.
 * @param id Id of the task.
 * @param state The state to wait for.
 * @param options `timeout`.
 * @returns The status as it was found.
 * @throws {Error} At once if the task has ended in another state; after the timeout with the state that it is in. Both
 * say what its last attempt threw.
 *
 * @example
 * ```ts
 * import { TestHuey, waitForState } from "@hueyjs/huey/testing";
 *
 * const huey = new TestHuey();
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * const { id } = await add(1, 2);
 * console.log((await waitForState(huey, id, "waiting")).state); // waiting
 * ```
 */
export async function waitForState(
  huey: Huey,
  id: string,
  state: TaskState,
  options: WaitForStateOptions = {},
): Promise<TaskStatus> {
  checkOptions<WaitForStateOptions>(options, "waitForState", { timeout: rule.duration() });
  checkOneOf(state, "state", STATES);
  const timeoutMs = durationMs(options.timeout ?? DEFAULT_TIMEOUT_SECONDS, "timeout");
  const endMs = systemClock.elapsed() + timeoutMs;
  for (;;) {
    const status = await huey.state(id);
    if (status.state === state) return status;
    const why = status.error === undefined ? "" : `: ${status.error}`;
    if (status.ended) {
      throw new Error(`waitForState: task ${id} is ${status.state} and will not be ${state}${why}`);
    }
    if (systemClock.elapsed() >= endMs) {
      throw new Error(`waitForState: task ${id} is ${status.state}, not ${state}, after ${timeoutMs / 1000} s${why}`);
    }
    await sleep(systemClock, LOOK_EVERY_MS);
  }
}
