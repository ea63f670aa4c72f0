/**
 * The scripts of keys and values, states, leases and waiting.
 * @module
 */
import { COMMON, ENTRIES, NOTICES, once, type Script, script, WAKE } from "./lua.ts";

/**
 * One change of a key: ARGV 5 space, 6 operation, 7 key, then
 * `put` 8 entry · `add` 8 entry, 9 token of the holder or "" · `pop` 8 "1" if a result stays · `delete` ·
 * `delete-equal` 8 value · `replace` 8 entry, 9 "1" if something is expected, 10 that · `count` 8 by, 9 expiry.
 */
const CHANGE = `
local space, operation, key = P .. ARGV[5], ARGV[6], ARGV[7]
local entry = find(space, key)
local function put(text)
  store(space, key, text)
  if ARGV[5] == 'data' then wake({key}) end
  return 1
end
local function remove()
  if not entry then return 0 end
  call('HDEL', space, key)
  unhold(space, key, entry)
  local letter = string.sub(entry, 1, 1)
  if string.find('cfvxn', letter, 1, true) then
    local ttl = struct.unpack('>d', entry, 10)
    putNotices(ttl, noticeText(letter, ttl), {key})
  end
  return 1
end
local operations = {
  put = function() return put(ARGV[8]) end,
  add = function()
    if entry then return 0 end
    if ARGV[9] ~= '' then
      local locks = call('HGET', P .. 'held', ARGV[9])
      locks = locks and cmsgpack.unpack(locks) or {}
      locks[#locks + 1] = {space, key}
      call('HSET', P .. 'held', ARGV[9], cmsgpack.pack(locks))
    end
    return put(ARGV[8])
  end,
  pop = function()
    if not entry then return false end
    local stays = ARGV[8] == '1' and string.find('cfvxnir', string.sub(entry, 1, 1), 1, true)
    if not stays then remove() end
    return bodyOf(entry)
  end,
  delete = remove,
  ['delete-equal'] = function() return entry and bodyOf(entry) == ARGV[8] and remove() or 0 end,
  replace = function()
    local same = entry and ARGV[9] == '1' and bodyOf(entry) == ARGV[10] or not entry and ARGV[9] ~= '1'
    return same and put(ARGV[8]) or 0
  end,
  count = function()
    local total = (entry and tonumber(bodyOf(entry)) or 0) + tonumber(ARGV[8])
    local head = entry and string.sub(entry, 1, 9) or '-' .. struct.pack('>d', tonumber(ARGV[9]))
    put(head .. string.format('%.17g', total))
    return string.format('%.17g', total)
  end,
}
local main = operations[operation]
`;

/** Changes one key. */
export const CHANGE_KEY: Script = once(ENTRIES, NOTICES, WAKE, CHANGE);

/** ARGV 1 space, 2 the time. Removes what has expired. Replies the number of keys. */
export const SIZE: Script = script(
  COMMON,
  "local now = tonumber(ARGV[2])",
  ENTRIES,
  `
while sweep(P .. ARGV[1], 1000) == 1000 do end
return call('HLEN', P .. ARGV[1])
`,
);

/** ARGV 1 space. Replies key and entry of each, expired ones too. */
export const ALL: Script = script(COMMON, `return call('HGETALL', P .. ARGV[1])`);

/** ARGV 1 chord. Replies index and value of each, and the size. */
export const COLLECT: Script = script(COMMON, `return call('HGETALL', P .. 'chord:' .. ARGV[1])`);

/** ARGV 1 the time, 2 id, 3 until when to be told or "". Replies 1 if the task has ended. */
export const ENDED: Script = script(
  COMMON,
  "local now = tonumber(ARGV[1])",
  ENTRIES,
  NOTICES,
  `
if find(P .. 'data', ARGV[2]) then return 1 end
local notice = call('HEXISTS', P .. 'state', ARGV[2]) == 0 and findNotice(ARGV[2])
if notice and string.sub(notice, 1, 1) ~= 'r' then return 1 end
if ARGV[3] ~= '' then
  call('ZREMRANGEBYSCORE', P .. 'waiting', '-inf', now)
  call('ZADD', P .. 'waiting', ARGV[3], ARGV[2])
end
return 0
`,
);

/** ARGV 1 the time, 2 id. Replies the letter of a state, and since and worker of a running one. */
export const STATE: Script = script(
  COMMON,
  "local now = tonumber(ARGV[1])",
  ENTRIES,
  NOTICES,
  `
local state = call('HGET', P .. 'state', ARGV[2])
if state then return {string.sub(state, 1, 1), string.sub(state, 2)} end
local entry = find(P .. 'data', ARGV[2])
if entry and string.find('cfvxn', string.sub(entry, 1, 1), 1, true) then return {string.sub(entry, 1, 1), ''} end
local notice = findNotice(ARGV[2])
return notice and {string.sub(notice, 1, 1), string.sub(notice, 10)} or {}
`,
);

/** ARGV 1 the time, 2 consumer, 3 lease. Also removes what has expired, a part at a time. */
export const HEARTBEAT: Script = script(
  COMMON,
  "local now = tonumber(ARGV[1])",
  ENTRIES,
  `
call('HSET', P .. 'leases', ARGV[2], ARGV[3])
for _, space in ipairs({'data', 'revocations', 'meta', 'counters'}) do sweep(P .. space, 1000) end
return 1
`,
);

/** Replies consumer and lease of each. */
export const LEASES: Script = script(COMMON, `return call('HGETALL', P .. 'leases')`);

/** Replies when the soonest item is due, or nothing. */
export const NEXT_DUE: Script = script(COMMON, `return call('ZRANGE', P .. 'schedule', 0, 0, 'WITHSCORES')[2] or false`);

/** ARGV 1 limit (-1: all). Replies due time and record of each. */
export const SCHEDULED: Script = script(COMMON, `return call('ZRANGE', P .. 'schedule', 0, ARGV[1], 'WITHSCORES')`);

/** ARGV 1 index of the last (-1: all). Replies id and letter of each. */
export const DEAD_LETTERS: Script = script(
  COMMON,
  `
local reply = {}
for i, id in ipairs(call('ZRANGE', P .. 'dead-order', 0, ARGV[1])) do reply[i] = {id, call('HGET', P .. 'dead', id)} end
return reply
`,
);

/** ARGV 5 id. */
export const DELETE_DEAD_LETTER: Script = once(`
local function main()
  local letter = call('HGET', P .. 'dead', ARGV[5])
  if not letter then return 0 end
  call('HDEL', P .. 'dead', ARGV[5])
  call('ZREM', P .. 'dead-order', ARGV[5])
  local _, at = struct.unpack('>I4c0', letter)
  local _, _, id = struct.unpack('>BdHc0', letter, at + 12)
  if call('HGET', P .. 'state', id) == 'd' then call('HDEL', P .. 'state', id) end
  return 1
end
`);

/** Deletes all but leases, kept replies and the last numbers: an old token must never fit a new claim. */
export const FLUSH: Script = script(
  COMMON,
  `
local keys = {}
for _, name in ipairs({'queue', 'schedule', 'state', 'data', 'data:ttl', 'revocations', 'revocations:ttl', 'meta', 'meta:ttl',
  'counters', 'counters:ttl', 'held', 'dead', 'dead-order', 'bell', 'requests', 'chords', 'notice-sets'}) do
  keys[#keys + 1] = P .. name
end
for _, request in ipairs(call('HKEYS', P .. 'requests')) do keys[#keys + 1] = P .. 'claims:' .. request end
for _, chord in ipairs(call('SMEMBERS', P .. 'chords')) do keys[#keys + 1] = P .. 'chord:' .. chord end
for _, set in ipairs(call('HKEYS', P .. 'notice-sets')) do keys[#keys + 1] = set end
for i = 1, #keys, 4000 do call('UNLINK', unpack(keys, i, math.min(i + 3999, #keys))) end
return 1
`,
);
