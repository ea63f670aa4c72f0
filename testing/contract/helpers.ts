/**
 * Short words for the cases of the storage contract.
 * @module
 */
import { BellListener } from "../../lib/core/bell_listener.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { type WaitOptions, waitsOf } from "../../lib/result/waits.ts";
import type { Claim, Item, KeyValue, Lease, Owner, Settlement, Storage, Topic } from "../../lib/storage.ts";

/** Longer than the time limit of a case: what waits this long was not woken, and the case fails. */
export const LONG_MS = 60_000;

/** A time that does not come while a case runs: the year 2100. */
export const FAR_MS = 4_102_444_800_000;

/** Longest time between two looks, for a storage without a bell. */
const LOOK_MS = 1000;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text as bytes. */
export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bytes as text; `undefined` stays. */
export function text(value: Uint8Array | undefined): string | undefined {
  return value && decoder.decode(value);
}

/** A copy as a plain `Uint8Array`; a driver may hand out a `Buffer`. */
export function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}

/** An item with defaults. */
export function item(id: string, extra: Partial<Item> = {}): Item {
  return { id, data: bytes(`data of ${id}`), priority: 0, track: true, ...extra };
}

/** Items with numbered ids: `a0`, `a1`, ... */
export function items(prefix: string, count: number, extra: Partial<Item> = {}): Item[] {
  return Array.from({ length: count }, (_, index) => item(`${prefix}${index}`, extra));
}

/** Somebody who claims. */
export function owner(consumer: string = "consumer", worker: string = "worker"): Owner {
  return { consumer, worker };
}

/** A lease of a minute, unless told otherwise. */
export function lease(consumer: string = "consumer", ttlMs: number = LONG_MS): Lease {
  return { consumer, ttlMs, host: "test-host", pid: 12_345 };
}

/** How to claim. */
export interface ClaimWay {
  readonly owner?: Owner;
  /** Longest wait for a first item. Default: none. */
  readonly waitMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** Claims; with `waitMs` as lib does: by rings and looks. */
export async function claim(storage: Storage, limit: number = 1, way: ClaimWay = {}): Promise<readonly Claim[]> {
  const { owner: who = owner(), waitMs = 0, signal = new AbortController().signal } = way;
  if (waitMs === 0) return (await storage.claim(limit, who)).claims;
  if (storage.claimOrWait !== undefined) return (await storage.claimOrWait(limit, who, waitMs, signal)).claims;
  let claims: readonly Claim[] = [];
  await untilRing(storage, "queue", { waitMs, signal }, async () => {
    claims = (await storage.claim(limit, who)).claims;
    return claims.length > 0;
  });
  return claims;
}

/** Waits until something is due, as lib does: by rings and looks. */
export async function waitDue(storage: Storage, waitMs: number, signal?: AbortSignal): Promise<void> {
  await untilRing(storage, "schedule", { waitMs, signal }, async () => {
    const dueMs = await storage.dueMs() ?? Infinity;
    return dueMs - systemClock.now();
  });
}

/** Looks at each ring, and now and then, until that says true, or how many milliseconds are left and these have passed. */
async function untilRing(
  storage: Storage,
  topic: Topic,
  { waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal | undefined },
  look: () => Promise<boolean | number>,
): Promise<void> {
  const ring = new BellListener(storage, topic, systemClock);
  const endMs = systemClock.elapsed() + waitMs;
  signal?.addEventListener("abort", () => ring.wake());
  try {
    await ring.listen();
    while (signal?.aborted !== true) {
      ring.clearRings();
      const seen = await look();
      const leftMs = endMs - systemClock.elapsed();
      if (seen === true || leftMs <= 0 || typeof seen === "number" && seen <= 0) return;
      await ring.wait(Math.min(leftMs, LOOK_MS, typeof seen === "number" ? seen : Infinity));
    }
  } finally {
    ring.stop();
  }
}

/** Claims one item, which must be there. @throws {Error} If it is not. */
export async function claimOne(storage: Storage, who: Owner = owner()): Promise<Claim> {
  const [claimed] = await claim(storage, 1, { owner: who });
  if (claimed === undefined) throw new Error("There is nothing to claim");
  return claimed;
}

/** Enqueues one item and claims it. */
export async function enqueueAndClaim(storage: Storage, id: string, extra: Partial<Item> = {}): Promise<Claim> {
  await storage.enqueue([item(id, extra)]);
  return await claimOne(storage);
}

/** The settlement of a task that is complete. */
export function complete(claimed: Claim, extra: Partial<Settlement> = {}): Settlement {
  return { claim: claimed, id: claimed.id, ending: "complete", noticeTtlMs: LONG_MS, ...extra };
}

/** Ids in the order given. */
export function ids(list: readonly { readonly id: string }[]): string[] {
  return list.map(({ id }) => id);
}

/** Ids in the order in which the items are handed out, until there are none. */
export async function drain(storage: Storage): Promise<string[]> {
  const found: string[] = [];
  for (let claims = await claim(storage); claims.length > 0; claims = await claim(storage)) {
    found.push(...ids(claims));
    for (const claimed of claims) await storage.settle(complete(claimed));
  }
  return found;
}

/** Reads a value as text. */
export async function peekText(space: KeyValue, key: string): Promise<string | undefined> {
  return text(await space.peek(key));
}

/** Lets a wait that was started on one instance get under way: two round trips on it and on the other one. */
export async function underWay(...storages: readonly Storage[]): Promise<void> {
  for (const storage of [...storages, ...storages]) await storage.pendingCount();
}

/** A buffer of random bytes. */
export function randomBytes(length: number): Uint8Array {
  const buffer = new Uint8Array(length);
  for (let start = 0; start < length; start += 65_536) crypto.getRandomValues(buffer.subarray(start, start + 65_536));
  return buffer;
}

/**
 * Why a promise rejects. `expect(promise).rejects` is no use for what this isolate still has to end: Bun waits for it on the spot.
 * @throws {Error} If it does not.
 */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error("The promise was expected to reject");
}

/** Waits for the end of a task as lib does: by rings and looks. @returns false after the time limit */
export async function waitForEnd(storage: Storage, id: string, options: WaitOptions = {}): Promise<boolean> {
  return await waitsOf(storage).wait(id, options);
}
