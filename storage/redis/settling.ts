/**
 * Settlements on their way: gathered, sent as one, and told apart again.
 * @module
 */
import type { Claim, Settled, Settlement, Storage } from "../../lib/storage.ts";
import { Batch, BATCHES } from "./connection/batch.ts";
import { double } from "./records/bytes.ts";
import { holdOf } from "./records/claim.ts";
import type { RedisCore } from "./connection/core.ts";
import { once, type Script, script } from "./lua/library.ts";
import { packedArguments } from "./records/pack.ts";
import { plainEnd, SettlementColumns, sizeOf } from "./settlement_columns.ts";
import { answersOf, readDueAndTail, type Told } from "./records/told.ts";

/** What the settle script replies when claims are missing and it was not told which there were. */
const UNTOLD = "?";

const HELD: Settled = { held: true };
const NOT_HELD: Settled = { held: false };

/** The claims of settlements, which are all held, or nothing is written. */
const CLAIMS_OF_SETTLEMENTS = `
local function findMissing(groups)
  local missing = {}
  for _, group in ipairs(groups) do
    local claims, numbers = P .. 'claims:' .. group[1], group[2]
    if type(numbers) == 'string' then
      if call('HLEN', claims) ~= tonumber(numbers) then return {'?'} end
    else
      for i = 1, #numbers do
        if call('HEXISTS', claims, numbers[i]) == 0 then append(missing, string.format('%.0f', (struct.unpack('>d', numbers[i])))) end
      end
    end
  end
  return missing
end
local function dropClaims(groups)
  local over = {}
  for _, group in ipairs(groups) do
    local claims, numbers = P .. 'claims:' .. group[1], group[2]
    if type(numbers) == 'string' then
      call('HDEL', P .. 'requests', group[1])
      call('DEL', claims)
    else
      many('HDEL', claims, numbers)
      if call('EXISTS', claims) == 0 then over[#over + 1] = group[1] end
    end
  end
  many('HDEL', P .. 'requests', over)
end
-- The records of claims with a gate or a key, before they are dropped.
local function recordsOf(more)
  local records = {}
  for i, one in ipairs(more) do
    if one[1] == 'item' then records[i] = one[3] and call('HGET', P .. 'claims:' .. one[3], one[4]) or false end
  end
  return records
end`;

/** What only some settlements have: by a word, in the order in which it is to happen. */
const MORE = `
local function settleMore(more, records, added)
  local reply, number = {}, nil
  local function tell(word, position, value) append(reply, word, number, position, value or '') end
  local kinds = {
    chord = storeChord,
    dropChord = dropChord,
    dropLocks = dropLocks,
    passLocks = passLocks,
    dropSteps = function(key) rare().dropSteps(key) end,
    bury = function(...) rare().bury(...) end,
    report = function(chord, index, value, claim)
      local callback, waits = report(added, chord, index, value, claim)
      if callback then tell(waits and 'waits' or 'callback', 0, callback) end
    end,
  }
  for i, one in ipairs(more) do
    number = one[2]
    if one[1] == 'item' then rare().settleItem(added, records[i], one[5], one[6], one[7], tell)
    else kinds[one[1]](unpack(one, 3)) end
  end
  return reply
end`;

/**
 * ARGV from 1: packed settlements, one after another in columns: 1 what is added, 2 request and claims of each group, or how many if
 * these are all that the request has claimed, 3 id, text and life of results, 4 tasks whose state is over, 5 notices: life, letter, ids
 * and what each says of itself, 6 tasks to wake for, 7 revocations to delete, 8 tasks whose older results and notices do not count any more,
 * 9 what only some have: a word, the number of the settlement, and more. In 4 true: those of 3. In 5, 6 and 7 true: those of 4. Replies the
 * claims that are not held, or ? if it was not told which; if there are any, nothing is written. Else "", or by fours a word, the number of a
 * settlement, a position and a value: \`callback\` that was set free by its report, or \`waits\` if it waits at its gate; \`blocked\`, or
 * \`admitted\` and a tail.
 */
const SETTLE_ALL = `${CLAIMS_OF_SETTLEMENTS}${MORE}
local function idsOfResults(results)
  local ids = {}
  for i = 1, #results, 3 do ids[#ids + 1] = results[i] end
  return ids
end
local function forget(keys, ids)
  if #ids == 0 and keys == true or keys ~= true and #keys == 0 or call('HLEN', P .. 'revocations') == 0 then return end
  if keys == true then
    keys = {}
    for i = 1, #ids do keys[i] = 'r:' .. ids[i] end
  end
  many('HDEL', P .. 'revocations', keys)
  many('ZREM', P .. 'revocations:ttl', keys)
end
-- A script that fails is not undone. So what can be done again comes first, and a server that refuses it still has the claims.
local function settleAll(first)
  local added, groups, results, gone, notices, ended, forgotten, overtaken, more = unpack(cmsgpack.unpack(joined(first)))
  if #added[1] > 0 or #more > 0 then size() end
  local missing = findMissing(groups)
  if #missing > 0 then return table.concat(missing, ' ') end
  if gone == true then gone = idsOfResults(results) end
  dropFrom('notices', overtaken)
  dropFrom('results', overtaken)
  putResults(results)
  for _, one in ipairs(notices) do putNotices(one[1], one[2], one[3] == true and gone or one[3], one[4]) end
  local records = recordsOf(more)
  dropClaims(groups)
  many('HDEL', P .. 'state', gone)
  forget(forgotten, gone)
  local reply = #more > 0 and settleMore(more, records, added) or more
  add(added)
  wake(ended == true and gone or ended)
  return #reply > 0 and reply or ''
end
`;

const SETTLE = script(`${SETTLE_ALL}
goOnIfFull()
return settleAll(1)`);

/** The same for settlements without a claim, which would tell that they were written. */
const SETTLE_UNCLAIMED = once(`${SETTLE_ALL}
local function main() return settleAll(4) end`);

/**
 * ARGV 1 request, 2 number, 3 "1" if that is all the request has claimed, 4 id, 5 "1" if its revocation is deleted, 6 life of the
 * notice or of the result, 7 letter of the notice, whose text is 8, or "" if 8 is the text of a result. The usual case: one task that has ended, and
 * nothing follows. Replies as \`settle\` does.
 */
const SETTLE_ONE = script(`
local claims, id, isAwaited = P .. 'claims:' .. ARGV[1], ARGV[4], nil
if redis.call('HEXISTS', claims, ARGV[2]) == 0 then return ARGV[2] end
-- This needs no memory, so that a full server lets the script go on.
call('HDEL', P .. 'state', id)
if ARGV[7] == '' then
  local args = {id, struct.pack('>d', moment) .. ARGV[8]}
  isAwaited = putInSet('results', tonumber(ARGV[6]), 4, args)
else isAwaited = putNotices(tonumber(ARGV[6]), ARGV[7], {id}, {ARGV[8]}) end
call('HDEL', claims, ARGV[2])
if ARGV[3] == '1' or redis.call('EXISTS', claims) == 0 then call('HDEL', P .. 'requests', ARGV[1]) end
if ARGV[5] == '1' and call('HDEL', P .. 'revocations', 'r:' .. id) == 1 then call('ZREM', P .. 'revocations:ttl', 'r:' .. id) end
if isAwaited then wake({id}) end
return ''`);

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
    core.closed.addEventListener("abort", () => {
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
    return this.#settlements.add(settlement);
  }

  /** Marks a claim as begun. @returns whether it is held */
  async begin(claim: Claim): Promise<boolean> {
    this.#core.assertOpen();
    return await this.#begun.add(claim);
  }

  async #send(batch: readonly Settlement[]): Promise<readonly Settled[]> {
    if (batch.length > 1 && batch.some(({ claim }) => claim === undefined)) return await this.#sendApart(batch);
    const { expireMs } = this.#core.settings;
    const plain = batch.length === 1 ? plainEnd(batch[0]!, expireMs) : undefined;
    if (plain) {
      const { reply, again } = await this.#run(SETTLE_ONE, plain);
      return reply === "" ? [HELD] : [await this.#lateAnswer(batch[0]!, again)];
    }
    return await this.#sendColumns(batch, new SettlementColumns(expireMs));
  }

  /** Nothing but a kept reply tells whether one without a claim was written, so each of those is on its own. */
  async #sendApart(batch: readonly Settlement[]): Promise<readonly Settled[]> {
    const claimed = batch.filter(({ claim }) => claim !== undefined);
    const together = claimed.length > 0 ? this.#send(claimed) : Promise.resolve([]);
    const alone = batch.map((settlement) => settlement.claim ? undefined : this.#send([settlement]));
    const written = [...await together];
    return await Promise.all(alone.map(async (one) => one ? (await one)[0]! : written.shift()!));
  }

  /** Those whose claim is gone spoil the batch, so the others go again without them. */
  async #sendColumns(batch: readonly Settlement[], columns: SettlementColumns): Promise<readonly Settled[]> {
    const first = batch.map((settlement, number) => columns.add(settlement, number));
    if (!batch[0]!.claim) return answers(first, await this.#core.calls.once(SETTLE_UNCLAIMED, columns.args(true)));
    let { reply, again } = await this.#run(SETTLE, columns.args(false));
    if (reply === UNTOLD) {
      const told = await this.#run(SETTLE, columns.args(true));
      reply = told.reply;
      again ||= told.again;
    }
    if (reply === "" || typeof reply !== "string") return answers(first, reply);
    const gone = new Set(reply.split(" ").map(Number));
    const isGone = ({ claim }: Settlement): boolean => claim !== undefined && gone.has(holdOf(claim).number);
    const others = batch.filter((settlement, index) => first[index] && !isGone(settlement));
    const written = others.length > 0 ? [...await this.#send(others)] : [];
    return await Promise.all(batch.map((settlement, index) => {
      if (!first[index]) return NOT_HELD;
      return isGone(settlement) ? this.#lateAnswer(settlement, again) : written.shift()!;
    }));
  }

  /** Of a settlement whose claim is gone: it is either written, and its reply was lost, or too late. */
  async #lateAnswer({ claim, chord, again }: Settlement, sentAgain: boolean): Promise<Settled> {
    if (!claim || !(sentAgain || again)) return NOT_HELD;
    const asked = packedArguments([[String(holdOf(claim).number), chord?.id]]);
    const [fate] = await this.#core.calls.repeatable(FATE, () => asked) as [Buffer];
    if (String(fate.subarray(0, 1)) !== "1") return NOT_HELD;
    const callback = fate.length > 1 ? readDueAndTail(fate.subarray(1)) : undefined;
    return callback ? { held: true, callback } : HELD;
  }

  /** Sends until there is a reply. `again`: more than once, so that an earlier one may have been carried out. */
  async #run(script: Script, args: ReturnType<SettlementColumns["args"]>): Promise<Reply> {
    let again = false;
    const reply = await this.#core.calls.repeatable(script, (isAgain) => {
      again = isAgain;
      return args;
    });
    return { again, reply: Array.isArray(reply) ? reply as Told[] : String(reply) };
  }

  async #sendBegun(batch: readonly Claim[]): Promise<readonly boolean[]> {
    const claims = packedArguments(batch.map((claim) => [holdOf(claim).request, double(holdOf(claim).number)]));
    const held = await this.#core.calls.repeatable(BEGIN, () => claims) as number[];
    return held.map((one) => one === 1);
  }
}

interface Reply {
  readonly again: boolean;
  /** Text, or what has become of some: words, numbers, positions and values in turn, see the script. */
  readonly reply: string | readonly Told[];
}

/** All are written, and of some there is more to tell. @param first Whether each is the first of its claim */
function answers(first: readonly boolean[], reply: unknown): readonly Settled[] {
  if (!Array.isArray(reply)) return first.map((isFirst) => isFirst ? HELD : NOT_HELD);
  const told = answersOf(first.length, reply as Told[]);
  return first.map((isFirst, number) => isFirst ? { held: true, ...told[number] } : NOT_HELD);
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
