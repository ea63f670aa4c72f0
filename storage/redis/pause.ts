/**
 * The pause of a queue. Key: `pause`, when it ends, or "-".
 * @module
 */
import type { Pause } from "../../lib/storage.ts";
import type { RedisCore } from "./core.ts";
import { NOW, type Script, script } from "./lua.ts";
import { BELL } from "./lua_pieces.ts";

/** Whether there is a pause. One that has ended by itself stays until the bell was rung for it. */
export const PAUSE = `
local function isPaused(now)
  local ends = call('GET', P .. 'pause') or ''
  return ends == '-' or (tonumber(ends) or 0) > now
end
`;

/** Rings for the end of a pause. */
export const END_PAUSE = `
local function endPause()
  if call('EXISTS', P .. 'pause') == 0 or isPaused(now) then return end
  call('DEL', P .. 'pause')
  if size() > 0 then ring() end
end
`;

/** Ends the pause, of one kind of queue. Replies whether there was one. */
export const RESUME = `
local function main()
  local wasPaused = isPaused(now)
  call('DEL', P .. 'pause')
  if size() > 0 then ring() end
  return wasPaused and 1 or 0
end
`;

/** ARGV 1 when it ends. Whoever waits for a due time hears of the end. */
const START: Script = script(
  BELL,
  `
redis.call('SET', P .. 'pause', ARGV[1])
if ARGV[1] ~= '-' then publish('schedule', '1') end
return 1
`,
);

/** Replies when it ends, or nothing. */
const PAUSED: Script = script(NOW, PAUSE, "return isPaused(now) and call('GET', P .. 'pause')");

/** From now on claims find nothing. */
export async function pause(core: RedisCore, { untilMs }: Pause): Promise<void> {
  await core.run(START, untilMs === undefined ? "-" : String(untilMs));
}

/** @param script Of the kind of queue. @returns whether there was a pause */
export async function resume(core: RedisCore, script: Script): Promise<boolean> {
  core.assertOpen();
  return await core.calls.once(script, []) === 1;
}

/** @returns `undefined` if there is no pause */
export async function paused(core: RedisCore): Promise<Pause | undefined> {
  const ends = await core.run(PAUSED) as Buffer | null;
  if (ends === null) return undefined;
  return String(ends) === "-" ? {} : { untilMs: Number(String(ends)) };
}
