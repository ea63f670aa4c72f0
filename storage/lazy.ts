/**
 * A storage whose driver is loaded when it is first used, so that a program pays only for the drivers that it uses.
 * @module
 */
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  ClaimOptions,
  Collected,
  FlushPart,
  Item,
  KeyValue,
  Lease,
  PutIfEmptyOptions,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredState,
  Topic,
  WaitOptions,
} from "../lib/storage.ts";

/** What is known of a storage before its driver is loaded. */
export interface LazyOptions {
  readonly name: string;
  readonly shared: boolean;
  /** As `Storage.place`. */
  readonly place?: string | undefined;
  readonly descriptor: StorageDescriptor | undefined;
  /** As `Storage.check`. */
  readonly check: (item: Item) => void;
  /** Loads the driver. Everything that can be wrong with the options was found before. */
  readonly load: () => Promise<Storage>;
}

/** Uses what may not be there yet; who comes first is served first. */
type Use<T> = <R>(call: (loaded: T) => Promise<R>) => Promise<R>;

/** Hands everything to the driver, which it loads at the first call. */
export class LazyStorage implements Storage {
  readonly name: string;
  readonly shared: boolean;
  readonly place: string | undefined;
  readonly descriptor: StorageDescriptor | undefined;
  readonly results: KeyValue;
  readonly locks: KeyValue;
  readonly data: KeyValue;
  readonly revocations: KeyValue;
  readonly meta: KeyValue;
  readonly #check: (item: Item) => void;
  readonly #use: Use<Storage>;

  /** @param options What the driver's own class knows before it is loaded. */
  constructor(options: LazyOptions) {
    this.name = options.name;
    this.shared = options.shared;
    this.place = options.place;
    this.descriptor = options.descriptor;
    this.#check = options.check;
    this.#use = atFirstUse(options.load);
    this.results = new LazyKeyValue((call) => this.#use((driver) => call(driver.results)));
    this.locks = new LazyKeyValue((call) => this.#use((driver) => call(driver.locks)));
    this.data = new LazyKeyValue((call) => this.#use((driver) => call(driver.data)));
    this.revocations = new LazyKeyValue((call) => this.#use((driver) => call(driver.revocations)));
    this.meta = new LazyKeyValue((call) => this.#use((driver) => call(driver.meta)));
  }

  check(item: Item): void {
    this.#check(item);
  }

  enqueue(items: readonly Item[], chords?: readonly ChordRecord[]): Promise<void> {
    return this.#use((driver) => driver.enqueue(items, chords));
  }

  enqueueOnce(key: string, ttlMs: number, item: Item): Promise<boolean> {
    return this.#use((driver) => driver.enqueueOnce(key, ttlMs, item));
  }

  claim(limit: number, options: ClaimOptions): Promise<ClaimBatch> {
    return this.#use((driver) => driver.claim(limit, options));
  }

  settle(settlement: Settlement): Promise<Settled> {
    return this.#use((driver) => driver.settle(settlement));
  }

  release(claims: readonly Claim[]): Promise<void> {
    return this.#use((driver) => driver.release(claims));
  }

  claimed(owner: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#use((driver) => driver.claimed(owner));
  }

  heartbeat(lease: Lease): Promise<void> {
    return this.#use((driver) => driver.heartbeat(lease));
  }

  resign(consumer: string): Promise<void> {
    return this.#use((driver) => driver.resign(consumer));
  }

  leases(): Promise<StoredLease[]> {
    return this.#use((driver) => driver.leases());
  }

  begin(claim: Claim): Promise<boolean> {
    return this.#use((driver) => driver.begin!(claim));
  }

  dueMs(): Promise<number | undefined> {
    return this.#use((driver) => driver.dueMs!());
  }

  endedOf(ids: readonly string[]): Promise<string[]> {
    return this.#use((driver) => driver.endedOf!(ids));
  }

  listen(topic: Topic, wake: () => void): Promise<() => void> {
    return this.#use((driver) => driver.listen!(topic, wake));
  }

  recover(target?: { readonly consumer: string; readonly worker?: string }, own?: Lease): Promise<Claim[]> {
    return this.#use((driver) => driver.recover(target, own));
  }

  promoteDue(nowMs: number, limit: number): Promise<Item[]> {
    return this.#use((driver) => driver.promoteDue(nowMs, limit));
  }

  waitDue(maxMs: number, signal?: AbortSignal): Promise<void> {
    return this.#use((driver) => driver.waitDue(maxMs, signal));
  }

  waitForResult(id: string, options?: WaitOptions): Promise<boolean> {
    return this.#use((driver) => driver.waitForResult(id, options));
  }

  state(id: string): Promise<StoredState | undefined> {
    return this.#use((driver) => driver.state(id));
  }

  increment(key: string, by: number, ttlMs?: number): Promise<number> {
    return this.#use((driver) => driver.increment(key, by, ttlMs));
  }

  collect(chordId: string): Promise<Collected> {
    return this.#use((driver) => driver.collect(chordId));
  }

  pending(limit?: number): Promise<Item[]> {
    return this.#use((driver) => driver.pending(limit));
  }

  scheduled(limit?: number): Promise<Item[]> {
    return this.#use((driver) => driver.scheduled(limit));
  }

  pendingCount(): Promise<number> {
    return this.#use((driver) => driver.pendingCount());
  }

  scheduledCount(): Promise<number> {
    return this.#use((driver) => driver.scheduledCount());
  }

  deadLetters(limit?: number): Promise<StoredDeadLetter[]> {
    return this.#use((driver) => driver.deadLetters(limit));
  }

  deadLetterCount(): Promise<number> {
    return this.#use((driver) => driver.deadLetterCount());
  }

  requeueDeadLetter(id: string): Promise<boolean> {
    return this.#use((driver) => driver.requeueDeadLetter(id));
  }

  deleteDeadLetter(id: string): Promise<boolean> {
    return this.#use((driver) => driver.deleteDeadLetter(id));
  }

  flush(parts?: readonly FlushPart[]): Promise<void> {
    return this.#use((driver) => driver.flush(parts));
  }

  close(): Promise<void> {
    return this.#use((driver) => driver.close());
  }
}

class LazyKeyValue implements KeyValue {
  readonly #use: Use<KeyValue>;

  constructor(use: Use<KeyValue>) {
    this.#use = use;
  }

  put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    return this.#use((values) => values.put(key, value, ttlMs));
  }

  peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#use((values) => values.peekMany(keys));
  }

  peek(key: string): Promise<Uint8Array | undefined> {
    return this.#use((values) => values.peek(key));
  }

  pop(key: string): Promise<Uint8Array | undefined> {
    return this.#use((values) => values.pop(key));
  }

  delete(key: string): Promise<boolean> {
    return this.#use((values) => values.delete(key));
  }

  has(key: string): Promise<boolean> {
    return this.#use((values) => values.has(key));
  }

  putIfEmpty(key: string, value: Uint8Array, options?: PutIfEmptyOptions): Promise<boolean> {
    return this.#use((values) => values.putIfEmpty(key, value, options));
  }

  deleteIfEqual(key: string, value: Uint8Array): Promise<boolean> {
    return this.#use((values) => values.deleteIfEqual(key, value));
  }

  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): Promise<boolean> {
    return this.#use((values) => values.replaceIfEqual(key, expected, value, ttlMs));
  }

  size(): Promise<number> {
    return this.#use((values) => values.size());
  }

  entries(): Promise<Map<string, Uint8Array>> {
    return this.#use((values) => values.entries());
  }

  flush(): Promise<void> {
    return this.#use((values) => values.flush());
  }
}

function atFirstUse<T>(load: () => Promise<T>): Use<T> {
  let loaded: T | undefined;
  let loading: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const begun = load();
    // Apart from the promise that calls wait for, so that none gets ahead of them between its loading and their turn.
    begun.then((driver) => loaded = driver, () => loading = undefined);
    return begun;
  };
  return (call) => {
    if (loaded !== undefined) return call(loaded);
    loading ??= begin();
    return loading.then(call);
  };
}
