/**
 * The scripts of the queue: enqueue, claim, put back.
 * @module
 */
import { EVEN_IF_FULL, JOINED, NOW, once, onceText, type Script, script } from "./lua.ts";
import { ENTRIES, FIND, LOCKS } from "./lua_ends.ts";
import { type QueueKind, queueLua } from "./lua_kinds.ts";
import { ADD, BELL, CHORDS, CLAIMS, NUMBERS, PARSE, RECORDS } from "./lua_pieces.ts";
import { type SettleScripts, settleScripts } from "./lua_settle.ts";

/** The scripts of one kind of queue. */
export interface QueueScripts extends SettleScripts {
  readonly enqueue: Script;
  readonly enqueueOne: Script;
  readonly enqueueOnce: Script;
  readonly claim: Script;
  readonly claimed: Script;
  readonly release: Script;
  readonly recover: Script;
  readonly promote: Script;
  readonly requeue: Script;
}

/** ARGV 4 what is added and chords. */
const ENQUEUE = `
local function main()
  local added = cmsgpack.unpack(joined(4))
  size()
  storeChords(added[2])
  add(added[1])
  return '1'
end
`;

/** ARGV 4 record, 5 id if it is tracked. The usual case: one item for the queue. */
const ENQUEUE_ONE = `
local function main()
  pushOne(ARGV[4])
  if ARGV[5] then call('HSET', P .. 'state', ARGV[5], 'w') end
  return '1'
end
`;

/** ARGV 4 key, 5 its life, 6 what is added. Replies whether the key was free. */
const ENQUEUE_ONCE = `
local function main()
  if find('meta', ARGV[4]) then return 0 end
  size()
  store('meta', ARGV[4], '', ARGV[5])
  add(cmsgpack.unpack(joined(6)))
  return 1
end
`;

/**
 * ARGV 1 mark, 2 how often it was sent before, 3 limit, 4 request, 5 consumer. Replies: number of revocations, then number and
 * record of each claim; a number that is left out is the next one. A request whose reply was lost finds its own claims; and should
 * the server get round to an earlier sending only then, that finds that it is over.
 */
const CLAIM = `
local claims, over, bell, revocations = P .. 'claims:' .. ARGV[4], P .. 'over:' .. ARGV[4], P .. 'bell', P .. 'revocations'
-- A key that is named twice counts twice, so that one command answers three questions.
local found = redis.call('EXISTS', bell, revocations, revocations, over, over, over, over)
local reply = {found % 4 >= 2 and 1 or 0}
if found >= 4 and tonumber(ARGV[2]) < (tonumber(redis.call('GET', over)) or 0) then return reply end
if ARGV[2] ~= '0' then
  redis.call('SET', over, ARGV[2], 'PX', 600000)
  local numbers = call('HKEYS', claims)
  table.sort(numbers, function(a, b) return (tonumber(a) or 0) < (tonumber(b) or 0) end)
  for _, number in ipairs(numbers) do
    local record = call('HGET', claims, number)
    if tonumber(number) and parse(record) then
      reply[#reply + 1] = tonumber(number)
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
local limit, records, tracked, count, isEmpty = tonumber(ARGV[3]), {}, {}, 0, nil
repeat
  local taken = take(limit)
  isEmpty = #taken < limit
  for i = 1, #taken do
    local record = taken[i]
    local flags, id = parse(record)
    if not flags then setRecordAside(record, 'the queue')
    else
      count = count + 1
      records[count] = record
      if flags % 2 == 1 then tracked[#tracked + 1] = id end
    end
  end
until count > 0 or isEmpty
if count == 0 then return reply end
local last, stored = number('claim', count) - count, {}
reply[2] = last + 1
for i = 1, count do
  reply[i + 2] = records[i]
  stored[2 * i - 1] = last + i
  stored[2 * i] = records[i]
end
local time = redis.call('TIME')
local mark = struct.pack('>d', time[1] * 1000 + math.floor(time[2] / 1000)) .. ARGV[1]
many('HSET', claims, stored)
call('HSET', P .. 'requests', ARGV[4], mark .. ARGV[5])
local states, running = {}, 'r' .. mark
for i = 1, #tracked do
  states[2 * i - 1] = tracked[i]
  states[2 * i] = running
end
many('HSET', P .. 'state', states)
if not isEmpty and found % 2 == 0 and size() > 0 then ring() end
return reply
`;

/** ARGV from 1: packed claims: number, request and token of each. An orderly stop is no delivery that counts. May be sent again. */
const RELEASE = `
local records, numbers = {}, {}
size()
for _, claim in ipairs(cmsgpack.unpack(joined(1))) do
  local claims = P .. 'claims:' .. claim[2]
  local record = call('HGET', claims, claim[1])
  if record then
    call('HDEL', claims, claim[1])
    if call('EXISTS', claims) == 0 then call('HDEL', P .. 'requests', claim[2]) end
    if parse(record) then records[#records + 1] = putBack(claim[1], record, 0)
    else setRecordAside(record, 'the claims') end
    numbers[#numbers + 1] = claim[1]
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
 * ARGV 4 consumer, 5 \`all\` without a lease, this \`consumer\`, or one \`worker\` of it, 6 that worker, 7 own consumer, 8 life and
 * 9 text of its lease, or "", 10 packed requests whose claims were given to nobody, which is no delivery that counts. A lease is its expiry
 * and a text. Replies consumer, worker, request, number and record of each claim that was put back.
 */
const RECOVER = `
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
    elseif expires <= now then call('HDEL', P .. 'leases', leases[i]) end
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
  if ARGV[9] ~= '' then call('HSET', P .. 'leases', ARGV[7], string.format('%.0f ', now + tonumber(ARGV[8])) .. ARGV[9]) end
  if ARGV[5] == 'all' then endLeases() end
  local unseen = {}
  for _, request in ipairs(cmsgpack.unpack(joined(10))) do unseen[request] = true end
  local reply = putAllBack(findClaims(isLost), unseen)
  freeLocks(isLost)
  return reply
end
`;

/** ARGV 1 consumer, 2 "1" if only one worker, 3 that worker. Replies as `recover` does, and changes nothing. */
const CLAIMED = `
local function isAsked(consumer, worker) return consumer == ARGV[1] and (ARGV[2] ~= '1' or worker == ARGV[3]) end
local reply = {}
for _, claims in pairs(findClaims(isAsked)) do
  for _, claim in ipairs(claims) do reply[#reply + 1] = claim end
end
table.sort(reply, byNumber)
return reply
`;

/** ARGV 4 limit. Replies due time and record of each. */
const PROMOTE = `
local function main()
  size()
  local due = call('ZRANGEBYSCORE', P .. 'schedule', '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[4])
  local members, records, reply = {}, {}, {}
  for i = 1, #due, 2 do
    members[#members + 1] = due[i]
    local record = string.sub(due[i], 9)
    if parse(record) then
      records[#records + 1] = record
      reply[#reply + 1] = due[i + 1]
      reply[#reply + 1] = record
    else setRecordAside(due[i], 'the schedule') end
  end
  if #members == 0 then return reply end
  many('ZREM', P .. 'schedule', members)
  if #records == 0 then return reply end
  push(records)
  setStates(records, 'w')
  ring()
  return reply
end
`;

/** ARGV 4 id of the dead letter: a text and a record. What was stored of the end of its task goes. */
const REQUEUE = `
local function main()
  local letter = call('HGET', P .. 'dead', ARGV[4])
  if not letter then return 0 end
  size()
  call('HDEL', P .. 'dead', ARGV[4])
  call('ZREM', P .. 'dead-order', ARGV[4])
  local at = #letter >= 4 and 5 + struct.unpack('>I4', letter)
  local record = at and string.sub(letter, at) or ''
  local flags, id = parse(record)
  if not flags then
    setRecordAside(letter, 'the dead letters')
    return 0
  end
  dropFrom('notices', {id})
  dropFrom('results', {id})
  push({record})
  setStates({record}, 'w')
  ring()
  return 1
end
`;

/** The scripts for a list or a sorted set. */
export function queueScripts(kind: QueueKind): QueueScripts {
  const { size, take, push, pushOne, back } = queueLua(kind);
  const adding = [RECORDS, NUMBERS, size, push, BELL, ADD];
  const returning = [RECORDS, size, back, BELL, CLAIMS, ENTRIES, LOCKS];
  const one = kind === "list" ? [] : [RECORDS, NUMBERS, size];
  return {
    ...settleScripts(adding),
    enqueue: onceText(NOW, JOINED, ...adding, CHORDS, ENQUEUE),
    enqueueOne: onceText(...one, BELL, pushOne, ENQUEUE_ONE),
    enqueueOnce: once(NOW, JOINED, ...adding, ENTRIES, ENQUEUE_ONCE),
    claim: script(PARSE, NUMBERS, size, take, BELL, CLAIM),
    claimed: script(RECORDS, CLAIMS, CLAIMED),
    release: script(EVEN_IF_FULL, NOW, JOINED, ...returning, RELEASE),
    recover: once(EVEN_IF_FULL, NOW, JOINED, ...returning, RECOVER),
    promote: once(NOW, RECORDS, NUMBERS, size, push, BELL, PROMOTE),
    requeue: once(NOW, ...adding, FIND, REQUEUE),
  };
}
