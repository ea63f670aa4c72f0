/**
 * The scripts of claims: handed out, listed, put back.
 * @module
 */
import { RARE } from "./gates.ts";

/**
 * ARGV 1 mark, 2 how often it was sent before, 3 limit, 4 request, 5 consumer. Replies: number of revocations, then number and
 * record of each claim; a number that is left out is the next one. A request whose reply was lost finds its own claims; and should
 * the server get round to an earlier sending only then, that finds that it is over.
 */
export const CLAIM: string = `
local claims, over, bell, revocations = P .. 'claims:' .. ARGV[4], P .. 'over:' .. ARGV[4], P .. 'bell', P .. 'revocations'
local pause = P .. 'pause'
-- A key that is named twice counts twice, so that one command answers four questions.
local found = redis.call(
  'EXISTS', bell, revocations, revocations, over, over, over, over, pause, pause, pause, pause, pause, pause, pause, pause
)
local reply = {found % 4 >= 2 and 1 or 0}
if found % 8 >= 4 and tonumber(ARGV[2]) < (tonumber(redis.call('GET', over)) or 0) then return reply end
if ARGV[2] ~= '0' then
  redis.call('SET', over, ARGV[2], 'PX', 600000)
  -- As texts the numbers sort as they do as numbers.
  local fields = call('HKEYS', claims)
  table.sort(fields)
  for _, field in ipairs(fields) do
    local record = call('HGET', claims, field)
    if #field == 8 and parse(record, 16) then
      reply[#reply + 1] = struct.unpack('>d', field)
      reply[#reply + 1] = record
    end
  end
  if #reply > 1 then return reply end
end
if ARGV[3] == '0' then
  -- It may have stood behind a read that took the token.
  if size() > 0 then ring() end
  return reply
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if found >= 8 and isPaused(now) then return reply end
${RARE}
local mark = struct.pack('>d', now) .. ARGV[1]
local limit, states, tracked, running, count, isEmpty = tonumber(ARGV[3]), {}, 0, 'r' .. mark, 0, nil
reply[2] = 0
repeat
  local taken = take(limit)
  isEmpty = #taken < limit
  for i = 1, #taken do
    local record = taken[i]
    local flags, id, last = parse(record, 16)
    if not flags then setRecordAside(record, 'the queue')
    else
      count = count + 1
      reply[count + 2] = record
      if flags % 2 == 1 then
        tracked = tracked + 2
        states[tracked - 1] = id
        states[tracked] = flags < 128 and running or running .. aboutOf(record, flags, last)
      end
      if flags % 64 >= 32 then
        local unique = rare().partsOf(record, 16).unique
        if unique and unique.life == -1 then rare().freeKey(unique) end
      end
    end
  end
until count > 0 or isEmpty
if count == 0 then return {reply[1]} end
local last, stored = number('claim', count) - count, {}
reply[2] = last + 1
for i = 1, count do
  stored[2 * i - 1] = struct.pack('>d', last + i)
  stored[2 * i] = reply[i + 2]
end
many('HSET', claims, stored)
call('HSET', P .. 'requests', ARGV[4], mark .. ARGV[5])
many('HSET', P .. 'state', states)
if not isEmpty and found % 2 == 0 and size() > 0 then ring() end
return reply
`;

/** ARGV from 1: packed claims: number, request and token of each. An orderly stop is no delivery that counts. May be sent again. */
export const RELEASE: string = `
local records, numbers = {}, {}
size()
for _, claim in ipairs(cmsgpack.unpack(joined(1))) do
  local claims = P .. 'claims:' .. claim[2]
  local record = call('HGET', claims, claim[1])
  if record then
    call('HDEL', claims, claim[1])
    if call('EXISTS', claims) == 0 then call('HDEL', P .. 'requests', claim[2]) end
    local number = struct.unpack('>d', claim[1])
    if parse(record, 16) then records[#records + 1] = putBack(number, record, 0)
    else setRecordAside(record, 'the claims') end
    numbers[#numbers + 1] = number
    dropLocks(claim[3])
  end
end
if #numbers == 0 then return 0 end
remember(numbers)
setStates(records, 'w')
back(records)
ring()
return #numbers
`;

/**
 * ARGV 4 consumer, 5 \`all\` without a lease, this \`consumer\`, or one \`worker\` of it, 6 that worker, 7 own consumer, 8 life,
 * 9 text and 10 about of its lease, or "", 11 packed requests whose claims were given to nobody, which is no delivery that counts. A lease is its expiry
 * and a text. Replies consumer, worker, request, number and record of each claim that was put back.
 */
export const RECOVER: string = `
local live = {}
local function isLost(consumer, worker)
  if ARGV[5] ~= 'all' then return consumer == ARGV[4] and (ARGV[5] ~= 'worker' or worker == ARGV[6]) end
  if live[consumer] == nil then live[consumer] = call('HEXISTS', P .. 'leases', consumer) == 1 end
  return not live[consumer]
end
local function endLeases()
  local leases = call('HGETALL', P .. 'leases')
  for i = 1, #leases, 2 do
    local expires = tonumber(string.match(leases[i + 1], '^(%d+) '))
    -- Damaged: it has a minute, in which its consumer, if it lives, writes it anew.
    if not expires then call('HSET', P .. 'leases', leases[i], string.format('%.0f {}', now + 60000))
    elseif expires <= now then
      call('HDEL', P .. 'leases', leases[i])
      call('HDEL', P .. 'about', leases[i])
    end
  end
end
local function putAllBack(found, unseen)
  local records, numbers, reply = {}, {}, {}
  for request, claims in pairs(found) do
    for _, claim in ipairs(claims) do
      records[#records + 1] = putBack(claim[4], claim[5], unseen[request] and 0 or 1)
      numbers[#numbers + 1] = claim[4]
      reply[#reply + 1] = claim
    end
    for _, record in ipairs(claims.damaged) do setRecordAside(record, 'the claims') end
    call('UNLINK', P .. 'claims:' .. request)
    call('HDEL', P .. 'requests', request)
  end
  if #records == 0 then return reply end
  table.sort(reply, byNumber)
  remember(numbers)
  setStates(records, 'w')
  back(records)
  ring()
  return reply
end
local function main()
  size()
  if ARGV[9] ~= '' then renew(ARGV[7], ARGV[8], ARGV[9], ARGV[10]) end
  if ARGV[5] == 'all' then endLeases() end
  local unseen = {}
  for _, request in ipairs(cmsgpack.unpack(joined(11))) do unseen[request] = true end
  local reply = putAllBack(findClaims(isLost), unseen)
  freeLocks(isLost)
  leaveGates(isLost)
  return reply
end
`;

/** ARGV 1 consumer, 2 "1" if only one worker, 3 that worker. Replies as `recover` does, and changes nothing. */
export const CLAIMED: string = `
local function isAsked(consumer, worker) return consumer == ARGV[1] and (ARGV[2] ~= '1' or worker == ARGV[3]) end
local reply = {}
for _, claims in pairs(findClaims(isAsked)) do
  for _, claim in ipairs(claims) do reply[#reply + 1] = claim end
end
table.sort(reply, byNumber)
return reply
`;
