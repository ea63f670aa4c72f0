/**
 * Counts by the minute and by the hour, and the recent ends of tasks.
 *
 * Keys: `counts:<step>` beginnings of the steps of time · `counts:<step>:<beginning>` field -> number · `recent` list, newest first. A field is
 * "s" for a sum or "m" for a maximum, the name of the number with its length u16 in front, and the name of the task.
 * @module
 */
import type { CountQuery, CountRow, CountStep, Storage } from "../../lib/storage.ts";
import type { RedisCore } from "./connection/core.ts";
import { firstOf } from "./listings.ts";
import { once, script } from "./lua/library.ts";
import { type Packable, packedArguments } from "./records/pack.ts";
import { plainBytes } from "./records/record.ts";

/** Most steps of time that go with one count. */
const TRIMMED = 100;

/**
 * ARGV from 4: packed rows (step, beginning, fields and numbers in turn), ends of tasks, and bounds: age of minutes, of hours, number of ends.
 */
const ADD = once(`
local function addTo(key, field, number)
  local reply = redis.pcall('HINCRBYFLOAT', key, field, number)
  if type(reply) ~= 'table' then return end
  if string.find(reply.err, 'OOM', 1, true) then error(reply.err) end
  -- Somebody has written something else there.
  call('HSET', key, field, number)
end
local function raiseTo(key, field, number)
  local there = tonumber(call('HGET', key, field) or '')
  if not there or there < tonumber(number) then call('HSET', key, field, number) end
end
local function trim(step, age)
  local key = P .. 'counts:' .. step
  local old = call('ZRANGEBYSCORE', key, '-inf', string.format('(%.17g', now - age), 'LIMIT', 0, ${TRIMMED})
  for _, beginning in ipairs(old) do
    call('UNLINK', key .. ':' .. beginning)
    call('ZREM', key, beginning)
  end
end
local function main()
  local rows, ends, bounds = unpack(cmsgpack.unpack(joined(4)))
  for _, row in ipairs(rows) do
    local times = P .. 'counts:' .. row[1]
    local key = times .. ':' .. row[2]
    call('ZADD', times, row[2], row[2])
    for i = 1, #row[3], 2 do
      local change = string.sub(row[3][i], 1, 1) == 's' and addTo or raiseTo
      change(key, row[3][i], row[3][i + 1])
    end
  end
  for _, one in ipairs(ends) do call('LPUSH', P .. 'recent', one) end
  if bounds[3] > 0 then call('LTRIM', P .. 'recent', 0, bounds[3] - 1) else redis.call('DEL', P .. 'recent') end
  trim('minute', bounds[1])
  trim('hour', bounds[2])
  return 1
end`);

/**
 * ARGV 1 step, 2 and 3 beginning of the first step of time and after the last, 4 "1" if of one task, 5 its name, 6 limit of rows. Replies
 * beginning, and fields and numbers in turn, of each step of time, newest first, until there are enough rows.
 */
const LIST = script(`
local times, reply, rows = P .. 'counts:' .. ARGV[1], {}, 0
for _, beginning in ipairs(call('ZREVRANGEBYSCORE', times, '(' .. ARGV[3], ARGV[2])) do
  local all, wanted, names = call('HGETALL', times .. ':' .. beginning), {}, {}
  for i = 1, #all, 2 do
    local high, low = string.byte(all[i], 2, 3)
    local name = low and string.sub(all[i], 4 + high * 256 + low)
    if name and (ARGV[4] ~= '1' or name == ARGV[5]) then
      if not names[name] then rows = rows + 1 end
      names[name] = true
      wanted[#wanted + 1] = all[i]
      wanted[#wanted + 1] = all[i + 1]
    end
  end
  reply[#reply + 1] = {beginning, wanted}
  if rows >= tonumber(ARGV[6]) then break end
end
return reply`);

/** The counts of a storage. */
export function counting(core: RedisCore): Pick<Storage, "count" | "counts" | "recent"> {
  return {
    async count(rows, recent, { minuteAgeMs, hourAgeMs, recent: most }) {
      const packable = rows.map((row) => [row.step, String(row.atMs), fieldsOf(row)]);
      await core.once(ADD, ...packedArguments([packable, recent, [minuteAgeMs, hourAgeMs, most]]));
    },
    counts: (query) => list(core, query),
    async recent(limit) {
      return (await firstOf(core, "LRANGE", "recent", limit)).map((end) => plainBytes(end, 0));
    },
  };
}

function fieldsOf({ taskName, sums, maxima }: CountRow): Packable[] {
  const fields: Packable[] = [];
  for (const [tag, numbers] of [["s", sums], ["m", maxima]] as const) {
    for (const [name, number] of Object.entries(numbers)) fields.push(fieldOf(tag, name, taskName), String(number));
  }
  return fields;
}

function fieldOf(tag: "s" | "m", name: string, taskName: string): Buffer {
  const head = Buffer.from(`${tag}  ${name}`);
  head.writeUInt16BE(head.length - 3, 1);
  return Buffer.concat([head, Buffer.from(taskName)]);
}

/** Rows of a range, oldest first. */
async function list(core: RedisCore, { step, fromMs, toMs, taskName, limit }: CountQuery): Promise<CountRow[]> {
  if (limit <= 0) return [];
  const named = taskName === undefined ? ["0", ""] : ["1", taskName];
  const found = await core.run(LIST, step, String(fromMs), String(toMs), ...named, String(limit)) as [Buffer, Buffer[]][];
  const rows = found.reverse().flatMap(([beginning, flat]) => rowsOf(step, Number(String(beginning)), flat));
  return rows.slice(Math.max(0, rows.length - limit));
}

function rowsOf(step: CountStep, atMs: number, flat: readonly Buffer[]): CountRow[] {
  const rows = new Map<string, { sums: Record<string, number>; maxima: Record<string, number> }>();
  for (let index = 0; index < flat.length; index += 2) {
    const field = flat[index]!;
    const nameEnd = 3 + field.readUInt16BE(1);
    const [name, taskName] = [field.toString("utf8", 3, nameEnd), field.toString("utf8", nameEnd)];
    const number = Number(String(flat[index + 1]));
    if (Number.isNaN(number)) continue;
    let row = rows.get(taskName);
    if (row === undefined) rows.set(taskName, row = { sums: {}, maxima: {} });
    (field[0] === "s".charCodeAt(0) ? row.sums : row.maxima)[name] = number;
  }
  return Array.from(rows, ([taskName, numbers]) => ({ step, atMs, taskName, ...numbers }));
}
