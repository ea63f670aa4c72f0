/**
 * The storage that keeps nothing: writes vanish, reads find nothing. For tests, and for switching a queue off.
 * @module
 */
import { StorageError } from "../lib/errors.ts";
import { checkOptions, rule } from "../lib/primitives/option_rules.ts";
import type { Clock } from "../lib/primitives/clock.ts";
import type { Item, KeyValue, Storage, StorageDescriptor } from "../lib/storage.ts";
import { BaseKeyValue } from "./key_value.ts";

/** Options of `BlackHoleStorage`. */
export interface BlackHoleStorageOptions {
  /** Name of the queue. Default "huey". */
  readonly name?: string;
  /** The time. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * Keeps nothing. The queue is always empty, and a wait for a result ends at once, because no result will ever come.
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

  // What is asked and told, in the order of the contract.
  readonly enqueue: Storage["enqueue"] = () => this.#answer({});
  readonly enqueueOnce: Storage["enqueueOnce"] = () => this.#answer({});
  readonly claim: Storage["claim"] = () => this.#answer({ claims: [], revocations: false });
  readonly begin: Storage["begin"] = () => this.#answer(true);
  readonly keep: Storage["keep"] = () => this.#answer(true);
  readonly kept: Storage["kept"] = () => this.#answer(new Map());
  readonly leaveGate: Storage["leaveGate"] = () => this.#answer([]);
  readonly settle: Storage["settle"] = () => this.#answer({ held: true });
  readonly release: Storage["release"] = () => this.#answer(undefined);
  readonly claimed: Storage["claimed"] = () => this.#answer([]);
  readonly renewLease: Storage["renewLease"] = () => this.#answer(undefined);
  readonly endLease: Storage["endLease"] = () => this.#answer(undefined);
  readonly leases: Storage["leases"] = () => this.#answer([]);
  readonly recover: Storage["recover"] = () => this.#answer([]);
  readonly promoteDue: Storage["promoteDue"] = () => this.#answer([]);
  readonly promote: Storage["promote"] = () => this.#answer(undefined);
  readonly dueMs: Storage["dueMs"] = () => this.#answer(undefined);
  readonly endedOf: Storage["endedOf"] = (ids) => this.#answer([...ids]);
  readonly listen: Storage["listen"] = () => this.#answer(() => {});
  readonly pause: Storage["pause"] = () => this.#answer(undefined);
  readonly resume: Storage["resume"] = () => this.#answer(false);
  readonly paused: Storage["paused"] = () => this.#answer(undefined);
  readonly state: Storage["state"] = () => this.#answer(undefined);
  readonly increment: Storage["increment"] = (_key, by) => this.#answer(by);
  readonly collect: Storage["collect"] = () => this.#answer({ values: [], filledMs: undefined });
  readonly pending: Storage["pending"] = () => this.#answer([]);
  readonly scheduled: Storage["scheduled"] = () => this.#answer([]);
  readonly pendingCount: Storage["pendingCount"] = () => this.#answer(0);
  readonly scheduledCount: Storage["scheduledCount"] = () => this.#answer(0);
  readonly running: Storage["running"] = () => this.#answer([]);
  readonly blocked: Storage["blocked"] = () => this.#answer([]);
  readonly blockedCount: Storage["blockedCount"] = () => this.#answer(0);
  readonly oldestMs: Storage["oldestMs"] = () => this.#answer(undefined);
  readonly deadLetters: Storage["deadLetters"] = () => this.#answer([]);
  readonly deadLetterCount: Storage["deadLetterCount"] = () => this.#answer(0);
  readonly deadLetter: Storage["deadLetter"] = () => this.#answer(undefined);
  readonly requeueDeadLetter: Storage["requeueDeadLetter"] = () => this.#answer(undefined);
  readonly deleteDeadLetter: Storage["deleteDeadLetter"] = () => this.#answer(false);
  readonly count: Storage["count"] = () => this.#answer(undefined);
  readonly counts: Storage["counts"] = () => this.#answer([]);
  readonly recent: Storage["recent"] = () => this.#answer([]);
  readonly flush: Storage["flush"] = () => this.#answer(undefined);

  #closed = false;

  /**
   * @param options Name of the queue, and the clock.
   * @throws {TypeError} For an unknown option, or a wrong value.
   */
  constructor(options: BlackHoleStorageOptions = {}) {
    checkOptions<BlackHoleStorageOptions>(options, "A black hole", { name: rule.string, clock: rule.clock });
    this.name = options.name ?? "huey";
    this.descriptor = { module: import.meta.url, className: "BlackHoleStorage", options: { name: this.name } };
    const space = new BlackHoleKeyValue(() => this.#answer(undefined));
    this.results = space;
    this.locks = space;
    this.data = space;
    this.revocations = space;
    this.meta = space;
  }

  check(_item: Item): void {
    // Any item can be forgotten.
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  /** @throws StorageError after the close */
  #answer<T>(answer: T): Promise<T> {
    if (this.#closed) return Promise.reject(new StorageError(`Storage "${this.name}" is closed`));
    return Promise.resolve(answer);
  }
}

/** A name space in which every key is free. */
class BlackHoleKeyValue extends BaseKeyValue {
  readonly #look: () => Promise<undefined>;

  constructor(look: () => Promise<undefined>) {
    super();
    this.#look = look;
  }

  put(): Promise<void> {
    return this.#look();
  }

  async peekMany(keys: readonly string[]): Promise<undefined[]> {
    await this.#look();
    return keys.map(() => undefined);
  }

  async change(_key: string, expected: Uint8Array | undefined): Promise<boolean> {
    await this.#look();
    return expected === undefined;
  }

  pop(): Promise<undefined> {
    return this.#look();
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    await this.#look();
    return new Map();
  }
}
