/**
 * Waiting for a task to end, and for the next due time.
 * @module
 */
import type { PollOptions, WaitOptions } from "../../lib/storage.ts";
import { closedError } from "./link.ts";
import type { RedisCore } from "./core.ts";
import { ENDED, NEXT_DUE } from "./lua_data.ts";

/** How long the server remembers that somebody waits for a task, and how often a waiter looks again without being told. */
const REMEMBERED_MS = 60_000;
const LOOK_AGAIN_MS = 20_000;

/** Longest wait for a due time without a look, which finds what was not told. */
const LONGEST_DUE_WAIT_MS = 5000;

const POLL: PollOptions = { initialMs: 50, backoff: 1.15, maxMs: 1000 };

/** Ends as soon as the task has ended. @returns false after the time limit */
export async function waitForResult(core: RedisCore, id: string, options: WaitOptions): Promise<boolean> {
  const { signal, timeoutMs } = options;
  signal?.throwIfAborted();
  const deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
  if (await hasEnded(core, id, false)) return true;
  if (deadline <= performance.now()) return false;
  const next = core.settings.blocking ? await listening(core, id) : polling(core, options.poll ?? POLL);
  try {
    for (;;) {
      // Being remembered and the look are one step, so that nothing that happens in between is missed.
      if (await hasEnded(core, id, core.settings.blocking)) return true;
      const remainingMs = deadline - performance.now();
      if (remainingMs <= 0) return false;
      await next.wait(remainingMs, signal);
      signal?.throwIfAborted();
      if (core.isClosing) throw closedError();
    }
  } finally {
    next.stop();
  }
}

/** Ends when the soonest scheduled item is due, after `maxMs`, or at an abort. */
export async function waitDue(core: RedisCore, maxMs: number, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + maxMs;
  const alarm = core.settings.blocking ? await alarmOf(core) : polling(core, { ...POLL, backoff: 1 });
  try {
    // When the time is over there is no need to know; a timer ends up to a millisecond early.
    for (let remainingMs = maxMs; remainingMs >= 1 && !signal?.aborted && !core.isClosing;) {
      const due = await core.run(NEXT_DUE) as Buffer | null;
      const inMs = due === null ? Infinity : Number(String(due)) - Date.now();
      remainingMs = deadline - performance.now();
      if (inMs <= 0 || remainingMs < 1) return;
      await alarm.wait(Math.min(inMs, remainingMs, LONGEST_DUE_WAIT_MS), signal);
      remainingMs = deadline - performance.now();
    }
  } finally {
    alarm.stop();
  }
}

interface Alarm {
  wait(limitMs: number, signal: AbortSignal | undefined): Promise<void>;
  stop(): void;
}

async function hasEnded(core: RedisCore, id: string, remember: boolean): Promise<boolean> {
  const until = remember ? String(Date.now() + REMEMBERED_MS) : "";
  return await core.run(ENDED, String(Date.now()), id, until) === 1;
}

async function listening(core: RedisCore, id: string): Promise<Alarm> {
  return await listen(core, core.endedChannel, id, LOOK_AGAIN_MS);
}

async function alarmOf(core: RedisCore): Promise<Alarm> {
  return await listen(core, core.dueChannel, "1", LONGEST_DUE_WAIT_MS);
}

async function listen(core: RedisCore, channel: string, message: string, longestMs: number): Promise<Alarm> {
  await core.news.ready();
  const wake = { pending: false, end: (): void => {} };
  const stop = core.news.listen(channel, message, () => {
    wake.pending = true;
    wake.end();
  });
  return { stop, wait: (limitMs, signal) => core.pause(Math.min(limitMs, longestMs), signal, wake) };
}

function polling(core: RedisCore, poll: PollOptions): Alarm {
  let intervalMs = poll.initialMs;
  return {
    stop: () => undefined,
    wait: async (limitMs, signal) => {
      await core.pause(Math.min(intervalMs, limitMs), signal);
      intervalMs = Math.min(intervalMs * poll.backoff, poll.maxMs);
    },
  };
}
