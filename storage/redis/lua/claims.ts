/**
 * Lua for claims, and for chords.
 *
 * Claims are a hash of records by number (f64) for each request, whose mark (since f64, length-prefixed worker, consumer) is in `requests`. A
 * chord is a hash: `size`, `callback` (due time f64, NaN for at once, and tail), `filled` (time f64, number of the claim), and values by index.
 * @module
 */

/** Claims. */
const CLAIMS = `
local function numberOf(field)
  local number = #field == 8 and struct.unpack('>d', field)
  return number and number > 0 and number < 1e16 and number or nil
end
-- A mark that cannot be read is that of nobody. Returns consumer, worker and since when.
local function readMark(mark)
  local length = #mark >= 10 and struct.unpack('>H', mark, 9)
  if not length or #mark < 10 + length then return '', '', 0 end
  local since = struct.unpack('>d', mark)
  return sub(mark, 11 + length), sub(mark, 11, 10 + length), since == since and since or 0
end
local function byNumber(a, b) return tonumber(a[4]) < tonumber(b[4]) end
-- What a request has claimed, in order: consumer, worker, request, number, record, since when; and the damaged ones.
local function claimsOf(request, mark)
  local consumer, worker, since = readMark(mark)
  local all, claims = call('HGETALL', P .. 'claims:' .. request), {damaged = {}}
  for i = 1, #all, 2 do
    local number = numberOf(all[i])
    if number and parse(all[i + 1], 16) then
      append(claims, {consumer, worker, request, string.format('%.0f', number), all[i + 1], string.format('%.17g', since)})
    else append(claims.damaged, all[i + 1]) end
  end
  table.sort(claims, byNumber)
  return claims
end
-- By request.
local function findClaims(isWanted)
  local found, requests = {}, call('HGETALL', P .. 'requests')
  for i = 1, #requests, 2 do
    local consumer, worker = readMark(requests[i + 1])
    if isWanted(consumer, worker) then found[requests[i]] = claimsOf(requests[i], requests[i + 1]) end
  end
  return found
end
-- The record as it goes back; one that had no place yet gets that of its claim, which keeps the order.
local function putBack(number, record, delivered)
  local at, deliveries = placeOf(record), struct.unpack('>I4', record, 17)
  if at == 0 then at = tonumber(number) end
  deliveries = struct.pack('>I4', math.min(deliveries + delivered, 4e9))
  return struct.pack('>d', at) .. sub(record, 9, 16) .. deliveries .. sub(record, 21)
end
-- Remembers that these claims were not settled, for settlements that are sent again; and puts their records back.
local function giveBack(numbers, records)
  if #numbers == 0 then return end
  local key, args = P .. 'recovered', {}
  for i = 1, #numbers do append(args, now, numbers[i]) end
  many('ZADD', key, args)
  call('ZREMRANGEBYSCORE', key, '-inf', now - 86400000)
  call('ZREMRANGEBYRANK', key, 0, -100001)
  call('PEXPIRE', key, 86400000)
  setStates(records, 'w')
  back(records)
  ring()
end
`;

/** What leaves gates on behalf of functions that have ended, or workers that are gone. */
const LEAVING = `
local function leaveGates(isLost)
  if call('EXISTS', P .. 'passed') == 0 then return end
  local added = {{}, {}, {}}
  rare().leaveLost(added, isLost)
  add(added)
end
`;

/** Chords. */
const CHORDS = `
local function storeChord(id, size, callback)
  local key = P .. 'chord:' .. id
  if call('HSETNX', key, 'size', size) == 1 then
    call('HSET', key, 'callback', callback)
    call('SADD', P .. 'chords', id)
  end
end
local function storeChords(chords)
  for _, chord in ipairs(chords) do storeChord(chord[1], chord[2], chord[3]) end
end
-- Puts the callback of a full chord with what is added. Returns whether it waits at its gate.
local function addCallback(added, callback)
  local flags = parse(callback, 8)
  if not flags then return setRecordAside(callback, 'a chord') end
  local due = struct.unpack('>d', callback)
  if not (due > now) then due = 0 / 0 end
  if flags % 64 >= 16 then return rare().enter(added, struct.pack('>d', due) .. sub(callback, 9), true) == 'blocked' end
  addTail(added, due, sub(callback, 9))
  return false
end
-- Returns the callback that the report has set free, and whether that waits at its gate.
local function report(added, chord, index, value, claim)
  local key = P .. 'chord:' .. chord
  local record = call('HMGET', key, 'size', 'callback')
  local size, place = tonumber(record[1] or ''), tonumber(index)
  if not size or not record[2] or #record[2] < 8 or place < 0 or place >= size or place % 1 ~= 0 then return nil end
  if call('HSETNX', key, index, value) == 0 or call('HLEN', key) ~= size + 2 then return nil end
  call('HSET', key, 'filled', struct.pack('>d', now) .. claim)
  return record[2], addCallback(added, record[2])
end
local function dropChord(id)
  call('UNLINK', P .. 'chord:' .. id)
  call('SREM', P .. 'chords', id)
end
`;

/** All of it. */
export const CLAIMS_AND_CHORDS: string = CLAIMS + LEAVING + CHORDS;
