/**
 * Failed tasks, grouped by what is wrong.
 * @module
 */
import { createHash } from "node:crypto";
import { affordableCount } from "../../lib/result/listed_items.ts";
import { beginningOf } from "../../lib/primitives/secrets.ts";
import type { Row } from "./row.ts";
import type { DeadLetter } from "../../lib/types/operating.ts";
import type { Queue } from "./queue.ts";

/** Tasks that failed in the same way. */
export interface Failure {
  /** Names the group in addresses. */
  readonly key: string;
  readonly taskName: string;
  /** Name of the error. */
  readonly error: string;
  /** Message of the newest one. */
  readonly message: string;
  /** Where it was thrown. */
  readonly frame: string | undefined;
  readonly count: number;
  readonly first: Date;
  readonly last: Date;
  /** Id of the newest task. */
  readonly newest: string;
}

/** So many failed tasks are looked at, the newest ones. */
export const MOST_FAILURES = 1000;

/** Which failed tasks are grouped. */
export interface FailureQuery {
  /** Of this task. Default: of all. */
  readonly taskName?: string;
  /** How many failed tasks are looked at. */
  readonly limit?: number;
  /** How many bytes of messages may be read for it. */
  readonly bytes?: number;
}

/** Grouping is a part of several pages, and must not hold any of them up. */
const MOST_BYTES = 6_000_000;

/**
 * Groups the newest failed tasks by task, error, message without its numbers, and the place where it was thrown.
 *
 * @param queue The queue.
 * @param query Which.
 * @returns The largest group first; `examined` is how many tasks are in them
 */
export async function readFailures(
  { huey, core }: Queue,
  { taskName, limit = MOST_FAILURES, bytes = MOST_BYTES }: FailureQuery = {},
): Promise<{ failures: Failure[]; examined: number }> {
  const most = await affordableCount(core, "failed", limit, bytes);
  const filter = taskName === undefined ? {} : { taskName };
  const letters = await huey.deadLetters({ kind: "failed", limit: most, ...filter });
  const groups = Map.groupBy(letters, ({ taskName, error }) => inCommon(taskName ?? "", error));
  const failures = [...groups].map(failureOf).sort((a, b) => b.count - a.count || +b.last - +a.last);
  return { failures, examined: letters.length };
}

/**
 * The place in the code where an error was thrown.
 *
 * @param stack Of the error.
 * @returns The first line of the stack that names a place
 */
export function firstFrame(stack: string | undefined): string | undefined {
  return stack === undefined ? undefined : /^[ \t]*at .*/m.exec(beginningOf(stack, 5000))?.[0].trim().slice(0, 300);
}

/**
 * What failures of one group have in common, as a short text for addresses.
 *
 * @param taskName Name of the task.
 * @param error What it threw.
 */
export function failureKey(taskName: string, error: Row["error"]): string {
  return createHash("sha256").update(inCommon(taskName, error)).digest("base64url").slice(0, 16);
}

function inCommon(taskName: string, error: Row["error"]): string {
  const message = error?.message.slice(0, 300).replace(/\d+|[0-9a-f]{8,}|"[^"]*"|'[^']*'/gi, "…") ?? "";
  return JSON.stringify([taskName, error?.name, message, firstFrame(error?.stack)]);
}

function failureOf([, letters]: readonly [string, readonly DeadLetter[]]): Failure {
  const newest = letters[0]!;
  return {
    key: failureKey(newest.taskName ?? "", newest.error),
    taskName: newest.taskName ?? "",
    error: newest.error?.name ?? "Error",
    message: newest.error?.message ?? newest.reason,
    frame: firstFrame(newest.error?.stack),
    count: letters.length,
    first: letters.at(-1)!.at,
    last: newest.at,
    newest: newest.taskId ?? newest.id,
  };
}
