/**
 * Unique keys: a record for each that is held, with the task and the first order of the message that holds it.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Item } from "../../lib/storage.ts";
import type { Records } from "./records.ts";
import type { Transaction } from "./transaction.ts";

const NOTHING = new Uint8Array();

/** What holds a key. */
interface Holder {
  readonly id: string;
  readonly birth: string;
  /** It holds the key for a time, whatever becomes of it. */
  readonly isTimed: boolean;
}

/** All unique keys. */
export class UniqueKeys {
  readonly #records: Records;
  readonly #clock: Clock;
  readonly #isThere: (transaction: Transaction, id: string, birth: string) => boolean;

  /** @param isThere Whether a message of a task is still there, in any of its places. */
  constructor(records: Records, clock: Clock, isThere: (transaction: Transaction, id: string, birth: string) => boolean) {
    this.#records = records;
    this.#clock = clock;
    this.#isThere = isThere;
  }

  /** The task that keeps an item from taking its key. One whose message has vanished keeps nobody. */
  holder(transaction: Transaction, { id, unique }: Item): string | undefined {
    const found = unique && this.#read(transaction, unique.key);
    if (found === undefined || found.id === id || found.id === unique!.from) return undefined;
    return found.isTimed || this.#isThere(transaction, found.id, found.birth) ? found.id : undefined;
  }

  /** A message takes its key. */
  take(transaction: Transaction, { id, unique }: Item, birth: string): void {
    if (unique === undefined) return;
    const isTimed = typeof unique.until === "number";
    const untilMs = isTimed ? this.#clock.now() + (unique.until as number) : 0;
    this.#records.set(transaction, unique.key, NOTHING, { id, birth, isTimed }, Number.isFinite(untilMs) ? untilMs : 0);
  }

  /** A message with another first order holds the key from now on, if this one held it. */
  handOn(transaction: Transaction, { unique }: Item, from: string, to: string): void {
    const record = unique && this.#records.get(transaction, unique.key);
    if (record?.about["birth"] !== from) return;
    this.#records.set(transaction, unique!.key, NOTHING, { ...record.about, birth: to }, record.expiresMs);
  }

  /** A message gives up its key, if it is that one that holds it, and not for a time. */
  free(transaction: Transaction, { unique }: Item, birth: string): void {
    const found = unique && this.#read(transaction, unique.key);
    if (found?.birth === birth && !found.isTimed) this.#records.delete(transaction, unique!.key);
  }

  /** Frees the keys of some messages, by their first orders. Looks into folders. */
  flush(transaction: Transaction, isGone: (birth: string) => boolean): void {
    for (const { key } of [...this.#records.all()]) {
      if (isGone(this.#read(transaction, key)?.birth ?? "")) this.#records.delete(transaction, key);
    }
  }

  #read(transaction: Transaction, key: string): Holder | undefined {
    const { id, birth, isTimed } = (this.#records.get(transaction, key)?.about ?? {}) as Partial<Holder>;
    return typeof id === "string" && typeof birth === "string" ? { id, birth, isTimed: isTimed === true } : undefined;
  }
}
