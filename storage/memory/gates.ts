/**
 * Gates of the memory storage.
 * @module
 */
import { type Gate, type Item, MOST_EXAMINED, type Owner } from "../../lib/storage.ts";
import { Fifo } from "./fifo.ts";
import type { LoadItem, SavedItem, SaveItem } from "./item.ts";

/** A gate that somebody has passed or waits at. */
interface TakenGate {
  limit: number;
  /** How many were admitted and have not left. */
  taken: number;
  readonly line: Fifo<Item>;
}

/** A gate that stays taken although the claim is settled, since the function still runs. */
export interface PassedGate {
  readonly key: string;
  readonly owner: Owner;
}

/** Gates as they are saved. */
export interface SavedGates {
  readonly gates: readonly (readonly [key: string, limit: number, taken: number])[];
  /** What waits at all gates, in the order in which it came: so it does at each of them. */
  readonly blocked: readonly SavedItem[];
  readonly passed: readonly (readonly [token: string, passed: PassedGate])[];
}

/**
 * Gates by key. An admitted item is on the queue or claimed, so that nothing need be written when it is handed out, released or
 * recovered: a gate only counts. Each method that admits answers whom, and the caller puts them on the queue.
 */
export class MemoryGates {
  readonly #gates = new Map<string, TakenGate>();
  /** What waits at all gates, in the order in which it came. */
  readonly #blocked = new Set<Item>();
  /** By the token of the settled claim. */
  readonly #passed = new Map<string, PassedGate>();

  /** How many items wait. */
  get blockedCount(): number {
    return this.#blocked.size;
  }

  /** An item comes to its gate, whose limit is that of the item from now on. @returns who is admitted; the item itself may be the last */
  arrive(item: Item, { key, limit }: Gate): Item[] {
    let gate = this.#gates.get(key);
    if (gate === undefined) this.#gates.set(key, gate = { limit, taken: 0, line: new Fifo() });
    gate.limit = limit;
    gate.line.push(item);
    this.#blocked.add(item);
    return this.#admit(gate);
  }

  /** An admitted item leaves. @returns who is admitted */
  leave(key: string): Item[] {
    const gate = this.#gates.get(key);
    if (gate === undefined) return [];
    gate.taken--;
    const admitted = this.#admit(gate);
    if (gate.taken === 0) this.#gates.delete(key);
    return admitted;
  }

  /** The place of an item stays taken in the name of a worker. */
  pass(token: string, key: string, owner: Owner): void {
    this.#passed.set(token, { key, owner });
  }

  /** The function behind a settled claim has ended. @returns who is admitted */
  leavePassed(token: string): Item[] {
    const passed = this.#passed.get(token);
    if (passed === undefined) return [];
    this.#passed.delete(token);
    return this.leave(passed.key);
  }

  /** The same for the functions of workers that are lost. @returns who is admitted */
  leaveLost(isLost: (owner: Owner) => boolean): Item[] {
    const lost = [...this.#passed].filter(([, { owner }]) => isLost(owner));
    return lost.flatMap(([token]) => this.leavePassed(token));
  }

  /** @returns The first `limit` items that wait, in the order in which they came */
  list(limit: number): Item[] {
    return [...this.#blocked.values().take(Math.min(limit, MOST_EXAMINED))];
  }

  /** Opens all gates. @returns the items that waited */
  takeAll(): Item[] {
    const items = [...this.#blocked];
    this.#gates.clear();
    this.#blocked.clear();
    this.#passed.clear();
    return items;
  }

  /** Everything there is. */
  saved(save: SaveItem): SavedGates {
    const gates = [...this.#gates].map(([key, { limit, taken }]) => [key, limit, taken] as const);
    return { gates, blocked: [...this.#blocked].map(save), passed: [...this.#passed] };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ gates, blocked, passed }: SavedGates, load: LoadItem): void {
    this.takeAll();
    for (const [key, limit, taken] of gates) this.#gates.set(key, { limit, taken, line: new Fifo() });
    for (const item of blocked.map(load)) {
      this.#gates.get(item.gate!.key)!.line.push(item);
      this.#blocked.add(item);
    }
    for (const [token, gate] of passed) this.#passed.set(token, gate);
  }

  #admit(gate: TakenGate): Item[] {
    const admitted: Item[] = [];
    while (gate.taken < gate.limit && gate.line.size > 0) {
      const item = gate.line.take()!;
      gate.taken++;
      this.#blocked.delete(item);
      admitted.push(item);
    }
    return admitted;
  }
}
