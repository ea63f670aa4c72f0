/**
 * What all Lua scripts share: how they are put together, how they meet what somebody else has written, and the replies that are kept.
 *
 * KEYS[1] is `huey2:{name}:`, the beginning of all keys of a queue; the braces keep them in one slot of a cluster.
 * Keys: `queue` list or sorted set of records · `schedule` sorted set of numbers and tails · `requests` request -> mark, consumer ·
 * `claims:<request>` number -> record · `leases` and `about` by consumer · `state` id -> letter, with what stands behind it ·
 * `notices:<ttl>:<n>` and `results:<ttl>:<n>` by id, and `sets` with their ends · `locks` `data` `revocations` `meta` `counters` key -> entry,
 * each with `:ttl` expiry -> key · `held` token -> locks · `chord:<id>` size, callback, filled, index -> value · `chords` set ·
 * `recovered` numbers of claims that were put back · `over:<request>` how often it was sent again · `waiting` ids somebody waits for ·
 * `bell` list · `replies:<instance>` · `numbers` the last numbers given · `aside` lines for a log · `damaged` records · `aside:<key>` keys
 * of a wrong type. Those of gates, unique keys, steps, dead letters, the pause and counts stand in the files of these.
 *
 * The server's time is the only one that is stored or compared.
 * @module
 */
import { nodeCrypto } from "../../lib/primitives/builtin.ts";

/** A script and its digest, which is made when it is first needed. */
export interface Script {
  readonly source: string;
  readonly digest: string;
}

/** Makes a script of pieces. */
export function script(...pieces: string[]): Script {
  const source = [COMMON, ...pieces].join("\n");
  let digest: string | undefined;
  return {
    source,
    get digest(): string {
      return digest ??= nodeCrypto().hash("sha1", source);
    },
  };
}

/**
 * A script must not stop half way: what it has written by then would stay. So a key of a type that is none of ours is renamed, and
 * the command carried out; only the queue of the other kind (list or sorted set) is an error, which scripts find before they write.
 * Lua hands over a few thousand arguments at once, so long calls are cut.
 */
const COMMON = `
local P = KEYS[1]
local function call(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then error(reply.err) end
  local kind, aside = redis.call('TYPE', key).ok, P .. 'aside:' .. string.sub(key, #P + 1)
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
`;

/** A line for the log of a consumer. */
export const TELL = `
local function tell(line)
  local length = redis.pcall('LPUSH', P .. 'aside', line)
  if type(length) == 'table' then redis.pcall('DEL', P .. 'aside') elseif length > 100 then redis.pcall('LTRIM', P .. 'aside', 0, 99) end
end
`;

/** What was cut because the server takes no string of that length. */
export const JOINED = `
local function joined(first) return ARGV[first + 1] and table.concat(ARGV, '', first) or ARGV[first] end
`;

/** The time of the server. */
export const NOW = `
local time = redis.call('TIME')
-- No two scripts have the same.
local moment = time[1] * 1000 + time[2] / 1000
local now = math.floor(moment)
`;

/** On a server whose memory is full a script may go on once it has written what needs none. */
export const EVEN_IF_FULL = "redis.call('DEL', P .. 'nothing')";

/**
 * Wraps a script whose second run would do harm: ARGV 1 instance, 2 number of the request, 3 "1" if it is sent again. The reply is kept,
 * so that a request whose reply was lost gets the same one instead of a second effect; also if the server, which may have been frozen,
 * gets round to the first sending only then. The body defines `main`; its own arguments begin at 4. (Claims and settlements need no such
 * thing: what they claim, and the claim that they drop, tell.)
 */
export function once(...body: string[]): Script {
  return keptReply("cmsgpack.unpack(kept)", "cmsgpack.pack(reply)", body);
}

/** `once` for the busiest scripts, whose replies are short texts. */
export function onceText(...body: string[]): Script {
  return keptReply("kept", "reply", body);
}

/** What is kept: the number of the request, a space, the reply. Who finds another number there finds another request's reply. */
function keptReply(reply: string, kept: string, body: readonly string[]): Script {
  return script(
    `
local replies, slot = P .. 'replies:' .. ARGV[1], ARGV[2] % ${REPLIES_KEPT}
local kept = call('HGET', replies, slot)
local last = kept and tonumber(string.match(kept, '^%d+ ')) or 0
if ARGV[3] == '1' and last == tonumber(ARGV[2]) then
  kept = string.sub(kept, #ARGV[2] + 2)
  return ${reply}
end
if last >= tonumber(ARGV[2]) and last < tonumber(ARGV[2]) + 1e9 then return redis.error_reply('ERR This was sent again meanwhile') end`,
    ...body,
    `
local reply = main()
kept = ARGV[2] .. ' ' .. ${kept}
local isNew = redis.pcall('HSET', replies, slot, kept)
-- Memory is full, and nothing was written but this; or the key is none of ours.
if type(isNew) == 'table' then
  redis.call('DEL', replies)
  isNew = redis.call('HSET', replies, slot, kept)
end
if isNew == 1 then redis.call('PEXPIRE', replies, 86400000) end
return reply`,
  );
}

/** Requests of one instance that may be on their way at once. */
export const REPLIES_KEPT = 64;
