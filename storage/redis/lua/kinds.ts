/**
 * Lua of the two kinds of queue, a list, or a sorted set when there are priorities: how many there are, take some from the front, push at
 * the end, push one and ring, put back in place.
 * @module
 */

/** The queue as a list. */
export const LIST = `
local function size() return call('LLEN', P .. 'queue') end
local function take(limit) return call('LPOP', P .. 'queue', limit) or {} end
local function push(tails)
  local stamp, records = struct.pack('>dd', 0, now), {}
  for i = 1, #tails do records[i] = stamp .. tails[i] end
  many('RPUSH', P .. 'queue', records)
end
-- While there are others the bell was rung, or is going to be.
local function pushOne(tail)
  if call('RPUSH', P .. 'queue', struct.pack('>dd', 0, now) .. tail) == 1 then ring() end
end
-- In front of what was never handed out; among what was, by place.
local function back(records)
  local queue, last = P .. 'queue', 0
  for i = 1, #records do last = math.max(last, placeOf(records[i])) end
  local head = call('LINDEX', queue, 0)
  while head and placeOf(head) > 0 and placeOf(head) < last do
    records[#records + 1] = call('LPOP', queue)
    head = call('LINDEX', queue, 0)
  end
  table.sort(records, function(a, b) return placeOf(a) > placeOf(b) end)
  many('LPUSH', queue, records)
end
`;

/** The queue as a sorted set: by priority, then by place, which stands at the beginning of a record. */
export const SORTED = `
local function size() return call('ZCARD', P .. 'queue') end
local function take(limit)
  local taken, records = call('ZPOPMIN', P .. 'queue', limit), {}
  for i = 1, #taken, 2 do records[#records + 1] = taken[i] end
  return records
end
local function push(tails)
  local last, args = nextNumber('place', #tails) - #tails, {}
  for i = 1, #tails do
    args[2 * i - 1] = rank(tails[i], 0)
    args[2 * i] = struct.pack('>dd', last + i, now) .. tails[i]
  end
  many('ZADD', P .. 'queue', args)
end
local function pushOne(tail)
  size()
  push({tail})
  ring()
end
local function back(records)
  local args = {}
  for i = 1, #records do
    args[2 * i - 1] = rank(records[i], 16)
    args[2 * i] = records[i]
  end
  many('ZADD', P .. 'queue', args)
end
`;
