/**
 * Messages that were set aside.
 *
 * Keys: `dead` id -> letter · `dead-order` and `dead:<kind>` ids by time · `dead-tasks` id of a task -> ids of its letters, oldest first.
 * @module
 */
import type { Burial, Claim, DeadLetterQuery, Settlement, StoredDeadLetter } from "../../lib/storage.ts";
import type { RedisCore } from "./core.ts";
import { once, type Script, script } from "./lua.ts";
import { RECORDS } from "./lua_pieces.ts";
import type { Packable } from "./pack.ts";
import { plainBytes, readTail, tail } from "./record.ts";
import { STEPS } from "./steps.ts";

/** Most letters that one listing or count looks at. */
const EXAMINED = 10_000;

/** Letters of one task that it can be found by. */
const OF_ONE_TASK = 100;

/** Most letters that go with one burial. */
const TRIMMED = 100;

/**
 * A letter: kind, id of its task, name of its task and key of its steps, each with its length u16 in front; lengths u32 of text and error,
 * these, and the tail of the item. What its task has left, and what lists it, goes with it.
 */
export const LETTERS: string = STEPS + `
local KINDS = {failed = true, unknown = true, unreadable = true}
local function readLetter(letter)
  local isWhole, kind, task, name, steps = pcall(struct.unpack, '>Hc0Hc0Hc0Hc0', letter)
  if isWhole and KINDS[kind] then return kind, task, name, steps end
end
local function lettersOf(task)
  local isWhole, ids = pcall(cmsgpack.unpack, call('HGET', P .. 'dead-tasks', task) or '')
  local good = {}
  for _, id in ipairs(isWhole and type(ids) == 'table' and ids or {}) do
    if type(id) == 'string' then good[#good + 1] = id end
  end
  return good
end
local function setLettersOf(task, ids)
  if #ids == 0 then call('HDEL', P .. 'dead-tasks', task) else call('HSET', P .. 'dead-tasks', task, cmsgpack.pack(ids)) end
end
local function without(ids, id)
  local left = {}
  for _, each in ipairs(ids) do
    if each ~= id then left[#left + 1] = each end
  end
  return left
end
-- Returns the id of its task, if it tells that.
local function dropLetter(id, letter, keepsSteps)
  call('HDEL', P .. 'dead', id)
  call('ZREM', P .. 'dead-order', id)
  for kind in pairs(KINDS) do call('ZREM', P .. 'dead:' .. kind, id) end
  local kind, task, _, steps = readLetter(letter or '')
  if not kind then return nil end
  setLettersOf(task, without(lettersOf(task), id))
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
-- 1 id, 2 time, 3 letter, 4 kind, 5 id of the task, 6 key of the steps, 7 how many stay, or false, 8 how long, or false.
local function bury(burials)
  for _, one in ipairs(burials) do
    local old = call('HGET', P .. 'dead', one[1])
    if old then dropLetter(one[1], old, true) end
    call('HSET', P .. 'dead', one[1], one[3])
    call('ZADD', P .. 'dead-order', one[2], one[1])
    call('ZADD', P .. 'dead:' .. one[4], one[2], one[1])
    local ids = without(lettersOf(one[5]), one[1])
    ids[#ids + 1] = one[1]
    if #ids > ${OF_ONE_TASK} then table.remove(ids, 1) end
    setLettersOf(one[5], ids)
    handSteps(one[6], 'steps', 'dead-steps')
    if one[7] then trimLetters(one[4], one[7], one[8]) end
  end
end
`;

/** ARGV 1 limit, 2 kind or "", 3 "1" if of one task, 4 its name, 5 time before which. Replies the letters, newest first. */
const LIST: Script = script(
  RECORDS,
  LETTERS,
  `
local key = ARGV[2] == '' and P .. 'dead-order' or P .. 'dead:' .. ARGV[2]
local limit, reply = tonumber(ARGV[1]), {}
for from = 0, ${EXAMINED - 500}, 500 do
  local ids = call('ZREVRANGEBYSCORE', key, ARGV[5], '-inf', 'LIMIT', from, 500)
  local letters = #ids > 0 and call('HMGET', P .. 'dead', unpack(ids)) or {}
  for _, letter in ipairs(letters) do
    local kind, _, name = readLetter(letter or '')
    if kind and (ARGV[3] ~= '1' or name == ARGV[4]) then reply[#reply + 1] = letter end
    if #reply >= limit then return reply end
  end
  if #ids < 500 then break end
end
return reply
`,
);

/** ARGV 1 kind or "", 2 time before which. Replies how many there are. */
const COUNT: Script = script(`
local key = ARGV[1] == '' and P .. 'dead-order' or P .. 'dead:' .. ARGV[1]
return call('ZCOUNT', key, '-inf', ARGV[2])
`);

/** ARGV 1 id of the letter or of its task. Replies the letter, or nothing. */
const FIND: Script = script(
  RECORDS,
  LETTERS,
  `
local letter = call('HGET', P .. 'dead', ARGV[1])
if letter then return letter end
local ids = lettersOf(ARGV[1])
for i = #ids, 1, -1 do
  letter = call('HGET', P .. 'dead', ids[i])
  if letter then return letter end
end
return false
`,
);

/** ARGV 4 id. */
const DELETE: Script = once(
  RECORDS,
  LETTERS,
  `
local function main()
  local letter = call('HGET', P .. 'dead', ARGV[4])
  if letter then dropLetter(ARGV[4], letter) end
  return letter and 1 or 0
end
`,
);

/** Deletes all. */
export const FLUSH_LETTERS: string = LETTERS + `
local function dropAllLetters()
  local states = {}
  for _, letter in ipairs(call('HVALS', P .. 'dead')) do
    local kind, task = readLetter(letter)
    local state = kind and call('HGET', P .. 'state', task)
    if state and sub(state, 1, 1) == 'd' then states[#states + 1] = task end
  end
  many('HDEL', P .. 'state', states)
  dropAllSteps('dead-steps')
  redis.call('UNLINK', P .. 'dead', P .. 'dead-order', P .. 'dead-tasks')
  for kind in pairs(KINDS) do redis.call('UNLINK', P .. 'dead:' .. kind) end
end
`;

/** A burial as the scripts read it. */
export function packableBurial(burial: Burial, { id, claim, buryBounds }: Settlement): Packable {
  const { atMs, kind } = burial;
  const task = burial.taskId ?? id;
  const steps = claim?.steps ?? claim?.id ?? id;
  const letter = letterBytes(burial, task, steps, claim);
  return [burial.id, atMs, letter, kind, task, steps, buryBounds?.count, buryBounds?.ageMs];
}

function letterBytes(burial: Burial, task: string, steps: string, claim: Claim | undefined): Buffer {
  const { id, kind, reason, atMs, taskId, taskName, attempts, error, data } = burial;
  const { priority = 0, track = false, chord } = claim ?? {};
  const text = Buffer.from(
    JSON.stringify({ id, kind, reason, atMs, taskId, taskName, attempts, hasError: error !== undefined }),
  );
  const lengths = Buffer.allocUnsafe(8);
  lengths.writeUInt32BE(error?.length ?? 0, lengths.writeUInt32BE(text.length));
  const head = [kind, task, taskName ?? "", steps].flatMap((each) => {
    const bytes = Buffer.from(each);
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(bytes.length);
    return [length, bytes];
  });
  const item = { id: task, data, priority, track, chord };
  return Buffer.concat([...head, lengths, text, error ?? new Uint8Array(0), tail(item)]);
}

function readLetter(letter: Buffer): StoredDeadLetter[] {
  try {
    let at = 0;
    for (let part = 0; part < 4; part++) at += 2 + letter.readUInt16BE(at);
    const textEnd = at + 8 + letter.readUInt32BE(at);
    const errorEnd = textEnd + letter.readUInt32BE(at + 4);
    const read = readTail(letter, errorEnd);
    const told = JSON.parse(letter.toString("utf8", at + 8, textEnd)) as Partial<StoredDeadLetter> & { hasError?: boolean };
    if (!read || typeof told?.id !== "string" || typeof told.reason !== "string") return [];
    const { hasError, ...rest } = told as StoredDeadLetter & { hasError?: boolean };
    const error = hasError ? { error: plainBytes(letter.subarray(textEnd, errorEnd), 0) } : {};
    return [{ ...rest, ...error, data: read.data, priority: read.priority }];
  } catch {
    return [];
  }
}

/** Newest first. */
export async function deadLetters(core: RedisCore, query: DeadLetterQuery): Promise<StoredDeadLetter[]> {
  const { kind = "", taskName, limit = EXAMINED } = query;
  if (limit <= 0) return [];
  const named = taskName === undefined ? ["0", ""] : ["1", taskName];
  const found = await core.run(LIST, String(Math.min(limit, EXAMINED)), kind, ...named, beforeOf(query)) as Buffer[];
  return found.flatMap(readLetter);
}

/** How many there are. */
export async function deadLetterCount(core: RedisCore, query: DeadLetterQuery): Promise<number> {
  if (query.taskName !== undefined) return (await deadLetters(core, { ...query, limit: EXAMINED })).length;
  return await core.run(COUNT, query.kind ?? "", beforeOf(query)) as number;
}

function beforeOf({ beforeMs }: DeadLetterQuery): string {
  return beforeMs === undefined ? "+inf" : `(${beforeMs}`;
}

/** By its own id or that of its task. */
export async function deadLetter(core: RedisCore, id: string): Promise<StoredDeadLetter | undefined> {
  const letter = await core.run(FIND, id) as Buffer | null;
  return letter === null ? undefined : readLetter(letter)[0];
}

/** @returns whether it was there */
export async function deleteDeadLetter(core: RedisCore, id: string): Promise<boolean> {
  core.assertOpen();
  return await core.calls.once(DELETE, [id]) === 1;
}
