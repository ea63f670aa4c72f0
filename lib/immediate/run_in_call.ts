/**
 * Immediate mode: a call has a queue of its own in memory, and drains it before it resolves. So nothing of other calls runs in it,
 * and everything takes the path that it takes in a consumer, the serializer included.
 * @module
 */
import { type Core, replaceMembers } from "../core/core.ts";
import { NOBODY } from "../attempt/execution.ts";
import { executeClaim } from "../execution/execute.ts";
import { ImmediateKeys } from "./keys.ts";
import type { ChordRecord, Claim, Enqueued, Item, Settled, Settlement, Storage } from "../storage.ts";

/**
 * Runs what is enqueued, and whatever follows from it, before it resolves. What is not due goes to the schedule and stays there.
 *
 * @param memory A new storage: the queue of this call.
 * @param enqueue Enqueues into the storage of the core that it is given.
 */
export async function runInCall<T>(core: Core, memory: Storage, enqueue: (core: Core) => Promise<T>): Promise<T> {
  const queue = new CallQueue(core.storage, memory, new ImmediateKeys(core.storage, core.clock));
  const inside = replaceMembers(core, { storage: replaceMembers(core.storage, queue.operations) });
  try {
    const enqueued = await enqueue(inside);
    await runClaims(inside, () => queue.claim());
    return enqueued;
  } finally {
    queue.keys.freeAll();
  }
}

/** Runs what waits on the queue of a Huey that runs its tasks itself. A storage that others see has consumers for it. */
export async function drainQueue(core: Core): Promise<void> {
  if (!core.immediate || core.storage.shared) return;
  await runClaims(core, async () => (await core.storage.claim(1, NOBODY)).claims[0]);
}

/** Runs claims until there is none. */
async function runClaims(core: Core, claimNext: () => Promise<Claim | undefined>): Promise<void> {
  for (let claim = await claimNext(); claim !== undefined; claim = await claimNext()) {
    await executeClaim(core, claim, { owner: undefined, revocations: true });
  }
}

/** The queue, the chords and the steps of one call are in memory; all else is in the storage of the Huey. */
class CallQueue {
  readonly keys: ImmediateKeys;
  readonly #storage: Storage;
  readonly #memory: Storage;
  /** Callbacks that are not due when their chord is complete: they are told of when they reach the schedule. */
  readonly #late: Set<string> = new Set();
  #batches = 0;

  constructor(storage: Storage, memory: Storage, keys: ImmediateKeys) {
    this.#storage = storage;
    this.#memory = memory;
    this.keys = keys;
  }

  /** What takes the place of the storage's own. */
  readonly operations: Partial<Storage> = {
    enqueue: (items, chords) => this.#enqueue(items, chords),
    settle: (settlement) => this.#settle(settlement),
    collect: (chordId) => this.#memory.collect(chordId),
    keep: (claim, name, value) => this.#memory.keep(claim, name, value),
    kept: (key) => this.#memory.kept(key),
    // An id that was used before in this storage is no replay here: this message was never in it.
    endedOf: (ids) => this.#memory.endedOf(ids),
  };

  async claim(): Promise<Claim | undefined> {
    const { claims: [claim] } = await this.#memory.claim(1, NOBODY);
    if (claim?.unique !== undefined) this.keys.free(claim.unique, "start");
    return claim;
  }

  async #enqueue(items: readonly Item[], chords?: readonly ChordRecord[]): Promise<Enqueued> {
    const due = items.filter(({ dueMs }) => dueMs !== undefined);
    const scheduled = due.length > 0 ? await this.#storage.enqueue(due) : {};
    const duplicates = new Map<number, string>();
    for (const [index, id] of scheduled.duplicates ?? []) duplicates.set(items.indexOf(due[index]!), id);
    for (const [index, item] of items.entries()) {
      const holder = item.dueMs === undefined && item.unique !== undefined ? this.keys.take(item, item.unique) : undefined;
      if (holder !== undefined) duplicates.set(index, holder);
    }
    await this.#memory.enqueue(...this.#ready(items.filter((_, index) => !duplicates.has(index)), chords));
    return duplicates.size === 0 ? {} : { duplicates };
  }

  async #settle(settlement: Settlement): Promise<Settled> {
    const { claim, chord, dropChord, next, chords } = settlement;
    const enqueue = [...settlement.enqueue ?? [], ...next === undefined ? [] : [next]];
    const due = enqueue.filter(({ dueMs }) => dueMs !== undefined);
    if (claim?.unique !== undefined && (next === undefined || next.dueMs !== undefined)) this.keys.free(claim.unique, "end");
    const ends = {
      ...settlement,
      claim: undefined,
      chord: undefined,
      dropChord: undefined,
      chords: undefined,
      next: undefined,
    };
    await this.#storage.settle({ ...ends, enqueue: due.length > 0 ? due : undefined, dropSteps: undefined });
    const [items, records] = this.#ready(enqueue, chords);
    const follows = { claim, id: settlement.id, noticeTtlMs: 0, chord, dropChord, enqueue: items, chords: records };
    const { held, callback } = await this.#memory.settle(follows);
    return { held, callback: callback && this.#late.has(callback.id) ? undefined : callback };
  }

  /**
   * Depth first, as nested calls would be: what comes later goes first, and a callback before all that waited for its members. Without
   * gates: what runs in its call cannot wait for another one to end, which may be the one around it.
   */
  #ready(items: readonly Item[], chords?: readonly ChordRecord[]): [Item[], ChordRecord[] | undefined] {
    const priority = ++this.#batches;
    const ready = items.filter(({ dueMs }) => dueMs === undefined).map((item) => ({ ...item, priority, gate: undefined }));
    const records = chords?.map((chord) => {
      if (chord.callback.dueMs !== undefined) this.#late.add(chord.callback.id);
      const callback = { ...chord.callback, priority: priority + 0.5, dueMs: undefined, gate: undefined };
      return { ...chord, callback };
    });
    return [ready, records];
  }
}
