/** Long random histories of large batches, over three connections to one file: at each step it must say what memory says. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Claim, Item, Storage } from "../../lib/storage.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { Fixture } from "./_sqlite_fixture.ts";
import { waitForEnd } from "../../testing/contract/helpers.ts";

const STEPS = 120;
const CONNECTIONS = 3;
const BATCHES = [1, 1, 1, 3, 40, 100, 300];
const OWNERS = ["a", "b"].flatMap((consumer) => ["1", "2"].map((worker) => ({ consumer, worker })));
const ENDINGS = ["empty", "empty", "empty", "expired", "failed"] as const;

/** Ids of three kinds; the first share their numbers in the index with others. */
function id(number: number): string {
  const hex = number.toString(16).padStart(9, "0");
  return [`0198aaaa-bbbb-7${hex.slice(6)}-8888-${hex}abc`, `order-${number}`, `\0é${number}`][number % 3]!;
}

/** One claim, as each of the two handed it out. */
interface Held {
  readonly expected: Claim;
  readonly found: Claim;
}

class History {
  readonly #memory = new MemoryStorage({ name: "children" });
  readonly #connections: Storage[];
  readonly #fixture: Fixture;
  #held: Held[] = [];
  #made = 0;
  #seed: number;

  constructor(fixture: Fixture, seed: number) {
    this.#fixture = fixture;
    this.#connections = Array.from({ length: CONNECTIONS }, () => fixture.open());
    this.#seed = seed;
  }

  async step(): Promise<void> {
    const steps = [this.enqueue, this.claim, this.claim, this.settle, this.settle, this.release, this.recover, this.reopen];
    await this.#pick(steps).call(this);
    await this.#same((storage) => storage.pendingCount());
    const owner = this.#pick(OWNERS);
    await this.#same(async (storage) => (await storage.claimed(owner)).map((claim) => claim.id).sort());
    const task = id(this.#below(this.#made + 1));
    await this.#same(async (storage) => (await storage.state(task))?.state);
    await this.#same((storage) => waitForEnd(storage, task, { timeoutMs: 0 }));
  }

  async enqueue(): Promise<void> {
    const items = Array.from({ length: this.#pick(BATCHES) }, (): Item => {
      return { id: id(this.#made++), data: new Uint8Array([1]), priority: this.#below(50) === 0 ? 1 : 0, track: true };
    });
    await this.#same((storage) => storage.enqueue(items));
  }

  async claim(): Promise<void> {
    const [limit, owner] = [this.#pick(BATCHES), this.#pick(OWNERS)];
    const [expected, found] = await this.#both(async (storage) => (await storage.claim(limit, owner)).claims);
    const known = (claims: readonly Claim[]): unknown[] => claims.map((claim) => [claim.id, claim.deliveries]);
    expect(known(found)).toEqual(known(expected));
    this.#held.push(...expected.map((claim, index) => ({ expected: claim, found: found[index]! })));
  }

  async settle(): Promise<void> {
    const [group, ending] = [this.#some(), this.#pick(ENDINGS)];
    await this.#same((storage) => {
      const claims = group.map((held) => storage === this.#memory ? held.expected : held.found);
      return Promise.all(claims.map((claim) => storage.settle({ claim, id: claim.id, ending, noticeTtlMs: 3_600_000 })));
    });
  }

  async release(): Promise<void> {
    const group = this.#some();
    await this.#same((storage) => storage.release(group.map((held) => storage === this.#memory ? held.expected : held.found)));
  }

  async recover(): Promise<void> {
    const owner = this.#pick(OWNERS);
    await this.#same(async (storage) => (await storage.recover(owner)).map((claim) => claim.id).sort());
  }

  async reopen(): Promise<void> {
    const place = this.#below(CONNECTIONS);
    await this.#connections[place]!.close();
    this.#connections[place] = this.#fixture.open();
  }

  async #same<T>(ask: (storage: Storage) => Promise<T>): Promise<void> {
    const [expected, found] = await this.#both(ask);
    expect(found).toEqual(expected);
  }

  async #both<T>(ask: (storage: Storage) => Promise<T>): Promise<[T, T]> {
    return [await ask(this.#memory), await ask(this.#pick(this.#connections))];
  }

  /** Claims that stood together; some of them are used again although they are no longer held. */
  #some(): Held[] {
    const start = this.#below(this.#held.length + 1);
    const group = this.#held.slice(start, start + this.#pick(BATCHES));
    if (this.#below(5) > 0) this.#held = this.#held.filter((held) => !group.includes(held));
    return group;
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }

  /** A whole number below `end`, the same in each run. */
  #below(end: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor((this.#seed >>> 0) / 2 ** 32 * end);
  }
}

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(() => fixture.end());

describe("a SQLite file beside memory", () => {
  for (const seed of [1, 2, 3]) {
    test(`history ${seed}`, async () => {
      const history = new History(fixture, seed);
      for (let step = 0; step < STEPS; step++) await history.step();
    });
  }
});
