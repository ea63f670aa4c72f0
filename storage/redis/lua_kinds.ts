/**
 * The two kinds of queue: a list, or a sorted set when there are priorities.
 * @module
 */

/** Which kind of queue. */
export type QueueKind = "list" | "sorted";

/** Functions of a queue: how many there are, take some from the front, push at the end, push one and ring, put back in place. */
export interface QueueLua {
  readonly size: string;
  readonly take: string;
  readonly push: string;
  readonly pushOne: string;
  readonly back: string;
}

/** The queue as a list. */
const LIST: QueueLua = {
  size: "local function size() return call('LLEN', P .. 'queue') end",
  take: "local function take(limit) return call('LPOP', P .. 'queue', limit) or {} end",
  push: `
local function push(tails)
  local stamp, records = struct.pack('>dd', 0, now), {}
  for i = 1, #tails do records[i] = stamp .. tails[i] end
  many('RPUSH', P .. 'queue', records)
end
`,
  // While there are others the bell was rung, or is going to be.
  pushOne:
    "local function pushOne(tail) if call('RPUSH', P .. 'queue', struct.pack('>dd', 0, now) .. tail) == 1 then ring() end end",
  // In front of what was never handed out; among what was, by place.
  back: `
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
`,
};

/** The queue as a sorted set: by priority, then by place, which stands at the beginning of a record. */
const SORTED: QueueLua = {
  size: "local function size() return call('ZCARD', P .. 'queue') end",
  take: `
local function take(limit)
  local taken, records = call('ZPOPMIN', P .. 'queue', limit), {}
  for i = 1, #taken, 2 do records[#records + 1] = taken[i] end
  return records
end
`,
  push: `
local function push(tails)
  local last, args = number('place', #tails) - #tails, {}
  for i = 1, #tails do
    args[2 * i - 1] = rank(tails[i], 0)
    args[2 * i] = struct.pack('>dd', last + i, now) .. tails[i]
  end
  many('ZADD', P .. 'queue', args)
end
`,
  pushOne: `
local function pushOne(tail)
  size()
  local last = number('place', 1)
  call('ZADD', P .. 'queue', rank(tail, 0), struct.pack('>dd', last, now) .. tail)
  ring()
end
`,
  back: `
local function back(records)
  local args = {}
  for i = 1, #records do
    args[2 * i - 1] = rank(records[i], 16)
    args[2 * i] = records[i]
  end
  many('ZADD', P .. 'queue', args)
end
`,
};

/** The operations of a kind of queue. */
export function queueLua(kind: QueueKind): QueueLua {
  return kind === "list" ? LIST : SORTED;
}
