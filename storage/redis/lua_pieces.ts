/**
 * Pieces of the scripts: records, numbers, the bell, the schedule, claims, chords.
 * @module
 */

import { RARE } from "./gates.ts";
import { TELL } from "./lua.ts";

/**
 * What a record or a tail says (see `record.ts`; `offset` is what stands in front of the tail): flags, id, and where that ends; nothing if
 * it is damaged. Flags: 1 track, 2 retry, 4 place in a chord, 8 begun, 16 gate, 32 unique key, 64 steps, 128 about.
 */
export const PARSE: string = TELL + `
local byte, sub = string.byte, string.sub
local function parse(text, offset)
  local high, low = byte(text, offset + 14, offset + 15)
  if not low then return nil end
  local last = offset + 15 + high * 256 + low
  if #text < last then return nil end
  return byte(text, offset + 5), sub(text, offset + 16, last), last
end
-- What an item says of itself, for its state.
local function aboutOf(text, flags, last)
  if flags < 128 then return '' end
  local high, low = byte(text, last + 1, last + 2)
  return low and sub(text, last + 3, last + 2 + high * 256 + low) or ''
end
local function setRecordAside(record, where)
  redis.pcall('RPUSH', P .. 'damaged', record)
  redis.pcall('LTRIM', P .. 'damaged', -1000, -1)
  redis.pcall('PEXPIRE', P .. 'damaged', 604800000)
  tell('A record in ' .. where .. ' of ' .. P .. ' was damaged, and is now in ' .. P .. 'damaged')
end
`;

/** The state of an item by its letter, and what it says of itself; of one that is tried again the letter is another. */
const STATES = `
local function addState(states, text, offset, letter)
  local flags, id, last = parse(text, offset)
  if flags % 2 == 0 then return end
  if flags % 4 >= 2 and (letter == 'w' or letter == 's') then letter = 't' end
  states[#states + 1] = id
  states[#states + 1] = letter .. aboutOf(text, flags, last)
end
local function setStates(records, letter)
  local args = {}
  for i = 1, #records do addState(args, records[i], 16, letter) end
  many('HSET', P .. 'state', args)
end
`;

/** Records and tails: see `record.ts`. Nothing here trusts that one is whole. */
export const RECORDS: string = `
local function placeOf(record)
  if #record < 8 then return 0 end
  local place = struct.unpack('>d', record)
  return place > 0 and place < math.huge and place or 0
end
-- Lower comes first.
local function rank(text, offset)
  local priority = struct.unpack('>d', text, offset + 6)
  return priority == priority and -priority or 0
end
` + PARSE + STATES;

/** The next numbers: the last one of them. What somebody has written there instead of a number is replaced by one that is larger than all. */
export const NUMBERS = `
local function number(field, count)
  local key = P .. 'numbers'
  local last = redis.pcall('HINCRBY', key, field, count)
  if type(last) == 'number' and last >= count and last < 9e15 then return last end
  if type(last) == 'table' and string.find(last.err, 'OOM', 1, true) then error(last.err) end
  local time = redis.call('TIME')
  call('HSET', key, field, string.format('%d%06d', time[1], time[2]))
  return call('HINCRBY', key, field, count)
end
`;

/** One token on the bell while there is work; whoever takes it rings again if work is left (see `bell.ts`). */
export const BELL = `
local function publish(topic, message) redis.pcall('PUBLISH', P .. topic, message) end
local function ring()
  if call('LLEN', P .. 'bell') == 0 then call('RPUSH', P .. 'bell', '1') end
end
`;

/** Adds to the schedule: tails with their due time in front, in whose place their number comes. Tells those who wait for a due time. */
const SCHEDULE = `
local function schedule(items)
  local key, soonest = P .. 'schedule', math.huge
  local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  local base = number('scheduled', #items) - #items
  local args = {}
  for i = 1, #items do
    local due = struct.unpack('>d', items[i])
    soonest = math.min(soonest, due)
    args[2 * i - 1] = due
    args[2 * i] = struct.pack('>d', base + i) .. string.sub(items[i], 9)
  end
  many('ZADD', key, args)
  if not first[2] or soonest < tonumber(first[2]) then publish('schedule', '1') end
end
`;

/** What is added: 1 tails for the queue, 2 tails with their due time for the schedule, 3 id and state of the tracked ones. */
export const ADD: string = SCHEDULE + `
local AT_ONCE = struct.pack('>d', 0 / 0)
local function add(items)
  if #items[1] > 0 then
    push(items[1])
    ring()
  end
  if #items[2] > 0 then schedule(items[2]) end
  many('HSET', P .. 'state', items[3])
end
`;

/** Claims: a hash of records by number (f64) for each request, whose mark (since f64, length-prefixed worker, consumer) is in `requests`. */
export const CLAIMS = `
local function numberOf(field)
  local number = #field == 8 and struct.unpack('>d', field)
  return number and number > 0 and number < 1e16 and number or nil
end
-- A mark that cannot be read is that of nobody.
local function readMark(mark)
  local length = #mark >= 10 and struct.unpack('>H', mark, 9)
  if not length or #mark < 10 + length then return '', '' end
  return string.sub(mark, 11 + length), string.sub(mark, 11, 10 + length)
end
-- By request: consumer, worker, request, number and record of each.
local function findClaims(isWanted)
  local found, requests = {}, call('HGETALL', P .. 'requests')
  for i = 1, #requests, 2 do
    local request, consumer, worker = requests[i], readMark(requests[i + 1])
    if isWanted(consumer, worker) then
      local all, claims = call('HGETALL', P .. 'claims:' .. request), {damaged = {}}
      for j = 1, #all, 2 do
        local number = numberOf(all[j])
        if number and parse(all[j + 1], 16) then
          claims[#claims + 1] = {consumer, worker, request, string.format('%.0f', number), all[j + 1]}
        else table.insert(claims.damaged, all[j + 1]) end
      end
      found[request] = claims
    end
  end
  return found
end
local function byNumber(a, b) return tonumber(a[4]) < tonumber(b[4]) end
-- The record as it goes back; one that had no place yet gets that of its claim, which keeps the order.
local function putBack(number, record, delivered)
  local at, deliveries = placeOf(record), struct.unpack('>I4', record, 17)
  if at == 0 then at = tonumber(number) end
  deliveries = struct.pack('>I4', math.min(deliveries + delivered, 4e9))
  return struct.pack('>d', at) .. string.sub(record, 9, 16) .. deliveries .. string.sub(record, 21)
end
-- Remembers that these claims were not settled, for settlements that are sent again.
local function remember(numbers)
  local key, args = P .. 'recovered', {}
  for i = 1, #numbers do
    args[2 * i - 1] = now
    args[2 * i] = numbers[i]
  end
  many('ZADD', key, args)
  call('ZREMRANGEBYSCORE', key, '-inf', now - 86400000)
  call('ZREMRANGEBYRANK', key, 0, -100001)
  call('PEXPIRE', key, 86400000)
end
`;

/** A chord is a hash: `size`, `callback` (due time f64, NaN for at once, and tail), `filled` (time f64, number of the claim), and values by index. */
export const CHORDS: string = RARE + `
local function storeChords(chords)
  for _, chord in ipairs(chords) do
    local key = P .. 'chord:' .. chord[1]
    if call('HSETNX', key, 'size', chord[2]) == 1 then
      call('HSET', key, 'callback', chord[3])
      call('SADD', P .. 'chords', chord[1])
    end
  end
end
-- Puts the callback of a full chord with what is added. Returns whether it waits at its gate.
local function addCallback(added, callback)
  local flags = parse(callback, 8)
  if not flags then return setRecordAside(callback, 'a chord') end
  local isLater = struct.unpack('>d', callback) > now
  if flags % 64 >= 16 then
    return rare().enter(added, isLater and callback or AT_ONCE .. sub(callback, 9), true) == 'blocked'
  end
  local column = added[isLater and 2 or 1]
  column[#column + 1] = isLater and callback or string.sub(callback, 9)
  addState(added[3], callback, 8, isLater and 's' or 'w')
  return false
end
-- One report: 1 chord, 2 index, 3 value, 4 number of the claim. Returns the callback that it has set free, and whether that waits at its gate.
local function report(one, added)
  local key = P .. 'chord:' .. one[1]
  local record = call('HMGET', key, 'size', 'callback')
  local size = tonumber(record[1] or '')
  local index = tonumber(one[2])
  if not size or not record[2] or #record[2] < 8 or index < 0 or index >= size or index % 1 ~= 0 then return nil end
  if call('HSETNX', key, one[2], one[3]) == 0 or call('HLEN', key) ~= size + 2 then return nil end
  call('HSET', key, 'filled', struct.pack('>d', now) .. one[4])
  return record[2], addCallback(added, record[2])
end
local function dropChords(ids)
  for _, id in ipairs(ids) do
    call('UNLINK', P .. 'chord:' .. id)
    call('SREM', P .. 'chords', id)
  end
end
`;
