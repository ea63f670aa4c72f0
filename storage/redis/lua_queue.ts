/**
 * The scripts of one kind of queue: what comes to it, and their list.
 * @module
 */
import { EVEN_IF_FULL, JOINED, NOW, once, onceText, type Script, script } from "./lua.ts";
import { LETTERS } from "./dead_letters.ts";
import { RARE } from "./gates.ts";
import { ENTRIES, FIND, LOCKS, RENEW } from "./lua_ends.ts";
import { CLAIM, CLAIMED, RECOVER, RELEASE } from "./lua_claims.ts";
import { type QueueKind, queueLua } from "./lua_kinds.ts";
import { ADD, BELL, CHORDS, CLAIMS, NUMBERS, PARSE, RECORDS } from "./lua_pieces.ts";
import { END_PAUSE, PAUSE, RESUME } from "./pause.ts";
import { type SettleScripts, settleScripts } from "./lua_settle.ts";

/** The scripts of one kind of queue. */
export interface QueueScripts extends SettleScripts {
  readonly enqueue: Script;
  readonly enqueueOne: Script;
  /** For batches in which an item has a gate or a key. */
  readonly enqueueEntering: Script;
  readonly enqueueOnce: Script;
  readonly claim: Script;
  readonly claimed: Script;
  readonly release: Script;
  readonly recover: Script;
  readonly leaveGate: Script;
  readonly endLease: Script;
  readonly promoteDue: Script;
  readonly promote: Script;
  readonly requeue: Script;
  readonly resume: Script;
}

/**
 * ARGV 4 how many tails for the queue there are, then these, each as it is, since Lua reads each byte of each string that it makes; then
 * packed: tails with their due time for the schedule, states, chords.
 */
const ENQUEUE = `
local function main()
  local count, tails = tonumber(ARGV[4]), {}
  local others = cmsgpack.unpack(joined(5 + count))
  size()
  storeChords(others[3])
  for i = 1, count do tails[i] = ARGV[4 + i] end
  add({tails, others[1], others[2]})
  return '1'
end
`;

/** ARGV 4 tail, 5 id and 6 state if it is tracked. The usual case: one item for the queue. */
const ENQUEUE_ONE = `
local function main()
  pushOne(ARGV[4])
  if ARGV[5] then call('HSET', P .. 'state', ARGV[5], ARGV[6]) end
  return '1'
end
`;

/**
 * ARGV 4 items that have a gate or a key, and others among them, with their due times, and chords. Replies by threes what became of them where
 * that is not usual: a word, the position, and a value: \`duplicate\` with the id of the holder, \`blocked\`, \`admitted\` with the tail of one
 * that waited.
 */
const ENTER = `
local function enterAll(texts)
  local added, reply = {{}, {}, {}}, {}
  for position, text in ipairs(texts) do
    local admitted = {}
    local what, holder = rare().enter(added, text, true, admitted)
    if what then
      reply[#reply + 1] = what
      reply[#reply + 1] = position - 1
      reply[#reply + 1] = holder or ''
    end
    for i = 1, #admitted do
      reply[#reply + 1] = 'admitted'
      reply[#reply + 1] = position - 1
      reply[#reply + 1] = admitted[i]
    end
  end
  return added, reply
end
`;

const ENQUEUE_ENTERING = `
local function main()
  local given = cmsgpack.unpack(joined(4))
  size()
  storeChords(given[2])
  local added, reply = enterAll(given[1])
  add(added)
  return reply
end
`;

/** ARGV 4 key, 5 its life, 6 item with its due time. Replies as \`enqueue\` does for such items, or nothing if the key was not free. */
const ENQUEUE_ONCE = `
local function main()
  if find('meta', ARGV[4]) then return false end
  size()
  store('meta', ARGV[4], '', ARGV[5])
  local added, reply = enterAll({joined(6)})
  add(added)
  return reply
end
`;

/**
 * ARGV 4 limit. Replies due time, tail, and "1" if it waits at its gate, of each. Rings too if a pause has ended by itself.
 */
const PROMOTE_DUE = `
local function main()
  size()
  endPause()
  local due = call('ZRANGEBYSCORE', P .. 'schedule', '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[4])
  local members, added, reply = {}, {{}, {}, {}}, {}
  for i = 1, #due, 2 do
    members[#members + 1] = due[i]
    moveDue(due[i], due[i + 1], added, reply)
  end
  if #members == 0 then return reply end
  many('ZREM', P .. 'schedule', members)
  add(added)
  return reply
end
`;

/** ARGV 4 id. Replies as \`promoteDue\` does. */
const PROMOTE = `
local function findScheduled(id)
  for from = 0, 9500, 500 do
    local all = call('ZRANGE', P .. 'schedule', from, from + 499, 'WITHSCORES')
    for i = 1, #all, 2 do
      local flags, found = parse(all[i], 8)
      if flags and found == id then return all[i], all[i + 1] end
    end
    if #all < 1000 then return nil end
  end
end
local function main()
  size()
  local member, due = findScheduled(ARGV[4])
  local added, reply = {{}, {}, {}}, {}
  if not member then return reply end
  call('ZREM', P .. 'schedule', member)
  moveDue(member, due, added, reply)
  add(added)
  return reply
end
`;

/** From the schedule to the queue, or to the line of a gate. */
const MOVE_DUE = `
local function moveDue(member, due, added, reply)
  local flags = parse(member, 8)
  if not flags then return setRecordAside(member, 'the schedule') end
  local tail, waits = sub(member, 9), false
  if flags % 32 >= 16 then waits = rare().enter(added, AT_ONCE .. tail, false) == 'blocked'
  else
    added[1][#added[1] + 1] = tail
    addState(added[3], tail, 0, 'w')
  end
  reply[#reply + 1] = due
  reply[#reply + 1] = tail
  reply[#reply + 1] = waits and '1' or ''
end
`;

/**
 * ARGV 4 id of the dead letter, 5 ids of other tasks, 6 item with its due time. What was stored of the ends of its task and of the others goes;
 * its steps stay. Replies nothing if there is no such letter, else as \`enqueue\` does for items with a gate.
 */
const REQUEUE = `
local function main()
  local letter = call('HGET', P .. 'dead', ARGV[4])
  if not letter then return false end
  size()
  local added, reply = enterAll({joined(6)})
  if reply[1] == 'duplicate' then return reply end
  local ended = cmsgpack.unpack(ARGV[5])
  ended[#ended + 1] = dropLetter(ARGV[4], letter, true)
  dropFrom('notices', ended)
  dropFrom('results', ended)
  add(added)
  return reply
end
`;

/** What leaves gates on behalf of functions that have ended, or workers that are gone. */
const LEAVE_GATES = `
local function leaveGates(isLost)
  if call('EXISTS', P .. 'passed') == 0 then return end
  local added = {{}, {}, {}}
  rare().leaveLost(added, isLost)
  add(added)
end
`;

/** ARGV 4 number and request of the claim, as the gate was passed under. Replies the tails of items that were admitted. */
const LEAVE_GATE = `
local function main()
  local added, told = {{}, {}, {}}, {}
  size()
  rare().leavePassed(added, ARGV[4], told)
  add(added)
  return told
end
`;

/** ARGV 1 consumer. Ends its lease, the locks that went over to its workers, and the gates. */
const END_LEASE = `
call('HDEL', P .. 'leases', ARGV[1])
call('HDEL', P .. 'about', ARGV[1])
freeLocks(function(consumer, _, number) return consumer == ARGV[1] and string.sub(number, 1, 1) == 'p' end)
leaveGates(function(consumer) return consumer == ARGV[1] end)
return 1
`;

/** The scripts for a list or a sorted set. */
export function queueScripts(kind: QueueKind): QueueScripts {
  const { size, take, push, pushOne, back } = queueLua(kind);
  const adding = [RECORDS, NUMBERS, size, push, BELL, ADD];
  const entering = [NOW, JOINED, ...adding, CHORDS, ENTER];
  const returning = [NOW, JOINED, ...adding, back, CLAIMS, ENTRIES, LOCKS, RARE, LEAVE_GATES];
  const one = kind === "list" ? [] : [RECORDS, NUMBERS, size];
  const moving = [NOW, PAUSE, ...adding, END_PAUSE, RARE, MOVE_DUE];
  return {
    ...settleScripts(adding),
    enqueue: onceText(NOW, JOINED, ...adding, CHORDS, ENQUEUE),
    enqueueOne: onceText(NOW, ...one, BELL, pushOne, ENQUEUE_ONE),
    enqueueEntering: once(...entering, ENQUEUE_ENTERING),
    enqueueOnce: once(...entering, ENTRIES, ENQUEUE_ONCE),
    claim: script(PARSE, NUMBERS, size, take, BELL, PAUSE, CLAIM),
    claimed: script(RECORDS, CLAIMS, CLAIMED),
    release: script(EVEN_IF_FULL, ...returning, RELEASE),
    recover: once(EVEN_IF_FULL, ...returning, RENEW, RECOVER),
    leaveGate: once(NOW, ...adding, RARE, LEAVE_GATE),
    endLease: script(EVEN_IF_FULL, ...returning, END_LEASE),
    promoteDue: once(...moving, PROMOTE_DUE),
    promote: once(...moving, PROMOTE),
    requeue: once(...entering, FIND, LETTERS, REQUEUE),
    resume: once(NOW, BELL, PAUSE, size, RESUME),
  };
}
