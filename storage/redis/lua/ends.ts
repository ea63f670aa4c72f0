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
-- ttl: 0 for no end. A set ends a slice of that life after the first that is in it.
local function putInSet(kind, ttl, args)
  local length = math.max(1, math.ceil(ttl / (kind == 'results' and 4 or 1)))
  local number = ttl > 0 and math.floor((now + ttl) / length) or 0
  local key = P .. kind .. string.format(':%d:%d', ttl, number)
  local isKnown = redis.call('EXISTS', key, SETS) == 2
  many('HSET', key, args)
  if isKnown then return end
  local left, ends = call('PTTL', SETS), ttl > 0 and string.format('%.0f', (number + 1) * length) or '0'
  call('HSET', SETS, key, ends)
  if ttl == 0 then call('PERSIST', SETS)
  else
    call('PEXPIREAT', key, ends)
    if left == -2 or left >= 0 and left < ends - now then call('PEXPIREAT', SETS, ends) end
  end
end
-- Gathers ends by their life, for \`putEnds\`. text: all but the time.
local STORED = struct.pack('>d', moment)
local function addEnd(byLife, life, id, text)
  local args = byLife[life] or {}
  byLife[life] = args
  args[#args + 1] = id
  args[#args + 1] = STORED .. text
end
local function putEnds(kind, byLife)
  for life, args in pairs(byLife) do putInSet(kind, life, args) end
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
