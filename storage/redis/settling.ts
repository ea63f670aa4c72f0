/**
 * Settlements on their way: gathered, sent as one, and told apart again.
 * @module
 */
import type { Claim, Settled, Settlement, Storage } from "../../lib/storage.ts";
import { Batch, BATCHES } from "./connection/batch.ts";
import type { Argument } from "./connection/dial.ts";
import { double } from "./records/bytes.ts";
import { holdOf } from "./records/claim.ts";
import type { RedisCore } from "./connection/core.ts";
import { once, script } from "./lua/library.ts";
import { packedArguments } from "./records/pack.ts";
import { groupsOf, ROW_LENGTH, sizeOf } from "./settlement_row.ts";
import { answersOf, readCallback, type Told } from "./records/told.ts";

const HELD: Settled = { held: true };
const NOT_HELD: Settled = { held: false };

/** What only few settlements have, by a word. */
const RARITIES = `
local function settleRarity(batch, tell, word, ...)
  if word == 'chord' then storeChord(...)
  elseif word == 'dropChord' then dropChord(...)
  elseif word == 'dropLocks' then dropLocks(...)
  elseif word == 'passLocks' then passLocks(...)
  elseif word == 'dropSteps' then rare().dropSteps(...)
  elseif word == 'bury' then rare().bury(...)
  elseif word == 'state' then append(batch.added[3], ...)
  elseif word == 'cancel' then noteEnd(batch, ...)
  elseif word == 'report' then
    local callback, waits = report(batch.added, ...)
    if callback then tell(waits and 'waits' or 'callback', 0, callback) end
  end
end`;

/**
 * What follows a settlement. The next attempt takes over what the claim held; of an item without gate and key there is nothing to take over, and
 * nothing to look at.
 */
const FOLLOWING = `
local function settleFollowing(following, record, added, tell)
  local heir, items, nextItem = unpack(following)
  local told, tail, due, unique, gate = {}, unpack(nextItem or {})
  if record then unique, gate = rare().letGo(added, record, heir, tail, due, told) end
  for i, item in ipairs(items) do
    if enter(added, item[1], item[2], told) == 'blocked' then tell('blocked', i - 1) end
  end
  if tail and byte(tail, 5) % 64 < 16 then addTail(added, tail, due)
  elseif tail and rare().enterNext(added, tail, due, unique, gate, told) then tell('blocked', #items) end
  for i = 1, #told do tell('admitted', 0, told[i]) end
end`;

/**
 * ARGV from 1: packed settlements by the requests of their claims: see `settlement_row.ts`. What those of a batch have in common is done once, behind all of
 * them. Replies by fours a word, the number of the settlement, a position and a value: \`gone\` if the claim is not held, so that nothing is written;
 * \`callback\` that was set free by its report, or \`waits\` if it waits at its gate; \`blocked\`, or \`admitted\` and a tail.
 */
const SETTLE_ALL = `
local function noteEnd(batch, id, kind, life, text)
  if kind == 'results' or life > 0 then addEnd(batch[kind], life, id, text) end
  batch.awaited[#batch.awaited + 1] = id
end${RARITIES}${FOLLOWING}
local function settleMore(more, id, record, batch, tell)
  local revocations, following, _, rarities = unpack(more, 2)
  for _, key in ipairs(revocations or {}) do append(batch.revocations, key) end
  if following then settleFollowing(following, record, batch.added, tell) end
  for _, rarity in ipairs(rarities or {}) do settleRarity(batch, tell, unpack(rarity)) end
end
-- By the places of its rows, which claims of a group are held, and how many the request has.
local function findHeld(request, isWhole, rows)
  if not request then return nil, 0 end
  local claims, held = P .. 'claims:' .. request, {}
  local length = call('HLEN', claims)
  -- One question for all of them, where they are all that the request has claimed.
  if isWhole and length == #rows / ${ROW_LENGTH} then return nil, length end
  for i = 2, #rows, ${ROW_LENGTH} do
    if held[rows[i]] == nil then held[rows[i]] = call('HEXISTS', claims, rows[i]) == 1 and i end
  end
  return held, length
end
local function putBatch(batch)
  dropFrom('notices', batch.overtaken)
  dropFrom('results', batch.overtaken)
  putEnds('results', batch.results)
  putEnds('notices', batch.notices)
  batch.overtaken, batch.results, batch.notices = {}, {}, {}
end
-- Rows whose claims are held, each by its place, or false; their ends are noted.
local function noteEnds(group, batch, tell)
  local request, isWhole, rows = unpack(group)
  local held, length = findHeld(request, isWhole, rows)
  group.length, group.rows = length, {}
  for i = 1, #rows, ${ROW_LENGTH} do
    local number, claim, id, kind, life, text, more = unpack(rows, i, i + ${ROW_LENGTH - 1})
    if held and held[claim] ~= i + 1 then tell('gone', 0, nil, number)
    else
      append(group.rows, i)
      -- An intermediate result does not end its task.
      if request or kind and sub(text, 1, 1) ~= 'i' then append(batch.over, id) end
      if kind then noteEnd(batch, id, kind, life, text) end
      if type(more) == 'table' and more[4] then append(batch.overtaken, id) end
    end
  end
end
-- The records of those that hold a gate or a key, by their places, and no claim any more.
local function dropClaims(group)
  local request, _, rows = unpack(group)
  local claims, records, numbers = request and P .. 'claims:' .. request, {}, {}
  for _, i in ipairs(group.rows) do
    local more = rows[i + ${ROW_LENGTH - 1}]
    if type(more) == 'table' and more[1] then records[i] = call('HGET', claims, rows[i + 1]) end
    append(numbers, rows[i + 1])
  end
  if request and group.length == #numbers then
    call('HDEL', P .. 'requests', request)
    call('DEL', claims)
  elseif request then many('HDEL', claims, numbers) end
  return records
end
-- A script that fails is not undone. So what can be done again comes first, and a server that refuses it still has the claims.
local function settleAll(first)
  local revoked, reply, current = {}, {}, nil
  local batch = {added = {{}, {}, {}}, over = {}, overtaken = {}, results = {}, notices = {}, awaited = {}, revocations = {}}
  local function tell(word, position, value, number) append(reply, word, number or current, position, value or '') end
  size()
  local groups = cmsgpack.unpack(joined(first))
  for _, group in ipairs(groups) do noteEnds(group, batch, tell) end
  putBatch(batch)
  for _, group in ipairs(groups) do
    local rows, records = group[3], dropClaims(group)
    for _, i in ipairs(group.rows) do
      local id, more = rows[i + 2], rows[i + ${ROW_LENGTH - 1}]
      current = rows[i]
      if type(more) == 'table' then settleMore(more, id, records[i], batch, tell)
      elseif more then append(revoked, id) end
    end
  end
  putBatch(batch)
  many('HDEL', P .. 'state', batch.over)
  if call('HLEN', P .. 'revocations') > 0 then
    for _, id in ipairs(revoked) do append(batch.revocations, 'r:' .. id) end
    many('HDEL', P .. 'revocations', batch.revocations)
  end
  add(batch.added)
  wake(batch.awaited)
  return reply
end
`;

const SETTLE = script(`${SETTLE_ALL}
goOnIfFull()
return settleAll(1)`);

/** The same for settlements without a claim, which would tell that they were written. */
const SETTLE_UNCLAIMED = once(`${SETTLE_ALL}
local function main() return settleAll(4) end`);

/**
 * What became of settlements whose reply was lost, and whose claims are gone. ARGV from 1: packed number of the claim, and the chord
 * that it reported to. Replies for each "0" if the claim was put back, or "1" and the callback if its report set it free.
 */
const FATE = script(`
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
return reply`);

/** ARGV from 1: packed request and number of claims. Replies for each whether it is held; then it is marked as begun. */
const BEGIN = script(`
goOnIfFull()
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
return reply`);

/** Settles for one storage. */
export class Settling {
  readonly #core: RedisCore;
  readonly #settlements: Batch<Settlement, Settled>;
  readonly #begun: Batch<Claim, boolean>;

  constructor(core: RedisCore) {
    this.#core = core;
    this.#settlements = new Batch((batch) => this.#send(batch), { ...BATCHES, size: sizeOf, leading: false });
    this.#begun = new Batch((batch) => this.#sendBegun(batch), { ...BATCHES, size: () => 0, leading: false });
    core.onClose(() => {
      this.#begun.flush();
      this.#settlements.flush();
    });
  }

  /** Ends when the settlements of this turn have been sent; `undefined` if there are none. */
  get turn(): Promise<void> | undefined {
    return this.#settlements.turn;
  }

  /** Not async: it is called for each task, and each promise costs. What cannot be held was refused before. */
  add(settlement: Settlement): Promise<Settled> {
    return settlement.claim ? this.#settlements.add(settlement) : this.#sendUnclaimed(settlement);
  }

  /** Marks a claim as begun. @returns whether it is held */
  async begin(claim: Claim): Promise<boolean> {
    this.#core.assertOpen();
    return await this.#begun.add(claim);
  }

  async #send(batch: readonly Settlement[]): Promise<readonly Settled[]> {
    const rows = this.#rows(batch);
    let sentAgain = false;
    const told = await this.#core.calls.repeatable(SETTLE, (again) => {
      sentAgain = again;
      return rows;
    }) as Told[];
    if (told.length === 0) return batch.map(() => HELD);
    return await Promise.all(
      answersOf(batch.length, told).map(({ isGone, ...answer }, number) => {
        return isGone ? this.#lateAnswer(batch[number]!, sentAgain) : { held: true, ...answer };
      }),
    );
  }

  /** Nothing but a kept reply tells whether it was written, so it goes on its own. */
  async #sendUnclaimed(settlement: Settlement): Promise<Settled> {
    const told = await this.#core.calls.once(SETTLE_UNCLAIMED, this.#rows([settlement])) as Told[];
    return { held: true, ...answersOf(1, told)[0] };
  }

  #rows(batch: readonly Settlement[]): Argument[] {
    return packedArguments(groupsOf(batch, this.#core.settings.expireMs));
  }

  /** Of a settlement whose claim is gone: it is either written, and its reply was lost, or too late. */
  async #lateAnswer({ claim, chord, again }: Settlement, sentAgain: boolean): Promise<Settled> {
    if (!claim || !(sentAgain || again)) return NOT_HELD;
    const asked = packedArguments([[String(holdOf(claim).number), chord?.id]]);
    const [fate] = await this.#core.calls.repeatable(FATE, () => asked) as [Buffer];
    if (String(fate.subarray(0, 1)) !== "1") return NOT_HELD;
    const callback = fate.length > 1 ? readCallback(fate.subarray(1)) : undefined;
    return callback ? { held: true, callback } : HELD;
  }

  async #sendBegun(batch: readonly Claim[]): Promise<readonly boolean[]> {
    const claims = packedArguments(batch.map((claim) => [holdOf(claim).request, double(holdOf(claim).number)]));
    const held = await this.#core.calls.repeatable(BEGIN, () => claims) as number[];
    return held.map((one) => one === 1);
  }
}

/** The settlements of a storage. */
export function settlements(
  core: RedisCore,
  settling: Settling,
  check: Storage["check"],
): Pick<Storage, "settle" | "begin"> {
  return {
    settle(settlement) {
      try {
        core.assertOpen();
        settlement.enqueue?.forEach(check);
        settlement.chords?.forEach(({ callback }) => check(callback));
      } catch (error) {
        return Promise.reject(error);
      }
      return settling.add(settlement);
    },
    begin: (claim) => settling.begin(claim),
  };
}
