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

/** Claims that go back where they came from, in the order in which they were claimed. */
const BACK = `
-- found: claims by request; unseen: requests whose claims were given to nobody, which is no delivery that counts. Returns their rows.
local function putAllBack(found, unseen)
  local records, numbers, reply = {}, {}, {}
  for request, claims in pairs(found) do
    for _, claim in ipairs(claims) do
      append(records, putBack(claim[4], claim[5], unseen[request] and 0 or 1))
      append(numbers, claim[4])
      append(reply, claim)
    end
    for _, record in ipairs(claims.damaged) do setRecordAside(record, 'the claims') end
    call('UNLINK', P .. 'claims:' .. request)
    call('HDEL', P .. 'requests', request)
  end
  table.sort(reply, byNumber)
  giveBack(numbers, records)
  return reply
end
-- Nobody will be given what these requests have claimed. One that the server may get round to later finds that it is over.
local function abandon(requests, mayCome)
  goOnIfFull()
  size()
  for _, request in ipairs(requests) do
    if mayCome then call('SET', P .. 'over:' .. request, '1', 'PX', 600000) end
    local mark = call('HGET', P .. 'requests', request)
    if mark then putAllBack({[request] = claimsOf(request, mark)}, {[request] = true}) end
  end
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
local function storeChord(id, size, tail, due)
  local key = P .. 'chord:' .. id
  if call('HSETNX', key, 'size', size) == 1 then
    call('HSET', key, 'callback', struct.pack('>d', due or 0 / 0) .. tail)
    call('SADD', P .. 'chords', id)
  end
end
-- Puts the callback of a full chord with what is added. Returns whether it waits at its gate.
local function addCallback(added, callback)
  if not parse(callback, 8) then return setRecordAside(callback, 'a chord') end
  local due = struct.unpack('>d', callback)
  return enter(added, sub(callback, 9), due > now and due, {}) == 'blocked'
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
export const CLAIMS_AND_CHORDS: string = CLAIMS + BACK + LEAVING + CHORDS;
