/**
 * The storage that keeps everything in files of one folder, for several processes of one computer (or of several that share a
 * file system which renames atomically). No server, no library, no global lock. `layout.ts` says what is where,
 * `transaction.ts` why a crash loses nothing.
 * @module
 */
import type {
  Claim,
  ClaimBatch,
  ClaimOptions,
  Collected,
  Item,
  KeyValue,
  Lease,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredState,
  WaitOptions,
} from "../../lib/storage.ts";
import { holderOf } from "./claims.ts";
import { encodeName, hashOf } from "./layout.ts";
import { checkItem, type FileOptions, fileSettings } from "./options.ts";
import { FileParts } from "./parts.ts";
import { encodeRecord } from "./record.ts";
import { settle } from "./settlement.ts";
import { encodeItem, stepOfItem } from "./steps.ts";
import type { Entry } from "./values.ts";

export type { FileOptions };

const NOTHING = new Uint8Array();
/** How many ended things one call removes along the way. */
const PRUNE_LIMIT = 1000;
/** Notices are removed after so many settlements. */
const SETTLEMENTS_PER_PRUNE = 64;

/** The driver: see `FileStorage` in `front.ts`. */
export class FileStorage implements Storage {
  readonly name: string;
  readonly shared: boolean = true;
  readonly descriptor: StorageDescriptor;
  readonly data: KeyValue;
  readonly results: KeyValue;
  readonly locks: KeyValue;
  readonly revocations: KeyValue;
  readonly meta: KeyValue;

  readonly #parts: FileParts;
  #settlements = 0;
  #hasStarted = false;

  /**
   * @param options Name of the queue (default "huey"; each name has a folder of its own below `path`) and {@linkcode FileOptions}.
   * @throws {RangeError} If `levels` is no integer from 0 to 4.
   * @throws {ConfigurationError} If there is no path, or something else than a folder is there.
   * @throws {StorageError} If the folder cannot be made.
   */
  constructor(options: { readonly name?: string } & FileOptions) {
    const { name, path, levels, fsync } = fileSettings(options);
    this.name = name;
    this.descriptor = { module: import.meta.url, className: "FileStorage", options: { name, path, levels, fsync } };
    this.#parts = new FileParts({ name, root: `${path}/${encodeName(name)}`, levels, fsync });
    this.data = this.#parts.data;
    this.results = this.data;
    this.locks = this.data;
    this.revocations = this.#parts.revocations;
    this.meta = this.#parts.meta;
  }

  check(item: Item): void {
    checkItem(item);
  }

  enqueue(items: readonly Item[]): Promise<void> {
    return this.#parts.run(async () => {
      for (const item of items) this.check(item);
      if (items.length === 1) await this.#parts.sendOne(items[0]!);
      else if (items.length > 1) await this.#parts.sendAll(items);
      this.#parts.ringFor(items);
    });
  }

  enqueueOnce(key: string, ttlMs: number, item: Item): Promise<boolean> {
    return this.#parts.run(async () => {
      this.check(item);
      const { meta, transactions } = this.#parts;
      const draft = transactions.draft();
      await this.#parts.stageOrDiscard(draft, () => {
        draft.add(stepOfItem(item), encodeItem(item));
        const entry: Entry = { ...meta.entry(key, ttlMs), transaction: draft.id };
        draft.add(["condition", meta.space, hashOf(key)], encodeRecord(entry, NOTHING));
      });
      const isFirst = await transactions.commitIf(draft, (staged) => meta.linkIfEmpty(staged, key));
      if (isFirst) this.#parts.ringFor([item]);
      return isFirst;
    });
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  claim(limit: number, { owner, waitMs, signal }: ClaimOptions): Promise<ClaimBatch> {
    return this.#parts.run(async () => {
      if (!this.#hasStarted) await this.#parts.replay();
      this.#hasStarted = true;
      const { claims, queueBell, revocations } = this.#parts;
      const look = async (): Promise<Claim[] | undefined> => {
        const taken = await claims.take(limit, owner);
        return taken.length > 0 ? taken : undefined;
      };
      const taken = limit > 0 ? await queueBell.until(look, { timeoutMs: waitMs, signal }) ?? [] : [];
      if (!signal?.aborted) return { claims: taken, revocations: revocations.any() };
      for (const claim of taken) await claims.putBack(claim.token, false);
      if (taken.length > 0) this.#parts.putBackDone();
      return { claims: [], revocations: revocations.any() };
    });
  }

  async settle(settlement: Settlement): Promise<Settled> {
    return { held: await this.#settle(settlement) };
  }

  #settle(settlement: Settlement): Promise<boolean> {
    return this.#parts.run(async () => {
      const { claim, id, enqueue = [], chord, result, ending } = settlement;
      const items = chord ? [...enqueue, chord.callback] : enqueue;
      for (const item of items) this.check(item);
      await this.#parts.replayUnfinished();
      // What an at-most-once task left when it began is kept longer than what it leaves at its end, or while it waits for a retry.
      if (claim === undefined) this.#parts.notices.forget(hashOf(id));
      if (!await settle(settlement, this.#parts)) return false;
      this.#parts.ringFor(items);
      if (result !== undefined || ending !== undefined) this.#parts.resultBell.ring();
      if (++this.#settlements % SETTLEMENTS_PER_PRUNE === 0) await this.#parts.notices.prune(2 * SETTLEMENTS_PER_PRUNE);
      return true;
    });
  }

  release(claims: readonly Claim[]): Promise<void> {
    return this.#parts.run(async () => {
      for (const claim of claims) await this.#parts.claims.putBack(claim.token, false);
      this.#parts.putBackDone();
    });
  }

  claimed(owner: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#parts.run(() => this.#parts.claims.list(holderOf(owner)));
  }

  // ---- leases and recovery ------------------------------------------------------------------------------------------

  heartbeat(lease: Lease): Promise<void> {
    return this.#parts.run(() => this.#parts.leases.renew(lease));
  }

  resign(consumer: string): Promise<void> {
    return this.#parts.run(() => this.#parts.leases.end(consumer));
  }

  leases(): Promise<StoredLease[]> {
    return this.#parts.run(() => this.#parts.leases.list());
  }

  recover(target?: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#parts.run(async () => {
      await this.#parts.replay();
      const recovered = target ? await this.#parts.claims.recover(holderOf(target)) : await this.#parts.recoverOrphans();
      if (recovered.length > 0) this.#parts.putBackDone();
      await this.#parts.prune(PRUNE_LIMIT);
      return recovered;
    });
  }

  // ---- schedule -----------------------------------------------------------------------------------------------------

  promoteDue(nowMs: number, limit: number): Promise<Item[]> {
    return this.#parts.run(async () => {
      const items = await this.#parts.schedule.promote(nowMs, limit);
      if (items.length > 0) this.#parts.queueBell.ring();
      return items;
    });
  }

  waitDue(maxMs: number, signal?: AbortSignal): Promise<void> {
    return this.#parts.run(async () => {
      let dueMs = Infinity;
      const look = (): true | undefined => {
        dueMs = this.#parts.schedule.nextDueMs() ?? Infinity;
        return dueMs <= Date.now() ? true : undefined;
      };
      await this.#parts.scheduleBell.until(look, { timeoutMs: maxMs, signal, rescanMs: () => dueMs - Date.now() });
    });
  }

  // ---- results, states, counters, chords ----------------------------------------------------------------------------

  waitForResult(id: string, options: WaitOptions = {}): Promise<boolean> {
    return this.#parts.run(async () => {
      const { timeoutMs, signal } = options;
      const look = (): true | undefined => this.#parts.hasEnded(id) ? true : undefined;
      const isThere = await this.#parts.resultBell.until(look, { timeoutMs, signal }) ?? false;
      signal?.throwIfAborted();
      if (!isThere) this.#parts.assertOpen();
      return isThere;
    });
  }

  state(id: string): Promise<StoredState | undefined> {
    return this.#parts.run(() => this.#parts.tracks.state(id));
  }

  increment(key: string, by: number, ttlMs?: number): Promise<number> {
    return this.#parts.run(async () => {
      const count = (old: Uint8Array | undefined): number => (old ? Number(new TextDecoder().decode(old)) : 0) + by;
      const encode = (value: number): Uint8Array => new TextEncoder().encode(String(value));
      const value = await this.#parts.counters.update(key, ttlMs, (old) => encode(count(old)));
      return Number(new TextDecoder().decode(value));
    });
  }

  async collect(chordId: string): Promise<Collected> {
    return { values: await this.#parts.run(() => this.#parts.chords.collect(chordId)), filledMs: undefined };
  }

  // ---- listings -----------------------------------------------------------------------------------------------------

  pending(limit: number = Infinity): Promise<Item[]> {
    return this.#parts.run(() => this.#parts.queue.list(limit));
  }

  scheduled(limit: number = Infinity): Promise<Item[]> {
    return this.#parts.run(() => this.#parts.schedule.list(limit));
  }

  pendingCount(): Promise<number> {
    return this.#parts.run(() => this.#parts.queue.count());
  }

  scheduledCount(): Promise<number> {
    return this.#parts.run(() => this.#parts.schedule.count());
  }

  deadLetters(limit: number = Infinity): Promise<StoredDeadLetter[]> {
    return this.#parts.run(() => this.#parts.deadLetters.list(limit));
  }

  deadLetterCount(): Promise<number> {
    return this.#parts.run(() => this.#parts.deadLetters.count());
  }

  requeueDeadLetter(id: string): Promise<boolean> {
    return this.#parts.run(async () => {
      const { deadLetters, transactions, queueBell } = this.#parts;
      const letter = deadLetters.find(id);
      if (letter === undefined) return false;
      const { itemId, priority, track } = letter.grave;
      const item: Item = { id: itemId, data: letter.data, priority, track };
      const draft = transactions.draft();
      await this.#parts.stageOrDiscard(draft, () => void draft.add(stepOfItem(item), encodeItem(item)));
      const isFirst = await transactions.commit(draft, letter.path);
      if (isFirst) queueBell.ring();
      return isFirst;
    });
  }

  deleteDeadLetter(id: string): Promise<boolean> {
    return this.#parts.run(() => {
      const letter = this.#parts.deadLetters.find(id);
      if (letter === undefined || !this.#parts.disk.remove(letter.path)) return false;
      if (letter.grave.track) this.#parts.tracks.forget(hashOf(letter.grave.itemId));
      return true;
    });
  }

  // ---- end ----------------------------------------------------------------------------------------------------------

  flush(): Promise<void> {
    return this.#parts.run(() => this.#parts.flush());
  }

  close(): Promise<void> {
    return this.#parts.close();
  }
}
