/**
 * Steps, which an invocation keeps over its attempts, and chords, whose members report to one record.
 * @module
 */
import type { Storage } from "../../lib/storage.ts";
import { asBuffer, double } from "./records/bytes.ts";
import { holdOf } from "./records/claim.ts";
import type { RedisCore } from "./connection/core.ts";
import { script } from "./lua/library.ts";
import { plainBytes } from "./records/record.ts";

/** ARGV 1 request and 2 number of the claim, 3 key, 4 name, 5 value. Replies whether the claim is held. */
const KEEP = script(`
if call('HEXISTS', P .. 'claims:' .. ARGV[1], ARGV[2]) == 0 then return 0 end
call('SADD', P .. 'steps', ARGV[3])
call('HSET', P .. 'steps:' .. ARGV[3], ARGV[4], ARGV[5])
return 1`);

/** More places than any chord has; a record that says more is damaged. */
const MOST_PLACES = 10_000_000;

/** The steps and chords of a storage. */
export function stepsAndChords(core: RedisCore): Pick<Storage, "keep" | "kept" | "collect"> {
  const hash = async (key: string): Promise<ReadonlyMap<string, Buffer>> => {
    const flat = await core.read("HGETALL", key) as Buffer[];
    return new Map(Array.from({ length: flat.length / 2 }, (_, index) => [String(flat[2 * index]), flat[2 * index + 1]!]));
  };
  return {
    async keep(claim, name, value) {
      const { request, number } = holdOf(claim);
      return await core.run(KEEP, request, double(number), claim.steps ?? claim.id, name, asBuffer(value)) === 1;
    },
    async kept(key) {
      return new Map(Array.from(await hash(`steps:${key}`), ([name, value]) => [name, plainBytes(value, 0)]));
    },
    async collect(chordId) {
      const fields = await hash(`chord:${chordId}`);
      const size = Number(String(fields.get("size") ?? 0));
      const length = Number.isInteger(size) && size >= 0 && size <= MOST_PLACES ? size : 0;
      const values = Array.from({ length }, (_, index) => {
        const value = fields.get(String(index));
        return value && plainBytes(value, 0);
      });
      const filled = fields.get("filled");
      return { values, filledMs: filled && filled.length >= 8 ? filled.readDoubleBE(0) : undefined };
    },
  };
}
