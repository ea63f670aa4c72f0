/**
 * Dead letters: messages that nobody could run, in the order of their burial.
 * @module
 */
import type { Burial, ChordPlace, Item, StoredDeadLetter } from "../../lib/storage.ts";
import type { Disk } from "./disk.ts";
import { DEAD, sortableTime } from "./names.ts";
import { copyOf, decodeWhole, encodeRecord } from "./record.ts";
import type { Records } from "./records.ts";
import { Shelf, type Shelved } from "./shelf.ts";
import type { Transaction } from "./transaction.ts";

/** So many are kept; then the oldest one goes for each new one. */
const MOST_LETTERS = 100_000;

/** The message that was set aside, as an item. */
export interface Grave {
  readonly itemId: string;
  readonly priority: number;
  readonly track: boolean;
  readonly chord?: ChordPlace | undefined;
}

/** All dead letters. */
export class DeadLetters {
  readonly shelf: Shelf;
  readonly #names: Records;

  /** @param names Where the file of a letter's id is found. */
  constructor(disk: Disk, names: Records) {
    this.shelf = new Shelf(disk, "dead", DEAD);
    this.#names = names;
  }

  /** Sets a message aside. */
  bury(transaction: Transaction, { data, ...burial }: Burial, grave: Grave): void {
    this.#remove(transaction, burial.id);
    const name = `${sortableTime(burial.atMs)}-${transaction.newOrder()}`;
    transaction.put(this.shelf.add(transaction, name), encodeRecord({ burial, grave }, data));
    this.#names.set(transaction, burial.id, new Uint8Array(), { name });
    transaction.count("dead", 1);
    if (transaction.total("dead") > MOST_LETTERS) this.#dropOldest(transaction);
  }

  /** Takes a letter out. @returns the item that it was */
  take(transaction: Transaction, id: string): Item | undefined {
    const found = this.#find(transaction, id);
    const letter = found && read(transaction, found);
    if (letter === undefined) return undefined;
    this.#remove(transaction, id);
    const { itemId, priority, track, chord } = letter.grave;
    return { id: itemId, data: letter.stored.data, priority, track, ...(chord && { chord }) };
  }

  /** Oldest first. */
  list(transaction: Transaction, limit: number): StoredDeadLetter[] {
    const letters: StoredDeadLetter[] = [];
    if (limit <= 0) return letters;
    for (const file of this.shelf.files()) {
      const letter = read(transaction, file);
      if (letter === undefined) continue;
      letters.push(letter.stored);
      if (letters.length >= limit) break;
    }
    return letters;
  }

  #find(transaction: Transaction, id: string): Shelved | undefined {
    const name = this.#names.get(transaction, id)?.about["name"];
    return typeof name === "string" ? this.shelf.find(name) : undefined;
  }

  #remove(transaction: Transaction, id: string): void {
    const found = this.#find(transaction, id);
    if (found === undefined) return;
    this.#names.delete(transaction, id);
    this.#drop(transaction, found);
  }

  #dropOldest(transaction: Transaction): void {
    for (const file of this.shelf.files()) {
      const letter = read(transaction, file);
      if (letter !== undefined) this.#names.delete(transaction, letter.stored.id);
      return this.#drop(transaction, file);
    }
  }

  #drop(transaction: Transaction, file: Shelved): void {
    this.shelf.take(transaction, file);
    transaction.remove(file.path);
    transaction.count("dead", -1);
  }
}

function read(transaction: Transaction, { path }: Shelved): { stored: StoredDeadLetter; grave: Grave } | undefined {
  const record = decodeWhole(transaction.read(path));
  const { burial, grave } = (record?.about ?? {}) as { burial?: Omit<Burial, "data">; grave?: Grave };
  if (record === undefined || typeof burial?.id !== "string" || typeof grave?.itemId !== "string") return undefined;
  return { stored: { ...burial, data: copyOf(record.data), priority: grave.priority }, grave };
}
