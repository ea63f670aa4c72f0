/**
 * Where an item goes: to the schedule, to the queue, to the line of its gate or, if its unique key is held, nowhere.
 * @module
 */
import type { Enqueued, Item, Moved } from "../../lib/storage.ts";
import type { Gates } from "./gates.ts";
import { dueOf, itemOf, type Message, type Messages } from "./messages.ts";
import { birthOf } from "./names.ts";
import type { Shelved } from "./shelf.ts";
import type { Transaction } from "./transaction.ts";
import type { UniqueKeys } from "./unique.ts";

const OPEN = { opens: true, admitted: [] } as const;

/** What became of items, by their positions. */
export class Outcome {
  readonly duplicates: Map<number, string> = new Map();
  readonly blocked: Set<number> = new Set();
  readonly admitted: Item[] = [];

  /** Without what is empty. */
  get enqueued(): Enqueued {
    const { duplicates, blocked, admitted } = this;
    return {
      ...duplicates.size > 0 && { duplicates },
      ...blocked.size > 0 && { blocked },
      ...admitted.length > 0 && { admitted },
    };
  }
}

/** What is decided about items that come. */
export class Arrivals {
  readonly #messages: Messages;
  readonly #gates: Gates;
  readonly #unique: UniqueKeys;

  constructor(messages: Messages, gates: Gates, unique: UniqueKeys) {
    this.#messages = messages;
    this.#gates = gates;
    this.#unique = unique;
  }

  /**
   * Adds an item.
   *
   * @param position Under which the outcome says what became of it.
   * @param before The name of the claim's file whose next attempt it is: it takes over the unique key that the claim holds.
   * @returns the name of its file; `undefined` if its unique key is held
   */
  add(transaction: Transaction, item: Item, position: number, outcome: Outcome, before?: string): string | undefined {
    const holder = before === undefined ? this.#unique.holder(transaction, item) : undefined;
    if (holder !== undefined) return void outcome.duplicates.set(position, holder);
    // Those who wait at its gate go before it.
    const { opens, admitted } = this.#arrive(transaction, item);
    const order = transaction.newOrder();
    if (before === undefined) this.#unique.take(transaction, item, order);
    else this.#unique.handOn(transaction, item, birthOf(before), order);
    outcome.admitted.push(...admitted);
    if (!opens) outcome.blocked.add(position);
    const line = item.dueMs !== undefined ? "later" : opens ? "waiting" : "blocked";
    const name = this.#messages.put(transaction, item, line, order);
    if (item.gate !== undefined && line === "waiting") this.#gates.enter(transaction, item.gate, name);
    return name;
  }

  /** Adds the next attempt of a claim, which takes over its place in the gate. @param before The name of the claim's file */
  addInside(transaction: Transaction, item: Item, before: string): void {
    const order = transaction.newOrder();
    this.#unique.handOn(transaction, item, birthOf(before), order);
    const name = this.#messages.put(transaction, item, "waiting", order);
    this.#gates.replace(transaction, item.gate!, before, name);
  }

  /** Moves a message that is due to the queue, or to the line of its gate. */
  promote(transaction: Transaction, file: Shelved, message: Message): Moved {
    const { gate } = message;
    const opens = gate === undefined || this.#gates.arrive(transaction, gate).opens;
    const name = this.#messages.move(transaction, file, message, { from: "later", to: opens ? "waiting" : "blocked" });
    if (opens && gate !== undefined) this.#gates.enter(transaction, gate, name);
    return { ...itemOf(message), dueMs: dueOf(file.name), ...!opens && { blocked: true } };
  }

  #arrive(transaction: Transaction, { dueMs, gate }: Item): { readonly opens: boolean; readonly admitted: readonly Item[] } {
    return dueMs !== undefined || gate === undefined ? OPEN : this.#gates.arrive(transaction, gate);
  }
}
