/**
 * Locks that end with the claim, or the worker, that holds them. Their keys are listed in a file beside the claim, and for a worker the
 * gates that were passed to it.
 * @module
 */
import { decodeWhole, encodeRecord } from "./record.ts";
import type { Records } from "./records.ts";
import type { Transaction } from "./transaction.ts";
import type { Values } from "./values.ts";

const NOTHING = new Uint8Array();
/** What a holder is called: a claim, or `<consumer>/<worker>/passed`. */
const HOLDER = /^[a-z0-9_%-]{1,130}\/[a-z0-9_%-]{1,130}\/[0-9a-z.-]{1,130}$/;

/** The place of a message in a gate. */
export interface PassedGate {
  /** Of the gate. */
  readonly key: string;
  /** Of the file that the claim had. */
  readonly name: string;
}

/** The locks that somebody holds. */
export class HeldLocks {
  readonly #locks: Records;
  readonly #isInside: (transaction: Transaction, key: string, name: string) => boolean;

  /** @param isInside Whether a message is inside a gate. */
  constructor(locks: Records, isInside: (transaction: Transaction, key: string, name: string) => boolean) {
    this.#locks = locks;
    this.#isInside = isInside;
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

  /** The gates that were passed to a holder. */
  gates(transaction: Transaction, holder: string): PassedGate[] {
    const gates = HOLDER.test(holder) ? decodeWhole(transaction.read(listPath(holder)))?.about["gates"] : undefined;
    if (!Array.isArray(gates)) return [];
    return (gates as (Partial<PassedGate> | null)[]).filter((gate) =>
      typeof gate?.key === "string" && typeof gate.name === "string"
    )
      .map((gate) => ({ key: gate!.key!, name: gate!.name! }));
  }

  /** The locks of one holder belong to another from now on, and a place in a gate. */
  pass(transaction: Transaction, from: string, to: string, gate: PassedGate | undefined): void {
    const keys = this.#keys(transaction, from);
    this.forget(transaction, from);
    for (const key of keys) {
      const { data, about, expiresMs } = this.#locks.get(transaction, key)!;
      this.#locks.set(transaction, key, data, { ...about, holder: to }, expiresMs);
    }
    if (keys.length > 0 || gate !== undefined) this.#note(transaction, to, keys, gate);
  }

  #note(transaction: Transaction, holder: string, keys: readonly string[], gate?: PassedGate): void {
    // A holder that is not one of ours lets its locks go by themselves only.
    if (!HOLDER.test(holder)) return;
    const all = new Set([...this.#keys(transaction, holder), ...keys]);
    const before = this.gates(transaction, holder).filter(({ key, name }) => this.#isInside(transaction, key, name));
    const gates = gate === undefined ? before : [...before, gate];
    transaction.put(listPath(holder), encodeRecord({ keys: [...all], ...gates.length > 0 && { gates } }, NOTHING));
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
