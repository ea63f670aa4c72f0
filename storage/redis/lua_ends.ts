/**
 * Pieces of the scripts: what is left of a task that has ended (result, notice), who is told, and keys with values.
 * @module
 */

/** Notices by id, in sets that vanish as a whole; the last notice of a set is written a life after its first one at the latest. */
export const PUT_NOTICES = `
local SETS = P .. 'notice-sets'
local function putNotices(ttl, letter, ids, mark)
  if ttl <= 0 then return end
  local key = string.format('%snotices:%d:%d', P, ttl, math.floor(now / ttl))
  local text, isNew, args = letter .. struct.pack('>d', now + ttl), call('EXISTS', key) == 0, {}
  if mark then text = text .. struct.pack('>d', now) .. mark end
  for i = 1, #ids do
    args[2 * i - 1] = ids[i]
    args[2 * i] = text
  end
  many('HSET', key, args)
  if not isNew then return end
  call('HSET', SETS, key, string.format('%.0f', now + 2 * ttl))
  call('PEXPIRE', key, 2 * ttl + 60000)
end
`;

/** What else is done with notices. */
export const NOTICES: string = PUT_NOTICES + `
-- The sets that may still hold something; the names are read from the store, so that only those of ours are touched.
local function noticeSets()
  local all, sets, head = call('HGETALL', SETS), {}, P .. 'notices:'
  for i = 1, #all, 2 do
    local isOurs, ends = string.sub(all[i], 1, #head) == head, tonumber(all[i + 1])
    if isOurs and ends and ends > now then sets[#sets + 1] = all[i]
    else
      call('HDEL', SETS, all[i])
      if isOurs then call('UNLINK', all[i]) end
    end
  end
  return sets
end
local function dropNotices(ids)
  if #ids == 0 then return end
  for _, set in ipairs(noticeSets()) do many('HDEL', set, ids) end
end
-- The later one of the texts of two notices, if it has not ended.
local function laterNotice(one, other)
  if not other or #other < 9 or struct.unpack('>d', other, 2) <= now then return one end
  return one and struct.unpack('>d', one, 2) >= struct.unpack('>d', other, 2) and one or other
end
local function findNotice(id)
  local found
  for _, set in ipairs(noticeSets()) do found = laterNotice(found, call('HGET', set, id)) end
  return found
end
`;

/**
 * Results: a key for each, which the server itself ends, and their ids by expiry. A result is how its task ended (a letter), the life of
 * the notice that a read leaves (f64), and the value. The index ends a little later than all that it names.
 */
export const RESULTS = `
local INDEX = P .. 'results'
local function resultKey(id) return P .. 'result:' .. id end
local function storeResult(id, text, ttl)
  if ttl > 0 then redis.call('SET', resultKey(id), text, 'PX', ttl) else redis.call('SET', resultKey(id), text) end
end
-- Arguments: expiry and id of each. ttl: the longest life of them, 0 for no end.
local function indexResults(args, ttl)
  local left = call('PTTL', INDEX)
  many('ZADD', INDEX, args)
  if ttl == 0 then
    if left >= 0 then call('PERSIST', INDEX) end
  elseif left ~= -1 and left < ttl then call('PEXPIRE', INDEX, math.ceil(ttl * 1.2) + 500) end
end
local function storeResults(results)
  if #results == 0 then return end
  local args, longest, isForEver = {}, 0, false
  for i = 1, #results, 3 do
    local id, ttl = results[i], results[i + 2]
    storeResult(id, results[i + 1], ttl)
    args[#args + 1] = ttl > 0 and now + ttl or '+inf'
    args[#args + 1] = id
    longest, isForEver = math.max(longest, ttl), isForEver or ttl == 0
  end
  indexResults(args, isForEver and 0 or longest)
end
local function findResult(id)
  local text = call('GET', resultKey(id))
  return text and #text >= 9 and text or nil
end
local function dropResult(id)
  call('ZREM', INDEX, id)
  return call('DEL', resultKey(id))
end
local function sweepResults(limit)
  local old = call('ZRANGEBYSCORE', INDEX, '-inf', now, 'LIMIT', 0, limit)
  many('ZREM', INDEX, old)
  return #old
end
local function flushResults()
  for i = 0, math.huge do
    local ids = call('ZRANGE', INDEX, i * 1000, i * 1000 + 999)
    if #ids == 0 then break end
    for j = 1, #ids do ids[j] = resultKey(ids[j]) end
    redis.call('UNLINK', unpack(ids))
  end
  redis.call('UNLINK', INDEX)
end
`;

/** Entries of keys and values: tag ("-", or "h" with a holder), expiry f64 (0 is never), the holder with its length, value. One that is damaged is none. */
export const ENTRIES = `
local SPACES = {locks = true, data = true, revocations = true, meta = true, counters = true}
local function holderOf(entry)
  if string.sub(entry, 1, 1) ~= 'h' then return nil end
  local length = struct.unpack('>H', entry, 10)
  return string.sub(entry, 12, 11 + length)
end
local function isEntry(entry)
  if #entry < 9 then return false end
  if string.sub(entry, 1, 1) ~= 'h' then return string.sub(entry, 1, 1) == '-' end
  return #entry >= 11 and #entry >= 11 + struct.unpack('>H', entry, 10)
end
-- Which locks a claim holds: space and key of each.
local function locksOf(token)
  local text = call('HGET', P .. 'held', token)
  local isWhole, locks = pcall(cmsgpack.unpack, text or '')
  if not text or not isWhole or type(locks) ~= 'table' then return {} end
  local good = {}
  for _, lock in ipairs(locks) do
    if type(lock) == 'table' and SPACES[lock[1]] and type(lock[2]) == 'string' then good[#good + 1] = lock end
  end
  return good
end
local function setLocks(token, locks)
  if #locks == 0 then call('HDEL', P .. 'held', token) else call('HSET', P .. 'held', token, cmsgpack.pack(locks)) end
end
-- Forgets that a claim holds this lock.
local function unhold(space, key, entry)
  local token = holderOf(entry)
  if not token then return end
  local left = {}
  for _, lock in ipairs(locksOf(token)) do
    if lock[1] ~= space or lock[2] ~= key then left[#left + 1] = lock end
  end
  setLocks(token, left)
end
local function erase(space, key, entry)
  call('HDEL', P .. space, key)
  if isEntry(entry) then
    if struct.unpack('>d', entry, 2) ~= 0 then call('ZREM', P .. space .. ':ttl', key) end
    unhold(space, key, entry)
  end
end
local function find(space, key)
  local entry = call('HGET', P .. space, key)
  if not entry then return nil end
  local expires = isEntry(entry) and struct.unpack('>d', entry, 2)
  if expires == 0 or expires and expires > now then return entry end
  if not expires then tell('An entry in ' .. P .. space .. ' was damaged, and is gone') end
  erase(space, key, entry)
  return nil
end
local function sweep(space, limit)
  local old = call('ZRANGEBYSCORE', P .. space .. ':ttl', '-inf', now, 'LIMIT', 0, limit)
  for i = 1, #old do
    call('ZREM', P .. space .. ':ttl', old[i])
    find(space, old[i])
  end
  return #old
end
-- ttl: "" for no end.
local function store(space, key, value, ttl, holder)
  local expires = ttl ~= '' and now + tonumber(ttl) or 0
  local head = (holder and 'h' or '-') .. struct.pack('>d', expires)
  if holder then head = head .. struct.pack('>H', #holder) .. holder end
  call('HSET', P .. space, key, head .. value)
  if expires ~= 0 then
    sweep(space, 8)
    call('ZADD', P .. space .. ':ttl', expires, key)
  end
end
local function bodyOf(entry)
  local holder = holderOf(entry)
  return string.sub(entry, holder and 12 + #holder or 10)
end
`;

/** Locks end with what holds them, or go over to a worker. */
export const LOCKS = `
local function dropLocks(token)
  for _, lock in ipairs(locksOf(token)) do
    local entry = call('HGET', P .. lock[1], lock[2])
    if entry and isEntry(entry) and holderOf(entry) == token then
      call('HDEL', P .. lock[1], lock[2])
      call('ZREM', P .. lock[1] .. ':ttl', lock[2])
    end
  end
  call('HDEL', P .. 'held', token)
end
local function passLocks(token, heir)
  local locks, held = locksOf(token), locksOf(heir)
  for _, lock in ipairs(locks) do
    local entry = call('HGET', P .. lock[1], lock[2])
    if entry and isEntry(entry) and holderOf(entry) == token then
      call('HSET', P .. lock[1], lock[2], string.sub(entry, 1, 9) .. struct.pack('>H', #heir) .. heir .. bodyOf(entry))
      held[#held + 1] = lock
    end
  end
  if #locks == 0 then return end
  call('HDEL', P .. 'held', token)
  setLocks(heir, held)
end
-- Locks of a worker's claims, and those that went over to it. A token ends with lengths and names of both.
local function freeLocks(isLost)
  for _, token in ipairs(call('HKEYS', P .. 'held')) do
    local number, length, from = string.match(token, '^(%w+):[^:]*:%d+:(%d+):()')
    local consumer = length and string.sub(token, from, from + length - 1)
    if consumer and isLost(consumer, string.sub(token, from + length), number) then dropLocks(token) end
  end
end
`;

/** Tells those who wait for a result; `waiting` has only ids that somebody waits for. */
export const WAKE = `
local function wake(ids)
  if #ids == 0 or call('ZCARD', P .. 'waiting') == 0 then return end
  for i = 1, #ids do
    if call('ZREM', P .. 'waiting', ids[i]) == 1 then redis.pcall('PUBLISH', P .. 'results', ids[i]) end
  end
end
`;
