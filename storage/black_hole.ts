// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * The storage that keeps nothing: writes vanish, reads find nothing. For tests, and for switching a queue off.
 * @module
 */
import { StorageError } from "../lib/errors.ts";
import { checkOptions, rule } from "../lib/option_rules.ts";
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
} from "../lib/storage.ts";
import { WaitList } from "./waiters.ts";

/** Options of `BlackHoleStorage`. */
export interface BlackHoleStorageOptions {
  /** Name of the queue. Default "huey". */
  readonly name?: string;
}

/**
 * Keeps nothing. A claim waits as on an empty queue, and a wait for a result ends at once, because no result will ever come.
 * What is put conditionally counts as put: the key is always free.
 *
 * @example
 * ```ts
 * import { BlackHoleStorage, Huey } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new BlackHoleStorage({ name }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export class BlackHoleStorage implements Storage {
  readonly name: string;
  readonly shared: boolean = true;
  readonly descriptor: StorageDescriptor;
  readonly results: KeyValue;
  readonly locks: KeyValue;
  readonly data: KeyValue;
  readonly revocations: KeyValue;
  readonly meta: KeyValue;

  readonly #waits = new WaitList();
  #closed = false;

  /**
   * @param options Name of the queue.
   * @throws {TypeError} For an unknown option, or a name that is none.
   */
  constructor(options: BlackHoleStorageOptions = {}) {
    checkOptions<BlackHoleStorageOptions & { clock?: unknown }>(options, "A black hole", {
      name: rule.string,
      clock: rule.clock,
    });
    this.name = options.name ?? "huey";
    this.descriptor = { module: import.meta.url, className: "BlackHoleStorage", options: { name: this.name } };
    const assertOpen = (): void => this.#assertOpen();
    this.data = new BlackHoleKeyValue(assertOpen);
    this.results = this.data;
    this.locks = this.data;
    this.revocations = new BlackHoleKeyValue(assertOpen);
    this.meta = new BlackHoleKeyValue(assertOpen);
  }

  check(_item: Item): void {
    // Any item can be forgotten.
  }

  async enqueue(_items: readonly Item[]): Promise<void> {
    this.#assertOpen();
  }

  async enqueueOnce(_key: string, _ttlMs: number, _item: Item): Promise<boolean> {
    this.#assertOpen();
    return true;
  }

  async claim(_limit: number, options: ClaimOptions): Promise<ClaimBatch> {
    this.#assertOpen();
    await this.#waits.wait(options.waitMs, options.signal);
    return { claims: [], revocations: false };
  }

  async settle(_settlement: Settlement): Promise<Settled> {
    this.#assertOpen();
    return { held: true };
  }

  async release(_claims: readonly Claim[]): Promise<void> {
    this.#assertOpen();
  }

  async claimed(_owner: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#nothing();
  }

  async heartbeat(_lease: Lease): Promise<void> {
    this.#assertOpen();
  }

  async resign(_consumer: string): Promise<void> {
    this.#assertOpen();
  }

  async leases(): Promise<StoredLease[]> {
    return this.#nothing();
  }

  async recover(_target?: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    return this.#nothing();
  }

  async promoteDue(_nowMs: number, _limit: number): Promise<Item[]> {
    return this.#nothing();
  }

  async waitDue(maxMs: number, signal?: AbortSignal): Promise<void> {
    this.#assertOpen();
    await this.#waits.wait(maxMs, signal);
  }

  async waitForResult(_id: string, options: WaitOptions = {}): Promise<boolean> {
    this.#assertOpen();
    options.signal?.throwIfAborted();
    return true;
  }

  async state(_id: string): Promise<StoredState | undefined> {
    this.#assertOpen();
    return undefined;
  }

  async increment(_key: string, by: number, _ttlMs?: number): Promise<number> {
    this.#assertOpen();
    return by;
  }

  async collect(_chordId: string): Promise<Collected> {
    this.#assertOpen();
    return { values: [], filledMs: undefined };
  }

  async pending(_limit?: number): Promise<Item[]> {
    return this.#nothing();
  }

  async scheduled(_limit?: number): Promise<Item[]> {
    return this.#nothing();
  }

  async pendingCount(): Promise<number> {
    return this.#nothing().length;
  }

  async scheduledCount(): Promise<number> {
    return this.#nothing().length;
  }

  async deadLetters(_limit?: number): Promise<StoredDeadLetter[]> {
    return this.#nothing();
  }

  async deadLetterCount(): Promise<number> {
    return this.#nothing().length;
  }

  async requeueDeadLetter(_id: string): Promise<boolean> {
    this.#assertOpen();
    return false;
  }

  async deleteDeadLetter(_id: string): Promise<boolean> {
    this.#assertOpen();
    return false;
  }

  async flush(): Promise<void> {
    this.#assertOpen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waits.wakeAll();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StorageError(`Storage "${this.name}" is closed`);
  }

  #nothing(): never[] {
    this.#assertOpen();
    return [];
  }
}

/** A name space in which every key is free. */
class BlackHoleKeyValue implements KeyValue {
  readonly #assertOpen: () => void;

  constructor(assertOpen: () => void) {
    this.#assertOpen = assertOpen;
  }

  async put(): Promise<void> {
    this.#assertOpen();
  }

  async peekMany(keys: readonly string[]): Promise<undefined[]> {
    this.#assertOpen();
    return keys.map(() => undefined);
  }

  async peek(): Promise<undefined> {
    this.#assertOpen();
  }

  async pop(): Promise<undefined> {
    this.#assertOpen();
  }

  async delete(): Promise<boolean> {
    this.#assertOpen();
    return false;
  }

  async has(): Promise<boolean> {
    this.#assertOpen();
    return false;
  }

  async putIfEmpty(): Promise<boolean> {
    this.#assertOpen();
    return true;
  }

  async deleteIfEqual(): Promise<boolean> {
    this.#assertOpen();
    return false;
  }

  async replaceIfEqual(_key: string, expected: Uint8Array | undefined): Promise<boolean> {
    this.#assertOpen();
    return expected === undefined;
  }

  async size(): Promise<number> {
    this.#assertOpen();
    return 0;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    this.#assertOpen();
    return new Map();
  }

  async flush(): Promise<void> {
    this.#assertOpen();
  }
}
