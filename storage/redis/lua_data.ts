/**
 * The scripts of keys and values, states, leases and waiting.
 * @module
 */
import { EVEN_IF_FULL, NOW, once, type Script, script } from "./lua.ts";
import { ENTRIES, FIND, RENEW, WAKE } from "./lua_ends.ts";
import { BELL } from "./lua_pieces.ts";

/**
 * One change of a key: ARGV 4 space, 5 operation, 6 key, then
 * `put` 7 value, 8 life or "" · `add` the same, 9 token of the holder or "" · `pop` · `delete` · `delete-equal` 7 value ·
 * `replace` 7 value, 8 life, 9 "1" if something is expected, 10 that · `count` 7 by, 8 life.
 */
const CHANGE = `
local space, operation, key = ARGV[4], ARGV[5], ARGV[6]
local entry = find(space, key)
local function put(value, ttl, holder)
  store(space, key, value, ttl, holder)
  if space == 'revocations' then publish('revocations', key) end
  return 1
end
local function remove()
  if not entry then return 0 end
  erase(space, key, entry)
  return 1
end
local operations = {
  put = function()
    if entry then unhold(space, key, entry) end
    return put(ARGV[7], ARGV[8])
  end,
  add = function()
    if entry then return 0 end
    if ARGV[9] == '' then return put(ARGV[7], ARGV[8]) end
    local locks = locksOf(ARGV[9])
    locks[#locks + 1] = {space, key}
    setLocks(ARGV[9], locks)
    return put(ARGV[7], ARGV[8], ARGV[9])
  end,
  pop = function()
    if not entry then return false end
    remove()
    return bodyOf(entry)
  end,
  delete = remove,
  ['delete-equal'] = function() return entry and bodyOf(entry) == ARGV[7] and remove() or 0 end,
  replace = function()
    local same = entry and ARGV[9] == '1' and bodyOf(entry) == ARGV[10] or not entry and ARGV[9] ~= '1'
    return same and put(ARGV[7], ARGV[8], entry and holderOf(entry)) or 0
  end,
  count = function()
    local total = string.format('%.17g', (entry and tonumber(bodyOf(entry)) or 0) + tonumber(ARGV[7]))
    if entry then call('HSET', P .. space, key, string.sub(entry, 1, 9) .. total) else put(total, ARGV[8]) end
    return total
  end,
}
local main = operations[operation]
`;

/** Changes one key. */
export const CHANGE_KEY: Script = once(NOW, BELL, ENTRIES, CHANGE);

/**
 * One change of a result: ARGV 4 operation, 5 id, then as `CHANGE`; for `pop` 6 "1" if what an ended task has left stays, for the
 * others 6 value, 7 life or "", 8 "1" if something is expected, 9 that. A read leaves a notice of how the task ended.
 */
const CHANGE_ONE = `
local id = ARGV[5]
local text = findResults({id})[1]
local body, letter, about
if text then body, letter, about = readResult(text) end
local function put()
  dropFrom('results', {id})
  storeResults({id, '-' .. struct.pack('>d', 0) .. ARGV[6], ARGV[7] == '' and 0 or tonumber(ARGV[7])})
  wake({id})
  return 1
end
local function remove()
  if not text then return 0 end
  dropFrom('results', {id})
  if string.find('cfvxnd', letter, 1, true) then putNotices(struct.unpack('>d', text, 10), letter, {id}, {about}) end
  return 1
end
local operations = {
  put = put,
  add = function() return text and 0 or put() end,
  pop = function()
    if not text then return false end
    if ARGV[6] ~= '1' or letter == '-' then remove() end
    return body
  end,
  delete = remove,
  ['delete-equal'] = function() return body == ARGV[6] and remove() or 0 end,
  replace = function()
    local same = text and ARGV[8] == '1' and body == ARGV[9] or not text and ARGV[8] ~= '1'
    return same and put() or 0
  end,
}
local main = operations[ARGV[4]]
`;

/** Changes one result. */
export const CHANGE_RESULT: Script = once(NOW, FIND, WAKE, CHANGE_ONE);

/** ARGV 1 space. Removes what has expired. Replies the number of keys. */
export const SIZE: Script = script(
  NOW,
  ENTRIES,
  `
while sweep(ARGV[1], 1000) == 1000 do end
return call('HLEN', P .. ARGV[1])
`,
);

/** Replies the number of results. Only sets of which something may have expired are read. */
export const RESULT_COUNT: Script = script(
  NOW,
  FIND,
  `
local count, sets = 0, setsOf('results')
for i = 1, #sets, 2 do
  local key, ttl = sets[i], sets[i + 1]
  local ends = tonumber(call('HGET', SETS, key))
  if ttl > 0 and ends - math.ceil(ttl / 4) <= now then
    local all, over = call('HGETALL', key), {}
    for j = 1, #all, 2 do
      if not isResult(all[j + 1], ttl) then over[#over + 1] = all[j] end
    end
    many('HDEL', key, over)
  end
  count = count + call('HLEN', key)
end
return count
`,
);

/** ARGV 1 space, then keys, or none for all. Replies the time, then key and entry of each, expired ones too. */
export const ENTRIES_OF: Script = script(
  NOW,
  `
local reply, space = {string.format('%.0f', now)}, P .. ARGV[1]
if not ARGV[2] then
  for i, text in ipairs(call('HGETALL', space)) do reply[i + 1] = text end
  return reply
end
for i = 2, #ARGV do
  reply[#reply + 1] = ARGV[i]
  reply[#reply + 1] = call('HGET', space, ARGV[i])
end
return reply
`,
);

/** ARGV: ids. Replies the value of each. */
export const RESULTS_OF: Script = script(
  NOW,
  FIND,
  `
local reply, found = {}, findResults(ARGV)
for i = 1, #ARGV do reply[i] = found[i] and readResult(found[i]) or false end
return reply
`,
);

/** Replies id and value of each result. */
export const ALL_RESULTS: Script = script(
  NOW,
  FIND,
  `
local found, reply, sets = {}, {}, setsOf('results')
for i = 1, #sets, 2 do
  local all = call('HGETALL', sets[i])
  for j = 1, #all, 2 do found[all[j]] = laterResult(found[all[j]], all[j + 1], sets[i + 1]) end
end
for id, text in pairs(found) do
  reply[#reply + 1] = id
  reply[#reply + 1] = (readResult(text))
end
return reply
`,
);

/** ARGV 1 space. Deletes all of it. */
export const FLUSH_SPACE: Script = script(`
call('UNLINK', P .. ARGV[1], P .. ARGV[1] .. ':ttl')
if ARGV[1] == 'locks' then call('UNLINK', P .. 'held') end
return 1
`);

/** Deletes all results; notices stay. */
export const FLUSH_RESULTS: Script = script(
  NOW,
  FIND,
  `
dropSets('results')
return 1
`,
);

/** ARGV 1 chord. Replies index and value of each, and the rest of the record. */
export const COLLECT: Script = script(`return call('HGETALL', P .. 'chord:' .. ARGV[1])`);

/**
 * ARGV 1 how long to be told, or "", then ids. Replies "1" if all the others are remembered, then those that have ended or left a
 * result. On a server whose memory is full none can be remembered.
 */
export const ENDED: Script = script(
  NOW,
  FIND,
  `
local ids, reply, ended = {unpack(ARGV, 2)}, {'1'}, {}
local letters, results = call('HMGET', P .. 'state', unpack(ids)), findResults(ids)
for i, id in ipairs(ids) do
  if letters[i] and string.sub(letters[i], 1, 1) == 'd' or results[i] then ended[id] = true end
end
local sets = setsOf('notices')
for s = 1, #sets, 2 do
  for i, notice in ipairs(call('HMGET', sets[s], unpack(ids))) do
    if not letters[i] and laterNotice(nil, notice) then ended[ids[i]] = true end
  end
end
local marks = {}
for _, id in ipairs(ids) do
  if ended[id] then reply[#reply + 1] = id
  else
    marks[#marks + 1] = now + tonumber(ARGV[1] == '' and 0 or ARGV[1])
    marks[#marks + 1] = id
  end
end
if ARGV[1] == '' or #marks == 0 then return reply end
-- Of a key of another type, or on a full server, whoever waits has to look.
local marked = redis.pcall('ZADD', P .. 'waiting', unpack(marks))
if type(marked) == 'table' then reply[1] = '0' end
return reply
`,
);

/** ARGV 1 id. Replies the letter and what stands behind it: of a task that runs its mark, then what it says of itself. */
export const STATE: Script = script(
  NOW,
  FIND,
  `
local state = call('HGET', P .. 'state', ARGV[1])
if state then return {string.sub(state, 1, 1), string.sub(state, 2)} end
local text = findResults({ARGV[1]})[1]
if text then
  local _, letter, about = readResult(text)
  if string.find('cfvxnd', letter, 1, true) then return {letter, about} end
end
local notice = findNotice(ARGV[1])
return notice and {string.sub(notice, 1, 1), string.sub(notice, 10)} or {}
`,
);

/**
 * ARGV 1 consumer, 2 life, 3 text and 4 about of its lease. Also removes what has expired, a part at a time. Replies lines for a log: what
 * scripts have set aside.
 */
export const RENEW_LEASE: Script = script(
  EVEN_IF_FULL,
  NOW,
  ENTRIES,
  FIND,
  RENEW,
  `
renew(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
for space in pairs(SPACES) do sweep(space, 1000) end
setsOf('')
call('ZREMRANGEBYSCORE', P .. 'waiting', '-inf', now)
return call('EXISTS', P .. 'aside') == 1 and call('LPOP', P .. 'aside', 100) or {}
`,
);

/** Replies the time, then consumer, lease and about of each. */
export const LEASES: Script = script(
  NOW,
  `
local reply, all = {string.format('%.0f', now)}, call('HGETALL', P .. 'leases')
for i = 1, #all, 2 do
  reply[#reply + 1] = all[i]
  reply[#reply + 1] = all[i + 1]
  reply[#reply + 1] = call('HGET', P .. 'about', all[i]) or ''
end
return reply
`,
);

/** Replies when the soonest item is due, or a pause ends, or nothing. */
export const NEXT_DUE: Script = script(`
local due = call('ZRANGE', P .. 'schedule', 0, 0, 'WITHSCORES')[2]
local ends = call('GET', P .. 'pause')
if not ends or not tonumber(ends) or due and tonumber(due) <= tonumber(ends) then return due or false end
return ends
`);

/** ARGV 1 limit (-1: all). Replies number and tail, and due time of each. */
export const SCHEDULED: Script = script(`return call('ZRANGE', P .. 'schedule', 0, ARGV[1], 'WITHSCORES')`);

/** Replies how many there are: ARGV 1 command, 2 key. */
export const COUNT: Script = script(`return call(ARGV[1], P .. ARGV[2])`);

/** ARGV 1 index of the last (-1: all). Replies the records on a queue: ARGV 2 is the command that lists it. */
export const PENDING: Script = script(`return call(ARGV[2], P .. 'queue', 0, ARGV[1])`);
