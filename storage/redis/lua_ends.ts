/**
 * Pieces of the scripts: what is left of a task that has ended (result, notice), who is told, and keys with values.
 * @module
 */

import { TELL } from "./lua.ts";

/**
 * What ends by itself, by id: hashes for a kind, a life and a slice of time, which the server ends as a whole, and their names with
 * their ends. So nothing has to be swept, and nothing stays when no program runs.
 */
const SETS = `
local SETS = P .. 'sets'
-- ttl: 0 for no end. A set ends a slice of that life after the first that is in it. Returns whether somebody waits for an end.
local function putInSet(kind, ttl, slices, args)
  local length = math.max(1, math.ceil(ttl / slices))
  local number = ttl > 0 and math.floor((now + ttl) / length) or 0
  local key, waiting = P .. kind .. string.format(':%d:%d', ttl, number), P .. 'waiting'
  -- A key that is named twice counts twice, so that one command answers three questions.
  local found = redis.call('EXISTS', waiting, key, key, SETS, SETS, SETS, SETS)
  many('HSET', key, args)
  if found < 6 then
    local left, ends = call('PTTL', SETS), ttl > 0 and string.format('%.0f', (number + 1) * length) or '0'
    call('HSET', SETS, key, ends)
    if ttl == 0 then call('PERSIST', SETS)
    else
      call('PEXPIREAT', key, ends)
      if left == -2 or left >= 0 and left < ends - now then call('PEXPIREAT', SETS, ends) end
    end
  end
  return found % 2 == 1
end
`;

/** Notices: letter, expiry f64, and what the task says of itself: `abouts` has that of each, where one does. */
export const PUT_NOTICES: string = SETS + `
local function putNotices(ttl, letter, ids, abouts)
  if not (ttl > 0) then return end
  -- It may come from a record that nobody of ours has written.
  ttl = math.min(math.ceil(ttl), 3155760000000)
  local text, args = letter .. struct.pack('>d', now + ttl), {}
  for i = 1, #ids do
    args[2 * i - 1] = ids[i]
    args[2 * i] = abouts and text .. abouts[i] or text
  end
  return putInSet('notices', ttl, 1, args)
end
`;

/**
 * Results: when they were stored f64, how the task ended (a letter), the life of the notice that a read leaves f64, and the value. With a
 * capital letter: what the task says of itself stands in front of the value, with its length.
 */
export const PUT_RESULTS = `
-- By threes: id, text (all but the time) and life.
local function storeResults(results)
  local byLife, stored = {}, struct.pack('>d', moment)
  for i = 1, #results, 3 do
    local args = byLife[results[i + 2]] or {}
    byLife[results[i + 2]] = args
    args[#args + 1] = results[i]
    args[#args + 1] = stored .. results[i + 1]
  end
  for ttl, args in pairs(byLife) do putInSet('results', ttl, 4, args) end
end
`;

/** What is found in sets, and taken out of them. Their names are read from the store, so that only those of ours are touched. */
export const FIND: string = PUT_NOTICES + PUT_RESULTS + `
-- By twos: key and life of those that may still hold something.
local function setsOf(kind)
  local all, sets, head = call('HGETALL', SETS), {}, P .. kind .. ':'
  for i = 1, #all, 2 do
    local ends, ttl = tonumber(all[i + 1]), tonumber(string.match(all[i], ':(%d+):%d+$'))
    if not ends or not ttl or ends ~= 0 and ends <= now then call('HDEL', SETS, all[i])
    elseif string.sub(all[i], 1, #head) == head then
      sets[#sets + 1] = all[i]
      sets[#sets + 1] = ttl
    end
  end
  return sets
end
local function dropFrom(kind, ids)
  local sets = #ids > 0 and setsOf(kind) or {}
  for i = 1, #sets, 2 do many('HDEL', sets[i], ids) end
end
local function dropSets(kind)
  local sets = setsOf(kind)
  for i = 1, #sets, 2 do
    call('UNLINK', sets[i])
    call('HDEL', SETS, sets[i])
  end
end
-- The later one of the texts of two notices, if it has not ended.
local function laterNotice(one, other)
  if not other or #other < 9 or not (struct.unpack('>d', other, 2) > now) then return one end
  return one and struct.unpack('>d', one, 2) >= struct.unpack('>d', other, 2) and one or other
end
local function findNotice(id)
  local found
  local sets = setsOf('notices')
  for i = 1, #sets, 2 do found = laterNotice(found, call('HGET', sets[i], id)) end
  return found
end
local function isResult(text, ttl)
  return text and #text >= (string.find(text, '^%u', 9) and 19 or 17) and (ttl == 0 or struct.unpack('>d', text) + ttl > now)
end
local function laterResult(one, other, ttl)
  if not isResult(other, ttl) then return one end
  return one and struct.unpack('>d', one) >= struct.unpack('>d', other) and one or other
end
-- Of a result: its value, how the task ended, and what that says of itself.
local function readResult(text)
  local letter = string.sub(text, 9, 9)
  if not string.find(letter, '%u') then return string.sub(text, 18), letter, '' end
  local length = struct.unpack('>H', text, 18)
  return string.sub(text, 20 + length), string.lower(letter), string.sub(text, 20, 19 + length)
end
-- By the numbers of the ids.
local function findResults(ids)
  local found, sets = {}, setsOf('results')
  for i = 1, #sets, 2 do
    for j, text in ipairs(call('HMGET', sets[i], unpack(ids))) do found[j] = laterResult(found[j], text, sets[i + 1]) end
  end
  return found
end
`;

/** Entries of keys and values: tag ("-", or "h" with a holder), expiry f64 (0 is never), the holder with its length, value. One that is damaged is none. */
export const ENTRIES: string = TELL + `
local SPACES = {locks = true, data = true, revocations = true, meta = true, counters = true, unique = true}
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

/** Grants or renews a lease. What the consumer says of itself stays until it says something else. */
export const RENEW = `
local function renew(consumer, life, text, about)
  call('HSET', P .. 'leases', consumer, string.format('%.0f ', now + tonumber(life)) .. text)
  if about ~= '' then call('HSET', P .. 'about', consumer, about) end
end
`;
