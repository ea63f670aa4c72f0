/**
 * Lua for gates and unique keys: what the scripts do with items that have one. Nearly no script run needs it: see `rare` in `library.ts`.
 *
 * Keys: `gates` key -> limit · `gate:<key>` numbers of the items that have gone through · `line:<key>` numbers of those that wait ·
 * `blocked` these themselves, by number · `passed` number and request of a claim -> consumer, worker, key and number of a gate that is
 * taken by a function which still runs · `unique` key -> number and id of the item that holds it, an entry as those of keys and values.
 * A gate that nobody is in has none of them.
 * @module
 */

/** What an item says that has a gate or a key. */
const PARTS = `
-- Where a part is cut short, it and those behind it are not there.
local function partsOf(text, offset)
  local flags, id, at = parse(text, offset)
  if not flags then return nil end
  local item = {flags = flags, id = id, steps = id}
  at = at + 1
  pcall(function()
    if flags >= 128 then at = at + 2 + struct.unpack('>H', text, at) end
    if flags % 8 >= 4 then at = at + 6 + struct.unpack('>H', text, at) end
    local key, number, limit, life, from
    if flags % 32 >= 16 then
      key, limit, number, at = struct.unpack('>Hc0dd', text, at)
      item.gate = {key = key, limit = limit >= 1 and limit or 1, number = number, at = at - 8}
    end
    if flags % 64 >= 32 then
      key, life, from, number, at = struct.unpack('>Hc0dHc0d', text, at)
      item.unique = {key = key, life = life, from = from, number = number, at = at - 8}
    end
    if flags % 128 >= 64 then item.steps = struct.unpack('>Hc0', text, at) end
  end)
  return item
end
local function withNumber(text, at, given) return sub(text, 1, at - 1) .. struct.pack('>d', given) .. sub(text, at + 8) end
`;

/** Keys that one item holds at a time. The life of one: -1 until the item is claimed, -2 until it has ended, else milliseconds. */
const UNIQUE = `
-- The entry of a key, the number of the item that holds it, and the id of its task.
local function holderOfKey(key)
  local entry = find('unique', key)
  local body = entry and bodyOf(entry) or ''
  if #body >= 8 then return entry, struct.unpack('>d', body), sub(body, 9) end
  return entry
end
-- Only the item that holds it frees it.
local function freeKey(unique)
  local entry, holder = holderOfKey(unique.key)
  if holder == unique.number then erase('unique', unique.key, entry) end
end
-- The tail as of an item that holds its key; or nothing, and the id of the task that holds it.
local function takeKey(tail, item)
  local unique = item.unique
  local entry, holder, task = holderOfKey(unique.key)
  if holder and task ~= item.id and task ~= unique.from then return nil, task end
  if entry then erase('unique', unique.key, entry) end
  local given = nextNumber('unique', 1)
  store('unique', unique.key, struct.pack('>d', given) .. item.id, unique.life >= 0 and math.ceil(unique.life) or '')
  return withNumber(tail, unique.at, given)
end
`;

/** Whoever is in a gate has a number in its set; the others wait in its line. `told` gathers the tails of those that were admitted. */
const GATES = `
local function pushAdmitted(added, tail, gate, given) addTail(added, 0 / 0, withNumber(tail, gate.at, given)) end
local function admit(added, tail, gate)
  local given = nextNumber('admitted', 1)
  call('SADD', P .. 'gate:' .. gate.key, string.format('%.0f', given))
  pushAdmitted(added, tail, gate, given)
end
-- What waits under a number, whatever else somebody has put there.
local function takeWaiting(place, key)
  if not place then return nil end
  for _, waiting in ipairs(call('ZRANGEBYSCORE', P .. 'blocked', place, place, 'LIMIT', 0, 100)) do
    local item = partsOf(waiting, 8)
    local isOurs = item and item.gate and item.gate.key == key and struct.unpack('>d', waiting) == place
    if isOurs or not item then call('ZREM', P .. 'blocked', waiting) end
    if isOurs then
      item.gate.at = item.gate.at - 8
      return sub(waiting, 9), item.gate
    end
    if not item then setRecordAside(waiting, 'the line of a gate') end
  end
end
-- The first of a line: its tail, and its gate; nothing if the line is empty.
local function takeFirst(key)
  while true do
    local place = call('LPOP', P .. 'line:' .. key)
    if not place then return nil end
    local tail, gate = takeWaiting(tonumber(place), key)
    if tail then return tail, gate end
  end
end
local function limitOf(key)
  local limit = tonumber(call('HGET', P .. 'gates', key) or '')
  return limit and limit >= 1 and limit or nil
end
-- Returns how many have gone through.
local function admitWaiting(added, key, told)
  local limit = limitOf(key) or 1
  local count = call('SCARD', P .. 'gate:' .. key)
  while count < limit do
    local tail, gate = takeFirst(key)
    if not tail then break end
    admit(added, tail, gate)
    told[#told + 1] = tail
    count = count + 1
  end
  return count
end
local function leave(added, gate, told)
  call('SREM', P .. 'gate:' .. gate.key, string.format('%.0f', gate.number))
  if admitWaiting(added, gate.key, told) == 0 then call('HDEL', P .. 'gates', gate.key) end
end
-- What somebody else has put among those that have gone through would never leave.
local function dropStrangers(inside)
  for _, member in ipairs(call('SRANDMEMBER', inside, 10)) do
    if not string.find(member, '^%d+$') then call('SREM', inside, member) end
  end
end
-- An item comes to its gate, and brings the limit. Returns false if it waits.
local function goThrough(added, tail, gate, told)
  local inside, line, limit = P .. 'gate:' .. gate.key, P .. 'line:' .. gate.key, gate.limit
  if limitOf(gate.key) ~= limit then call('HSET', P .. 'gates', gate.key, string.format('%.17g', limit)) end
  if call('SCARD', inside) >= limit then dropStrangers(inside) end
  if call('LLEN', line) > 0 then admitWaiting(added, gate.key, told) end
  if call('LLEN', line) == 0 and call('SCARD', inside) < limit then
    admit(added, tail, gate)
    return true
  end
  local place = nextNumber('line', 1)
  call('ZADD', P .. 'blocked', place, struct.pack('>d', place) .. tail)
  call('RPUSH', line, string.format('%.0f', place))
  addState(added[3], tail, 0, 'b')
  return false
end
`;

/** Gates that stay taken while a function runs that its worker could not end. */
const PASSED = `
local function pass(gate, heir)
  call('HSET', P .. 'passed', heir[3], cmsgpack.pack({heir[1], heir[2], gate.key, gate.number}))
end
local function leavePassed(added, claim, told)
  local text = call('HGET', P .. 'passed', claim)
  if not text then return end
  call('HDEL', P .. 'passed', claim)
  local passed = unpacked(text)
  if type(passed[3]) == 'string' and type(passed[4]) == 'number' then leave(added, {key = passed[3], number = passed[4]}, told) end
end
-- Those of workers that are gone.
local function leaveLost(added, isLost)
  local all = call('HGETALL', P .. 'passed')
  for i = 1, #all, 2 do
    local passed = unpacked(all[i + 1])
    local owned = type(passed[1]) == 'string' and type(passed[2]) == 'string'
    if not owned or isLost(passed[1], passed[2]) then leavePassed(added, all[i], {}) end
  end
end
`;

/** What becomes of an item that is enqueued, and of what a settled item held. */
const ENTER = `
-- Due time, NaN for at once, and tail; whether it is new, or comes from the schedule. Returns what became of it, if that is not usual, and
-- the id of the holder.
local function enter(added, text, isNew, told)
  local due, tail = struct.unpack('>d', text), sub(text, 9)
  local item = partsOf(tail, 0)
  if not item then return setRecordAside(text, 'what was added') end
  if item.unique and isNew then
    local taken, holder = takeKey(tail, item)
    if holder then return 'duplicate', holder end
    tail = taken
  end
  if isLater(due) or not item.gate then addTail(added, due, tail)
  elseif not goThrough(added, tail, item.gate, told or {}) then return 'blocked' end
end
-- The next attempt of an item: it has the key that the item holds, and its gate if that is not left. Returns whether it waits.
local function enterNext(added, text, unique, gate, told)
  local due, tail = struct.unpack('>d', text), sub(text, 9)
  local item = partsOf(tail, 0)
  if not item then return setRecordAside(text, 'what was added') end
  if unique and item.unique then tail = withNumber(tail, item.unique.at, unique.number) end
  if isLater(due) or not item.gate then addTail(added, due, tail)
  elseif gate then pushAdmitted(added, tail, item.gate, gate.number)
  else return not goThrough(added, tail, item.gate, told) end
end
local function hasSameKey(one, other) return one and other and one.key == other.key end
-- The record of a claim that is dropped, or false; whom its gate is passed to, what follows, and the next attempt. tell gathers.
local function settleItem(added, record, heir, following, nextOne, tell)
  local told = {}
  local item = record and partsOf(record, 16) or {}
  local nextItem = nextOne and partsOf(nextOne, 8) or {}
  local gate, unique = item.gate, item.unique
  local isIn = gate and call('SISMEMBER', P .. 'gate:' .. gate.key, string.format('%.0f', gate.number)) == 1
  local keepsKey = hasSameKey(unique, nextItem.unique)
  local staysIn = isIn and not heir and hasSameKey(gate, nextItem.gate) and not isLater(struct.unpack('>d', nextOne))
  if isIn and heir then pass(gate, heir)
  elseif gate and not staysIn then leave(added, gate, told) end
  if unique and unique.life < 0 and not keepsKey then freeKey(unique) end
  for position, text in ipairs(following) do
    if enter(added, text, true, told) == 'blocked' then tell('blocked', position - 1) end
  end
  if nextOne and enterNext(added, nextOne, keepsKey and unique, staysIn and gate, told) then tell('blocked', #following) end
  for i = 1, #told do tell('admitted', 0, told[i]) end
end
`;

/** All of it. */
export const GATES_AND_KEYS: string = PARTS + UNIQUE + GATES + PASSED + ENTER;
