/**
 * What a case of the storage contract works with.
 * @module
 */
import { expect, setSystemTime } from "bun:test";
import type { Storage } from "../../lib/storage.ts";

/** One medium, empty at first. */
export interface Store {
  /** Opens another instance over this store. @param name Name of the queue; the same one each time if left out. */
  open(name?: string): Storage;
  /** Removes the store; all instances are closed by then. */
  remove?(): void | Promise<void>;
}

/** What a driver tells the suite about itself. */
export interface Harness {
  /** Makes an empty store; called before each case. */
  newStore(): Store | Promise<Store>;
  /** Which priorities the driver keeps apart. Default "any": fractions too. */
  readonly priorities?: "any" | "integer" | "none";
  /** The medium has a clock of its own, which `setSystemTime` does not move: short times to live really pass. Default false. */
  readonly realTimeTtl?: boolean;
  /** A read of a result leaves it where it is. Default false: it takes the result. */
  readonly resultsStay?: boolean;
  /** Time limit of a case in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Named cases of one area. */
export type Cases<Subject = Context> = Readonly<Record<string, (subject: Subject) => Promise<void>>>;

/** One store and the instances that a case has opened over it. */
export class Context {
  readonly #harness: Harness;
  readonly #store: Store;
  readonly #opened = new Set<Storage>();

  constructor(harness: Harness, store: Store) {
    this.#harness = harness;
    this.#store = store;
  }

  /** Whether a read of a result leaves it where it is. */
  get resultsStay(): boolean {
    return this.#harness.resultsStay ?? false;
  }

  /** A priority that the driver takes: the one given, or none at all. */
  priority(wanted: number): number {
    return this.#harness.priorities === "none" ? 0 : wanted;
  }

  /** A time to live that `outlive` lets pass. */
  get shortTtlMs(): number {
    return this.#harness.realTimeTtl ? 80 : 60_000;
  }

  /** Opens another instance over the same store. */
  open(name?: string): Storage {
    const storage = this.#store.open(name);
    this.#opened.add(storage);
    return storage;
  }

  /** Two instances over one store; a storage that is not shared gives the same one twice. */
  openTwo(): [Storage, Storage] {
    return [this.open(), this.open()];
  }

  /** Lets a time to live pass, and checks that something is over then. */
  async outlive(ttlMs: number, isOver: () => Promise<boolean>): Promise<void> {
    if (this.#harness.realTimeTtl) {
      await until(isOver);
      return;
    }
    setSystemTime(Date.now() + ttlMs);
    expect(await isOver()).toBe(true);
  }

  /** Puts the clock right, closes all instances and removes the store. */
  async end(): Promise<void> {
    setSystemTime();
    for (const storage of this.#opened) await storage.close();
    await this.#store.remove?.();
  }
}

/** Looks again and again until a condition holds; the time limit of the case ends it otherwise. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
