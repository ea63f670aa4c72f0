/**
 * The schedule: items that wait for their due time, and the pause of the queue, whose end is due too.
 * @module
 */
import type { Moved, Storage } from "../../lib/storage.ts";
import { passedName } from "./records/claim.ts";
import type { RedisCore } from "./connection/core.ts";
import { once, script } from "./lua/library.ts";
import { itemOf, itemsOf, readTail } from "./records/record.ts";

/** From the schedule to the queue, or to the line of a gate. Replies due time, tail, and "1" if it waits at its gate. */
const MOVE_DUE = `
local function moveDue(member, due, added, reply)
  local flags = parse(member, 8)
  if not flags then return setRecordAside(member, 'the schedule') end
  local tail, waits = sub(member, 9), false
  if flags % 32 >= 16 then waits = rare().enter(added, AT_ONCE .. tail, false) == 'blocked'
  else
    added[1][#added[1] + 1] = tail
    addState(added[3], tail, 0, 'w')
  end
  local last = #reply
  reply[last + 1], reply[last + 2], reply[last + 3] = due, tail, waits and '1' or ''
end`;

/** ARGV 4 limit. Replies as \`moveDue\`, of each; of large ones not all that are due. Rings too if a pause has ended by itself. */
const PROMOTE_DUE = once(`${MOVE_DUE}
local function main()
  goOnIfFull()
  size()
  if call('EXISTS', P .. 'pause') == 1 and not isPaused(now) then
    call('DEL', P .. 'pause')
    ringIfAny()
  end
  local limit, members, added, reply = tonumber(ARGV[4]), {}, {{}, {}, {}}, {}
  local bytes, step, due = 0, 16, nil
  repeat
    due = call('ZRANGEBYSCORE', P .. 'schedule', '-inf', now, 'WITHSCORES', 'LIMIT', #members, math.min(step, limit - #members))
    for i = 1, #due, 2 do
      members[#members + 1] = due[i]
      bytes = bytes + #due[i]
      moveDue(due[i], due[i + 1], added, reply)
    end
    step = 2 * step
  until #due < step or #members >= limit or bytes > MOST_BYTES
  many('ZREM', P .. 'schedule', members)
  add(added)
  return reply
end`);

/** ARGV 4 id. Replies as \`moveDue\`, or nothing. */
const PROMOTE = once(`${MOVE_DUE}
local function findScheduled(id)
  for from = 0, 9500, 500 do
    local all = call('ZRANGE', P .. 'schedule', from, from + 499, 'WITHSCORES')
    for i = 1, #all, 2 do
      local flags, found = parse(all[i], 8)
      if flags and found == id then return all[i], all[i + 1] end
    end
    if #all < 1000 then return nil end
  end
end
local function main()
  size()
  local member, due = findScheduled(ARGV[4])
  local added, reply = {{}, {}, {}}, {}
  if not member then return reply end
  call('ZREM', P .. 'schedule', member)
  moveDue(member, due, added, reply)
  add(added)
  return reply
end`);

/** ARGV 4 number and request of the claim, as the gate was passed under. Replies the tails of items that were admitted. */
const LEAVE_GATE = once(`
local function main()
  local added, told = {{}, {}, {}}, {}
  size()
  rare().leavePassed(added, ARGV[4], told)
  add(added)
  return told
end`);

/** Replies when the soonest item is due, or a pause ends, or nothing. */
const NEXT_DUE = script(`
local due = call('ZRANGE', P .. 'schedule', 0, 0, 'WITHSCORES')[2]
local ends = call('GET', P .. 'pause')
if not ends or not tonumber(ends) or due and tonumber(due) <= tonumber(ends) then return due or false end
return ends`);

/** ARGV 1 when it ends. Whoever waits for a due time hears of the end. */
const PAUSE = script(`
redis.call('SET', P .. 'pause', ARGV[1])
if ARGV[1] ~= '-' then publish('schedule', '1') end
return 1`);

/** Replies whether there was a pause. */
const RESUME = once(`
local function main()
  local wasPaused = isPaused(now)
  call('DEL', P .. 'pause')
  ringIfAny()
  return wasPaused and 1 or 0
end`);

/** Replies when it ends, or nothing. */
const PAUSED = script("return isPaused(now) and call('GET', P .. 'pause')");

/** What moves scheduled and waiting items on. */
export function scheduling(core: RedisCore): Pick<Storage, "promoteDue" | "promote" | "leaveGate" | "dueMs"> {
  return {
    async promoteDue(limit) {
      core.assertOpen();
      return limit > 0 ? movedItems(await core.once(PROMOTE_DUE, String(limit)) as Buffer[]) : [];
    },
    async promote(id) {
      return movedItems(await core.once(PROMOTE, id) as Buffer[])[0];
    },
    async leaveGate(claim) {
      return itemsOf(await core.once(LEAVE_GATE, passedName(claim)) as Buffer[], 0);
    },
    async dueMs() {
      const due = await core.run(NEXT_DUE) as Buffer | null;
      return due === null ? undefined : Number(String(due));
    },
  };
}

/** The pause of the queue: while it lasts, claims find nothing. */
export function pausing(core: RedisCore): Pick<Storage, "pause" | "resume" | "paused"> {
  return {
    async pause({ untilMs }) {
      await core.run(PAUSE, untilMs === undefined ? "-" : String(untilMs));
    },
    async resume() {
      return await core.once(RESUME) === 1;
    },
    async paused() {
      const ends = await core.run(PAUSED) as Buffer | null;
      if (ends === null) return undefined;
      return String(ends) === "-" ? {} : { untilMs: Number(String(ends)) };
    },
  };
}

/** Items that were moved: by threes due time, tail, and "1" for one that waits at its gate. */
function movedItems(flat: readonly Buffer[]): Moved[] {
  return flat.flatMap((due, index) => {
    const read = index % 3 === 0 ? readTail(flat[index + 1]!, 0) : undefined;
    if (!read) return [];
    const item = itemOf(read, Number(String(due)));
    return [flat[index + 2]!.length > 0 ? { ...item, blocked: true } : item];
  });
}
