/**
 * One look at the ends of tasks, and what rings when another look makes sense.
 * @module
 */
import { startInterval, type Timer } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
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

/** One look at the ends of tasks, and what rings when another look makes sense. */
export function waits(core: RedisCore): Pick<Storage, "endedOf" | "listen"> {
  const { awaited, clock, news } = core;
  let looking: Timer | undefined;
  const stopLooking = (): void => {
    looking?.stop();
    looking = undefined;
  };
  const look = (): void => news.count("results") > 0 ? news.ring("results") : stopLooking();
  core.closed.addEventListener("abort", stopLooking);
  return {
    async endedOf(ids) {
      const ended: string[] = [];
      let isMarked = true;
      for (let start = 0; start < ids.length; start += ASKED_AT_ONCE) {
        const asked = ids.slice(start, start + ASKED_AT_ONCE);
        // Before the look: what is told of them may overtake its reply.
        awaited.add(asked);
        const [marked, ...found] = (await core.run(ENDED, String(REMEMBERED_MS), ...asked) as Buffer[]).map(String);
        isMarked &&= marked === "1";
        for (const id of found) awaited.take(id);
        ended.push(...found);
      }
      if (isMarked) stopLooking();
      else looking ??= startInterval(clock, UNMARKED_MS, look, { background: true });
      return ended;
    },
    async listen(topic, wake) {
      core.assertOpen();
      return core.settings.blocking ? await news.listen(topic, wake) : () => {};
    },
  };
}
