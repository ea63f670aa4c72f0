/**
 * Random histories of gates, unique keys, steps, dead letters and pauses: at each step a storage must say what memory says.
 * @module
 */
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import { expect } from "bun:test";
import type { Claim, Enqueued, FlushPart, Item, Settled, Settlement, Storage } from "../../lib/storage.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { Dice } from "../dice.ts";
import { OneGate } from "./_one_gate.ts";

const OWNERS = ["a", "b"].flatMap((consumer) => ["1", "2"].map((worker) => ({ consumer, worker })));
const GATES = ["ga", "gb", "gate:ü \0"];
const KEYS = ["ua", "ub"];
const LONG_MS = 3_600_000;
/** All that is scheduled is due, each at a time of its own. */
const FIRST_DUE_MS = 1_000_000_000_000;

/** One claim, as each of the two handed it out. */
interface Held {
  readonly expected: Claim;
  readonly found: Claim;
}

/** One random history. */
export class HeldBackHistory {
  readonly #memory: MemoryStorage;
  readonly #connections: readonly Storage[];
  readonly #dice: Dice;
  readonly #priorities: readonly number[];
  #held: Held[] = [];
  #passed: Held[] = [];
  readonly #oneGate = new OneGate();
  #letters: string[] = [];
  /** Ids that several items had. What an earlier one has left is seen again or not when the later one is deleted. */
  readonly #shared = new Set<string>();
  #made = 0;

  /** @param connections Of one medium. @param priorities Those that it can hold. @param clock That of the medium, where it can be given. */
  constructor(connections: readonly Storage[], seed: number, priorities: readonly number[], clock: Clock = systemClock) {
    this.#memory = new MemoryStorage({ name: "held back", clock });
    this.#connections = connections;
    this.#dice = new Dice(seed);
    this.#priorities = priorities;
  }

  /** Does something, and compares all that can be seen. */
  async step(): Promise<void> {
    const steps = [
      ...[this.enqueue, this.enqueue, this.enqueue, this.claim, this.claim, this.claim, this.settle, this.settle, this.settle],
      ...[this.settle, this.settle, this.release, this.recover, this.promote, this.promote, this.keep, this.keep, this.leave],
      ...[this.letters, this.letters, this.pause, this.enqueueOnce, this.endLease],
      ...(this.#dice.below(30) === 0 ? [this.flush] : []),
    ];
    const step = this.#dice.pick(steps);
    await step.call(this);
    await this.#compare(step.name);
  }

  async #compare(step: string): Promise<void> {
    const task = `task ${this.#dice.below(this.#made + 1)}`;
    await this.#same(step, async (storage) => ({
      pending: (await storage.pending()).map(seen),
      blocked: (await storage.blocked()).map(seen),
      blockedCount: await storage.blockedCount(),
      scheduled: (await storage.scheduled()).map(seen),
      running: (await storage.running()).map(({ claim, owner }) => [claim.id, owner, claim.gate, claim.about]).sort(),
      state: this.#shared.has(task) ? undefined : withoutTime(await storage.state(task)),
      letters: (await storage.deadLetters()).map(({ id, kind, taskId, error }) => [id, kind, taskId, String(error)]),
      letterCount: await storage.deadLetterCount({ kind: "failed" }),
      letter: (await storage.deadLetter(task))?.id,
      kept: this.#shared.has(task) ? [] : await keptAs(storage, task),
      keptApart: await keptAs(storage, `steps of ${task}`),
      paused: await storage.paused(),
      due: await storage.dueMs(),
      isWaiting: await storage.oldestMs() !== undefined,
    }));
  }

  async enqueue(): Promise<void> {
    const items = Array.from({ length: this.#dice.pick([1, 1, 2, 5]) }, () => this.#item());
    await this.#same("enqueue", async (storage) => told(await storage.enqueue(items)));
  }

  async enqueueOnce(): Promise<void> {
    const [key, item] = [`once ${this.#dice.below(8)}`, this.#item()];
    await this.#same("enqueueOnce", async (storage) => told(await storage.enqueueOnce(key, LONG_MS, item)));
  }

  async claim(): Promise<void> {
    const [limit, owner] = [this.#dice.pick([1, 2, 5]), this.#dice.pick(OWNERS)];
    const [expected, found] = await this.#both(async (storage) => (await storage.claim(limit, owner)).claims);
    expect(found.map(seen)).toEqual(expected.map(seen));
    this.#held.push(...expected.map((claim, index) => ({ expected: claim, found: found[index]! })));
  }

  async settle(): Promise<void> {
    const held = this.#some(this.#held);
    if (!held) return;
    const { id } = held.expected;
    const settlement = this.#settlement(held.expected);
    await this.#same(
      "settle",
      async (storage) => settled(await storage.settle({ ...settlement, claim: this.#of(held, storage) })),
    );
    if (settlement.passLocks) this.#passed.push(held);
    if (settlement.bury) this.#letters.push(`letter of ${id}`);
  }

  async release(): Promise<void> {
    const held = this.#some(this.#held);
    if (held) await this.#same("release", (storage) => storage.release([this.#of(held, storage)]));
  }

  async recover(): Promise<void> {
    const target = this.#dice.pick([{ consumer: "a" }, this.#dice.pick(OWNERS), undefined]);
    // Nobody has a lease here, so all of them are lost.
    if (target === undefined) this.#oneGate.reset();
    await this.#same("recover", async (storage) => (await storage.recover(target)).map(({ id }) => id).sort());
  }

  async endLease(): Promise<void> {
    await this.#same("endLease", (storage) => storage.endLease("b"));
  }

  async promote(): Promise<void> {
    if (this.#dice.below(3) > 0) {
      const limit = this.#dice.pick([1, 5]);
      return await this.#same("promoteDue", async (storage) => (await storage.promoteDue(limit)).map(moved));
    }
    const id = `task ${this.#dice.below(this.#made + 1)}`;
    await this.#same("promote", async (storage) => moved(await storage.promote(id)));
  }

  async keep(): Promise<void> {
    const held = this.#some(this.#held, false);
    const [name, value] = [this.#dice.pick(["one", "two"]), new Uint8Array([this.#dice.below(9)])];
    if (held) await this.#same("keep", (storage) => storage.keep(this.#of(held, storage), name, value));
  }

  async leave(): Promise<void> {
    const held = this.#some(this.#passed);
    if (held) await this.#same("leaveGate", async (storage) => (await storage.leaveGate(this.#of(held, storage))).map(seen));
  }

  async letters(): Promise<void> {
    const id = this.#some(this.#letters);
    if (!id) return;
    if (this.#dice.below(3) === 0) return await this.#same("deleteDeadLetter", (storage) => storage.deleteDeadLetter(id));
    const item = { ...this.#item(), id: id.replace("letter of ", "") };
    await this.#same("requeueDeadLetter", async (storage) => told(await storage.requeueDeadLetter(id, item)));
  }

  async pause(): Promise<void> {
    const untilMs = this.#dice.pick([undefined, 1, 4_000_000_000_000]);
    await this.#same("pause", (storage) => storage.pause({ untilMs }));
    if (this.#dice.below(2) === 0) await this.claim();
    if (this.#dice.below(2) === 0) await this.promote();
    await this.#same("resume", (storage) => storage.resume());
  }

  async flush(): Promise<void> {
    const parts = this.#dice.pick<FlushPart[]>([["queue"], ["schedule"], ["deadLetters"], ["queue", "schedule"]]);
    await this.#same("flush", (storage) => storage.flush(parts));
  }

  #item(): Item {
    const dice = this.#dice;
    const number = this.#made++;
    const id = `task ${dice.below(20) === 0 ? dice.below(number + 1) : number}`;
    if (id !== `task ${number}`) this.#shared.add(id);
    const gate = { key: dice.pick(GATES), limit: dice.pick([1, 1, 2, 3]) };
    const unique = { key: dice.pick(KEYS), until: dice.pick(["start", "end", LONG_MS] as const) };
    return {
      id,
      data: new Uint8Array(dice.below(3)),
      priority: dice.pick(this.#priorities),
      track: dice.below(4) > 0,
      ...(dice.below(4) === 0 && { retry: true }),
      ...(dice.below(4) === 0 && { dueMs: FIRST_DUE_MS + number }),
      ...(dice.below(2) === 0 && { gate }),
      ...(dice.below(3) === 0 &&
        { unique: dice.below(3) === 0 ? { ...unique, from: `task ${dice.below(number + 1)}` } : unique }),
      ...(dice.below(4) === 0 && { steps: `steps of task ${number}` }),
      ...(dice.below(3) === 0 && { about: `about ${number} ü` }),
      ...(dice.below(5) === 0 && { chord: { id: `chord ${number}`, index: 7 } }),
    };
  }

  #settlement(claim: Claim): Settlement {
    const dice = this.#dice;
    const { token: _, deliveries: _deliveries, ...item } = claim;
    const ending = dice.pick([undefined, "complete", "empty", "failed"] as const);
    const next = !ending && dice.below(2) === 0 &&
      { ...item, ...(dice.below(2) === 0 && { dueMs: FIRST_DUE_MS + this.#made++ }) };
    const bury = {
      id: `letter of ${claim.id}`,
      kind: dice.pick(["failed", "failed", "unknown"] as const),
      reason: "why",
      atMs: FIRST_DUE_MS + this.#made++,
      data: new Uint8Array(1),
      taskId: claim.id,
      error: new Uint8Array([1, 2]),
    };
    return {
      id: claim.id,
      noticeTtlMs: LONG_MS,
      ...(ending && { ending, ...(ending !== "empty" && { result: new Uint8Array(2) }) }),
      ...(dice.below(4) === 0 && { enqueue: [this.#followUp(), this.#followUp()] }),
      ...(next && { next }),
      ...(!next && dice.below(4) === 0 && {
        bury,
        buryBounds: { count: dice.pick([1, 3, 100]), ageMs: undefined },
        ending: bury.kind === "failed" ? "failed" as const : "dead" as const,
      }),
      ...(dice.below(5) === 0 && this.#oneGate.mayPass(claim) && { passLocks: dice.pick(OWNERS) }),
      ...(dice.below(3) === 0 && { dropSteps: claim.steps ?? claim.id }),
      ...(dice.below(3) === 0 && { about: `ended ${claim.id}` }),
    };
  }

  /** Follow-ups come without a key. */
  #followUp(): Item {
    const { unique: _, ...item } = this.#item();
    return item;
  }

  #of(held: Held, storage: Storage): Claim {
    return storage === this.#memory ? held.expected : held.found;
  }

  async #same<T>(step: string, ask: (storage: Storage) => Promise<T>): Promise<void> {
    const [expected, found] = await this.#both(ask);
    expect([step, found]).toEqual([step, expected]);
  }

  async #both<T>(ask: (storage: Storage) => Promise<T>): Promise<[T, T]> {
    return [await ask(this.#memory), await ask(this.#dice.pick(this.#connections))];
  }

  /** Mostly it is taken out; what stays is used again although nobody holds it any more. */
  #some<T>(list: T[], takes = true): T | undefined {
    if (list.length === 0) return undefined;
    const index = this.#dice.below(list.length);
    const found = list[index]!;
    if (takes && this.#dice.below(8) > 0) list.splice(index, 1);
    return found;
  }
}

async function keptAs(storage: Storage, key: string): Promise<unknown> {
  return [...await storage.kept(key)].map(([name, value]) => [name, String(value)]).sort();
}

/** What everybody must see of an item. */
function seen({ id, data, priority, gate, unique, steps, about, chord, track }: Item): unknown {
  return [id, String(data), priority, gate, unique, steps, about, chord, track];
}

function moved(item: Item & { readonly blocked?: boolean | undefined } | undefined): unknown {
  return item && [seen(item), item.blocked ?? false];
}

function told(answer: Enqueued | undefined): unknown {
  if (answer === undefined) return undefined;
  const { duplicates = new Map(), blocked = new Set(), admitted = [] } = answer;
  return { duplicates: [...duplicates], blocked: [...blocked], admitted: admitted.map(seen) };
}

function settled({ held, callback, blocked, admitted }: Settled): unknown {
  return { held, callback: callback && seen(callback), entered: told({ blocked, admitted }) };
}

function withoutTime<T extends { readonly sinceMs?: number | undefined }>(state: T | undefined): unknown {
  return state && { ...state, sinceMs: undefined };
}
