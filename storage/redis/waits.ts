/**
 * Waiting for a task to end, and for the next due time: one look, and what rings when another look makes sense.
 * @module
 */
import { startInterval, type Timer } from "../../lib/primitives/clock.ts";
import type { PollOptions, Topic } from "../../lib/storage.ts";
import type { RedisCore } from "./core.ts";
import { ENDED, NEXT_DUE } from "./lua_data.ts";

/** How long the server remembers that somebody waits for a task. Those who listen look again before that. */
const REMEMBERED_MS = 60_000;

/** How often those who wait look where the server cannot remember them: its memory is full. */
const UNMARKED_MS = 1000;

/** How often whoever listens to the queue says so again. */
const MARK_AGAIN_MS = 15_000;

/** Longest wait for a due time without a look, which finds what was not told. */
const LONGEST_DUE_WAIT_MS = 5000;

/** Most tasks that one script is asked for. */
const ASKED_AT_ONCE = 1000;

const POLL: PollOptions = { initialMs: 50, backoff: 1.15, maxMs: 1000 };

/** What tells of ends: who was asked for, and what rings for them. */
export class Waits {
  readonly #core: RedisCore;
  /** Tasks that were asked for and had not ended, with when that was; the one that was asked for last is the last. */
  readonly #asked = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #looking: Timer | undefined;

  constructor(core: RedisCore) {
    this.#core = core;
    core.onClose(() => this.#looking?.stop());
  }

  /** When the soonest scheduled item is due. */
  async dueMs(): Promise<number | undefined> {
    const due = await this.#core.run(NEXT_DUE) as Buffer | null;
    return due === null ? undefined : Number(String(due));
  }

  /** Those of the tasks that have ended, or have left a result. */
  async endedOf(ids: readonly string[]): Promise<string[]> {
    const ended: string[] = [];
    let isMarked = true;
    for (let start = 0; start < ids.length; start += ASKED_AT_ONCE) {
      const asked = ids.slice(start, start + ASKED_AT_ONCE);
      const [marked, ...found] = (await this.#core.run(ENDED, String(REMEMBERED_MS), ...asked) as Buffer[]).map(String);
      isMarked &&= marked === "1";
      this.#noteAsked(asked, found);
      ended.push(...found);
    }
    if (isMarked) this.#stopLooking();
    else this.#looking ??= startInterval(this.#core.clock, UNMARKED_MS, () => this.#ring(), { background: true });
    return ended;
  }

  /** Those whom nobody asks for any more are forgotten, as the server does. */
  #noteAsked(asked: readonly string[], ended: readonly string[]): void {
    const now = this.#core.clock.elapsed();
    for (const id of asked) {
      this.#asked.delete(id);
      this.#asked.set(id, now);
    }
    for (const id of ended) this.#asked.delete(id);
    for (const [id, at] of this.#asked) {
      if (now - at < REMEMBERED_MS) return;
      this.#asked.delete(id);
    }
  }

  /** Calls `wake` when something may have changed. @returns what ends that */
  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    this.#core.assertOpen();
    if (!this.#core.settings.blocking) {
      const timer = startInterval(this.#core.clock, POLL.maxMs, wake, { background: true });
      return () => timer.stop();
    }
    if (topic === "queue") return await this.#listenToQueue(wake);
    if (topic !== "results") return await this.#core.news.listen(topic, () => wake());
    // Others wait too: theirs is none of ours.
    return await this.#listenToResults(wake, (id) => this.#asked.has(id));
  }

  async #listenToResults(wake: () => void, isOurs: (id: string) => boolean): Promise<() => void> {
    this.#listeners.add(wake);
    const stop = await this.#core.news.listen("results", (id) => {
      if (id === undefined ? this.#asked.size > 0 : isOurs(id)) wake();
    });
    return () => {
      stop();
      this.#listeners.delete(wake);
      if (this.#listeners.size > 0) return;
      this.#asked.clear();
      this.#stopLooking();
    };
  }

  /** Only while the mark is there the server tells of every item. */
  async #listenToQueue(wake: () => void): Promise<() => void> {
    const { clock, calls, news, prefix } = this.#core;
    const mark = async (): Promise<void> => {
      try {
        await calls.command(["SET", `${prefix}listening`, "1", "PX", String(REMEMBERED_MS)]);
      } catch {
        // Away, or its memory is full.
        wake();
      }
    };
    const timer = startInterval(clock, MARK_AGAIN_MS, () => void mark(), { background: true });
    try {
      const stop = await news.listen("queue", () => wake());
      await mark();
      return () => {
        timer.stop();
        stop();
      };
    } catch (error) {
      timer.stop();
      throw error;
    }
  }

  /** Ends when the soonest scheduled item is due, after `maxMs`, or at an abort. */
  async forDue(maxMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock, settings } = this.#core;
    const deadline = clock.elapsed() + maxMs;
    const alarm = settings.blocking
      ? await this.#alarm((wake) => this.listen("schedule", wake))
      : this.#polling({ ...POLL, backoff: 1 });
    try {
      // When the time is over there is no need to know; a timer ends up to a millisecond early.
      for (let remainingMs = maxMs; remainingMs >= 1 && !signal?.aborted && !this.#core.isClosing;) {
        const inMs = (await this.dueMs() ?? Infinity) - clock.now();
        remainingMs = deadline - clock.elapsed();
        if (inMs <= 0 || remainingMs < 1) return;
        await alarm.wait(Math.min(inMs, remainingMs, LONGEST_DUE_WAIT_MS), signal);
        remainingMs = deadline - clock.elapsed();
      }
    } finally {
      alarm.stop();
    }
  }

  #ring(): void {
    for (const wake of [...this.#listeners]) wake();
  }

  #stopLooking(): void {
    this.#looking?.stop();
    this.#looking = undefined;
  }

  async #alarm(listen: (wake: () => void) => Promise<() => void>): Promise<Alarm> {
    const wake = { pending: false, end: (): void => {} };
    const stop = await listen(() => {
      wake.pending = true;
      wake.end();
    });
    return { stop, wait: (limitMs, signal) => this.#core.pause(limitMs, signal, wake) };
  }

  #polling(poll: PollOptions): Alarm {
    let intervalMs = poll.initialMs;
    return {
      stop: () => undefined,
      wait: async (limitMs, signal) => {
        await this.#core.pause(Math.min(intervalMs, limitMs), signal);
        intervalMs = Math.min(intervalMs * poll.backoff, poll.maxMs);
      },
    };
  }
}

interface Alarm {
  wait(limitMs: number, signal: AbortSignal | undefined): Promise<void>;
  stop(): void;
}
