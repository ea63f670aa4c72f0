/**
 * The script that deletes, in parts.
 * @module
 */
import { FLUSH_COUNTS } from "./counts.ts";
import { FLUSH_LETTERS } from "./dead_letters.ts";
import { EVEN_IF_FULL, NOW, type Script, script } from "./lua.ts";
import { ENTRIES, FIND, LOCKS } from "./lua_ends.ts";
import { CHORDS, CLAIMS, NUMBERS, RECORDS } from "./lua_pieces.ts";

/** ARGV: parts. Leases, kept replies and the last numbers stay: an old token must never fit a new claim. */
export const FLUSH: Script = script(
  EVEN_IF_FULL,
  NOW,
  RECORDS,
  FIND,
  ENTRIES,
  LOCKS,
  NUMBERS,
  CLAIMS,
  CHORDS,
  FLUSH_LETTERS,
  FLUSH_COUNTS,
  `
local function dropStates(texts, offset)
  local ids = {}
  for i = 1, #texts do
    local _, id = parse(texts[i], offset)
    ids[#ids + 1] = id
  end
  many('HDEL', P .. 'state', ids)
end
local function eachThousand(key, command, visit)
  for i = 0, math.huge do
    local records = redis.call(command, key, i * 1000, i * 1000 + 999)
    if #records == 0 then break end
    visit(records)
  end
end
local function dropList(key, command, offset)
  eachThousand(key, command, function(records) dropStates(records, offset) end)
  redis.call('UNLINK', key)
end
-- Keys of steps, and numbers of unique keys, that scheduled items hold.
local function heldBySchedule()
  local steps, numbers = {}, {}
  if call('EXISTS', P .. 'steps', P .. 'unique') == 0 then return steps, numbers end
  call('ZCARD', P .. 'schedule')
  eachThousand(P .. 'schedule', 'ZRANGE', function(members)
    for _, member in ipairs(members) do
      local item = rare().partsOf(member, 8)
      if item then steps[item.steps] = true end
      if item and item.unique then numbers[item.unique.number] = item.unique end
    end
  end)
  return steps, numbers
end
local function dropSteps(key)
  call('UNLINK', P .. 'steps:' .. key)
  call('SREM', P .. 'steps', key)
end
local function dropGates()
  for _, key in ipairs(call('HKEYS', P .. 'gates')) do redis.call('UNLINK', P .. 'gate:' .. key, P .. 'line:' .. key) end
  call('ZCARD', P .. 'blocked')
  dropList(P .. 'blocked', 'ZRANGE', 8)
  redis.call('UNLINK', P .. 'gates', P .. 'passed')
end
-- Without those of scheduled items, and without the steps of dead letters.
local function dropKeysAndSteps()
  local steps, numbers = heldBySchedule()
  for _, key in ipairs(call('SMEMBERS', P .. 'steps')) do
    if not steps[key] then dropSteps(key) end
  end
  local entries = call('HGETALL', P .. 'unique')
  for i = 1, #entries, 2 do
    local body = isEntry(entries[i + 1]) and bodyOf(entries[i + 1]) or ''
    local holder = #body >= 8 and numbers[struct.unpack('>d', body)]
    if not holder or holder.key ~= entries[i] then erase('unique', entries[i], entries[i + 1]) end
  end
end
local function dropSchedule()
  local steps, numbers = heldBySchedule()
  for key in pairs(steps) do dropSteps(key) end
  for _, unique in pairs(numbers) do rare().freeKey(unique) end
  call('ZCARD', P .. 'schedule')
  dropList(P .. 'schedule', 'ZRANGE', 8)
end
local function dropAllClaims()
  for _, request in ipairs(call('HKEYS', P .. 'requests')) do
    local claims = P .. 'claims:' .. request
    dropStates(call('HVALS', claims), 16)
    for _, field in ipairs(call('HKEYS', claims)) do
      for _, token in ipairs(call('HKEYS', P .. 'held')) do
        local head = string.format('%.0f', numberOf(field) or 0) .. ':' .. request .. ':'
        if string.sub(token, 1, #head) == head then dropLocks(token) end
      end
    end
    redis.call('UNLINK', claims)
  end
  call('HSET', P .. 'numbers', 'flushed', call('HGET', P .. 'numbers', 'claim') or 0)
end
local function dropSpace(name) redis.call('UNLINK', P .. name, P .. name .. ':ttl') end
local parts = {
  queue = function()
    local kind = redis.call('TYPE', P .. 'queue').ok
    if kind == 'list' or kind == 'zset' then dropList(P .. 'queue', kind == 'list' and 'LRANGE' or 'ZRANGE', 16) end
    dropAllClaims()
    dropChords(call('SMEMBERS', P .. 'chords'))
    dropGates()
    dropKeysAndSteps()
    redis.call('UNLINK', P .. 'queue', P .. 'bell', P .. 'requests', P .. 'chords', P .. 'damaged')
  end,
  schedule = dropSchedule,
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
  deadLetters = dropAllLetters,
  stats = dropCounts,
}
for _, part in ipairs(ARGV) do parts[part]() end
return 1
`,
);
