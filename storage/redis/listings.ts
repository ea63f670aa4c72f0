/**
 * Looks at a queue: what waits, what runs, what is blocked, and where a task is.
 * @module
 */
import type { Storage, StoredState } from "../../lib/storage.ts";
import { endingOf } from "./records/bytes.ts";
import { type ClaimRow, claimsOfRows, ownerOfRow } from "./records/claim.ts";
import type { RedisCore } from "./connection/core.ts";
import { script } from "./lua/library.ts";
import { itemOf, itemsOf, NUMBERED, readTail, STAMP } from "./records/record.ts";

/** Most records that one listing looks at. */
const EXAMINED = 10_000;

/** Most priorities whose first item is looked at. */
const PRIORITIES = 100;

/** ARGV 1 limit. Replies the rows of claims, longest first. */
const RUNNING = script(`
local limit, requests, reply = tonumber(ARGV[1]), {}, {}
local found = call('HSCAN', P .. 'requests', 0, 'COUNT', ${EXAMINED})[2]
for i = 1, #found, 2 do
  local _, _, since = readMark(found[i + 1])
  append(requests, {found[i], found[i + 1], since})
end
table.sort(requests, function(a, b) return a[3] < b[3] end)
for _, request in ipairs(requests) do
  if #reply >= limit then break end
  local claims = claimsOf(request[1], request[2])
  for i = 1, math.min(#claims, limit - #reply) do append(reply, claims[i]) end
end
return reply`);

/** Replies when the first item of a list has entered it, or nothing. What somebody else has written there is passed over, a little. */
const OLDEST_OF_LIST = script(`
local first = call('LRANGE', P .. 'queue', 0, 9)
for _, record in ipairs(first) do
  local entered = parse(record, 16) and struct.unpack('>d', record, 9)
  if entered and entered > 0 and entered <= now then return string.format('%.0f', entered) end
end
return first[1] and string.format('%.0f', now) or false`);

/** The same of the first of each priority. */
const OLDEST_OF_SORTED = script(`
local oldest, head = nil, call('ZRANGE', P .. 'queue', 0, 0, 'WITHSCORES')
for _ = 1, ${PRIORITIES} do
  if not head[2] then break end
  local entered = parse(head[1], 16) and struct.unpack('>d', head[1], 9)
  if not entered or not (entered > 0) or entered > now then entered = now end
  oldest = math.min(oldest or entered, entered)
  head = call('ZRANGEBYSCORE', P .. 'queue', '(' .. head[2], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
end
return oldest and string.format('%.0f', oldest) or false`);

/** ARGV 1 id. Replies the letter and what stands behind it: of a task that runs its mark, then what it says of itself. */
const STATE = script(`
local state = call('HGET', P .. 'state', ARGV[1])
if state then return {sub(state, 1, 1), sub(state, 2)} end
local result = findEnds('results', {ARGV[1]})[1]
local found = isOfEnded(result) and result or findEnds('notices', {ARGV[1]})[1]
return found and {found.letter, found.about} or {}`);

/** Letters of states that are no endings. */
const STATES: Readonly<Record<string, StoredState["state"]>> = {
  w: "waiting",
  s: "scheduled",
  b: "blocked",
  t: "retrying",
  r: "running",
  d: "dead",
};

type Listings =
  | "pending"
  | "pendingCount"
  | "scheduled"
  | "scheduledCount"
  | "running"
  | "blocked"
  | "blockedCount"
  | "oldestMs"
  | "state";

/** The listings of a storage. */
export function listings(core: RedisCore): Pick<Storage, Listings> {
  const isList = core.kind === "list";
  const count = async (command: string, key: string): Promise<number> => await core.read(command, key) as number;
  return {
    async pending(limit = Infinity) {
      return itemsOf(await firstOf(core, isList ? "LRANGE" : "ZRANGE", "queue", limit), STAMP);
    },
    pendingCount: () => count(isList ? "LLEN" : "ZCARD", "queue"),
    async scheduled(limit = Infinity) {
      const flat = await firstOf(core, "ZRANGE", "schedule", limit, "WITHSCORES");
      return flat.flatMap((member, index) => {
        const read = index % 2 === 0 ? readTail(member, NUMBERED) : undefined;
        return read ? [itemOf(read, Number(String(flat[index + 1])))] : [];
      });
    },
    scheduledCount: () => count("ZCARD", "schedule"),
    async running(limit = EXAMINED) {
      if (limit <= 0) return [];
      const rows = await core.run(RUNNING, String(Math.min(limit, EXAMINED))) as ClaimRow[];
      return rows.flatMap((row) =>
        claimsOfRows([row]).map((claim) => ({ claim, owner: ownerOfRow(row), sinceMs: Number(String(row[5])) }))
      );
    },
    async blocked(limit = EXAMINED) {
      return itemsOf(await firstOf(core, "ZRANGE", "blocked", Math.min(limit, EXAMINED)), NUMBERED);
    },
    blockedCount: () => count("ZCARD", "blocked"),
    async oldestMs() {
      const found = await core.run(isList ? OLDEST_OF_LIST : OLDEST_OF_SORTED) as Buffer | null;
      return found === null ? undefined : Number(String(found));
    },
    async state(id) {
      const [letter, mark] = await core.run(STATE, id) as [Buffer?, Buffer?];
      return letter === undefined || mark === undefined ? undefined : readState(String(letter), mark);
    },
  };
}

/** The first records of a list or a sorted set. */
export async function firstOf(
  core: RedisCore,
  command: "LRANGE" | "ZRANGE",
  key: string,
  limit: number,
  ...options: string[]
): Promise<readonly Buffer[]> {
  if (limit <= 0) return [];
  return await core.read(command, key, "0", limit === Infinity ? "-1" : String(limit - 1), ...options) as Buffer[];
}

function readState(letter: string, mark: Buffer): StoredState | undefined {
  const state = STATES[letter] ?? endingOf(letter);
  if (state === undefined) return undefined;
  if (state !== "running" || mark.length < 10) return { state, ...aboutIn(mark, 0) };
  const workerEnd = 10 + mark.readUInt16BE(8);
  return { state, worker: mark.toString("utf8", 10, workerEnd), sinceMs: mark.readDoubleBE(0), ...aboutIn(mark, workerEnd) };
}

function aboutIn(bytes: Buffer, start: number): { readonly about?: string } {
  return bytes.length > start ? { about: bytes.toString("utf8", start) } : {};
}
