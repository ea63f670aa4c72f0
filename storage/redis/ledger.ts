/**
 * What Redis knows of tasks and consumers: states, leases, chords, the schedule, dead letters.
 * @module
 */
import type { Item, Lease, StoredDeadLetter, StoredLease, StoredState } from "../../lib/storage.ts";
import { endingOf, readRecord } from "./bytes.ts";
import type { RedisCore } from "./core.ts";
import { COLLECT, DEAD_LETTERS, DELETE_DEAD_LETTER, HEARTBEAT, LEASES, SCHEDULED, STATE } from "./lua_data.ts";
import { dueItems, lastIndex } from "./queue.ts";

/** Letters of states that are no endings. */
const STATES: Readonly<Record<string, StoredState["state"]>> = {
  w: "waiting",
  s: "scheduled",
  t: "retrying",
  r: "running",
  d: "dead",
};

/** Where a task is. */
export async function stateOf(core: RedisCore, id: string): Promise<StoredState | undefined> {
  const [letter, mark] = await core.run(STATE, String(Date.now()), id) as [Buffer?, Buffer?];
  if (letter === undefined || mark === undefined) return undefined;
  const state = STATES[String(letter)] ?? endingOf(String(letter));
  if (state === undefined) return undefined;
  if (state !== "running" || mark.length < 10) return { state };
  const workerEnd = 10 + mark.readUInt16BE(8);
  return { state, worker: mark.toString("utf8", 10, workerEnd), sinceMs: mark.readDoubleBE(0) };
}

/** Grants or renews a lease, and removes what has expired. */
export async function heartbeat(core: RedisCore, lease: Lease): Promise<void> {
  const { consumer, ttlMs, host, pid } = lease;
  const nowMs = Date.now();
  // The expiry stands in front, where the script reads it.
  const stored = `${Math.round(nowMs + ttlMs)} ${JSON.stringify({ consumer, ttlMs, host, pid })}`;
  await core.run(HEARTBEAT, String(nowMs), consumer, stored);
}

/** Ends a lease. */
export async function resign(core: RedisCore, consumer: string): Promise<void> {
  await core.calls.command(["HDEL", `${core.prefix}leases`, consumer]);
}

/** All leases, also those that have run out and were not recovered yet. */
export async function leases(core: RedisCore): Promise<StoredLease[]> {
  const flat = (await core.run(LEASES) as Buffer[]).map(String);
  return flat.filter((_, index) => index % 2 === 1).map((stored) => {
    const space = stored.indexOf(" ");
    return { ...JSON.parse(stored.slice(space + 1)) as Lease, expiresMs: Number(stored.slice(0, space)) };
  });
}

/** Values that the members of a chord reported. */
export async function collect(core: RedisCore, chordId: string): Promise<(Uint8Array | undefined)[]> {
  const flat = await core.run(COLLECT, chordId) as Buffer[];
  const values = new Map<string, Buffer>();
  for (let index = 0; index < flat.length; index += 2) values.set(String(flat[index]), flat[index + 1]!);
  return Array.from({ length: Number(String(values.get("size") ?? 0)) }, (_, index) => {
    const value = values.get(String(index));
    return value && new Uint8Array(value.buffer, value.byteOffset, value.length);
  });
}

/** Scheduled items, soonest first. */
export async function scheduled(core: RedisCore, limit: number | undefined): Promise<Item[]> {
  if (limit !== undefined && limit <= 0) return [];
  const flat = await core.run(SCHEDULED, lastIndex(limit)) as Buffer[];
  return dueItems(flat.flatMap((member, index) => index % 2 === 0 ? [flat[index + 1]!, member.subarray(8)] : []));
}

/** Messages set aside, oldest first. */
export async function deadLetters(core: RedisCore, limit: number | undefined): Promise<StoredDeadLetter[]> {
  if (limit !== undefined && limit <= 0) return [];
  const found = await core.run(DEAD_LETTERS, lastIndex(limit)) as [Buffer, Buffer][];
  return found.map(([, letter]) => {
    const textEnd = 4 + letter.readUInt32BE(0);
    const { item } = readRecord(letter.subarray(textEnd));
    return { ...JSON.parse(letter.toString("utf8", 4, textEnd)), data: item.data, priority: item.priority };
  });
}

/** @returns whether it was there */
export async function deleteDeadLetter(core: RedisCore, id: string): Promise<boolean> {
  return await core.calls.once(DELETE_DEAD_LETTER, [id]) === 1;
}
