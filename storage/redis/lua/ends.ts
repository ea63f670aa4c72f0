/**
 * Lua for what is left of a task that has ended: its result, and the notice of how it ended.
 *
 * Both stand in hashes by id, one for a kind, a life and a slice of time, which the server ends as a whole; `sets` has their names with
 * their ends. So nothing has to be swept, and nothing stays when no program runs.
 *
 * Text of an end: when it was stored f64 · a letter, how the task ended · of a result: life of the notice that a read leaves f64 · with a
 * capital letter: what the task says of itself, with its length u16 · of a result: the value.
 * @module
 */

/** Storing ends, and telling of them. */
const STORING = `
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
-- abouts: what each says of itself, where one does; true: the same as the one before.
local function putNotices(ttl, letter, ids, abouts)
  if not (ttl > 0) then return end
  local stored, args, about = struct.pack('>d', moment), {}, nil
  local text = stored .. letter
  for i = 1, #ids do
    about = abouts and abouts[i] or ''
    if about ~= '' and about ~= true then text = stored .. string.upper(letter) .. struct.pack('>H', #about) .. about end
    args[2 * i - 1] = ids[i]
    args[2 * i] = text
  end
  -- The life may come from a record that nobody of ours has written.
  return putInSet('notices', math.min(math.ceil(ttl), 3155760000000), 1, args)
end
-- By threes: id, text (all but the time) and life. Returns whether somebody waits for an end.
local function putResults(results)
  local byLife, stored, isAwaited = {}, struct.pack('>d', moment), false
  for i = 1, #results, 3 do
    local args = byLife[results[i + 2]] or {}
    byLife[results[i + 2]] = args
    args[#args + 1] = results[i]
    args[#args + 1] = stored .. results[i + 1]
  end
  for ttl, args in pairs(byLife) do isAwaited = putInSet('results', ttl, 4, args) or isAwaited end
  return isAwaited
end
-- Tells those who wait: \`waiting\` has only ids that somebody waits for.
local function wake(ids)
  if #ids == 0 or call('ZCARD', P .. 'waiting') == 0 then return end
  for i = 1, #ids do
    if call('ZREM', P .. 'waiting', ids[i]) == 1 then publish('results', ids[i]) end
  end
end
`;

/** Finding ends, and taking them away. The names of sets are read from the store, so that only those of ours are touched. */
const FINDING = `
-- By twos: key and life of those that may still hold something.
local function setsOf(kind)
  local all, sets, head = call('HGETALL', SETS), {}, P .. kind .. ':'
  for i = 1, #all, 2 do
    local ends, ttl = tonumber(all[i + 1]), tonumber(string.match(all[i], ':(%d+):%d+$'))
    if not ends or not ttl or ends ~= 0 and ends <= now then call('HDEL', SETS, all[i])
    elseif sub(all[i], 1, #head) == head then
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
-- How a task has ended, what it says of itself, and where the value begins; nothing of what is damaged or over.
local function readEnd(kind, text, ttl)
  local head = kind == 'results' and 17 or 9
  if not text or #text < head or ttl ~= 0 and not (struct.unpack('>d', text) + ttl > now) then return nil end
  local letter = sub(text, 9, 9)
  if not string.find(letter, '%u') then return letter, '', head + 1 end
  local last = #text >= head + 2 and head + 2 + struct.unpack('>H', text, head + 1)
  if last and #text >= last then return string.lower(letter), sub(text, head + 3, last), last + 1 end
end
-- The later one of two ends of a task: its letter, what it says of itself, its text, and where the value begins.
local function laterEnd(other, kind, text, ttl)
  local letter, about, from = readEnd(kind, text, ttl)
  if not letter or other and struct.unpack('>d', other.text) >= struct.unpack('>d', text) then return other end
  return {letter = letter, about = about, text = text, from = from}
end
-- By the numbers of the ids.
local function findEnds(kind, ids)
  local found, sets = {}, setsOf(kind)
  for s = 1, #sets, 2 do
    for i, text in ipairs(call('HMGET', sets[s], unpack(ids))) do found[i] = laterEnd(found[i], kind, text, sets[s + 1]) end
  end
  return found
end
local function valueOf(found) return found and sub(found.text, found.from) or false end
-- An intermediate result is none of a task that has ended.
local function isOfEnded(result) return result and string.find('cfvxnd', result.letter, 1, true) end
`;

/** All of it. */
export const ENDS: string = STORING + FINDING;
