/**
 * Messages as files: the queue and the schedule.
 * @module
 */
import { DecodeError } from "../../lib/errors.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { ChordPlace, Gate, Item, UniqueKey } from "../../lib/storage.ts";
import type { Disk } from "./disk.ts";
import {
  birthOf,
  BLOCKED,
  blockedName,
  LATER,
  laterName,
  numberOf,
  parseMessage,
  priorityOf,
  WAITING,
  waitingName,
} from "./names.ts";
import { Places } from "./places.ts";
import { type About, copyOf, decodeRecord, encodeRecord } from "./record.ts";
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

/** Where a message waits. */
export type Line = "waiting" | "later" | "blocked";

/** A listing looks at no more. */
const MOST_LISTED = 10_000;
/** So many priorities are looked at for the oldest message. */
const MOST_PRIORITIES = 100;

/** Messages that may run, those that wait for their time, and those that wait at a gate. */
export class Messages {
  readonly waiting: Shelf;
  readonly later: Shelf;
  readonly blocked: Shelf;
  readonly places: Places;
  readonly #tasks: Tasks;
  readonly #clock: Clock;

  /** @param isClaimed Whether a message is handed out. */
  constructor(disk: Disk, clock: Clock, tasks: Tasks, isClaimed: (message: string) => boolean) {
    this.waiting = new Shelf(disk, "waiting", WAITING);
    this.later = new Shelf(disk, "later", LATER);
    this.blocked = new Shelf(disk, "blocked", BLOCKED);
    this.places = new Places(disk, (message) => this.find(message) !== undefined || isClaimed(message));
    this.#tasks = tasks;
    this.#clock = clock;
  }

  /** A message that waits, by the beginning of its name. */
  find(message: string): Shelved | undefined {
    return this[lineOf(message)].find(message);
  }

  /** Puts a new item somewhere. @returns the name of its file */
  put(transaction: Transaction, item: Item, line: Line, order: string): string {
    if (line === "later" && item.dueMs! < (this.dueMs() ?? Infinity)) transaction.rings.add("schedule");
    const name = this.#nameIn(line, item, order, order);
    transaction.put(this[line].add(transaction, name), encodeMessage(item, order), { isNew: true });
    this.#placed(transaction, item, line, name);
    return name;
  }

  /** Puts a message back that was handed out. */
  putBack(transaction: Transaction, from: string, name: string): void {
    transaction.move(from, this.waiting.add(transaction, name));
    transaction.count("waiting", 1);
    transaction.rings.add("queue");
  }

  /** Moves a message to the end of another line. @returns the new name of its file */
  move(transaction: Transaction, file: Shelved, message: Message, { from, to }: { from: Line; to: Line }): string {
    this.take(transaction, from, file);
    const name = this.#nameIn(to, message, transaction.newOrder(), message.birth);
    transaction.move(file.path, this[to].add(transaction, name));
    this.#placed(transaction, message, to, name);
    return name;
  }

  /** A message leaves a line. The transaction moves or removes its file. */
  take(transaction: Transaction, line: Line, file: Shelved): void {
    this[line].take(transaction, file);
    transaction.count(line, -1);
  }

  #nameIn(line: Line, { priority, dueMs, gate }: Item, order: string, birth: string): string {
    if (line === "later") return laterName(dueMs!, order, birth, priority);
    if (line === "blocked") return blockedName(gate!.key, order, birth, priority);
    return waitingName({ priority, order, birth, deliveries: 0, begun: false, enteredMs: this.#clock.now() });
  }

  #placed(transaction: Transaction, { id, track, unique }: Item, line: Line, name: string): void {
    transaction.count(line, 1);
    if (line === "waiting") transaction.rings.add("queue");
    this.#tasks.reopened(transaction, id);
    if (track || unique !== undefined) this.places.note(transaction, id, name.split(".")[0]!);
  }

  /** When the soonest message is due. */
  dueMs(): number | undefined {
    const [first] = this.later.files();
    return first && dueOf(first.name);
  }

  /** When the message that has been on the queue for longest got there, as far as the first of each priority tell. */
  oldestMs(): number | undefined {
    let oldestMs: number | undefined;
    let start = "";
    for (let count = 0; count < MOST_PRIORITIES; count++) {
      const [first] = this.waiting.files(start);
      if (first === undefined) break;
      oldestMs = Math.min(oldestMs ?? Infinity, parseMessage(first.name).enteredMs);
      start = `${first.name.slice(0, 4)}~`;
    }
    return oldestMs;
  }

  /** The first items of a line; what cannot be read is left out. */
  list(transaction: Transaction, line: Line, limit: number): Item[] {
    const items: Item[] = [];
    let examined = 0;
    if (limit <= 0) return items;
    for (const { name, path } of this[line].files()) {
      if (examined++ >= MOST_LISTED) break;
      const message = readMessage(transaction.read(path), name);
      if (message === undefined || typeof message === "string" || message.torn !== undefined) continue;
      items.push(line === "later" ? { ...itemOf(message), dueMs: dueOf(name) } : itemOf(message));
      if (items.length >= limit) break;
    }
    return items;
  }

  /** The items that wait at gates, in the order in which they came; of very many not all are looked at. */
  listBlocked(transaction: Transaction, limit: number): Item[] {
    const files: Shelved[] = [];
    for (const file of this.blocked.files()) if (files.push(file) >= MOST_LISTED) break;
    const items: Item[] = [];
    for (const { name, path } of files.sort((left, right) => left.name.slice(25) < right.name.slice(25) ? -1 : 1)) {
      if (items.length >= limit) break;
      const message = readMessage(transaction.read(path), name);
      if (message !== undefined && typeof message !== "string" && message.torn === undefined) items.push(itemOf(message));
    }
    return items;
  }

  /** The soonest scheduled message of a task. */
  findLater(transaction: Transaction, id: string): { readonly file: Shelved; readonly message: Message } | undefined {
    let examined = 0;
    for (const file of this.later.files()) {
      if (examined++ >= MOST_LISTED) return undefined;
      const message = readMessage(transaction.read(file.path), file.name);
      if (message !== undefined && typeof message !== "string" && message.id === id) return { file, message };
    }
    return undefined;
  }
}

/** Where a message waits, as its name tells. */
export function lineOf(name: string): Line {
  return LATER.test(name) ? "later" : BLOCKED.test(name) ? "blocked" : "waiting";
}

/** When a message in `later` is due. */
export function dueOf(name: string): number {
  return numberOf(name.slice(0, 12));
}

/** The bytes of a message's file. */
export function encodeMessage({ id, data, track, retry, chord, gate, unique, steps, about }: Item, birth: string): Uint8Array {
  const rest = { ...chord && { chord }, ...gate && { gate }, ...unique && { unique }, ...steps !== undefined && { steps } };
  return encodeRecord({ id, birth, ...track && { track, about }, ...retry && { retry }, ...rest }, data);
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
    if (typeof id !== "string" || birth !== birthOf(name)) return "The file is torn: it holds another message";
    return {
      ...{ id, birth: birth as string, data: copyOf(data), priority: priorityOf(name), track: about["track"] === true },
      ...(about["retry"] === true && { retry: true }),
      ...extrasOf(about),
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

/** What few messages have. Of what is not as this driver writes it, nothing is taken. */
function extrasOf(about: About): Partial<Item> {
  const chord = placeOf(about["chord"]);
  const gate = gateOf(about["gate"]);
  const unique = uniqueOf(about["unique"]);
  const { steps, about: said } = about;
  return {
    ...(chord && { chord }),
    ...(gate && { gate }),
    ...(unique && { unique }),
    ...(typeof steps === "string" && { steps }),
    ...(typeof said === "string" && { about: said }),
  };
}

function placeOf(chord: unknown): ChordPlace | undefined {
  const { id, index } = (chord ?? {}) as { id?: unknown; index?: unknown };
  return typeof id === "string" && Number.isSafeInteger(index) ? { id, index: index as number } : undefined;
}

function gateOf(gate: unknown): Gate | undefined {
  const { key, limit } = (gate ?? {}) as Partial<Gate>;
  return typeof key === "string" && Number.isSafeInteger(limit) && limit! >= 1 ? { key, limit: limit! } : undefined;
}

function uniqueOf(unique: unknown): UniqueKey | undefined {
  const { key, until, from } = (unique ?? {}) as Partial<UniqueKey>;
  const isKnown = until === "start" || until === "end" || typeof until === "number";
  return typeof key === "string" && isKnown ? { key, until, ...typeof from === "string" && { from } } : undefined;
}
