/**
 * Lua for messages that were set aside, and for steps, which go over to them. Nearly no script run needs it: see `rare` in `library.ts`.
 *
 * Keys: `dead` id -> letter · `dead-order` and `dead:<kind>` ids by time · `dead-tasks` id of a task -> ids of its letters, oldest first ·
 * `steps:<key>` name -> value · `steps` keys of tasks that have not ended · `dead-steps` keys that belong to dead letters.
 *
 * A letter: kind, id of its task, name of its task and key of its steps, each with its length u16 in front; lengths u32 of text and error,
 * these, and the tail of the item. What its task has left, and what lists it, goes with it.
 * @module
 */

/** Letters of one task that it can be found by. */
const OF_ONE_TASK = 100;

/** Most letters that go with one burial. */
const TRIMMED = 100;

/** Steps end with their task, or go over to its dead letter, and end with that. */
const STEPS = `
local function dropSteps(key)
  call('UNLINK', P .. 'steps:' .. key)
  call('SREM', P .. 'steps', key)
end
local function handSteps(key, from, to)
  if call('SREM', P .. from, key) == 1 then call('SADD', P .. to, key) end
end
local function dropStepsOfLetter(key)
  if call('SREM', P .. 'dead-steps', key) == 1 and call('SISMEMBER', P .. 'steps', key) == 0 then
    call('UNLINK', P .. 'steps:' .. key)
  end
end
`;

/** Setting a message aside, finding those of a task, and dropping one, or the oldest of a kind. */
const LETTERS = `
local KINDS = {failed = true, unknown = true, unreadable = true}
local function readLetter(letter)
  local isWhole, kind, task, name, steps = pcall(struct.unpack, '>Hc0Hc0Hc0Hc0', letter or '')
  if isWhole and KINDS[kind] then return kind, task, name, steps end
end
-- Ids of the letters of a task, but for one.
local function lettersOf(task, without)
  local good = {}
  for _, id in ipairs(unpacked(call('HGET', P .. 'dead-tasks', task))) do
    if type(id) == 'string' and id ~= without then good[#good + 1] = id end
  end
  return good
end
local function setLettersOf(task, ids)
  if #ids == 0 then call('HDEL', P .. 'dead-tasks', task) else call('HSET', P .. 'dead-tasks', task, cmsgpack.pack(ids)) end
end
-- Returns the id of its task, if it tells that.
local function dropLetter(id, letter, keepsSteps)
  call('HDEL', P .. 'dead', id)
  call('ZREM', P .. 'dead-order', id)
  for kind in pairs(KINDS) do call('ZREM', P .. 'dead:' .. kind, id) end
  local kind, task, _, steps = readLetter(letter)
  if not kind then return nil end
  setLettersOf(task, lettersOf(task, id))
  local state = call('HGET', P .. 'state', task)
  if state and sub(state, 1, 1) == 'd' then call('HDEL', P .. 'state', task) end
  if keepsSteps then handSteps(steps, 'dead-steps', 'steps') else dropStepsOfLetter(steps) end
  return task
end
local function dropOldest(ids)
  for _, id in ipairs(ids) do dropLetter(id, call('HGET', P .. 'dead', id)) end
end
local function trimLetters(kind, count, age)
  local key = P .. 'dead:' .. kind
  local surplus = math.max(0, math.min(call('ZCARD', key) - count, ${TRIMMED}))
  if surplus > 0 then dropOldest(call('ZRANGE', key, 0, surplus - 1)) end
  if not age or surplus == ${TRIMMED} then return end
  local before = string.format('(%.17g', now - age)
  dropOldest(call('ZRANGEBYSCORE', key, '-inf', before, 'LIMIT', 0, ${TRIMMED} - surplus))
end
-- Most: how many of the kind stay, or false; age: how long, or false.
local function bury(id, at, letter, kind, task, steps, most, age)
  local old = call('HGET', P .. 'dead', id)
  if old then dropLetter(id, old, true) end
  call('HSET', P .. 'dead', id, letter)
  call('ZADD', P .. 'dead-order', at, id)
  call('ZADD', P .. 'dead:' .. kind, at, id)
  local ids = lettersOf(task, id)
  ids[#ids + 1] = id
  if #ids > ${OF_ONE_TASK} then table.remove(ids, 1) end
  setLettersOf(task, ids)
  handSteps(steps, 'steps', 'dead-steps')
  if most then trimLetters(kind, most, age) end
end
`;

/** Both, for the scripts that need them. */
export const LETTERS_AND_STEPS: string = STEPS + LETTERS;
