/**
 * What the Lua scripts share. Each script is put together from these pieces and its own.
 *
 * KEYS[1] is `huey:{name}:`, the beginning of all keys of a queue; the braces keep them in one slot of a cluster.
 * Keys: `queue` list or sorted set · `schedule` sorted set · `requests` request -> mark, consumer · `claims:<request>` number -> record ·
 * `leases` · `state` id -> letter · `notices:<ttl>:<n>` id -> letter, expiry · `notice-sets` · `data` `revocations` `meta`
 * `counters` key -> entry, each with `:ttl` expiry -> key · `held` token -> locks · `chord:<id>` index -> value · `chords` set ·
 * `over:<request>` how often it was sent again · `dead` `dead-order` · `waiting` ids somebody waits for · `bell` list · `replies:<instance>` · `numbers` the last numbers given.
 * @module
 */
import { nodeCrypto } from "../../lib/builtin.ts";

/** A script and its digest, which is made when it is first needed. */
export interface Script {
  readonly source: string;
  readonly digest: string;
}

/** Makes a script of pieces. */
export function script(...pieces: string[]): Script {
  const source = pieces.join("\n");
  let digest: string | undefined;
  return {
    source,
    get digest(): string {
      return digest ??= nodeCrypto().hash("sha1", source);
    },
  };
}

/** Which kind of queue: a list, or a sorted set when there are priorities. */
export type QueueKind = "list" | "sorted";

/** Functions of a queue: how many there are, take some from the front, push at the end, push one and ring, put back in place. */
export interface QueueLua {
  readonly size: string;
  readonly take: string;
  readonly push: string;
  readonly pushOne: string;
  readonly back: string;
}

/** For all scripts. Lua can hand over a few thousand arguments at once, so long calls are cut. */
export const COMMON = `
local P, call = KEYS[1], redis.call
local function many(command, key, args)
  for i = 1, #args, 4000 do call(command, key, unpack(args, i, math.min(i + 3999, #args))) end
end
`;

/**
 * Wraps a script that writes: ARGV 1 instance, 2 number of the request, 3 "1" if it is sent again, 4 the time. The reply is kept, so
 * that a request whose reply was lost gets the same one instead of a second effect; also if the server, which may have been frozen,
 * gets round to the first sending only then. The body defines `main`.
 */
export function once(...body: string[]): Script {
  return keptReply("cmsgpack.unpack(kept)", "cmsgpack.pack(reply)", body);
}

/** `once` for the busiest scripts, whose replies are short texts. */
export function onceText(...body: string[]): Script {
  return keptReply("kept", "reply", body);
}

/** What is kept: the number of the request, a space, the reply. Who finds another number there finds another request's reply. */
function keptReply(reply: string, kept: string, body: readonly string[]): Script {
  return script(
    COMMON,
    `
local now = tonumber(ARGV[4])
local replies, slot = P .. 'replies:' .. ARGV[1], ARGV[2] % ${REPLIES_KEPT}
local kept = call('HGET', replies, slot)
local last = kept and tonumber(string.match(kept, '^%d+')) or 0
if ARGV[3] == '1' and last == tonumber(ARGV[2]) then
  kept = string.sub(kept, #ARGV[2] + 2)
  return ${reply}
end
if last >= tonumber(ARGV[2]) then return redis.error_reply('ERR This was sent again meanwhile') end`,
    ...body,
    `
local reply = main()
if call('HSET', replies, slot, ARGV[2] .. ' ' .. ${kept}) == 1 then call('PEXPIRE', replies, 86400000) end
return reply`,
  );
}

/** Requests of one instance that may be on their way at once. */
export const REPLIES_KEPT = 64;

/** Records: see redis_bytes.ts. Flags: 1 track, 2 retry. */
export const STATES = `
local function place(record) return (struct.unpack('>d', record)) end
local function setStates(records, letter)
  local args = {}
  for i = 1, #records do
    local flags, _, id = struct.unpack('>BdHc0', records[i], 13)
    if flags % 2 == 1 then
      args[#args + 1] = id
      args[#args + 1] = flags >= 2 and (letter == 'w' or letter == 's') and 't' or letter
    end
  end
  many('HSET', P .. 'state', args)
end
`;

/** The queue as a list. */
const LIST: QueueLua = {
  size: "local function size() return call('LLEN', P .. 'queue') end",
  take: "local function take(limit) return call('LPOP', P .. 'queue', limit) or {} end",
  push: "local function push(records) many('RPUSH', P .. 'queue', records) end",
  // While there are others the bell was rung, or is going to be.
  pushOne: "local function pushOne(record) if call('RPUSH', P .. 'queue', record) == 1 then ring() end end",
  // In front of what was never handed out; among what was, by place.
  back: `
local function back(records)
  local queue, last = P .. 'queue', 0
  for i = 1, #records do last = math.max(last, place(records[i])) end
  local head = call('LINDEX', queue, 0)
  while head and place(head) > 0 and place(head) < last do
    records[#records + 1] = call('LPOP', queue)
    head = call('LINDEX', queue, 0)
  end
  table.sort(records, function(a, b) return place(a) > place(b) end)
  many('LPUSH', queue, records)
end
`,
};

/** The queue as a sorted set: by priority, then by place, which stands at the beginning of a record. */
const SORTED: QueueLua = {
  size: "local function size() return call('ZCARD', P .. 'queue') end",
  take: `
local function take(limit)
  local taken, records = call('ZPOPMIN', P .. 'queue', limit), {}
  for i = 1, #taken, 2 do records[#records + 1] = taken[i] end
  return records
end
`,
  push: `
local function push(records)
  local place, args = call('HINCRBY', P .. 'numbers', 'place', #records) - #records, {}
  for i = 1, #records do
    args[2 * i - 1] = -struct.unpack('>d', records[i], 14)
    args[2 * i] = struct.pack('>d', place + i) .. string.sub(records[i], 9)
  end
  many('ZADD', P .. 'queue', args)
end
`,
  pushOne: `
local function pushOne(record)
  local place = call('HINCRBY', P .. 'numbers', 'place', 1)
  call('ZADD', P .. 'queue', -struct.unpack('>d', record, 14), struct.pack('>d', place) .. string.sub(record, 9))
  ring()
end
`,
  back: `
local function back(records)
  local args = {}
  for i = 1, #records do
    args[2 * i - 1] = -struct.unpack('>d', records[i], 14)
    args[2 * i] = records[i]
  end
  many('ZADD', P .. 'queue', args)
end
`,
};

/** The operations of a kind of queue. */
export function queueLua(kind: QueueKind): QueueLua {
  return kind === "list" ? LIST : SORTED;
}

/** One token on the bell while there is work; whoever takes it rings again if work is left (see redis_bell.ts). */
export const BELL = `
local function ring()
  if call('EXISTS', P .. 'bell') == 0 then call('RPUSH', P .. 'bell', '1') end
end
`;

/** Adds to the schedule: records with their due time in front. Tells those who wait for a due time. */
export const SCHEDULE = `
local function schedule(items)
  local key, soonest = P .. 'schedule', math.huge
  local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  local base = call('HINCRBY', P .. 'numbers', 'scheduled', #items) - #items
  local args = {}
  for i = 1, #items do
    local due = struct.unpack('>d', items[i])
    soonest = math.min(soonest, due)
    args[2 * i - 1] = due
    args[2 * i] = struct.pack('>d', base + i) .. string.sub(items[i], 9)
  end
  many('ZADD', key, args)
  if not first[2] or soonest < tonumber(first[2]) then call('PUBLISH', P .. 'due', '1') end
end
`;

/** What is added: 1 records for the queue, 2 records with their due time for the schedule, 3 id and letter of the tracked ones. */
export const ADD = `
local function add(items)
  if #items[1] > 0 then
    push(items[1])
    ring()
  end
  if #items[2] > 0 then schedule(items[2]) end
  many('HSET', P .. 'state', items[3])
end
`;

/** Claims: a hash of records by number for each request, whose mark (since f64, length-prefixed worker, consumer) is in `requests`. */
export const CLAIMS = `
-- By request: consumer, worker, request, number and record of each.
local function findClaims(isWanted)
  local found, requests = {}, call('HGETALL', P .. 'requests')
  for i = 1, #requests, 2 do
    local request, _, worker, at = requests[i], struct.unpack('>dHc0', requests[i + 1])
    local consumer = string.sub(requests[i + 1], at)
    if isWanted(consumer, worker) then
      local all, claims = call('HGETALL', P .. 'claims:' .. request), {}
      for j = 1, #all, 2 do claims[#claims + 1] = {consumer, worker, request, all[j], all[j + 1]} end
      found[request] = claims
    end
  end
  return found
end
local function byNumber(a, b) return tonumber(a[4]) < tonumber(b[4]) end
-- The record as it goes back; one that had no place yet gets that of its claim, which keeps the order.
local function putBack(number, record, delivered)
  local at, deliveries = struct.unpack('>dI4', record)
  if at == 0 then at = tonumber(number) end
  return struct.pack('>dI4', at, deliveries + delivered) .. string.sub(record, 13)
end
`;

/** Notices by id, in sets that vanish as a whole; the last notice of a set is written a life after its first one at the latest. */
export const PUT_NOTICES = `
local SETS = P .. 'notice-sets'
local function putNotices(ttl, text, ids)
  if ttl <= 0 then return end
  local key = string.format('%snotices:%d:%d', P, ttl, math.floor(now / ttl))
  local isNew, args = call('EXISTS', key) == 0, {}
  for i = 1, #ids do
    args[2 * i - 1] = ids[i]
    args[2 * i] = text
  end
  many('HSET', key, args)
  if not isNew then return end
  call('HSET', SETS, key, now + 2 * ttl)
  call('PEXPIRE', key, 2 * ttl + 60000)
end
`;

/** What else is done with notices. */
export const NOTICES: string = PUT_NOTICES + `
local function dropNotices(ids)
  if #ids == 0 then return end
  for _, set in ipairs(call('HKEYS', SETS)) do many('HDEL', set, ids) end
end
local function noticeText(letter, ttl) return letter .. struct.pack('>d', now + ttl) end
local function findNotice(id)
  local found, expires
  local sets = call('HGETALL', SETS)
  for i = 1, #sets, 2 do
    if tonumber(sets[i + 1]) <= now then
      call('HDEL', SETS, sets[i])
      call('UNLINK', sets[i])
    else
      local text = call('HGET', sets[i], id)
      local ends = text and struct.unpack('>d', text, 2)
      if text and ends > now and (not expires or ends > expires) then found, expires = text, ends end
    end
  end
  return found
end
`;

/** Entries of keys and values: see redis_bytes.ts. */
export const ENTRIES = `
local function holderOf(entry)
  if string.sub(entry, 1, 1) ~= 'h' then return nil end
  return (struct.unpack('>Hc0', entry, 10))
end
-- Forgets that a claim holds this lock.
local function unhold(space, key, entry)
  local token = holderOf(entry)
  local locks = token and call('HGET', P .. 'held', token)
  if not locks then return end
  local left = {}
  for _, lock in ipairs(cmsgpack.unpack(locks)) do
    if lock[1] ~= space or lock[2] ~= key then left[#left + 1] = lock end
  end
  if #left == 0 then call('HDEL', P .. 'held', token) else call('HSET', P .. 'held', token, cmsgpack.pack(left)) end
end
local function find(space, key)
  local entry = call('HGET', space, key)
  if not entry then return nil end
  local expires = struct.unpack('>d', entry, 2)
  if expires == 0 or expires > now then return entry end
  call('HDEL', space, key)
  call('ZREM', space .. ':ttl', key)
  unhold(space, key, entry)
  return nil
end
local function sweep(space, limit)
  local old = call('ZRANGEBYSCORE', space .. ':ttl', '-inf', now, 'LIMIT', 0, limit)
  for i = 1, #old do
    call('ZREM', space .. ':ttl', old[i])
    find(space, old[i])
  end
  return #old
end
local function store(space, key, entry)
  call('HSET', space, key, entry)
  local expires = struct.unpack('>d', entry, 2)
  if expires ~= 0 then
    sweep(space, 8)
    call('ZADD', space .. ':ttl', expires, key)
  end
end
local function bodyOf(entry)
  local tag = string.sub(entry, 1, 1)
  if tag == '-' then return string.sub(entry, 10) end
  return string.sub(entry, tag == 'h' and 12 + struct.unpack('>H', entry, 10) or 18)
end
local function dropLocks(token)
  local locks = call('HGET', P .. 'held', token)
  if not locks then return end
  call('HDEL', P .. 'held', token)
  for _, lock in ipairs(cmsgpack.unpack(locks)) do
    local entry = call('HGET', lock[1], lock[2])
    if entry and holderOf(entry) == token then call('HDEL', lock[1], lock[2]) end
  end
end
`;

/** Tells those who wait for a result; `waiting` has only ids that somebody waits for. */
export const WAKE = `
local function wake(ids)
  if #ids == 0 or call('ZCARD', P .. 'waiting') == 0 then return end
  for i = 1, #ids do
    if call('ZREM', P .. 'waiting', ids[i]) == 1 then call('PUBLISH', P .. 'ended', ids[i]) end
  end
end
`;
