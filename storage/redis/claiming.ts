/**
 * Claims: handed out, listed, put back. What a request claims for nobody, because its reply comes late or never, is given back.
 * @module
 */
import { sleep } from "../../lib/primitives/clock.ts";
import type { Claim, ClaimBatch, Owner, Storage } from "../../lib/storage.ts";
import { double } from "./records/bytes.ts";
import { ClaimRequest, type ClaimRow, claimsOfRows, holdOf } from "./records/claim.ts";
import type { RedisCore } from "./connection/core.ts";
import { leaseArguments } from "./leases.ts";
import { once, type Script, script } from "./lua/library.ts";
import { packedArguments } from "./records/pack.ts";
import { isReply } from "./connection/refusal.ts";

/**
 * ARGV 1 mark, 2 how often it was sent before, 3 limit, 4 request, 5 consumer. Replies: number of revocations, then number and
 * record of each claim, of large ones fewer than there are; a number that is left out is the next one. A request whose reply was lost finds its own claims; and should
 * the server get round to an earlier sending only then, that finds that it is over.
 */
export const CLAIM: Script = script(`
local claims, over, bell, revocations = P .. 'claims:' .. ARGV[4], P .. 'over:' .. ARGV[4], P .. 'bell', P .. 'revocations'
local pause = P .. 'pause'
-- A key that is named twice counts twice, so that one command answers four questions.
local found = redis.call(
  'EXISTS', bell, revocations, revocations, over, over, over, over, pause, pause, pause, pause, pause, pause, pause, pause
)
local reply = {found % 4 >= 2 and 1 or 0}
if found % 8 >= 4 and tonumber(ARGV[2]) < (tonumber(redis.call('GET', over)) or 0) then return reply end
if ARGV[2] ~= '0' then
  redis.call('SET', over, ARGV[2], 'PX', 600000)
  -- As texts the numbers sort as they do as numbers.
  local fields = call('HKEYS', claims)
  table.sort(fields)
  for _, field in ipairs(fields) do
    local record = call('HGET', claims, field)
    if #field == 8 and parse(record, 16) then append(reply, (struct.unpack('>d', field)), record) end
  end
  if #reply > 1 then return reply end
end
if ARGV[3] == '0' then
  -- It may have stood behind a read that took the token.
  ringIfAny()
  return reply
end
if found >= 8 and isPaused(now) then return reply end
local mark = struct.pack('>d', now) .. ARGV[1]
local limit, states, tracked, running, count, isEmpty = tonumber(ARGV[3]), {}, 0, 'r' .. mark, 0, nil
local bytes, step = 0, 16
reply[2] = 0
repeat
  local asked = math.min(step, limit - count)
  local taken = take(asked)
  isEmpty = #taken < asked
  step = 2 * step
  for i = 1, #taken do
    local record = taken[i]
    local flags, id, last = parse(record, 16)
    if not flags then setRecordAside(record, 'the queue')
    else
      count = count + 1
      bytes = bytes + #record
      reply[count + 2] = record
      if flags % 2 == 1 then
        tracked = tracked + 2
        states[tracked - 1] = id
        states[tracked] = flags < 128 and running or running .. aboutOf(record, flags, last)
      end
      if flags % 64 >= 32 then
        local unique = rare().partsOf(record, 16).unique
        if unique and unique.life == -1 then rare().freeKey(unique) end
      end
    end
  end
until isEmpty or count >= limit or bytes > MOST_BYTES
if count == 0 then return {reply[1]} end
local last, stored = nextNumber('claim', count) - count, {}
reply[2] = last + 1
for i = 1, count do
  stored[2 * i - 1] = struct.pack('>d', last + i)
  stored[2 * i] = reply[i + 2]
end
many('HSET', claims, stored)
call('HSET', P .. 'requests', ARGV[4], mark .. ARGV[5])
many('HSET', P .. 'state', states)
if not isEmpty and found % 2 == 0 then ringIfAny() end
return reply`);

/** ARGV from 1: packed claims: number, request and token of each. An orderly stop is no delivery that counts. May be sent again. */
const RELEASE = script(`
goOnIfFull()
size()
local records, numbers = {}, {}
for _, claim in ipairs(cmsgpack.unpack(joined(1))) do
  local claims = P .. 'claims:' .. claim[2]
  local record = call('HGET', claims, claim[1])
  if record then
    call('HDEL', claims, claim[1])
    if call('EXISTS', claims) == 0 then call('HDEL', P .. 'requests', claim[2]) end
    append(numbers, (struct.unpack('>d', claim[1])))
    if parse(record, 16) then append(records, putBack(numbers[#numbers], record, 0)) else setRecordAside(record, 'the claims') end
    dropLocks(claim[3])
  end
end
giveBack(numbers, records)
return #numbers`);

/**
 * ARGV 4 consumer, 5 \`all\` without a lease, this \`consumer\`, or one \`worker\` of it, 6 that worker, 7 own consumer, 8 life,
 * 9 text and 10 about of its lease, or "", 11 packed requests whose claims were given to nobody, which is no delivery that counts. A lease is its expiry
 * and a text. Replies the rows of claims that were put back.
 */
const RECOVER = once(`
local live = {}
local function isLost(consumer, worker)
  if ARGV[5] ~= 'all' then return consumer == ARGV[4] and (ARGV[5] ~= 'worker' or worker == ARGV[6]) end
  if live[consumer] == nil then live[consumer] = call('HEXISTS', P .. 'leases', consumer) == 1 end
  return not live[consumer]
end
local function endLeases()
  local leases = call('HGETALL', P .. 'leases')
  for i = 1, #leases, 2 do
    local expires = tonumber(string.match(leases[i + 1], '^(%d+) '))
    -- Damaged: it has a minute, in which its consumer, if it lives, writes it anew.
    if not expires then call('HSET', P .. 'leases', leases[i], string.format('%.0f {}', now + 60000))
    elseif expires <= now then dropLease(leases[i]) end
  end
end
local function putAllBack(found, unseen)
  local records, numbers, reply = {}, {}, {}
  for request, claims in pairs(found) do
    for _, claim in ipairs(claims) do
      append(records, putBack(claim[4], claim[5], unseen[request] and 0 or 1))
      append(numbers, claim[4])
      append(reply, claim)
    end
    for _, record in ipairs(claims.damaged) do setRecordAside(record, 'the claims') end
    call('UNLINK', P .. 'claims:' .. request)
    call('HDEL', P .. 'requests', request)
  end
  table.sort(reply, byNumber)
  giveBack(numbers, records)
  return reply
end
local function main()
  goOnIfFull()
  size()
  if ARGV[9] ~= '' then renew(ARGV[7], ARGV[8], ARGV[9], ARGV[10]) end
  if ARGV[5] == 'all' then endLeases() end
  local unseen = {}
  for _, request in ipairs(cmsgpack.unpack(joined(11))) do unseen[request] = true end
  local reply = putAllBack(findClaims(isLost), unseen)
  freeLocks(isLost)
  leaveGates(isLost)
  return reply
end`);

/** ARGV 1 consumer, 2 "1" if only one worker, 3 that worker. Replies the rows of their claims. */
const CLAIMED = script(`
local function isAsked(consumer, worker) return consumer == ARGV[1] and (ARGV[2] ~= '1' or worker == ARGV[3]) end
local reply = {}
for _, claims in pairs(findClaims(isAsked)) do
  for _, claim in ipairs(claims) do append(reply, claim) end
end
table.sort(reply, byNumber)
return reply`);

/** After an abort, how long a look that is under way may still take. */
const ANSWER_MS = 100;

const NOTHING: ClaimBatch = { claims: [], revocations: false };

/** A look that is under way. */
interface Look {
  readonly request: ClaimRequest;
  readonly batch: Promise<ClaimBatch>;
}

/** Hands out claims for one storage. */
export class Claiming {
  readonly #core: RedisCore;
  readonly #settled: () => Promise<void> | undefined;
  #requests = 0;
  /** Requests that were sent, and whose claims nobody has been given yet. */
  readonly #open = new Set<ClaimRequest>();
  /** Those of them whose claims nobody will be given, because the server did not answer in time. */
  readonly #lost = new Set<ClaimRequest>();

  /** @param settled Ends when what settles in this turn has been sent: it may be followed by something that comes first. */
  constructor(core: RedisCore, settled: () => Promise<void> | undefined) {
    this.#core = core;
    this.#settled = settled;
  }

  /** Looks, and then waits at the bell. */
  async claim(limit: number, owner: Owner, waitMs: number = 0, signal?: AbortSignal): Promise<ClaimBatch> {
    this.#core.assertOpen();
    const { clock } = this.#core;
    const deadline = clock.elapsed() + waitMs;
    const turn = this.#settled();
    if (turn) await turn;
    let look = signal?.aborted ? undefined : this.#firstLook(limit, owner);
    for (;;) {
      const isOver = signal?.aborted || this.#core.isClosing;
      if (isOver && look === undefined) return NOTHING;
      const batch = await this.#lookUnlessAborted(look ?? this.#firstLook(limit, owner), signal);
      if (batch.claims.length > 0 || isOver) return batch;
      const remainingMs = deadline - clock.elapsed();
      if (remainingMs <= 0) return batch;
      look = await this.#lookAtBell(limit, owner, remainingMs, signal);
    }
  }

  async release(claims: readonly Claim[]): Promise<void> {
    this.#core.assertOpen();
    await this.#giveBack(claims);
  }

  /** Requests whose claims nobody has been given. */
  get unseen(): readonly string[] {
    return Array.from(this.#open, ({ name }) => name);
  }

  async #giveBack(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    const held = claims.map((claim) => [double(holdOf(claim).number), holdOf(claim).request, claim.token]);
    await this.#core.calls.repeatable(RELEASE, () => packedArguments(held));
  }

  #request(owner: Owner): ClaimRequest {
    return new ClaimRequest(`${this.#core.calls.instance}.${++this.#requests}`, owner);
  }

  #firstLook(limit: number, owner: Owner): Look {
    const request = this.#request(owner);
    return { request, batch: this.#look(limit, request, false) };
  }

  /** One look. @param sent The request was sent before, and its reply is lost */
  async #look(limit: number, request: ClaimRequest, sent: boolean): Promise<ClaimBatch> {
    this.#open.add(request);
    try {
      const reply = await this.#core.calls.repeatable(CLAIM, (again) => request.args(again || sent, limit));
      const batch = request.batch(reply);
      if (this.#lost.size > 0) this.#giveBackLost();
      return batch;
    } catch (error) {
      const refused = request.sendings === 1 && isReply((error as Error).cause);
      if (request.sendings === 0 || refused) this.#open.delete(request);
      else this.#lost.add(request);
      throw error;
    }
  }

  /** What a look finds after the abort is given back; a server that does not answer is not waited for. */
  async #lookUnlessAborted({ request, batch }: Look, signal: AbortSignal | undefined): Promise<ClaimBatch> {
    if (signal === undefined) return this.#handOut(request, await batch);
    const { promise, resolve, reject } = Promise.withResolvers<ClaimBatch | undefined>();
    const end = (): void => void sleep(this.#core.clock, ANSWER_MS, this.#core.closed).then(() => resolve(undefined));
    batch.then(resolve, reject);
    signal.addEventListener("abort", end);
    try {
      const found = await promise;
      if (found && !signal.aborted) return this.#handOut(request, found);
      const released = batch.then((late) => this.#giveBackUnseen(request, late.claims));
      this.#core.background(released);
      if (found !== undefined) await released;
      return NOTHING;
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  /** @returns the look that the bell has led to; none if there was no ring in time */
  async #lookAtBell(limit: number, owner: Owner, limitMs: number, signal: AbortSignal | undefined): Promise<Look | undefined> {
    const request = this.#request(owner);
    const end = await this.#core.bell.wait({
      limitMs,
      signal,
      command: () => {
        this.#open.add(request);
        return this.#core.calls.commandOf(CLAIM, request.args(false, limit));
      },
      late: (reply) => this.#core.background(this.#giveBackLate(request, reply)),
    });
    if (end === "over") return undefined;
    return { request, batch: end === "lost" ? this.#look(limit, request, true) : Promise.resolve(request.batch(end.reply)) };
  }

  #handOut(request: ClaimRequest, batch: ClaimBatch): ClaimBatch {
    this.#open.delete(request);
    return batch;
  }

  /** Gives back what was claimed for nobody. */
  async #giveBackLate(request: ClaimRequest, reply: unknown): Promise<void> {
    const { claims } = reply === undefined ? await this.#look(0, request, true) : request.batch(reply);
    await this.#giveBackUnseen(request, claims);
  }

  async #giveBackUnseen(request: ClaimRequest, claims: readonly Claim[]): Promise<void> {
    try {
      await this.#giveBack(claims);
      this.#open.delete(request);
    } catch (error) {
      this.#lost.add(request);
      throw error;
    }
  }

  /** The server answers again: what it had claimed for calls that failed meanwhile would otherwise wait for the consumer's end. */
  #giveBackLost(): void {
    for (const request of this.#lost) this.#core.background(this.#giveBackLate(request, undefined));
    this.#lost.clear();
  }
}

/** The claims of a storage. */
export function claimOperations(
  core: RedisCore,
  claiming: Claiming,
): Pick<Storage, "claim" | "claimOrWait" | "release" | "claimed" | "recover"> {
  return {
    claim: (limit, owner) => claiming.claim(limit, owner),
    ...(core.settings.blocking && { claimOrWait: (...asked) => claiming.claim(...asked) }),
    release: (claims) => claiming.release(claims),
    async claimed({ consumer, worker }) {
      return claimsOfRows(await core.run(CLAIMED, consumer, worker === undefined ? "0" : "1", worker ?? "") as ClaimRow[]);
    },
    async recover(target, own) {
      const { consumer = "", worker } = target ?? {};
      const which = target === undefined ? "all" : worker === undefined ? "consumer" : "worker";
      const lease = own ? leaseArguments(own) : ["", "", "", ""];
      const unseen = packedArguments(claiming.unseen);
      return claimsOfRows(await core.once(RECOVER, consumer, which, worker ?? "", ...lease, ...unseen) as ClaimRow[]);
    },
  };
}
