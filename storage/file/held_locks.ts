/**
 * Locks that end with the claim, or the worker, that holds them. Their keys are listed in a file beside the claim.
 * @module
 */
import { decodeWhole, encodeRecord } from "./record.ts";
import type { Records } from "./records.ts";
import type { Transaction } from "./transaction.ts";
import type { Values } from "./values.ts";

const NOTHING = new Uint8Array();
/** What a holder is called: a claim, or `<consumer>/<worker>/passed`. */
const HOLDER = /^[a-z0-9_%-]{1,130}\/[a-z0-9_%-]{1,130}\/[0-9a-z.-]{1,130}$/;

/** The locks that somebody holds. */
export class HeldLocks {
  readonly #locks: Records;

  constructor(locks: Records) {
    this.#locks = locks;
  }

  /** Values that note what their holders hold. */
  noted(values: Values): Values {
    return {
      ...values,
      set: (transaction, key, value, options) => {
        values.set(transaction, key, value, options);
        if (options.holder !== undefined && !options.keepsHolder) this.#note(transaction, options.holder, [key]);
      },
    };
  }

  /** Deletes the locks of a holder. */
  drop(transaction: Transaction, holder: string): void {
    for (const key of this.#keys(transaction, holder)) this.#locks.delete(transaction, key);
    this.forget(transaction, holder);
  }

  /** Forgets which locks somebody holds; they stay. */
  forget(transaction: Transaction, holder: string): void {
    if (transaction.exists(listPath(holder))) transaction.remove(listPath(holder));
  }

  /** The locks of one holder belong to another from now on. */
  pass(transaction: Transaction, from: string, to: string): void {
    const keys = this.#keys(transaction, from);
    this.forget(transaction, from);
    for (const key of keys) {
      const { data, about, expiresMs } = this.#locks.get(transaction, key)!;
      this.#locks.set(transaction, key, data, { ...about, holder: to }, expiresMs);
    }
    if (keys.length > 0) this.#note(transaction, to, keys);
  }

  #note(transaction: Transaction, holder: string, keys: readonly string[]): void {
    // A holder that is not one of ours lets its locks go by themselves only.
    if (!HOLDER.test(holder)) return;
    const all = new Set([...this.#keys(transaction, holder), ...keys]);
    transaction.put(listPath(holder), encodeRecord({ keys: [...all] }, NOTHING));
  }

  /** The keys that somebody still holds. */
  #keys(transaction: Transaction, holder: string): string[] {
    if (!HOLDER.test(holder)) return [];
    const keys = decodeWhole(transaction.read(listPath(holder)))?.about["keys"];
    if (!Array.isArray(keys)) return [];
    return keys.filter((key) => typeof key === "string" && this.#locks.get(transaction, key)?.about["holder"] === holder);
  }
}

function listPath(holder: string): string {
  return `running/${holder}~locks`;
}
