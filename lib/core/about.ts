/**
 * What `state()` tells of a task: whether it has ended, and what the storage keeps with it beside its state, a small JSON text that is
 * made and read here.
 * @module
 */
import { readJson } from "../primitives/json.ts";
import { isCount, MAX_TOLD_ERROR } from "../primitives/limits.ts";
import { beginningOf } from "../primitives/secrets.ts";
import { isTime } from "../primitives/time.ts";
import type { Message } from "../message/message.ts";
import { ENDINGS, type StoredState } from "../storage.ts";

const ENDED: ReadonlySet<string> = new Set(ENDINGS);

/** Whether a task in this state has ended, so that nothing more happens to it by itself. */
export function isEnded(stored: StoredState | undefined): boolean {
  return stored !== undefined && ENDED.has(stored.state);
}

/** What is kept of a task. What is not known is `undefined`. */
export interface About {
  readonly enqueuedMs?: number | undefined;
  /** Attempts that have ended. */
  readonly attempts?: number | undefined;
  /** The message of the last failed attempt. */
  readonly error?: string | undefined;
  /** Of a task that has ended: when its last attempt started, */
  readonly startedMs?: number | undefined;
  /** and when it ended. */
  readonly endedMs?: number | undefined;
}

/** The last text of a new task: many that are enqueued in the same millisecond share it. */
let newText = "[]";
let newMs: number | undefined;

/** The text of a message that waits. @param error What the attempt before it has thrown. */
export function aboutWaiting({ enqueuedAt, attempt = 0 }: Message, error?: Error): string {
  if (attempt > 0 || error !== undefined) {
    return aboutText({ enqueuedMs: enqueuedAt, attempts: attempt, error: error?.message });
  }
  if (enqueuedAt !== newMs) {
    newText = enqueuedAt === undefined ? "[]" : `[${enqueuedAt}]`;
    newMs = enqueuedAt;
  }
  return newText;
}

/**
 * The text of what is known of a task. A time is written as what has passed since the one before it: short numbers are made to text several
 * times as fast, and this runs for each task.
 */
export function aboutText({ enqueuedMs, attempts, startedMs, endedMs, error }: About): string {
  const waited = startedMs === undefined ? null : startedMs - (enqueuedMs ?? 0);
  const ran = endedMs === undefined ? null : endedMs - (startedMs ?? enqueuedMs ?? 0);
  const told = error === undefined ? "" : `,${JSON.stringify(beginningOf(error, MAX_TOLD_ERROR).toWellFormed())}`;
  return `[${enqueuedMs ?? null},${attempts ?? null},${waited},${ran}${told}]`;
}

/** What a text says; nothing for what is none of ours, which may come from anybody. */
export function readAbout(text: string | undefined): About {
  const [enqueued, attempts, waited, ran, error] = fieldsOf(text);
  const enqueuedMs = timeAfter(0, enqueued);
  const startedMs = timeAfter(enqueuedMs, waited);
  return {
    enqueuedMs,
    // Nothing is said of a task that was not tried yet.
    attempts: attempts === undefined && text !== undefined ? 0 : isCount(attempts) ? attempts : undefined,
    startedMs,
    endedMs: timeAfter(startedMs ?? enqueuedMs, ran),
    error: typeof error === "string" ? error : undefined,
  };
}

function timeAfter(beforeMs: number | undefined, passedMs: unknown): number | undefined {
  const ms = typeof passedMs === "number" ? (beforeMs ?? 0) + passedMs : undefined;
  return isTime(ms) ? ms : undefined;
}

function fieldsOf(text: string | undefined): unknown[] {
  if (text === undefined) return [];
  const fields = readJson(text);
  return Array.isArray(fields) ? fields : [null, null];
}
