/**
 * One look at the ends of tasks, and what rings when another look makes sense.
 * @module
 */
import { startInterval, type Timer } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import type { RedisCore } from "./connection/core.ts";
import { script } from "./lua/library.ts";

/**
 * ARGV 1 how long to be told, then ids. Replies "1" if all the others are remembered, then those that have ended or left a
 * result. On a server whose memory is full none can be remembered.
 */
const ENDED = script(`
local ids, reply, marks = {unpack(ARGV, 2)}, {'1'}, {}
local letters, results, notices = call('HMGET', P .. 'state', unpack(ids)), findEnds('results', ids), findEnds('notices', ids)
for i, id in ipairs(ids) do
  local letter = letters[i]
  if letter and sub(letter, 1, 1) == 'd' or results[i] or not letter and notices[i] then reply[#reply + 1] = id
  else append(marks, now + tonumber(ARGV[1]), id) end
end
if #marks == 0 then return reply end
-- Of a key of another type, or on a full server, whoever waits has to look.
local marked = redis.pcall('ZADD', P .. 'waiting', unpack(marks))
if type(marked) == 'table' then reply[1] = '0' end
return reply`);

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
