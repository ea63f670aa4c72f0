/**
 * One look at the ends of tasks and at the next due time, and what rings when another look makes sense.
 * @module
 */
import { startInterval, type Timer } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import type { RedisCore } from "./core.ts";
import { ENDED, NEXT_DUE } from "./lua_data.ts";

/** How long the server remembers that somebody waits for a task. Those who listen look again before that. */
const REMEMBERED_MS = 60_000;

/** How often those who wait look where the server cannot remember them: its memory is full. */
const UNMARKED_MS = 1000;

/** Most tasks that one script is asked for. */
const ASKED_AT_ONCE = 1000;

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
    if (!this.#core.settings.blocking) return () => {};
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

  #ring(): void {
    for (const wake of [...this.#listeners]) wake();
  }

  #stopLooking(): void {
    this.#looking?.stop();
    this.#looking = undefined;
  }
}
