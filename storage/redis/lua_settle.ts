/**
 * The scripts of settlements.
 * @module
 */
import { LETTERS } from "./dead_letters.ts";
import { EVEN_IF_FULL, JOINED, NOW, once, type Script, script } from "./lua.ts";
import { ENTRIES, FIND, LOCKS, PUT_NOTICES, WAKE } from "./lua_ends.ts";
import { CHORDS, PARSE } from "./lua_pieces.ts";

/** What settles. */
export interface SettleScripts {
  readonly settle: Script;
  /** The same for settlements without a claim, which would tell that they were written. */
  readonly settleUnclaimed: Script;
  readonly settleOne: Script;
  readonly fate: Script;
  readonly begin: Script;
}

/**
 * ARGV from 1: packed settlements, one after another in columns: 1 what is added, 2 request and claims of each group, or how many if
 * these are all that the request has claimed, 3 id, text and life of results, 4 tasks whose state is over, 5 notices: life, letter, ids
 * and what each says of itself, 6 tasks to wake for, 7 revocations to delete, 8 reports to chords, 9 chords to drop, 10 burials, 11 tokens whose locks are
 * dropped, 12 tasks whose older results and notices do not count any more, 13 chords, 14 tokens and whom their locks go to, 15 settlements with a
 * gate or a key: request and number of the claim, or false, consumer and worker that its gate goes to and under which name, or false, what follows, and the
 * next attempt, or false, 16 keys of steps to drop. In 4 true: those of 3. In 5, 6 and 7 true: those of 4. Replies the claims that are not held, or ? if it was not
 * told which; if there are any, nothing is written. Else "", or by threes a word, a number and a value: \`callback\` that was set free by this
 * report, or \`waits\` if it waits at its gate; \`blocked\` and a position, or \`admitted\` and a tail, of this settlement in 15.
 */
const SETTLE = `
local function letters()
${LETTERS}
  return {bury = bury}
end
local function findMissing(groups)
  local missing = {}
  for _, group in ipairs(groups) do
    local claims, numbers = P .. 'claims:' .. group[1], group[2]
    if type(numbers) == 'string' then
      if call('HLEN', claims) ~= tonumber(numbers) then return {'?'} end
    else
      for i = 1, #numbers do
        if call('HEXISTS', claims, numbers[i]) == 0 then missing[#missing + 1] = string.format('%.0f', struct.unpack('>d', numbers[i])) end
      end
    end
  end
  return missing
end
local function dropClaims(groups)
  -- Usual at one slot: what there is to delete is what has to be there.
  if #groups == 1 and groups[1][2] == '1' then
    if call('DEL', P .. 'claims:' .. groups[1][1]) == 0 then return {'?'} end
    call('HDEL', P .. 'requests', groups[1][1])
    return {}
  end
  local missing, over = findMissing(groups), {}
  if #missing > 0 then return missing end
  for _, group in ipairs(groups) do
    local claims, numbers = P .. 'claims:' .. group[1], group[2]
    local all = type(numbers) == 'string'
    if all then call('DEL', claims) else many('HDEL', claims, numbers) end
    if all or call('EXISTS', claims) == 0 then over[#over + 1] = group[1] end
  end
  many('HDEL', P .. 'requests', over)
  return missing
end
local function idsOfResults(results)
  local ids = {}
  for i = 1, #results, 3 do ids[#ids + 1] = results[i] end
  return ids
end
local function idsOr(ids, others) if ids == true then return others end return ids end
local function forget(keys, ids)
  if #ids == 0 and keys == true or keys ~= true and #keys == 0 or call('HLEN', P .. 'revocations') == 0 then return end
  if keys == true then
    keys = {}
    for i = 1, #ids do keys[i] = 'r:' .. ids[i] end
  end
  many('HDEL', P .. 'revocations', keys)
end
local function recordsOf(settlements)
  local records = {}
  for i, one in ipairs(settlements) do records[i] = one[1] and call('HGET', P .. 'claims:' .. one[1], one[2]) or false end
  return records
end
local function main(first)
  local s = cmsgpack.unpack(joined(first))
  if #s[1][1] > 0 or #s[8] > 0 or #s[15] > 0 then size() end
  local records = recordsOf(s[15])
  local missing = dropClaims(s[2])
  if #missing > 0 then return table.concat(missing, ' ') end
  if s[4] == true then s[4] = idsOfResults(s[3]) end
  dropFrom('notices', s[12])
  dropFrom('results', s[12])
  storeResults(s[3])
  many('HDEL', P .. 'state', s[4])
  for _, notice in ipairs(s[5]) do putNotices(notice[1], notice[2], idsOr(notice[3], s[4]), notice[4]) end
  forget(s[7], s[4])
  dropChords(s[9])
  storeChords(s[13])
  local reply = {}
  local function tell(word, number, value)
    reply[#reply + 1] = word
    reply[#reply + 1] = number
    reply[#reply + 1] = value
  end
  for i, one in ipairs(s[15]) do
    rare().settleItem(s[1], records[i], one, function(word, value) tell(word, i, value) end)
  end
  for i, one in ipairs(s[8]) do
    local callback, waits = report(one, s[1])
    if callback then tell(waits and 'waits' or 'callback', i, callback) end
  end
  if #s[10] > 0 then letters().bury(s[10]) end
  for _, key in ipairs(s[16]) do
    call('UNLINK', P .. 'steps:' .. key)
    call('SREM', P .. 'steps', key)
  end
  for _, token in ipairs(s[11]) do dropLocks(token) end
  for _, pass in ipairs(s[14]) do passLocks(pass[1], pass[2]) end
  add(s[1])
  wake(idsOr(s[6], s[4]))
  return #reply > 0 and reply or ''
end
`;

/**
 * ARGV 1 request, 2 number, 3 "1" if that is all the request has claimed, 4 id, 5 "1" if its revocation is deleted, 6 life of the
 * notice or of the result, 7 letter of the notice, whose text is 8, or "" if 8 is the text of a result. The usual case: one task that has ended, and
 * nothing follows. Replies as \`settle\` does.
 */
const SETTLE_ONE = `
local claims, id, isAwaited = P .. 'claims:' .. ARGV[1], ARGV[4], nil
if redis.call('HDEL', claims, ARGV[2]) == 0 then return ARGV[2] end
if ARGV[3] == '1' or redis.call('EXISTS', claims) == 0 then call('HDEL', P .. 'requests', ARGV[1]) end
call('HDEL', P .. 'state', id)
if ARGV[7] == '' then
  local args = {id, struct.pack('>d', moment) .. ARGV[8]}
  isAwaited = putInSet('results', tonumber(ARGV[6]), 4, args)
else isAwaited = putNotices(tonumber(ARGV[6]), ARGV[7], {id}, {ARGV[8]}) end
if ARGV[5] == '1' then call('HDEL', P .. 'revocations', 'r:' .. id) end
if isAwaited then wake({id}) end
return ''
`;

/**
 * What became of settlements whose reply was lost, and whose claims are gone. ARGV from 1: packed number of the claim, and the chord
 * that it reported to. Replies for each "0" if the claim was put back, or "1" and the callback if its report set it free.
 */
const FATE = `
local reply = {}
local flushed = tonumber(call('HGET', P .. 'numbers', 'flushed') or 0) or 0
local given = tonumber(call('HGET', P .. 'numbers', 'claim') or 0) or 0
for i, one in ipairs(cmsgpack.unpack(joined(1))) do
  local number = tonumber(one[1])
  local isLost = call('ZSCORE', P .. 'recovered', one[1]) or number <= flushed or number > given
  reply[i] = isLost and '0' or '1'
  if not isLost and one[2] then
    local chord = call('HMGET', P .. 'chord:' .. one[2], 'filled', 'callback')
    if chord[1] and chord[2] and string.sub(chord[1], 9) == one[1] then reply[i] = '1' .. chord[2] end
  end
end
return reply
`;

/** ARGV from 1: packed request and number of claims. Replies for each whether it is held; then it is marked as begun. */
const BEGIN = `
local reply = {}
for i, claim in ipairs(cmsgpack.unpack(joined(1))) do
  local claims = P .. 'claims:' .. claim[1]
  local record = call('HGET', claims, claim[2])
  local flags = record and parse(record, 16)
  reply[i] = flags and 1 or 0
  if flags and flags % 16 < 8 then
    call('HSET', claims, claim[2], string.sub(record, 1, 20) .. string.char(flags + 8) .. string.sub(record, 22))
  end
end
return reply
`;

/** @param adding What adds to a queue of one kind. */
export function settleScripts(adding: readonly string[]): SettleScripts {
  const settling = [NOW, JOINED, ...adding, FIND, ENTRIES, LOCKS, WAKE, CHORDS, SETTLE];
  return {
    settle: script(EVEN_IF_FULL, ...settling, "return main(1)"),
    settleUnclaimed: once(...settling, "local settle = main", "local function main() return settle(4) end"),
    settleOne: script(NOW, PUT_NOTICES, WAKE, SETTLE_ONE),
    fate: script(JOINED, FATE),
    begin: script(EVEN_IF_FULL, JOINED, PARSE, BEGIN),
  };
}
