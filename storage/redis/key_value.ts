/**
 * Keys and values in Redis, and results, which are kept apart: the server itself ends them.
 * @module
 */
import type { PutIfEmptyOptions, Storage } from "../../lib/storage.ts";
import { BaseKeyValue } from "../key_value.ts";
import { asBuffer } from "./records/bytes.ts";
import type { RedisCore } from "./connection/core.ts";
import { once, type Script, script } from "./lua/library.ts";
import { plainBytes } from "./records/record.ts";

/** Most values that one script reads. */
const READ_AT_ONCE = 1000;

/** On what condition a value is changed: `read` is that of a read which leaves what is to stay. */
type Condition = "any" | "none" | "same" | "read";

/**
 * One change of a value: ARGV 4 space, 5 key, 6 condition, 7 the value that is the \`same\`, 8 "1" if a value is put, 9 that, 10 its life or "",
 * 11 token of a holder. What is not needed is left out. Replies 0 if the condition is not true, else 1, or what was taken away. \`body\`, \`put\` and \`remove\` are those of the space.
 */
const CHANGE = `
local function main()
  if ARGV[6] == 'none' and body or ARGV[6] == 'same' and body ~= ARGV[7] then return 0 end
  if ARGV[8] == '1' then put() elseif body then remove() end
  return ARGV[8] ~= '1' and body or 1
end`;

const CHANGE_KEY = once(`
local space, key = ARGV[4], ARGV[5]
local entry = find(space, key)
local body = entry and bodyOf(entry)
local function put()
  local holder = ARGV[11]
  -- Who holds it stays.
  if ARGV[6] == 'same' then holder = holderOf(entry)
  elseif entry then unhold(space, key, entry)
  elseif holder then
    local locks = locksOf(holder)
    locks[#locks + 1] = {space, key}
    setLocks(holder, locks)
  end
  store(space, key, ARGV[9], ARGV[10], holder)
  if space == 'revocations' then publish('revocations', key) end
end
local function remove() erase(space, key, entry) end
${CHANGE}`);

const CHANGE_RESULT = once(`
local id = ARGV[5]
local found = findEnds('results', {id})[1]
local body = valueOf(found)
local function put()
  dropFrom('results', {id})
  putResults({id, '-' .. struct.pack('>d', 0) .. ARGV[9], ARGV[10] == '' and 0 or tonumber(ARGV[10])})
  wake({id})
end
-- Leaves a notice of how the task ended.
local function remove()
  if ARGV[6] == 'read' and found.letter ~= '-' then return end
  dropFrom('results', {id})
  if isOfEnded(found) then putNotices(struct.unpack('>d', found.text, 10), found.letter, {id}, {found.about}) end
end
${CHANGE}`);

/** ARGV 1 space. Removes what has expired. Replies the number of keys. */
const SIZE = script(`
while sweep(ARGV[1], 1000) == 1000 do end
return call('HLEN', P .. ARGV[1])`);

/** Replies the number of results. Only sets of which something may have expired are read. */
const RESULT_COUNT = script(`
local count, sets = 0, setsOf('results')
for i = 1, #sets, 2 do
  local key, ttl = sets[i], sets[i + 1]
  local ends = tonumber(call('HGET', SETS, key))
  if ttl > 0 and ends - math.ceil(ttl / 4) <= now then
    local all, over = call('HGETALL', key), {}
    for j = 1, #all, 2 do
      if not readEnd('results', all[j + 1], ttl) then over[#over + 1] = all[j] end
    end
    many('HDEL', key, over)
  end
  count = count + call('HLEN', key)
end
return count`);

/** ARGV 1 space, then keys. Replies the value of each. */
const VALUES = script(`
local reply = {}
for i = 2, #ARGV do reply[i - 1] = bodyNow(call('HGET', P .. ARGV[1], ARGV[i])) end
return reply`);

/** ARGV 1 space. Replies key and value of each. */
const ALL = script(`
local reply, all = {}, call('HGETALL', P .. ARGV[1])
for i = 1, #all, 2 do
  local body = bodyNow(all[i + 1])
  if body then append(reply, all[i], body) end
end
return reply`);

/** ARGV from 2: ids. Replies the value of each. */
const RESULTS = script(`
local ids, reply = {unpack(ARGV, 2)}, {}
local found = findEnds('results', ids)
for i = 1, #ids do reply[i] = valueOf(found[i]) end
return reply`);

/** Replies id and value of each result. */
const ALL_RESULTS = script(`
local found, reply, sets = {}, {}, setsOf('results')
for i = 1, #sets, 2 do
  local all = call('HGETALL', sets[i])
  for j = 1, #all, 2 do found[all[j]] = laterEnd(found[all[j]], 'results', all[j + 1], sets[i + 1]) end
end
for id, result in pairs(found) do append(reply, id, valueOf(result)) end
return reply`);

/** ARGV 1 space. Deletes all of it; the notices of results stay. */
const FLUSH = script(`
if ARGV[1] == 'results' then dropSets('results') end
call('UNLINK', P .. ARGV[1], P .. ARGV[1] .. ':ttl')
if ARGV[1] == 'locks' then call('UNLINK', P .. 'held') end
return 1`);

/** ARGV 4 key, 5 by how much, 6 its life if it is new. Counters have a space of their own. */
const INCREMENT = once(`
local function main()
  local key = ARGV[4]
  local entry = find('counters', key)
  local total = string.format('%.17g', (entry and tonumber(bodyOf(entry)) or 0) + tonumber(ARGV[5]))
  if entry then call('HSET', P .. 'counters', key, sub(entry, 1, 9) .. total) else store('counters', key, total, ARGV[6]) end
  return total
end`);

/** What runs for a space. */
interface Scripts {
  readonly change: Script;
  readonly values: Script;
  readonly all: Script;
  readonly size: Script;
}

const OF_KEYS: Scripts = { change: CHANGE_KEY, values: VALUES, all: ALL, size: SIZE };
/** Results are in hashes that the server itself ends. */
const OF_RESULTS: Scripts = { change: CHANGE_RESULT, values: RESULTS, all: ALL_RESULTS, size: RESULT_COUNT };

/** A name space. */
class Space extends BaseKeyValue {
  readonly #core: RedisCore;
  readonly #name: string;
  readonly #scripts: Scripts;
  readonly #taken: Condition;

  /** @param taken What a read takes. */
  constructor(core: RedisCore, name: string, scripts: Scripts = OF_KEYS, taken: Condition = "any") {
    super();
    this.#core = core;
    this.#name = name;
    this.#scripts = scripts;
    this.#taken = taken;
  }

  async put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    await this.#changed(key, "any", undefined, value, { ttlMs });
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    const { before } = await this.#changed(key, this.#taken);
    return before && plainBytes(before, 0);
  }

  /** Also where a read leaves the value. */
  override async delete(key: string): Promise<boolean> {
    return (await this.#changed(key, "any")).before !== undefined;
  }

  async change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options?: PutIfEmptyOptions,
  ): Promise<boolean> {
    return (await this.#changed(key, expected ? "same" : "none", expected, value, options)).isDone;
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const values: (Uint8Array | undefined)[] = [];
    for (let start = 0; start < keys.length; start += READ_AT_ONCE) {
      const found = await this.#run(this.#scripts.values, ...keys.slice(start, start + READ_AT_ONCE)) as (Buffer | null)[];
      for (const value of found) values.push(value === null ? undefined : plainBytes(value, 0));
    }
    return values;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    const flat = await this.#run(this.#scripts.all) as Buffer[];
    const entries = new Map<string, Uint8Array>();
    for (let index = 0; index < flat.length; index += 2) entries.set(String(flat[index]), plainBytes(flat[index + 1]!, 0));
    return entries;
  }

  override async size(): Promise<number> {
    return await this.#run(this.#scripts.size) as number;
  }

  override async flush(): Promise<void> {
    await this.#run(FLUSH);
  }

  /** Puts a value, or takes one away, on a condition. */
  async #changed(
    key: string,
    condition: Condition,
    expected?: Uint8Array,
    value?: Uint8Array,
    { ttlMs, holder }: PutIfEmptyOptions = {},
  ): Promise<{ isDone: boolean; before: Buffer | undefined }> {
    const args = [this.#name, key, condition, expected ? asBuffer(expected) : ""];
    if (value) args.push("1", asBuffer(value), lifeOf(ttlMs));
    if (holder !== undefined) args.push(holder);
    const reply = await this.#core.once(this.#scripts.change, ...args);
    return { isDone: reply !== 0, before: typeof reply === "number" ? undefined : reply as Buffer };
  }

  #run(script: Script, ...keys: string[]): Promise<unknown> {
    return this.#core.run(script, this.#name, ...keys);
  }
}

/** The name spaces of a storage. @param stay A read leaves a result where it is */
export function spaces(
  core: RedisCore,
  stay: boolean,
): Pick<Storage, "results" | "locks" | "data" | "revocations" | "meta" | "increment"> {
  return {
    results: new Space(core, "results", OF_RESULTS, stay ? "read" : "any"),
    locks: new Space(core, "locks"),
    data: new Space(core, "data"),
    revocations: new Space(core, "revocations"),
    meta: new Space(core, "meta"),
    async increment(key, by, ttlMs) {
      return Number(String(await core.once(INCREMENT, key, String(by), lifeOf(ttlMs))));
    },
  };
}

function lifeOf(ttlMs: number | undefined): string {
  return ttlMs === undefined || ttlMs === Infinity ? "" : String(Math.ceil(ttlMs));
}
