/**
 * What runs, what is blocked, and for how long the queue has waited.
 * @module
 */
import type { Item, StoredRunning } from "../../lib/storage.ts";
import { Claims } from "./claim.ts";
import type { RedisCore } from "./core.ts";
import { NOW, type Script, script } from "./lua.ts";
import type { QueueKind } from "./lua_kinds.ts";
import { CLAIMS, RECORDS } from "./lua_pieces.ts";
import { itemsOf, NUMBERED } from "./record.ts";

/** Most records that one listing looks at. */
const EXAMINED = 10_000;

/** Most priorities whose first item is looked at. */
const PRIORITIES = 100;

/** ARGV 1 limit. Replies consumer, worker, request, number, record and since when, of each, longest first. */
const RUNNING: Script = script(
  RECORDS,
  CLAIMS,
  `
local limit, requests, reply = tonumber(ARGV[1]), {}, {}
local found = call('HSCAN', P .. 'requests', 0, 'COUNT', ${EXAMINED})[2]
for i = 1, #found, 2 do
  local consumer, worker = readMark(found[i + 1])
  local since = #found[i + 1] >= 8 and struct.unpack('>d', found[i + 1]) or 0
  requests[#requests + 1] = {consumer, worker, found[i], since == since and since or 0}
end
table.sort(requests, function(a, b) return a[4] < b[4] end)
for _, request in ipairs(requests) do
  if #reply >= limit then break end
  local all, claims = call('HGETALL', P .. 'claims:' .. request[3]), {}
  for i = 1, #all, 2 do
    local number = numberOf(all[i])
    if number and parse(all[i + 1], 16) then
      local text, since = string.format('%.0f', number), string.format('%.17g', request[4])
      claims[#claims + 1] = {request[1], request[2], request[3], text, all[i + 1], since}
    end
  end
  table.sort(claims, byNumber)
  for i = 1, math.min(#claims, limit - #reply) do reply[#reply + 1] = claims[i] end
end
return reply
`,
);

/** ARGV 1 index of the last. Replies number and tail of each. */
const BLOCKED: Script = script(`return call('ZRANGE', P .. 'blocked', 0, ARGV[1])`);

/** Replies when the first item of a list has entered it, or nothing. What somebody else has written there is passed over, a little. */
const OLDEST_OF_LIST: Script = script(
  NOW,
  RECORDS,
  `
local first = call('LRANGE', P .. 'queue', 0, 9)
for _, record in ipairs(first) do
  local entered = parse(record, 16) and struct.unpack('>d', record, 9)
  if entered and entered > 0 and entered <= now then return string.format('%.0f', entered) end
end
return first[1] and string.format('%.0f', now) or false
`,
);

/** The same of the first of each priority. */
const OLDEST_OF_SORTED: Script = script(
  NOW,
  RECORDS,
  `
local oldest, head = nil, call('ZRANGE', P .. 'queue', 0, 0, 'WITHSCORES')
for _ = 1, ${PRIORITIES} do
  if not head[2] then break end
  local entered = parse(head[1], 16) and struct.unpack('>d', head[1], 9)
  if not entered or not (entered > 0) or entered > now then entered = now end
  oldest = math.min(oldest or entered, entered)
  head = call('ZRANGEBYSCORE', P .. 'queue', '(' .. head[2], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
end
return oldest and string.format('%.0f', oldest) or false
`,
);

type RunningReply = [consumer: Buffer, worker: Buffer, request: Buffer, number: Buffer, record: Buffer, sinceMs: Buffer];

/** What workers hold, longest first. */
export async function running(core: RedisCore, limit: number = EXAMINED): Promise<StoredRunning[]> {
  if (limit <= 0) return [];
  const found = await core.run(RUNNING, String(Math.min(limit, EXAMINED))) as RunningReply[];
  return found.flatMap(([consumer, worker, request, number, bytes, sinceMs]) => {
    const owner = { consumer: String(consumer), worker: String(worker) };
    const claims = new Claims(String(request), owner).claim(Number(String(number)), bytes);
    return claims.map((claim) => ({ claim, owner, sinceMs: Number(String(sinceMs)) }));
  });
}

/** What waits at gates, in the order in which it came. */
export async function blocked(core: RedisCore, limit: number = EXAMINED): Promise<Item[]> {
  if (limit <= 0) return [];
  return itemsOf(await core.run(BLOCKED, String(Math.min(limit, EXAMINED) - 1)) as Buffer[], NUMBERED);
}

/** When the item that has waited for longest entered the queue. */
export async function oldestMs(core: RedisCore, kind: QueueKind): Promise<number | undefined> {
  const found = await core.run(kind === "list" ? OLDEST_OF_LIST : OLDEST_OF_SORTED) as Buffer | null;
  return found === null ? undefined : Number(String(found));
}
