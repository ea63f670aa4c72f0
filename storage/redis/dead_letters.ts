/**
 * Messages that were set aside: see `lua/letters.ts` for what is stored of them.
 * @module
 */
import type { Burial, Claim, DeadLetterQuery, Settlement, Storage, StoredDeadLetter } from "../../lib/storage.ts";
import type { RedisCore } from "./connection/core.ts";
import { once, script } from "./lua/library.ts";
import type { Packable } from "./records/pack.ts";
import { plainBytes, readTail, tail } from "./records/record.ts";

/** Most letters that one listing or count looks at. */
const EXAMINED = 10_000;

/** ARGV 1 limit, 2 kind or "", 3 "1" if of one task, 4 its name, 5 time before which. Replies the letters, newest first. */
const LIST = script(`
local key = ARGV[2] == '' and P .. 'dead-order' or P .. 'dead:' .. ARGV[2]
local limit, reply = tonumber(ARGV[1]), {}
for from = 0, ${EXAMINED - 500}, 500 do
  local ids = call('ZREVRANGEBYSCORE', key, ARGV[5], '-inf', 'LIMIT', from, 500)
  local letters = #ids > 0 and call('HMGET', P .. 'dead', unpack(ids)) or {}
  for _, letter in ipairs(letters) do
    local kind, _, name = readLetter(letter)
    if kind and (ARGV[3] ~= '1' or name == ARGV[4]) then reply[#reply + 1] = letter end
    if #reply >= limit then return reply end
  end
  if #ids < 500 then break end
end
return reply`);

/** ARGV 1 kind or "", 2 time before which. Replies how many there are. */
const COUNT = script(`
local key = ARGV[1] == '' and P .. 'dead-order' or P .. 'dead:' .. ARGV[1]
return call('ZCOUNT', key, '-inf', ARGV[2])`);

/** ARGV 1 id of the letter or of its task. Replies the letter, or nothing. */
const FIND = script(`
local letter = call('HGET', P .. 'dead', ARGV[1])
if letter then return letter end
local ids = lettersOf(ARGV[1])
for i = #ids, 1, -1 do
  letter = call('HGET', P .. 'dead', ids[i])
  if letter then return letter end
end
return false`);

/** ARGV 4 id. */
const DELETE = once(`
local function main()
  local letter = call('HGET', P .. 'dead', ARGV[4])
  if letter then dropLetter(ARGV[4], letter) end
  return letter and 1 or 0
end`);

/** A burial as the scripts read it. */
export function packableBurial(burial: Burial, { id, claim, buryBounds }: Settlement): readonly Packable[] {
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

/** The dead letters of a storage. */
export function letters(
  core: RedisCore,
): Pick<Storage, "deadLetters" | "deadLetterCount" | "deadLetter" | "deleteDeadLetter"> {
  return {
    deadLetters: (query = {}) => list(core, query),
    async deadLetterCount(query = {}) {
      if (query.taskName !== undefined) return (await list(core, { ...query, limit: EXAMINED })).length;
      return await core.run(COUNT, query.kind ?? "", beforeOf(query)) as number;
    },
    /** By its own id or that of its task. */
    async deadLetter(id) {
      const letter = await core.run(FIND, id) as Buffer | null;
      return letter === null ? undefined : readLetter(letter)[0];
    },
    async deleteDeadLetter(id) {
      return await core.once(DELETE, id) === 1;
    },
  };
}

/** Newest first. */
async function list(core: RedisCore, query: DeadLetterQuery): Promise<StoredDeadLetter[]> {
  const { kind = "", taskName, limit = EXAMINED } = query;
  if (limit <= 0) return [];
  const named = taskName === undefined ? ["0", ""] : ["1", taskName];
  const found = await core.run(LIST, String(Math.min(limit, EXAMINED)), kind, ...named, beforeOf(query)) as Buffer[];
  return found.flatMap(readLetter);
}

function beforeOf({ beforeMs }: DeadLetterQuery): string {
  return beforeMs === undefined ? "+inf" : `(${beforeMs}`;
}
