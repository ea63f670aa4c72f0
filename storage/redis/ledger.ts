/**
 * What Redis knows of tasks and consumers: states, leases, chords, the schedule.
 * @module
 */
import type { Collected, Item, Lease, Moved, StoredLease, StoredState } from "../../lib/storage.ts";
import { endingOf } from "./bytes.ts";
import type { RedisCore } from "./core.ts";
import { COLLECT, LEASES, RENEW_LEASE, SCHEDULED, STATE } from "./lua_data.ts";
import { itemOf, NUMBERED, plainBytes, readTail } from "./record.ts";

/** Letters of states that are no endings. */
const STATES: Readonly<Record<string, StoredState["state"]>> = {
  w: "waiting",
  s: "scheduled",
  b: "blocked",
  t: "retrying",
  r: "running",
  d: "dead",
};

/** More places than any chord has; a record that says more is damaged. */
const MOST_PLACES = 10_000_000;

/** Where a task is. */
export async function stateOf(core: RedisCore, id: string): Promise<StoredState | undefined> {
  const [letter, mark] = await core.run(STATE, id) as [Buffer?, Buffer?];
  if (letter === undefined || mark === undefined) return undefined;
  const state = STATES[String(letter)] ?? endingOf(String(letter));
  if (state === undefined) return undefined;
  if (state !== "running" || mark.length < 10) return { state, ...aboutIn(mark, 0) };
  const workerEnd = 10 + mark.readUInt16BE(8);
  return { state, worker: mark.toString("utf8", 10, workerEnd), sinceMs: mark.readDoubleBE(0), ...aboutIn(mark, workerEnd) };
}

function aboutIn(bytes: Buffer, start: number): { readonly about?: string } {
  return bytes.length > start ? { about: bytes.toString("utf8", start) } : {};
}

/** Grants or renews a lease, and removes what has expired. @returns what the scripts have set aside since the last one */
export async function renewLease(core: RedisCore, lease: Lease): Promise<readonly string[]> {
  const lines = await core.run(RENEW_LEASE, ...leaseArguments(lease)) as Buffer[];
  return lines.map((line) => `Redis: ${String(line)}`);
}

/** Consumer, life, text and about of a lease, as the scripts take them. */
export function leaseArguments({ consumer, ttlMs, host, pid, about = "" }: Lease): [string, string, string, string] {
  return [consumer, String(Math.ceil(ttlMs)), JSON.stringify({ consumer, ttlMs, host, pid }), about];
}

/** All leases, also those that have run out and were not recovered yet; in the time of this host. */
export async function leases(core: RedisCore): Promise<StoredLease[]> {
  const [serverMs, ...flat] = (await core.run(LEASES) as Buffer[]).map(String);
  const behindMs = core.clock.now() - Number(serverMs);
  return flat.flatMap((stored, index) => {
    const lease = index % 3 === 1 ? readLease(stored) : undefined;
    const about = flat[index + 1];
    return lease ? [{ ...lease, expiresMs: lease.expiresMs + behindMs, ...(about && { about }) }] : [];
  });
}

function readLease(stored: string): StoredLease | undefined {
  const space = stored.indexOf(" ");
  const expiresMs = Number(stored.slice(0, space));
  const lease = readJson(stored.slice(space + 1)) as Partial<Lease> | null;
  if (space < 1 || Number.isNaN(expiresMs) || typeof lease !== "object" || lease === null) return undefined;
  const { consumer, ttlMs, host, pid } = lease;
  if (typeof consumer !== "string" || typeof ttlMs !== "number" || typeof host !== "string" || typeof pid !== "number") {
    return undefined;
  }
  return { consumer, ttlMs, host, pid, expiresMs };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Values that the members of a chord reported. */
export async function collect(core: RedisCore, chordId: string): Promise<Collected> {
  const flat = await core.run(COLLECT, chordId) as Buffer[];
  const fields = new Map<string, Buffer>();
  for (let index = 0; index < flat.length; index += 2) fields.set(String(flat[index]), flat[index + 1]!);
  const size = Number(String(fields.get("size") ?? 0));
  const length = Number.isInteger(size) && size >= 0 && size <= MOST_PLACES ? size : 0;
  const values = Array.from({ length }, (_, index) => {
    const value = fields.get(String(index));
    return value && plainBytes(value, 0);
  });
  const filled = fields.get("filled");
  return { values, filledMs: filled && filled.length >= 8 ? filled.readDoubleBE(0) : undefined };
}

/** Scheduled items, soonest first. */
export async function scheduled(core: RedisCore, limit: number | undefined): Promise<Item[]> {
  if (limit !== undefined && limit <= 0) return [];
  const flat = await core.run(SCHEDULED, lastIndex(limit)) as Buffer[];
  return flat.flatMap((member, index) => {
    const read = index % 2 === 0 ? readTail(member, NUMBERED) : undefined;
    return read ? [itemOf(read, Number(String(flat[index + 1])))] : [];
  });
}

/** Items that were moved: by threes due time, tail, and "1" for one that waits at its gate. */
export function movedItems(flat: readonly Buffer[]): Moved[] {
  return flat.flatMap((due, index) => {
    const read = index % 3 === 0 ? readTail(flat[index + 1]!, 0) : undefined;
    if (!read) return [];
    const item = itemOf(read, Number(String(due)));
    return [flat[index + 2]!.length > 0 ? { ...item, blocked: true } : item];
  });
}

/** Index of the last of `limit` items. */
export function lastIndex(limit: number | undefined): string {
  return limit === undefined || limit === Infinity ? "-1" : String(limit - 1);
}
