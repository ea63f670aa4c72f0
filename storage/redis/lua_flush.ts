/**
 * The script that deletes, in parts.
 * @module
 */
import { EVEN_IF_FULL, NOW, type Script, script } from "./lua.ts";
import { ENTRIES, FIND, LOCKS } from "./lua_ends.ts";
import { CHORDS, RECORDS } from "./lua_pieces.ts";

/** ARGV: parts. Leases, kept replies and the last numbers stay: an old token must never fit a new claim. */
export const FLUSH: Script = script(
  EVEN_IF_FULL,
  NOW,
  RECORDS,
  FIND,
  ENTRIES,
  LOCKS,
  CHORDS,
  `
local function dropStates(records, from)
  local ids = {}
  for i = 1, #records do
    local _, id = parse(string.sub(records[i], from or 1))
    ids[#ids + 1] = id
  end
  many('HDEL', P .. 'state', ids)
end
local function dropList(key, command, from)
  for i = 0, math.huge do
    local records = redis.call(command, key, i * 1000, i * 1000 + 999)
    if #records == 0 then break end
    dropStates(records, from)
  end
  redis.call('UNLINK', key)
end
local function dropAllClaims()
  for _, request in ipairs(call('HKEYS', P .. 'requests')) do
    local claims = P .. 'claims:' .. request
    dropStates(call('HVALS', claims))
    for _, number in ipairs(call('HKEYS', claims)) do
      for _, token in ipairs(call('HKEYS', P .. 'held')) do
        local head = number .. ':' .. request .. ':'
        if string.sub(token, 1, #head) == head then dropLocks(token) end
      end
    end
    redis.call('UNLINK', claims)
  end
  call('HSET', P .. 'numbers', 'flushed', call('HGET', P .. 'numbers', 'claim') or 0)
end
local function dropSpace(name) redis.call('UNLINK', P .. name, P .. name .. ':ttl') end
local function dropDeadLetters()
  for _, letter in ipairs(call('HVALS', P .. 'dead')) do
    local at = #letter >= 4 and 5 + struct.unpack('>I4', letter)
    if at then dropStates({string.sub(letter, at)}) end
  end
  redis.call('UNLINK', P .. 'dead', P .. 'dead-order')
end
local parts = {
  queue = function()
    local kind = redis.call('TYPE', P .. 'queue').ok
    if kind == 'list' or kind == 'zset' then dropList(P .. 'queue', kind == 'list' and 'LRANGE' or 'ZRANGE') end
    dropAllClaims()
    dropChords(call('SMEMBERS', P .. 'chords'))
    redis.call('UNLINK', P .. 'queue', P .. 'bell', P .. 'requests', P .. 'chords', P .. 'damaged')
  end,
  schedule = function()
    call('ZCARD', P .. 'schedule')
    dropList(P .. 'schedule', 'ZRANGE', 9)
  end,
  results = function()
    dropSets('results')
    dropSets('notices')
  end,
  locks = function()
    dropSpace('locks')
    redis.call('UNLINK', P .. 'held')
  end,
  data = function() dropSpace('data') end,
  revocations = function() dropSpace('revocations') end,
  counters = function()
    dropSpace('counters')
    dropSpace('meta')
  end,
  deadLetters = dropDeadLetters,
}
for _, part in ipairs(ARGV) do parts[part]() end
return 1
`,
);
