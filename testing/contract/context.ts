/**
 * What a case of the storage contract works with.
 * @module
 */
import { type Clock, sleep, systemClock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import { ForwardClock } from "./clock.ts";
import type { Expect } from "./expect.ts";
import { bytes, item } from "./helpers.ts";

/** Opens a storage. The same name twice: two instances of one medium, as two processes would have them. */
export type OpenStorage = (options: { name: string; clock: Clock }) => Storage | Promise<Storage>;

/** What the suite is told of a storage. */
export interface StorageTraits {
  /** A read of a result leaves it where it is. Default false: it takes the result. */
  readonly resultsStay?: boolean;
  /** Called after each case, when its storages are closed. */
  readonly afterEach?: () => unknown;
  /** Areas of cases to leave out: `bells`, of a medium that has none, so that those who wait look now and then. Default none. */
  readonly without?: readonly string[];
  /** Time limit of a case in milliseconds. Default 10,000; a wait that is not woken runs into it. */
  readonly timeoutMs?: number;
}

/** Named cases of one area. */
export type Cases<Subject = Context> = Readonly<Record<string, (subject: Subject, expect: Expect) => Promise<void>>>;

/** Whether a storage goes by the clock that it is given, or by one of its own, as a server does. */
export async function followsClock(open: OpenStorage): Promise<boolean> {
  const clock = new ForwardClock();
  const storage = await open({ name: newName(), clock });
  try {
    await storage.data.put("a minute", bytes("1"), 60_000);
    clock.putForward(60_000);
    return !await storage.data.has("a minute");
  } finally {
    await storage.flush();
    await storage.close();
  }
}

/** One medium, and the instances that a case has opened over it. */
export class Context {
  /** The clock of the storages. */
  readonly clock: ForwardClock = new ForwardClock();
  /** Whether a read of a result leaves it where it is. */
  readonly resultsStay: boolean;
  readonly #open: OpenStorage;
  readonly #follows: boolean;
  readonly #name = newName();
  readonly #opened = new Map<string, Storage[]>();
  readonly #shortMs: number;
  /** Since when a short time runs that has not been outlived. */
  #sinceMs: number | undefined;
  #wasLate = false;

  /** @param shortMs How long a short time is where it is real. */
  constructor(open: OpenStorage, traits: StorageTraits, follows: boolean, shortMs: number) {
    this.#open = open;
    this.#follows = follows;
    this.#shortMs = shortMs;
    this.resultsStay = traits.resultsStay ?? false;
  }

  /** Whether the storage can hold items of all these priorities. */
  async takes(...priorities: readonly number[]): Promise<boolean> {
    const storage = await this.open();
    try {
      for (const priority of priorities) storage.check(item("a", { priority }));
      return true;
    } catch {
      return false;
    }
  }

  /** A priority that the storage can hold: the one given, or none at all. */
  async priority(wanted: number): Promise<number> {
    return await this.takes(wanted) ? wanted : 0;
  }

  /** A time to live that `outlive` lets pass. In real time a busy machine may look when it is over already: see `wasLate`. */
  get shortTtlMs(): number {
    if (this.#follows) return 60_000;
    this.#sinceMs ??= systemClock.elapsed();
    return this.#shortMs;
  }

  /** Whether a short time may have been over before the case let it pass, so that it says nothing. */
  get wasLate(): boolean {
    const isOver = this.#sinceMs !== undefined && systemClock.elapsed() - this.#sinceMs >= this.#shortMs;
    return this.#wasLate ||= isOver;
  }

  /** Another instance over the same medium; of a storage that is not shared the same one. @param queue Another queue in that medium. */
  async open(queue: string = "queue"): Promise<Storage> {
    return await this.openExactly(`${this.#name}-${queue}`);
  }

  /** The same by a name that other cases may have used. */
  async openExactly(name: string): Promise<Storage> {
    const opened = this.#opened.get(name) ?? [];
    this.#opened.set(name, opened);
    if (opened[0] !== undefined && !opened[0].shared) return opened[0];
    const storage = await this.#open({ name, clock: this.clock });
    opened.push(storage);
    return storage;
  }

  /** Two instances over one medium; of a storage that is not shared the same one twice. */
  async openTwo(): Promise<[Storage, Storage]> {
    return [await this.open(), await this.open()];
  }

  /** Lets a time to live pass, and checks that something is over then. @throws {Error} If it is not. */
  async outlive(ttlMs: number, isOver: () => Promise<boolean>): Promise<void> {
    if (!this.#follows) {
      this.#wasLate = this.wasLate;
      this.#sinceMs = undefined;
      return await until(isOver);
    }
    this.clock.putForward(ttlMs);
    if (!await isOver()) throw new Error(`What ends after ${ttlMs / 1000} s on the clock of the storage has not ended`);
  }

  /** Empties and closes what was opened. */
  async end(): Promise<void> {
    for (const storage of new Set([...this.#opened.values()].flat())) {
      await storage.flush().catch(() => {}); // the case has closed it
      await storage.close();
    }
  }
}

/** Looks again and again until a condition holds; the time limit of the case ends it otherwise. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!await condition()) await sleep(systemClock, 5);
}

/** Several runs may share one medium. */
function newName(): string {
  return `contract-${crypto.randomUUID().slice(0, 8)}`;
}
