/**
 * Steps: what an invocation keeps over its attempts.
 *
 * Keys: `steps:<key>` name -> value · `steps` keys of tasks that have not ended · `dead-steps` keys that belong to dead letters.
 * @module
 */
import type { Claim } from "../../lib/storage.ts";
import { asBuffer, double } from "./bytes.ts";
import { holdOf } from "./claim.ts";
import type { RedisCore } from "./core.ts";
import { type Script, script } from "./lua.ts";
import { plainBytes } from "./record.ts";

/** Steps end with their task, or go over to its dead letter, and end with that. */
export const STEPS = `
local function dropSteps(key)
  call('UNLINK', P .. 'steps:' .. key)
  call('SREM', P .. 'steps', key)
end
local function handSteps(key, from, to)
  if call('SREM', P .. from, key) == 1 then call('SADD', P .. to, key) end
end
local function dropStepsOfLetter(key)
  if call('SREM', P .. 'dead-steps', key) == 1 and call('SISMEMBER', P .. 'steps', key) == 0 then
    call('UNLINK', P .. 'steps:' .. key)
  end
end
local function dropAllSteps(set)
  for _, key in ipairs(call('SMEMBERS', P .. set)) do call('UNLINK', P .. 'steps:' .. key) end
  redis.call('UNLINK', P .. set)
end
`;

/** ARGV 1 request and 2 number of the claim, 3 key, 4 name, 5 value. Replies whether the claim is held. */
const KEEP: Script = script(`
if call('HEXISTS', P .. 'claims:' .. ARGV[1], ARGV[2]) == 0 then return 0 end
call('SADD', P .. 'steps', ARGV[3])
call('HSET', P .. 'steps:' .. ARGV[3], ARGV[4], ARGV[5])
return 1
`);

/** ARGV 1 key. Replies name and value of each. */
const KEPT: Script = script(`return call('HGETALL', P .. 'steps:' .. ARGV[1])`);

/** Keeps a value. @returns whether the claim is held */
export async function keep(core: RedisCore, claim: Claim, name: string, value: Uint8Array): Promise<boolean> {
  const { request, number } = holdOf(claim);
  return await core.run(KEEP, request, double(number), claim.steps ?? claim.id, name, asBuffer(value)) === 1;
}

/** @returns what was kept, by name */
export async function kept(core: RedisCore, key: string): Promise<Map<string, Uint8Array>> {
  const flat = await core.run(KEPT, key) as Buffer[];
  const values = new Map<string, Uint8Array>();
  for (let index = 0; index < flat.length; index += 2) values.set(String(flat[index]), plainBytes(flat[index + 1]!, 0));
  return values;
}
