/**
 * Keys and values, as the storage contract has them, on records.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { KeyValue, PutIfEmptyOptions, Topic } from "../../lib/storage.ts";
import { equalBytes } from "../bytes.ts";
import { BaseKeyValue } from "../key_value.ts";
import { copyOf } from "./record.ts";
import type { Records } from "./records.ts";
import type { Tasks } from "./tasks.ts";
import type { Transaction } from "./transaction.ts";
import type { Turns } from "./turns.ts";

/** What a name space of values does while the lock is held. */
export interface Values {
  /** The value in this moment, without the lock; `undefined` if somebody changes it. */
  glance(key: string): { readonly value: Uint8Array | undefined } | undefined;
  get(transaction: Transaction, key: string): Uint8Array | undefined;
  /** `holder` of a new entry; `keepsHolder`: that of the one that is replaced. */
  set(transaction: Transaction, key: string, value: Uint8Array, options: SetOptions): void;
  remove(transaction: Transaction, key: string): Uint8Array | undefined;
  /** All values. Looks into folders. */
  all(): Iterable<{ readonly key: string; readonly value: Uint8Array }>;
}

interface SetOptions extends PutIfEmptyOptions {
  readonly keepsHolder?: boolean;
}

/** One name space. */
export class FileKeyValue extends BaseKeyValue implements KeyValue {
  readonly #turns: Turns;
  readonly #values: Values;
  readonly #topic: Topic | undefined;

  /** @param topic Rung when a value is put. */
  constructor(turns: Turns, values: Values, topic?: Topic) {
    super();
    this.#turns = turns;
    this.#values = values;
    this.#topic = topic;
  }

  put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    const copy = value.slice();
    return this.#turns.run((transaction) => this.#set(transaction, key, copy, { ttlMs }));
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const found = keys.length === 1 ? this.#glance(keys[0]!) : undefined;
    if (found !== undefined) return [copied(found.value)];
    return await this.#turns.run((transaction) => keys.map((key) => copied(this.#values.get(transaction, key))));
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    const found = this.#glance(key);
    if (found !== undefined && found.value === undefined) return undefined;
    return await this.#turns.run((transaction) => copied(this.#values.remove(transaction, key)));
  }

  async change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    { ttlMs, holder }: PutIfEmptyOptions = {},
  ): Promise<boolean> {
    const copy = value?.slice();
    const seen = this.#glance(key);
    if (seen !== undefined && !equalBytes(seen.value, expected)) return false;
    return await this.#turns.run((transaction) => {
      const found = this.#values.get(transaction, key);
      if (!equalBytes(found, expected)) return false;
      if (copy !== undefined) this.#set(transaction, key, copy, { ttlMs, holder, keepsHolder: found !== undefined });
      else if (found !== undefined) this.#values.remove(transaction, key);
      return true;
    });
  }

  entries(): Promise<Map<string, Uint8Array>> {
    return this.#turns.run(() => new Map([...this.#values.all()].map(({ key, value }) => [key, value])), true);
  }

  override async size(): Promise<number> {
    return await this.#turns.run(() => [...this.#values.all()].length, true);
  }

  override async flush(): Promise<void> {
    await this.#turns.run((transaction) => {
      for (const { key } of [...this.#values.all()]) this.#values.remove(transaction, key);
    }, true);
  }

  /** What has been asked for before comes first. */
  #glance(key: string): { readonly value: Uint8Array | undefined } | undefined {
    return this.#turns.isIdle ? this.#values.glance(key) : undefined;
  }

  #set(transaction: Transaction, key: string, value: Uint8Array, options: SetOptions): void {
    this.#values.set(transaction, key, value, options);
    if (this.#topic !== undefined) transaction.rings.add(this.#topic);
  }
}

/** Values that are records. */
export function valuesOf(records: Records, clock: Clock): Values {
  return {
    glance(key) {
      const found = records.glance(key);
      return found && { value: found.record?.data };
    },
    get: (transaction, key) => records.get(transaction, key)?.data,
    remove: (transaction, key) => records.delete(transaction, key)?.data,
    *all() {
      for (const { key, record } of records.all()) yield { key, value: record.data };
    },
    set(transaction, key, value, { ttlMs, holder, keepsHolder }) {
      const about = keepsHolder ? records.get(transaction, key)?.about["holder"] : holder;
      // Anything longer than a float can count in milliseconds is for ever.
      const expiresMs = ttlMs === undefined ? 0 : clock.now() + ttlMs;
      records.set(
        transaction,
        key,
        value,
        about === undefined ? {} : { holder: about },
        Number.isFinite(expiresMs) ? expiresMs : 0,
      );
    },
  };
}

/** The results of tasks. */
export function resultsOf(tasks: Tasks): Values {
  return {
    glance: (key) => tasks.glance(key),
    get: (transaction, key) => tasks.result(transaction, key),
    set: (transaction, key, value, { ttlMs }) => tasks.putResult(transaction, key, value, ttlMs),
    remove: (transaction, key) => tasks.takeResult(transaction, key),
    all: () => tasks.results(),
  };
}

function copied(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && copyOf(bytes);
}
