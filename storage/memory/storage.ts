// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * The storage that keeps everything in the memory of one isolate; for tests, immediate mode and small programs.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  Collected,
  CountBounds,
  CountQuery,
  CountRow,
  DeadLetterQuery,
  Enqueued,
  FlushPart,
  Item,
  KeyValue,
  Lease,
  Moved,
  Owner,
  Pause,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredRunning,
  StoredState,
  Topic,
} from "../../lib/storage.ts";
import type { Target } from "./claims.ts";
import { checkItem } from "./item.ts";
import { MemoryKeyValue } from "./key_value.ts";
import { memoryName, type MemoryStorageOptions } from "./options.ts";
import { MemoryStore } from "./store.ts";

export type { MemoryStorageOptions };

/**
 * Keeps everything in the memory of this isolate. Two instances share nothing, whatever their names. Of tasks that have ended
 * without a result, the last 50,000 are remembered.
 *
 * Bytes are copied on the way in; those that come out are the stored ones and must not be changed.
 *
 * @example
 * ```ts
 * import { MemoryStorage, Huey } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new MemoryStorage({ name }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export class MemoryStorage implements Storage {
  readonly name: string;
  readonly shared: boolean = false;
  readonly descriptor: StorageDescriptor | undefined = undefined;
  readonly results: KeyValue;
  readonly locks: KeyValue;
  readonly data: KeyValue;
  readonly revocations: KeyValue;
  readonly meta: KeyValue;

  readonly #store: MemoryStore;
  #closed = false;

  /** @param options Name of the queue, and the clock. @throws {TypeError} For an unknown option, or a wrong value. */
  constructor(options: MemoryStorageOptions = {}) {
    this.name = memoryName(options);
    this.#store = new MemoryStore(options.clock ?? systemClock);
    this.results = new MemoryKeyValue(() => this.#open().results);
    this.locks = new MemoryKeyValue(() => this.#open().locks);
    this.data = new MemoryKeyValue(() => this.#open().data);
    this.revocations = new MemoryKeyValue(() => this.#open().revocations);
    this.meta = new MemoryKeyValue(() => this.#open().meta);
  }

  check(item: Item): void {
    checkItem(item);
  }

  async enqueue(items: readonly Item[], chords?: readonly ChordRecord[]): Promise<Enqueued> {
    return this.#open().enqueue(items, chords);
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    return this.#open().enqueueOnce(key, ttlMs, item);
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  async claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    return this.#open().claim(limit, owner);
  }

  async begin(claim: Claim): Promise<boolean> {
    return this.#open().begin(claim);
  }

  async keep(claim: Claim, name: string, value: Uint8Array): Promise<boolean> {
    return this.#open().keep(claim, name, value);
  }

  async kept(key: string): Promise<Map<string, Uint8Array>> {
    return this.#open().kept(key);
  }

  async settle(settlement: Settlement): Promise<Settled> {
    return this.#open().settle(settlement);
  }

  async leaveGate(claim: Claim): Promise<readonly Item[]> {
    return this.#open().leaveGate(claim);
  }

  async release(claims: readonly Claim[]): Promise<void> {
    this.#open().release(claims);
  }

  async claimed(owner: Target): Promise<Claim[]> {
    return this.#open().claimed(owner);
  }

  // ---- leases and recovery ------------------------------------------------------------------------------------------

  async renewLease(lease: Lease): Promise<readonly string[] | void> {
    return this.#open().renewLease(lease);
  }

  async endLease(consumer: string): Promise<void> {
    this.#open().endLease(consumer);
  }

  async leases(): Promise<StoredLease[]> {
    return this.#open().leases();
  }

  async recover(target?: Target, own?: Lease): Promise<Claim[]> {
    return this.#open().recover(target, own);
  }

  // ---- schedule -----------------------------------------------------------------------------------------------------

  async promoteDue(limit: number): Promise<Moved[]> {
    return this.#open().promoteDue(limit);
  }

  async promote(id: string): Promise<Moved | undefined> {
    return this.#open().promote(id);
  }

  async dueMs(): Promise<number | undefined> {
    return this.#open().dueMs();
  }

  async pause(pause: Pause): Promise<void> {
    this.#open().pause(pause);
  }

  async resume(): Promise<boolean> {
    return this.#open().resume();
  }

  async paused(): Promise<Pause | undefined> {
    return this.#open().paused();
  }

  // ---- results, states, counters, chords ----------------------------------------------------------------------------

  async endedOf(ids: readonly string[]): Promise<string[]> {
    return this.#open().endedOf(ids);
  }

  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    return this.#open().listen(topic, wake);
  }

  async state(id: string): Promise<StoredState | undefined> {
    return this.#open().state(id);
  }

  async increment(key: string, by: number, ttlMs?: number): Promise<number> {
    return this.#open().increment(key, by, ttlMs);
  }

  async collect(chordId: string): Promise<Collected> {
    return this.#open().collect(chordId);
  }

  // ---- listings -----------------------------------------------------------------------------------------------------

  async pending(limit?: number): Promise<Item[]> {
    return this.#open().pending(limit);
  }

  async scheduled(limit?: number): Promise<Item[]> {
    return this.#open().scheduled(limit);
  }

  async pendingCount(): Promise<number> {
    return this.#open().pendingCount();
  }

  async scheduledCount(): Promise<number> {
    return this.#open().scheduledCount();
  }

  async running(limit?: number): Promise<StoredRunning[]> {
    return this.#open().running(limit);
  }

  async blocked(limit?: number): Promise<Item[]> {
    return this.#open().blocked(limit);
  }

  async blockedCount(): Promise<number> {
    return this.#open().blockedCount();
  }

  async oldestMs(): Promise<number | undefined> {
    return this.#open().oldestMs();
  }

  // ---- dead letters -------------------------------------------------------------------------------------------------

  async deadLetters(query?: DeadLetterQuery): Promise<StoredDeadLetter[]> {
    return this.#open().deadLetters(query);
  }

  async deadLetterCount(query?: DeadLetterQuery): Promise<number> {
    return this.#open().deadLetterCount(query);
  }

  async deadLetter(id: string): Promise<StoredDeadLetter | undefined> {
    return this.#open().deadLetter(id);
  }

  async requeueDeadLetter(id: string, item: Item, others?: readonly string[]): Promise<Enqueued | undefined> {
    return this.#open().requeueDeadLetter(id, item, others);
  }

  async deleteDeadLetter(id: string): Promise<boolean> {
    return this.#open().deleteDeadLetter(id);
  }

  // ---- counts -------------------------------------------------------------------------------------------------------

  async count(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): Promise<void> {
    this.#open().count(rows, recent, bounds);
  }

  async counts(query: CountQuery): Promise<CountRow[]> {
    return this.#open().counts(query);
  }

  async recent(limit: number): Promise<Uint8Array[]> {
    return this.#open().recent(limit);
  }

  // ---- end ----------------------------------------------------------------------------------------------------------

  async flush(parts?: readonly FlushPart[]): Promise<void> {
    this.#open().flush(parts);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#store.flush();
    this.#store.waits.end();
  }

  #open(): MemoryStore {
    if (this.#closed) throw new StorageError(`Storage "${this.name}" is closed`);
    return this.#store;
  }
}
