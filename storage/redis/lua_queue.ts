/**
 * The scripts of the queue: from enqueue to settlement.
 * @module
 */
import {
  ADD,
  BELL,
  CLAIMS,
  COMMON,
  ENTRIES,
  NOTICES,
  once,
  onceText,
  PUT_NOTICES,
  type QueueKind,
  queueLua,
  SCHEDULE,
  type Script,
  script,
  STATES,
  WAKE,
} from "./lua.ts";

/** The scripts of one kind of queue. */
export interface QueueScripts {
  readonly enqueue: Script;
  readonly enqueueOne: Script;
  readonly enqueueOnce: Script;
  readonly claim: Script;
  readonly claimed: Script;
  readonly settle: Script;
  readonly settleOne: Script;
  readonly release: Script;
  readonly recover: Script;
  readonly promote: Script;
  readonly requeue: Script;
}

/** ARGV 5 what is added. */
const ENQUEUE = `
local function main()
  add(cmsgpack.unpack(ARGV[5]))
  return '1'
end
`;

/** ARGV 5 record, 6 id if it is tracked. The usual case: one item for the queue. */
const ENQUEUE_ONE = `
local function main()
  if ARGV[6] then call('HSET', P .. 'state', ARGV[6], 'w') end
  pushOne(ARGV[5])
  return '1'
end
`;

/** ARGV 5 what is added, 6 key, 7 entry. Replies whether the key was free. */
const ENQUEUE_ONCE = `
local function main()
  if find(P .. 'meta', ARGV[6]) then return 0 end
  store(P .. 'meta', ARGV[6], ARGV[7])
  add(cmsgpack.unpack(ARGV[5]))
  return 1
end
`;

/**
 * ARGV 1 mark, 2 how often it was sent before, 3 limit, 4 request, 5 consumer. Replies: number of revocations, then number and
 * record of each claim; a number that is left out is the next one. A request whose reply was lost finds its own claims; and should
 * the server get round to an earlier sending only then, that finds that it is over.
 */
const CLAIM = `
local mark, claims, over = ARGV[1], P .. 'claims:' .. ARGV[4], P .. 'over:' .. ARGV[4]
local reply = {call('HLEN', P .. 'revocations')}
if tonumber(ARGV[2]) < tonumber(call('GET', over) or 0) then return reply end
if ARGV[2] ~= '0' then
  call('SET', over, ARGV[2], 'PX', 600000)
  local numbers = call('HKEYS', claims)
  table.sort(numbers, function(a, b) return tonumber(a) < tonumber(b) end)
  for _, number in ipairs(numbers) do
    reply[#reply + 1] = tonumber(number)
    reply[#reply + 1] = call('HGET', claims, number)
  end
  if #reply > 1 then return reply end
end
if ARGV[3] == '0' then
  -- It may have stood behind a read that took the token.
  if size() > 0 then ring() end
  return reply
end
local taken = take(ARGV[3])
if #taken == 0 then return reply end
local number = call('HINCRBY', P .. 'numbers', 'claim', #taken) - #taken
local stored = {}
reply[2] = number + 1
for i = 1, #taken do
  local record = taken[i]
  reply[i + 2] = record
  stored[2 * i - 1] = number + i
  stored[2 * i] = record
end
many('HSET', claims, stored)
call('HSET', P .. 'requests', ARGV[4], mark .. ARGV[5])
setStates(taken, 'r' .. mark)
-- Fewer than asked for: nothing is left.
if #taken == tonumber(ARGV[3]) and call('EXISTS', P .. 'bell') == 0 and size() > 0 then ring() end
return reply
`;

/**
 * ARGV 5 packed settlements, one after another in columns; 6 expiry of results (0 is never). Columns: 1 what is added, 2 request and
 * claims of each group, or how many if these are all that the request has claimed, 3 id and entry of results, 4 tasks whose state is
 * over, 5 notices: life, text and ids, 6 tasks to wake for, 7 revocations to delete, 8 chords, 9 chords to drop, 10 burials,
 * 11 tokens whose locks are dropped, 12 tasks whose older notices do not count any more. In 5, 6 and 7 true: those of 4.
 * Replies the claims that are not held, or ? if it was not told which; if there are any, nothing is written.
 */
const SETTLE = `
local function findMissing(groups)
  local missing = {}
  for _, group in ipairs(groups) do
    local claims, numbers = P .. 'claims:' .. group[1], group[2]
    if type(numbers) == 'string' then
      if call('HLEN', claims) ~= tonumber(numbers) then return {'?'} end
    else
      for i = 1, #numbers do
        if call('HEXISTS', claims, numbers[i]) == 0 then missing[#missing + 1] = numbers[i] end
      end
    end
  end
  return missing
end
local function dropClaims(groups)
  -- Usual at one slot: what there is to delete is what has to be there.
  if #groups == 1 and groups[1][2] == '1' then
    if call('DEL', P .. 'claims:' .. groups[1][1]) == 0 then return {'?'} end
    call('HDEL', P .. 'requests', groups[1][1])
    return {}
  end
  local missing, over = findMissing(groups), {}
  if #missing > 0 then return missing end
  for _, group in ipairs(groups) do
    local claims, numbers = P .. 'claims:' .. group[1], group[2]
    local all = type(numbers) == 'string'
    if all then call('DEL', claims) else many('HDEL', claims, numbers) end
    if all or call('EXISTS', claims) == 0 then over[#over + 1] = group[1] end
  end
  many('HDEL', P .. 'requests', over)
  return missing
end
local function report(chord, added)
  local key = P .. 'chord:' .. chord[1]
  if call('HEXISTS', key, chord[2]) == 1 then return end
  call('HSET', key, 'size', chord[3], chord[2], chord[4])
  call('SADD', P .. 'chords', chord[1])
  if call('HLEN', key) <= chord[3] then return end
  for column, items in ipairs(chord[5]) do
    for i = 1, #items do added[column][#added[column] + 1] = items[i] end
  end
end
local function expire(results)
  if ARGV[6] == '0' or #results == 0 then return end
  local expiries = {}
  for i = 1, #results, 2 do
    expiries[i] = ARGV[6]
    expiries[i + 1] = results[i]
  end
  sweep(P .. 'data', #results)
  many('ZADD', P .. 'data:ttl', expiries)
end
local function idsOr(ids, others) if ids == true then return others end return ids end
local function forget(keys, ids)
  if #ids == 0 and keys == true or keys ~= true and #keys == 0 or call('EXISTS', P .. 'revocations') == 0 then return end
  if keys == true then
    keys = {}
    for i = 1, #ids do keys[i] = 'r:' .. ids[i] end
  end
  many('HDEL', P .. 'revocations', keys)
end
local function main()
  local s = cmsgpack.unpack(ARGV[5])
  local missing = dropClaims(s[2])
  if #missing > 0 then return table.concat(missing, ' ') end
  many('HSET', P .. 'data', s[3])
  expire(s[3])
  many('HDEL', P .. 'state', s[4])
  dropNotices(s[12])
  for _, notice in ipairs(s[5]) do putNotices(notice[1], notice[2], idsOr(notice[3], s[4])) end
  forget(s[7], s[4])
  for _, chord in ipairs(s[9]) do
    call('UNLINK', P .. 'chord:' .. chord)
    call('SREM', P .. 'chords', chord)
  end
  for _, chord in ipairs(s[8]) do report(chord, s[1]) end
  for _, burial in ipairs(s[10]) do
    call('HSET', P .. 'dead', burial[1], burial[3])
    call('ZADD', P .. 'dead-order', burial[2], burial[1])
  end
  for _, token in ipairs(s[11]) do dropLocks(token) end
  add(s[1])
  wake(idsOr(s[6], s[4]))
  return ''
end
`;

/**
 * ARGV 5 request, 6 number, 7 "1" if that is all the request has claimed, 8 id, 9 "1" if its revocation is deleted, 10 life of the
 * notice or "" if 11 is the entry of a result, not its text. The usual case: one task that has ended, and nothing follows. Replies
 * as `settle` does.
 */
const SETTLE_ONE = `
local function main()
  local claims, id = P .. 'claims:' .. ARGV[5], ARGV[8]
  if call('HDEL', claims, ARGV[6]) == 0 then return ARGV[6] end
  if ARGV[7] == '1' or call('EXISTS', claims) == 0 then call('HDEL', P .. 'requests', ARGV[5]) end
  call('HDEL', P .. 'state', id)
  if ARGV[10] == '' then call('HSET', P .. 'data', id, ARGV[11]) else putNotices(tonumber(ARGV[10]), ARGV[11], {id}) end
  if ARGV[9] == '1' then call('HDEL', P .. 'revocations', 'r:' .. id) end
  wake({id})
  return ''
end
`;

/** ARGV 5 packed claims: number, request and token of each. An orderly stop is no delivery that counts. */
const RELEASE = `
local function main()
  local records = {}
  for _, claim in ipairs(cmsgpack.unpack(ARGV[5])) do
    local claims = P .. 'claims:' .. claim[2]
    local record = call('HGET', claims, claim[1])
    if record then
      call('HDEL', claims, claim[1])
      if call('EXISTS', claims) == 0 then call('HDEL', P .. 'requests', claim[2]) end
      records[#records + 1] = putBack(claim[1], record, 0)
      dropLocks(claim[3])
    end
  end
  if #records == 0 then return 0 end
  setStates(records, 'w')
  back(records)
  ring()
  return #records
end
`;

/**
 * ARGV 5 consumer, 6 `all` without a lease, this `consumer`, or one `worker` of it, 7 that worker, 8 packed requests whose claims were
 * given to nobody, which is no delivery that counts. A lease is its expiry and a text. Replies consumer, worker, request, number and record of each claim that was put back.
 */
const RECOVER = `
local records, reply, live = {}, {}, {}
local function isLost(consumer, worker)
  if ARGV[6] ~= 'all' then return consumer == ARGV[5] and (ARGV[6] ~= 'worker' or worker == ARGV[7]) end
  if live[consumer] == nil then live[consumer] = call('HEXISTS', P .. 'leases', consumer) == 1 end
  return not live[consumer]
end
local function endLeases()
  local leases = call('HGETALL', P .. 'leases')
  for i = 1, #leases, 2 do
    if tonumber(string.match(leases[i + 1], '^%d+')) <= now then call('HDEL', P .. 'leases', leases[i]) end
  end
end
local function freeLocks()
  for _, token in ipairs(call('HKEYS', P .. 'held')) do
    local length, from = string.match(token, '^%d+:[^:]*:%d+:(%d+):()')
    local consumer = length and string.sub(token, from, from + length - 1)
    if consumer and isLost(consumer, string.sub(token, from + length)) then dropLocks(token) end
  end
end
local function main()
  if ARGV[6] == 'all' then endLeases() end
  local unseen = {}
  for _, request in ipairs(cmsgpack.unpack(ARGV[8])) do unseen[request] = true end
  for request, claims in pairs(findClaims(isLost)) do
    for _, claim in ipairs(claims) do
      records[#records + 1] = putBack(claim[4], claim[5], unseen[request] and 0 or 1)
      reply[#reply + 1] = claim
    end
    call('UNLINK', P .. 'claims:' .. request)
    call('HDEL', P .. 'requests', request)
  end
  freeLocks()
  table.sort(reply, byNumber)
  if #records == 0 then return reply end
  setStates(records, 'w')
  back(records)
  ring()
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

/** ARGV 5 due before, 6 limit. Replies due time and record of each. */
const PROMOTE = `
local function main()
  local due = call('ZRANGEBYSCORE', P .. 'schedule', '-inf', ARGV[5], 'WITHSCORES', 'LIMIT', 0, ARGV[6])
  local members, records, reply = {}, {}, {}
  for i = 1, #due, 2 do
    members[#members + 1] = due[i]
    records[#records + 1] = string.sub(due[i], 9)
    reply[i] = due[i + 1]
    reply[i + 1] = records[#records]
  end
  if #records == 0 then return reply end
  many('ZREM', P .. 'schedule', members)
  push(records)
  setStates(records, 'w')
  ring()
  return reply
end
`;

/** ARGV 5 id of the dead letter: a text and a record. */
const REQUEUE = `
local function main()
  local letter = call('HGET', P .. 'dead', ARGV[5])
  if not letter then return 0 end
  call('HDEL', P .. 'dead', ARGV[5])
  call('ZREM', P .. 'dead-order', ARGV[5])
  local _, at = struct.unpack('>I4c0', letter)
  local records = {string.sub(letter, at)}
  push(records)
  setStates(records, 'w')
  ring()
  return 1
end
`;

/** The scripts for a list or a sorted set. */
export function queueScripts(kind: QueueKind): QueueScripts {
  const { size, take, push, pushOne, back } = queueLua(kind);
  const adding = [push, BELL, SCHEDULE, ADD];
  return {
    enqueue: onceText(...adding, ENQUEUE),
    enqueueOne: onceText(BELL, pushOne, ENQUEUE_ONE),
    enqueueOnce: once(...adding, ENTRIES, ENQUEUE_ONCE),
    claim: script(COMMON, STATES, size, take, BELL, CLAIM),
    claimed: script(COMMON, CLAIMS, CLAIMED),
    settle: onceText(...adding, NOTICES, ENTRIES, WAKE, SETTLE),
    settleOne: onceText(PUT_NOTICES, WAKE, SETTLE_ONE),
    release: once(STATES, back, BELL, CLAIMS, ENTRIES, RELEASE),
    recover: once(STATES, back, BELL, CLAIMS, ENTRIES, RECOVER),
    promote: once(STATES, push, BELL, PROMOTE),
    requeue: once(STATES, push, BELL, REQUEUE),
  };
}
