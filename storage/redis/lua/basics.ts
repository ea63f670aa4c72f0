/**
 * Lua for all scripts: commands that survive what somebody else has written, time, numbers, the bell, records and their states.
 * @module
 */

/**
 * A script must not stop half way: what it has written by then would stay. So a key of a type that is none of ours is renamed, and
 * the command carried out; only the queue of the other kind (list or sorted set) is an error, which scripts find before they write.
 * Lua hands over a few thousand arguments at once, so long calls are cut.
 */
const COMMANDS = `
local byte = string.byte
local sub = string.sub
local function call(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then error(reply.err) end
  local kind, aside = redis.call('TYPE', key).ok, P .. 'aside:' .. sub(key, #P + 1)
  if key == P .. 'queue' and (kind == 'list' or kind == 'zset') then error('WRONGTYPE The queue is a ' .. kind) end
  redis.call('RENAME', key, aside)
  redis.call('PEXPIRE', aside, 604800000)
  redis.pcall('LPUSH', P .. 'aside', 'The key ' .. key .. ' was a ' .. kind .. ', and is now ' .. aside)
  return redis.call(command, key, ...)
end
local function many(command, key, args)
  for i = 1, #args, 4000 do
    local last = math.min(i + 3999, #args)
    local reply = redis.pcall(command, key, unpack(args, i, last))
    -- Again, in the careful way: nothing was written.
    if type(reply) == 'table' and reply.err then call(command, key, unpack(args, i, last)) end
  end
end
-- A line for the log of a consumer.
local function logLine(line)
  local length = redis.pcall('LPUSH', P .. 'aside', line)
  if type(length) == 'table' then redis.pcall('DEL', P .. 'aside') elseif length > 100 then redis.pcall('LTRIM', P .. 'aside', 0, 99) end
end
-- What one script hands out or moves, roughly: it keeps the server from everything else, and its reply has to arrive in time.
local MOST_BYTES = 1048576
-- On a server whose memory is full a script may go on once it has written what needs none.
local function goOnIfFull() redis.call('DEL', P .. 'nothing') end
-- What was cut because the server takes no string of that length.
local function joined(first) return ARGV[first + 1] and table.concat(ARGV, '', first) or ARGV[first] end
local function append(list, ...)
  for i = 1, select('#', ...) do list[#list + 1] = (select(i, ...)) end
end
-- Whatever somebody has packed, as a table.
local function unpacked(text)
  local isWhole, value = pcall(cmsgpack.unpack, text or '')
  return isWhole and type(value) == 'table' and value or {}
end
`;

/** The time is that of the server. What somebody has written in place of a number is replaced by one that is larger than all. */
const NUMBERS = `
local time = redis.call('TIME')
-- No two scripts have the same.
local moment = time[1] * 1000 + time[2] / 1000
local now = math.floor(moment)
-- The next numbers: the last one of them.
local function nextNumber(field, count)
  local key = P .. 'numbers'
  local last = redis.pcall('HINCRBY', key, field, count)
  if type(last) == 'number' and last >= count and last < 9e15 then return last end
  if type(last) == 'table' and string.find(last.err, 'OOM', 1, true) then error(last.err) end
  call('HSET', key, field, string.format('%.0f', moment * 1000))
  return call('HINCRBY', key, field, count)
end
`;

/** One token on the bell while there is work; whoever takes it rings again if work is left (see `connection/bell.ts`). */
const BELL = `
local function publish(topic, message) redis.pcall('PUBLISH', P .. topic, message) end
local function ring()
  if call('LLEN', P .. 'bell') == 0 then call('RPUSH', P .. 'bell', '1') end
end
local function ringIfAny()
  if size() > 0 then ring() end
end
`;

/**
 * What a record or a tail says (see `records/record.ts`; `offset` is what stands in front of the tail): flags, id, and where that ends; nothing if
 * it is damaged. Flags: 1 track, 2 retry, 4 place in a chord, 8 begun, 16 gate, 32 unique key, 64 steps, 128 about. Nothing here trusts that
 * a record is whole.
 */
const RECORDS = `
local function parse(text, offset)
  local high, low = byte(text, offset + 14, offset + 15)
  if not low then return nil end
  local last = offset + 15 + high * 256 + low
  if #text < last then return nil end
  return byte(text, offset + 5), sub(text, offset + 16, last), last
end
-- What an item says of itself, for its state.
local function aboutOf(text, flags, last)
  if flags < 128 then return '' end
  local high, low = byte(text, last + 1, last + 2)
  return low and sub(text, last + 3, last + 2 + high * 256 + low) or ''
end
local function setRecordAside(record, where)
  redis.pcall('RPUSH', P .. 'damaged', record)
  redis.pcall('LTRIM', P .. 'damaged', -1000, -1)
  redis.pcall('PEXPIRE', P .. 'damaged', 604800000)
  logLine('A record in ' .. where .. ' of ' .. P .. ' was damaged, and is now in ' .. P .. 'damaged')
end
local function placeOf(record)
  if #record < 8 then return 0 end
  local place = struct.unpack('>d', record)
  return place > 0 and place < math.huge and place or 0
end
-- Lower comes first.
local function rank(text, offset)
  local priority = struct.unpack('>d', text, offset + 6)
  return priority == priority and -priority or 0
end
-- The state of an item by its letter, and what it says of itself; of one that is tried again the letter is another.
local function addState(states, text, offset, letter)
  local flags, id, last = parse(text, offset)
  if flags % 2 == 0 then return end
  if flags % 4 >= 2 and (letter == 'w' or letter == 's') then letter = 't' end
  states[#states + 1] = id
  states[#states + 1] = letter .. aboutOf(text, flags, last)
end
local function setStates(records, letter)
  local args = {}
  for i = 1, #records do addState(args, records[i], 16, letter) end
  many('HSET', P .. 'state', args)
end
local function dropStates(texts, offset)
  local ids = {}
  for i = 1, #texts do
    local _, id = parse(texts[i], offset)
    ids[#ids + 1] = id
  end
  many('HDEL', P .. 'state', ids)
end
`;

/** What is added: 1 tails for the queue, 2 tails with their due time for the schedule, 3 id and state of the tracked ones. */
const ADDING = `
-- Number NaN: for at once.
local AT_ONCE = struct.pack('>d', 0 / 0)
local function isLater(due) return due == due end
-- Tails with their due time in front, in whose place their number comes. Tells those who wait for a due time.
local function schedule(items)
  local key, soonest = P .. 'schedule', math.huge
  local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  local base = nextNumber('scheduled', #items) - #items
  local args = {}
  for i = 1, #items do
    local due = struct.unpack('>d', items[i])
    soonest = math.min(soonest, due)
    args[2 * i - 1] = due
    args[2 * i] = struct.pack('>d', base + i) .. sub(items[i], 9)
  end
  many('ZADD', key, args)
  if not first[2] or soonest < tonumber(first[2]) then publish('schedule', '1') end
end
local function add(items)
  if #items[1] > 0 then
    push(items[1])
    ring()
  end
  if #items[2] > 0 then schedule(items[2]) end
  many('HSET', P .. 'state', items[3])
end
-- Puts a tail with what is added.
local function addTail(added, due, tail)
  if isLater(due) then added[2][#added[2] + 1] = struct.pack('>d', due) .. tail
  else added[1][#added[1] + 1] = tail end
  addState(added[3], tail, 0, isLater(due) and 's' or 'w')
end
`;

/** Items whose gate or key has to be looked at, and others among them. */
const ENTERING = `
-- Items by call, each with its due time. Returns what is added, and by fours what became of some: a word, the call, the position in it, and a
-- value: \`duplicate\` with the id of the holder, \`blocked\`, \`admitted\` with the tail of one that waited.
local function enterAll(calls)
  local added, reply = {{}, {}, {}}, {}
  for c, texts in ipairs(calls) do
    for position, text in ipairs(texts) do
      local admitted = {}
      local what, holder = rare().enter(added, text, true, admitted)
      if what then append(reply, what, c - 1, position - 1, holder or '') end
      for i = 1, #admitted do append(reply, 'admitted', c - 1, position - 1, admitted[i]) end
    end
  end
  return added, reply
end
`;

/** The pause of a queue: when it ends, or "-". One that has ended by itself stays until the bell was rung for it. */
const PAUSE = `
local function isPaused(at)
  local ends = call('GET', P .. 'pause') or ''
  return ends == '-' or (tonumber(ends) or 0) > at
end
`;

/** All of it. */
export const BASICS: string = COMMANDS + NUMBERS + BELL + RECORDS + ADDING + ENTERING + PAUSE;
