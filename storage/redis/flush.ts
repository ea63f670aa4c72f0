/**
 * Deleting what a queue stores, in parts.
 * @module
 */
import { FLUSH_PARTS, type Storage } from "../../lib/storage.ts";
import type { RedisCore } from "./connection/core.ts";
import { script } from "./lua/library.ts";

/** What is not done yet: waiting and scheduled items, claims, chords, gates, with the steps and unique keys that they hold. */
const WORK = `
local function unlink(...)
  for i = 1, select('#', ...) do redis.call('UNLINK', P .. (select(i, ...))) end
end
local function eachThousand(key, command, visit)
  for i = 0, math.huge do
    local records = redis.call(command, P .. key, i * 1000, i * 1000 + 999)
    if #records == 0 then break end
    visit(records)
  end
end
local function dropList(key, command, offset)
  eachThousand(key, command, function(records) dropStates(records, offset) end)
  unlink(key)
end
-- Keys of steps, and numbers of unique keys, that scheduled items hold.
local function heldBySchedule()
  local steps, numbers = {}, {}
  call('ZCARD', P .. 'schedule')
  if call('EXISTS', P .. 'steps', P .. 'unique') == 0 then return steps, numbers end
  eachThousand('schedule', 'ZRANGE', function(members)
    for _, member in ipairs(members) do
      local item = partsOf(member, 8)
      if item then steps[item.steps] = true end
      if item and item.unique then numbers[item.unique.number] = item.unique end
    end
  end)
  return steps, numbers
end
local function dropGates()
  for _, key in ipairs(call('HKEYS', P .. 'gates')) do unlink('gate:' .. key, 'line:' .. key) end
  call('ZCARD', P .. 'blocked')
  dropList('blocked', 'ZRANGE', 8)
  unlink('gates', 'passed')
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
local function dropClaims()
  for _, request in ipairs(call('HKEYS', P .. 'requests')) do
    local claims = P .. 'claims:' .. request
    dropStates(call('HVALS', claims), 16)
    redis.call('UNLINK', claims)
  end
  -- The tokens of claims begin with their number; those of functions that still run do not.
  for _, token in ipairs(call('HKEYS', P .. 'held')) do
    if string.find(token, '^%d+:') then dropLocks(token) end
  end
  call('HSET', P .. 'numbers', 'flushed', call('HGET', P .. 'numbers', 'claim') or 0)
end`;

/** Dead letters, and counts. */
const REST = `
local function dropAllLetters()
  local states = {}
  for _, letter in ipairs(call('HVALS', P .. 'dead')) do
    local kind, task = readLetter(letter)
    local state = kind and call('HGET', P .. 'state', task)
    if state and sub(state, 1, 1) == 'd' then states[#states + 1] = task end
  end
  many('HDEL', P .. 'state', states)
  for _, key in ipairs(call('SMEMBERS', P .. 'dead-steps')) do unlink('steps:' .. key) end
  unlink('dead', 'dead-order', 'dead-tasks', 'dead-steps')
  for kind in pairs(KINDS) do unlink('dead:' .. kind) end
end
local function dropCounts()
  for _, step in ipairs({'counts:minute', 'counts:hour'}) do
    for _, beginning in ipairs(call('ZRANGE', P .. step, 0, -1)) do unlink(step .. ':' .. beginning) end
    unlink(step)
  end
  unlink('recent')
end`;

/** ARGV: parts. Leases, kept replies and the last numbers stay: an old token must never fit a new claim. */
const FLUSH = script(`${WORK}${REST}
goOnIfFull()
local parts = {
  queue = function()
    local kind = redis.call('TYPE', P .. 'queue').ok
    if kind == 'list' or kind == 'zset' then dropList('queue', kind == 'list' and 'LRANGE' or 'ZRANGE', 16) end
    dropClaims()
    for _, id in ipairs(call('SMEMBERS', P .. 'chords')) do dropChord(id) end
    dropGates()
    dropKeysAndSteps()
    unlink('queue', 'bell', 'requests', 'chords', 'damaged')
  end,
  schedule = function()
    local steps, numbers = heldBySchedule()
    for key in pairs(steps) do dropSteps(key) end
    for _, unique in pairs(numbers) do freeKey(unique) end
    dropList('schedule', 'ZRANGE', 8)
  end,
  results = function()
    dropSets('results')
    dropSets('notices')
  end,
  locks = function() unlink('locks', 'locks:ttl', 'held') end,
  data = function() unlink('data', 'data:ttl') end,
  revocations = function() unlink('revocations', 'revocations:ttl') end,
  counters = function() unlink('counters', 'counters:ttl', 'meta', 'meta:ttl') end,
  deadLetters = dropAllLetters,
  stats = dropCounts,
}
for _, part in ipairs(ARGV) do parts[part]() end
return 1`);

/** Deletes parts of a storage. */
export function flushing(core: RedisCore): Pick<Storage, "flush"> {
  return {
    async flush(parts = FLUSH_PARTS) {
      await core.run(FLUSH, ...parts);
    },
  };
}
