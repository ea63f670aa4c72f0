/**
 * Gates: a record for each that is not empty, with its limit and who is inside; and the lines, which are one shelf for all gates.
 * @module
 */
import type { Gate, Item } from "../../lib/storage.ts";
import { itemOf, type Message, type Messages, readMessage } from "./messages.ts";
import { gateName } from "./names.ts";
import type { Records } from "./records.ts";
import type { Shelved } from "./shelf.ts";
import type { Transaction } from "./transaction.ts";

/** What gates need. */
export interface GateParts {
  readonly records: Records;
  readonly messages: Messages;
  /** Makes a dead letter of a message that cannot be read. */
  readonly setAside: (transaction: Transaction, file: Shelved, message: Message | string | undefined) => void;
}

interface Inside {
  readonly limit: number;
  /** Who was admitted and has not left: the beginnings of the names that the messages have on the queue. */
  readonly inside: readonly string[];
}

const NOTHING = new Uint8Array();
/** So many gates are looked at in one go. */
const GATES_PER_LOOK = 100;
/** What tells a message among those that were admitted: its rank and its order. */
export const PLACE_DIGITS = 25;

/** All gates. */
export class Gates {
  readonly #parts: GateParts;
  /** Where the last look has ended. */
  #looked = "";

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /**
   * A message comes to a gate, and brings its limit. Those who wait go first, as far as there is room.
   *
   * @returns whether it may pass, and who of the line was admitted
   */
  arrive(transaction: Transaction, { key, limit }: Gate): { readonly opens: boolean; readonly admitted: Item[] } {
    const before = this.#read(transaction, key);
    const { state, admitted } = this.#admitLine(transaction, key, { limit, inside: before?.inside ?? [] });
    if (before?.limit !== limit || admitted.length > 0) this.#write(transaction, key, state);
    return { opens: state.inside.length < limit, admitted };
  }

  /** A message that may pass is inside from now on. @param name Of its file on the queue */
  enter(transaction: Transaction, gate: Gate, name: string): void {
    const { limit, inside } = this.#read(transaction, gate.key) ?? { limit: gate.limit, inside: [] };
    this.#write(transaction, gate.key, { limit, inside: [...inside, placeOf(name)] });
  }

  /** One message takes the place of another. */
  replace(transaction: Transaction, gate: Gate, name: string, by: string): void {
    const { limit, inside } = this.#read(transaction, gate.key) ?? { limit: gate.limit, inside: [] };
    const others = inside.filter((place) => place !== placeOf(name));
    this.#write(transaction, gate.key, { limit, inside: [...others, placeOf(by)] });
  }

  /** Whether a message is inside. */
  isInside(transaction: Transaction, key: string, name: string): boolean {
    return this.#read(transaction, key)?.inside.includes(placeOf(name)) ?? false;
  }

  /** A message leaves. @returns who was admitted for it */
  leave(transaction: Transaction, key: string, name: string): Item[] {
    const gate = this.#read(transaction, key);
    if (!gate?.inside.includes(placeOf(name))) return [];
    return this.#settle(transaction, key, { ...gate, inside: gate.inside.filter((place) => place !== placeOf(name)) });
  }

  /**
   * Looks at some gates at which somebody waits, in case a message that was inside has vanished (its file was torn or taken away).
   * Looks into folders.
   *
   * @param isInside Whether a message is claimed, or its place was passed to a worker.
   */
  mend(transaction: Transaction, isInside: (place: string) => boolean): void {
    const { blocked, waiting } = this.#parts.messages;
    for (let count = 0; count < GATES_PER_LOOK; count++) {
      const [file] = blocked.files(this.#looked);
      if (file === undefined) return void (this.#looked = "");
      this.#looked = `${file.name.slice(0, 24)}~`;
      const message = readMessage(transaction.read(file.path), file.name);
      if (message === undefined || typeof message === "string" || message.gate === undefined) {
        this.#parts.messages.take(transaction, "blocked", file);
        this.#parts.setAside(transaction, file, message ?? "The message does not say at which gate it waits");
        continue;
      }
      const { key } = message.gate;
      const gate = this.#read(transaction, key) ?? { limit: message.gate.limit, inside: [] };
      const isWaiting = (place: string): boolean => {
        const found = waiting.find(place);
        return found !== undefined && transaction.exists(found.path);
      };
      const inside = gate.inside.filter((place) => isInside(place) || isWaiting(place));
      if (inside.length < gate.limit) this.#settle(transaction, key, { ...gate, inside });
    }
  }

  #settle(transaction: Transaction, key: string, gate: Inside): Item[] {
    const { state, admitted } = this.#admitLine(transaction, key, gate);
    this.#write(transaction, key, state);
    return admitted;
  }

  /** Lets those in who wait, as far as there is room. */
  #admitLine(transaction: Transaction, key: string, { limit, inside: before }: Inside): { state: Inside; admitted: Item[] } {
    const { messages, setAside } = this.#parts;
    const inside = [...before];
    const admitted: Item[] = [];
    const prefix = `${gateName(key)}-`;
    for (const file of messages.blocked.files(prefix)) {
      if (inside.length >= limit || !file.name.startsWith(prefix)) break;
      const message = readMessage(transaction.read(file.path), file.name);
      if (message === undefined || typeof message === "string") {
        messages.take(transaction, "blocked", file);
        setAside(transaction, file, message);
        continue;
      }
      inside.push(placeOf(messages.move(transaction, file, message, { from: "blocked", to: "waiting" })));
      admitted.push(itemOf(message));
    }
    return { state: { limit, inside }, admitted };
  }

  #read(transaction: Transaction, key: string): Inside | undefined {
    const { limit, inside } = (this.#parts.records.get(transaction, key)?.about ?? {}) as Partial<Inside>;
    if (!Number.isSafeInteger(limit) || limit! < 1 || !Array.isArray(inside)) return undefined;
    return { limit: limit!, inside: inside.filter((place) => typeof place === "string") };
  }

  /** An empty gate leaves nothing behind. */
  #write(transaction: Transaction, key: string, { limit, inside }: Inside): void {
    if (inside.length === 0) this.#parts.records.delete(transaction, key);
    else this.#parts.records.set(transaction, key, NOTHING, { limit, inside });
  }
}

function placeOf(name: string): string {
  return name.slice(0, PLACE_DIGITS);
}
