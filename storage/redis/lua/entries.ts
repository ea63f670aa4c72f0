/**
 * Lua for keys with values, among them locks, which end with the claim that holds them, and leases.
 *
 * Entry: tag ("-", or "h" with a holder) · expiry f64 (0 is never) · the holder with its length u16 · value. One that is damaged is none.
 * @module
 */

/** All of it. */
export const ENTRIES = `
local SPACES = {locks = true, data = true, revocations = true, meta = true, counters = true, unique = true}
local function isEntry(entry)
  if #entry < 9 then return false end
  if sub(entry, 1, 1) ~= 'h' then return sub(entry, 1, 1) == '-' end
  return #entry >= 11 and #entry >= 11 + struct.unpack('>H', entry, 10)
end
local function holderOf(entry)
  if sub(entry, 1, 1) ~= 'h' then return nil end
  return sub(entry, 12, 11 + struct.unpack('>H', entry, 10))
end
local function bodyOf(entry)
  local holder = holderOf(entry)
  return sub(entry, holder and 12 + #holder or 10)
end
-- Which locks a claim holds: space and key of each.
local function locksOf(token)
  local good = {}
  for _, lock in ipairs(unpacked(call('HGET', P .. 'held', token))) do
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
local function isLive(entry)
  local expires = isEntry(entry) and struct.unpack('>d', entry, 2)
  return expires and (expires == 0 or expires > now)
end
-- The value of an entry that is there and has not expired, else false.
local function bodyNow(entry) return entry and isLive(entry) and bodyOf(entry) end
local function find(space, key)
  local entry = call('HGET', P .. space, key)
  if not entry then return nil end
  if isLive(entry) then return entry end
  if not isEntry(entry) then logLine('An entry in ' .. P .. space .. ' was damaged, and is gone') end
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
-- By space, key and entry: the locks that a token still holds.
local function eachHeld(token, visit)
  for _, lock in ipairs(locksOf(token)) do
    local entry = call('HGET', P .. lock[1], lock[2])
    if entry and isEntry(entry) and holderOf(entry) == token then visit(lock, entry) end
  end
  call('HDEL', P .. 'held', token)
end
local function dropLocks(token)
  eachHeld(token, function(lock)
    call('HDEL', P .. lock[1], lock[2])
    call('ZREM', P .. lock[1] .. ':ttl', lock[2])
  end)
end
local function passLocks(token, heir)
  local held = locksOf(heir)
  eachHeld(token, function(lock, entry)
    call('HSET', P .. lock[1], lock[2], sub(entry, 1, 9) .. struct.pack('>H', #heir) .. heir .. bodyOf(entry))
    held[#held + 1] = lock
  end)
  setLocks(heir, held)
end
-- Locks of a worker's claims, and those that went over to it. A token ends with lengths and names of both.
local function freeLocks(isLost)
  for _, token in ipairs(call('HKEYS', P .. 'held')) do
    local given, length, from = string.match(token, '^(%w+):[^:]*:%d+:(%d+):()')
    local consumer = length and sub(token, from, from + length - 1)
    if consumer and isLost(consumer, sub(token, from + length), given) then dropLocks(token) end
  end
end
-- Grants or renews a lease. What the consumer says of itself stays until it says something else.
local function renew(consumer, life, text, about)
  call('HSET', P .. 'leases', consumer, string.format('%.0f ', now + tonumber(life)) .. text)
  if about ~= '' then call('HSET', P .. 'about', consumer, about) end
end
local function dropLease(consumer)
  call('HDEL', P .. 'leases', consumer)
  call('HDEL', P .. 'about', consumer)
end
`;
