/**
 * Random histories with gates, unique keys, steps, pauses and dead letters, over two connections to one file: at each step it must say
 * what memory says.
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import process from "node:process";
import type { Claim, Enqueued, FlushPart, Item, Settled, Settlement, Storage } from "../../lib/storage.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { bytes, FAR_MS, item, LONG_MS, text } from "../../testing/contract/helpers.ts";
import { Dice } from "../dice.ts";
import { OneGate } from "./_one_gate.ts";
import { Fixture } from "./_sqlite_fixture.ts";

const STEPS = 150;
const HISTORIES = 4;
const SEED = Number(process.env["HUEY_HISTORY_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const OWNERS = ["a", "b"].flatMap((consumer) => ["1", "2"].map((worker) => ({ consumer, worker })));
const PARTS: readonly FlushPart[] = ["queue", "schedule", "results", "locks", "deadLetters"];
/** Few, so that they meet. */
const IDS = Array.from({ length: 12 }, (_, n) => `task ${n}`);
const KEYS = ["k1", "k2\0", "k3"];
const GATES = ["g1", "g2\0"];

/** One claim, as each of the two handed it out. */
interface Held {
  readonly expected: Claim;
  readonly found: Claim;
}

class History {
  readonly #memory = new MemoryStorage({ name: "children" });
  readonly #connections: Storage[];
  readonly #dice: Dice;
  readonly #oneGate = new OneGate();
  #held: Held[] = [];
  #letters = 0;
  #made = 0;

  constructor(fixture: Fixture, seed: number) {
    this.#connections = [fixture.open(), fixture.open()];
    this.#dice = new Dice(seed);
  }

  async step(): Promise<void> {
    const often = [this.enqueue, this.enqueue, this.claim, this.claim, this.settle, this.settle, this.settle];
    const rarely = [
      this.release,
      this.recover,
      this.promote,
      this.pause,
      this.keep,
      this.leaveGate,
      this.letter,
      this.endLease,
    ];
    const steps = [...often, ...often, ...rarely, ...this.#dice.below(8) === 0 ? [this.flush] : []];
    await this.#dice.pick(steps).call(this);
    await this.look();
  }

  async enqueue(): Promise<void> {
    const items = Array.from({ length: 1 + this.#dice.below(4) }, () => this.#item());
    await this.#same(async (storage) => told(await storage.enqueue(items)));
  }

  async claim(): Promise<void> {
    const [limit, owner] = [1 + this.#dice.below(4), this.#dice.pick(OWNERS)];
    const [expected, found] = await this.#both(async (storage) => (await storage.claim(limit, owner)).claims);
    expect(found.map(known)).toEqual(expected.map(known));
    this.#held.push(...expected.map((claim, index) => ({ expected: claim, found: found[index]! })));
  }

  async settle(): Promise<void> {
    const held = this.#take();
    if (held === undefined) return;
    const { id, priority, gate, unique, steps, track } = held.expected;
    const more: Partial<Settlement>[] = [{}, { dropSteps: steps ?? id }];
    const next = { id, data: bytes("next"), priority, gate, unique, steps, track, retry: true };
    more.push({ next }, { next: { ...next, dueMs: FAR_MS } }, { enqueue: [this.#item(true)], about: "over" });
    if (this.#oneGate.mayPass(held.expected)) {
      more.push({ passLocks: this.#dice.pick(OWNERS), ...this.#dice.below(2) === 0 && { next } });
    }
    more.push({ ending: "failed", bury: this.#burial(id, "failed"), buryBounds: { count: 3 } });
    more.push({ ending: "dead", bury: this.#burial(id, "unknown"), buryBounds: { count: 100, ageMs: 1_000_000 } });
    const chosen = this.#dice.pick(more);
    const ending = chosen.next === undefined ? { ending: "complete" as const } : {};
    await this.#same(async (storage) => {
      const claim = this.#of(storage, held);
      return toldSettled(await storage.settle({ claim, id, noticeTtlMs: LONG_MS, ...ending, ...chosen }));
    });
  }

  async release(): Promise<void> {
    const held = this.#take();
    if (held !== undefined) await this.#same((storage) => storage.release([this.#of(storage, held)]));
  }

  async recover(): Promise<void> {
    const owner = this.#dice.pick(OWNERS);
    await this.#same(async (storage) => (await storage.recover(owner)).map(known).sort());
  }

  async endLease(): Promise<void> {
    const { consumer } = this.#dice.pick(OWNERS);
    await this.#same((storage) => storage.endLease(consumer));
  }

  async promote(): Promise<void> {
    const id = this.#dice.pick(IDS);
    await this.#same(async (storage) => {
      const moved = await storage.promote(id);
      return moved && [known(moved), moved.blocked];
    });
  }

  async pause(): Promise<void> {
    const isLong = this.#dice.below(2) === 0;
    if (isLong) await this.#same((storage) => storage.pause({ untilMs: FAR_MS }));
    await this.#same((storage) => storage.paused());
    await this.claim();
    await this.#same((storage) => storage.dueMs());
    await this.#same((storage) => storage.resume());
  }

  async keep(): Promise<void> {
    const held = this.#take(true);
    if (held !== undefined) await this.#same((storage) => storage.keep(this.#of(storage, held), "step\0", bytes("kept")));
  }

  async leaveGate(): Promise<void> {
    const held = this.#take(true);
    if (held === undefined) return;
    await this.#same(async (storage) => (await storage.leaveGate(this.#of(storage, held))).map(known));
  }

  async letter(): Promise<void> {
    const id = `letter ${this.#dice.below(this.#letters + 1)}`;
    const again = this.#item();
    await this.#same(async (storage) => {
      const enqueued = await storage.requeueDeadLetter(id, again);
      return enqueued && told(enqueued);
    });
    if (this.#dice.below(3) > 0) return;
    const other = `letter ${this.#dice.below(this.#letters + 1)}`;
    await this.#same((storage) => storage.deleteDeadLetter(other));
  }

  async flush(): Promise<void> {
    const part = this.#dice.pick(PARTS);
    if (part === "queue") this.#oneGate.reset();
    await this.#same((storage) => storage.flush([part]));
  }

  /** Everything that can be seen. */
  async look(): Promise<void> {
    await this.#same((storage) => storage.pendingCount());
    await this.#same(async (storage) => (await storage.pending()).map(known));
    await this.#same(async (storage) => (await storage.blocked()).map(known));
    await this.#same((storage) => storage.blockedCount());
    await this.#same(async (storage) => (await storage.scheduled()).map(known).sort());
    await this.#same(async (storage) =>
      (await storage.running()).map(({ claim, owner }) => [...known(claim), owner.worker]).sort()
    );
    for (const query of [{}, { kind: "failed" as const }, { taskName: "noop", limit: 2 }]) {
      await this.#same((storage) => storage.deadLetterCount(query));
      await this.#same(async (storage) =>
        (await storage.deadLetters(query)).map(({ id, kind, error }) => [id, kind, text(error)])
      );
    }
    const id = this.#dice.pick(IDS);
    await this.#same(async (storage) => (await storage.deadLetter(id))?.id);
    await this.#same(async (storage) => [...await storage.kept(id)].map(([name, value]) => [name, text(value)]));
    const once = `once ${this.#dice.below(this.#made)}`;
    await this.#same(async (storage) => {
      const { state, about } = await storage.state(once) ?? {};
      return [state, about];
    });
  }

  /** @param isFollower One that follows on another: it comes without a unique key. */
  #item(isFollower = false): Item {
    const dice = this.#dice;
    // Where several items have one id, it is open of which of them the state is.
    const id = dice.below(4) === 0 ? `once ${this.#made++}` : dice.pick(IDS);
    return item(id, {
      priority: dice.pick([0, 0, 0, 1, -1]),
      track: dice.below(5) > 0,
      ...dice.below(2) === 0 && { gate: { key: dice.pick(GATES), limit: 1 + dice.below(3) } },
      ...!isFollower && dice.below(2) === 0 && { unique: this.#unique() },
      ...dice.below(4) === 0 && { dueMs: FAR_MS + this.#made++ },
      ...dice.below(3) === 0 && { steps: dice.pick(IDS) },
      ...dice.below(3) === 0 && { about: `about ${id}\0` },
    });
  }

  #unique(): NonNullable<Item["unique"]> {
    const { pick } = this.#dice;
    const until = pick.call(this.#dice, ["end" as const, "end" as const, "start" as const, LONG_MS]) as "end";
    return { key: this.#dice.pick(KEYS), until, ...this.#dice.below(6) === 0 && { from: this.#dice.pick(IDS) } };
  }

  #burial(taskId: string, kind: "failed" | "unknown"): NonNullable<Settlement["bury"]> {
    const atMs = Date.now() - (this.#dice.below(4) === 0 ? 2_000_000 : 0) + ++this.#letters;
    const taskName = this.#dice.pick(["noop", "other"]);
    return {
      id: `letter ${this.#letters}`,
      kind,
      reason: "why",
      atMs,
      data: bytes("x"),
      taskId,
      taskName,
      error: bytes("e"),
      attempts: 2,
    };
  }

  #of(storage: Storage, held: Held): Claim {
    return storage === this.#memory ? held.expected : held.found;
  }

  /** One of the claims, some of which are no longer held. */
  #take(isKept = this.#dice.below(10) === 0): Held | undefined {
    if (this.#held.length === 0) return undefined;
    const held = this.#dice.pick(this.#held.slice(-8));
    if (!isKept) this.#held = this.#held.filter((other) => other !== held);
    return held;
  }

  async #same<T>(ask: (storage: Storage) => Promise<T>): Promise<void> {
    const [expected, found] = await this.#both(ask);
    expect(found).toEqual(expected);
  }

  async #both<T>(ask: (storage: Storage) => Promise<T>): Promise<[T, T]> {
    return [await ask(this.#memory), await ask(this.#dice.pick(this.#connections))];
  }
}

/** What is compared of an item. */
function known({ id, priority, gate, unique, steps, about, track }: Item): unknown[] {
  return [id, priority, gate?.key, unique?.key, unique?.until, steps, track ? about : undefined];
}

function told({ duplicates, blocked, admitted }: Enqueued): unknown {
  return [[...duplicates ?? []], [...blocked ?? []], admitted?.map(known)];
}

function toldSettled({ held, ...enqueued }: Settled): unknown {
  return [held, told(enqueued)];
}

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(() => fixture.end());

describe(`gates and keys in a SQLite file beside memory (HUEY_HISTORY_SEED=${SEED})`, () => {
  for (let number = 0; number < HISTORIES; number++) {
    test(`history ${number}`, async () => {
      const history = new History(fixture, SEED + number);
      for (let step = 0; step < STEPS; step++) await history.step();
    }, 60_000);
  }
});
