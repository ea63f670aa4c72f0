/**
 * Messages as files: the queue and the schedule.
 * @module
 */
import { DecodeError } from "../../lib/errors.ts";
import type { ChordPlace, Item } from "../../lib/storage.ts";
import type { Disk } from "./disk.ts";
import { LATER, laterName, numberOf, parseMessage, priorityOf, WAITING, waitingName } from "./names.ts";
import { Places } from "./places.ts";
import { copyOf, decodeRecord, encodeRecord } from "./record.ts";
import { Shelf, type Shelved } from "./shelf.ts";
import type { Tasks } from "./tasks.ts";
import type { Transaction } from "./transaction.ts";

/** A message that was read. */
export interface Message extends Item {
  /** The first order of the message, which its name carries too. */
  readonly birth: string;
  /** What follows of the item is known, but its data are not whole: why. */
  readonly torn?: string | undefined;
}

/** Messages that may run, and those that wait for their time. */
export class Messages {
  readonly waiting: Shelf;
  readonly later: Shelf;
  readonly places: Places;
  readonly #tasks: Tasks;

  /** @param isClaimed Whether a message is handed out. */
  constructor(disk: Disk, tasks: Tasks, isClaimed: (message: string) => boolean) {
    this.waiting = new Shelf(disk, "waiting", WAITING);
    this.later = new Shelf(disk, "later", LATER);
    this.places = new Places(disk, (message) => this.find(message) !== undefined || isClaimed(message));
    this.#tasks = tasks;
  }

  /** A message that waits, by the beginning of its name. */
  find(message: string): Shelved | undefined {
    return LATER.test(message) ? this.later.find(message) : this.waiting.find(`${message}.`);
  }

  /** Puts an item on the queue or, with a due time, on the schedule. */
  add(transaction: Transaction, item: Item): void {
    const order = transaction.newOrder();
    const { dueMs, priority } = item;
    const bytes = encodeMessage(item, order);
    if (dueMs === undefined) {
      const name = waitingName(priority, order, order);
      transaction.put(this.waiting.add(transaction, name), bytes, { isNew: true });
      this.#placed(transaction, item, parseMessage(name).key);
    } else {
      const isSoonest = dueMs < (this.dueMs() ?? Infinity);
      const name = laterName(dueMs, order, order, priority);
      transaction.put(this.later.add(transaction, name), bytes, { isNew: true });
      this.#placed(transaction, item, name);
      if (isSoonest) transaction.rings.add("schedule");
    }
    transaction.count(dueMs === undefined ? "waiting" : "later", 1);
    if (dueMs === undefined) transaction.rings.add("queue");
  }

  /** Puts a message back that was handed out. */
  putBack(transaction: Transaction, from: string, name: string): void {
    transaction.move(from, this.waiting.add(transaction, name));
    transaction.count("waiting", 1);
    transaction.rings.add("queue");
  }

  /** Moves a message that is due to the end of the queue. */
  promote(transaction: Transaction, file: Shelved, message: Message): void {
    this.later.take(transaction, file);
    const name = waitingName(message.priority, transaction.newOrder(), message.birth);
    transaction.move(file.path, this.waiting.add(transaction, name));
    this.#placed(transaction, message, parseMessage(name).key);
    transaction.count("later", -1);
    transaction.count("waiting", 1);
    transaction.rings.add("queue");
  }

  #placed(transaction: Transaction, { id, track }: Item, message: string): void {
    this.#tasks.reopened(transaction, id);
    if (track) this.places.note(transaction, id, message);
  }

  /** When the soonest message is due. */
  dueMs(): number | undefined {
    for (const { name } of this.later.files()) return dueOf(name);
    return undefined;
  }

  /** The first items of one of the shelves; what cannot be read is left out. */
  list(transaction: Transaction, shelf: "waiting" | "later", limit: number): Item[] {
    const items: Item[] = [];
    if (limit <= 0) return items;
    for (const { name, path } of this[shelf].files()) {
      const message = readMessage(transaction.read(path), name);
      if (message === undefined || typeof message === "string" || message.torn !== undefined) continue;
      items.push(shelf === "later" ? { ...itemOf(message), dueMs: dueOf(name) } : itemOf(message));
      if (items.length >= limit) break;
    }
    return items;
  }
}

/** When a message in `later` is due. */
export function dueOf(name: string): number {
  return numberOf(name.slice(0, 12));
}

/** The bytes of a message's file. */
export function encodeMessage({ id, data, track, retry, chord }: Item, birth: string): Uint8Array {
  return encodeRecord({ id, birth, ...track && { track }, ...retry && { retry }, ...chord && { chord } }, data);
}

/**
 * Reads a message.
 *
 * @param name Of its file, in any of the places.
 * @returns A text that says why it cannot be read; `undefined` if it is not there.
 */
export function readMessage(bytes: Uint8Array | undefined, name: string): Message | string | undefined {
  if (bytes === undefined) return undefined;
  try {
    const { about, data, torn } = decodeRecord(bytes);
    const { id, birth } = about;
    const nameBirth = LATER.test(name) ? name.slice(34, 54) : parseMessage(name).birth;
    if (typeof id !== "string" || birth !== nameBirth) return "The file is torn: it holds another message";
    const chord = placeOf(about["chord"]);
    return {
      ...{ id, birth, data: copyOf(data), priority: priorityOf(name), track: about["track"] === true },
      ...(about["retry"] === true && { retry: true }),
      ...(chord && { chord }),
      ...(torn !== undefined && { torn }),
    };
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
}

/** Without what only this driver knows. */
export function itemOf({ birth: _, torn: __, ...item }: Message): Item {
  return item;
}

function placeOf(chord: unknown): ChordPlace | undefined {
  const { id, index } = (chord ?? {}) as { id?: unknown; index?: unknown };
  return typeof id === "string" && Number.isSafeInteger(index) ? { id, index: index as number } : undefined;
}
