/** Random calls answered by files as by memory: what waits at gates, unique keys, pauses, steps, dead letters, listings. @module */
import { afterEach, beforeEach, expect, test } from "bun:test";
import process from "node:process";
import type { Claim, Enqueued, Item, Storage } from "../../lib/storage.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { bytes, text } from "../../testing/contract/helpers.ts";
import { Dice } from "../dice.ts";
import { TestClock } from "../../testing/clock.ts";
import { Place } from "./_file_fixture.ts";
import { OneGate } from "./_one_gate.ts";

const SEED = Number(process.env["HUEY_FILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const CALLS = Number(process.env["HUEY_FILE_CALLS"] ?? 500);
const LIMIT_MS = 120_000;

let place: Place;
beforeEach(() => void (place = new Place()));
afterEach(() => place.remove());

/** What both storages have handed out in the same call. */
interface Held {
  readonly memory: Claim;
  readonly file: Claim;
}

/** Without what is opaque, and in an order that is told. */
function told(value: unknown): unknown {
  if (value instanceof Uint8Array) return text(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, told(one)]));
  if (value instanceof Set) return [...value].sort();
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, one]) => key !== "token" && one !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, told(one)]).sort());
}

/** Calls both storages, and compares what they answer. */
class Pair {
  readonly clock: TestClock = new TestClock(Date.UTC(2030, 0, 1));
  readonly memory: Storage = new MemoryStorage({ name: "huey", clock: this.clock });
  readonly files: readonly Storage[] = [place.open({ clock: this.clock }), place.open({ clock: this.clock })];
  readonly held: Held[] = [];
  readonly settled: Held[] = [];
  readonly #dice: Dice;
  readonly #oneGate = new OneGate();
  readonly #dues = new Set<number>();
  #lastId = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  async same<T>(
    what: string,
    call: (storage: Storage, which: "memory" | "file") => Promise<T>,
  ): Promise<{ memory: T; file: T }> {
    const [memory, file] = [await call(this.memory, "memory"), await call(this.#dice.pick(this.files), "file")];
    expect([what, told(file)]).toEqual([what, told(memory)]);
    return { memory, file };
  }

  item(): Item {
    const dice = this.#dice;
    const id = dice.below(4) === 0 ? `task${dice.below(5)}` : `task${5 + this.#lastId++}`;
    const until = dice.pick<"start" | "end" | number>(["start", "end", 500]);
    const track = dice.below(2) === 0;
    const from = dice.below(4) === 0 ? `task${dice.below(9)}` : undefined;
    return {
      id,
      data: bytes(`data ${this.#lastId}`),
      priority: dice.below(3),
      track,
      ...dice.below(4) === 0 && { dueMs: this.#dueMs(2000) },
      ...dice.below(2) === 0 && { gate: { key: `gate${dice.below(3)}`, limit: 1 + dice.below(dice.below(5) === 0 ? 6 : 2) } },
      ...dice.below(3) === 0 && { unique: { key: `unique${dice.below(4)}`, until, ...from && { from } } },
      ...track && { about: `about ${this.#lastId}` },
    };
  }

  /** Which of two that are due at once comes first is open, so none are. */
  #dueMs(span: number): number {
    let dueMs = this.clock.now() + this.#dice.below(span);
    while (this.#dues.has(dueMs)) dueMs++;
    this.#dues.add(dueMs);
    return dueMs;
  }

  take(): Held | undefined {
    return this.held.splice(this.#dice.below(this.held.length + 1), 1)[0];
  }

  async step(): Promise<void> {
    const calls = [
      this.#enqueue,
      this.#enqueue,
      this.#claim,
      this.#claim,
      this.#settle,
      this.#settle,
      this.#settle,
      this.#schedule,
      this.#disturb,
      this.#letters,
    ];
    await this.#dice.pick(calls).call(this);
  }

  async #enqueue(): Promise<void> {
    const items = Array.from({ length: 1 + this.#dice.below(4) }, () => this.item());
    await this.same<Enqueued>("enqueue", (storage) => storage.enqueue(items));
  }

  async #claim(): Promise<void> {
    const owner = { consumer: `consumer${this.#dice.below(2)}`, worker: `worker${this.#dice.below(2)}` };
    const limit = 1 + this.#dice.below(4);
    const { memory, file } = await this.same("claim", (storage) => storage.claim(limit, owner));
    memory.claims.forEach((claim, index) => this.held.push({ memory: claim, file: file.claims[index]! }));
  }

  async #settle(): Promise<void> {
    const held = this.take();
    if (held === undefined) return;
    const dice = this.#dice;
    const { id, gate, unique } = held.memory;
    const kind = dice.pick(["failed", "unknown", "unreadable"] as const);
    const letter = { id: `letter${this.#lastId++}`, kind, reason: "odd", atMs: this.clock.now(), data: bytes("d"), taskId: id };
    const bury = dice.below(4) === 0 ? { ...letter, taskName: `name${dice.below(2)}`, error: bytes("e") } : undefined;
    const due = dice.below(2) === 0 ? { dueMs: this.#dueMs(500) } : {};
    const next = dice.below(3) === 0 ? { ...this.item(), id, gate, unique, dueMs: undefined, ...due, retry: true } : undefined;
    const passLocks = dice.below(4) === 0 && this.#oneGate.mayPass(held.memory)
      ? { consumer: "consumer0", worker: "worker0" }
      : undefined;
    const settlement = {
      id,
      noticeTtlMs: 60_000,
      ...next === undefined && { ending: bury ? kind === "failed" ? "failed" as const : "dead" as const : "complete" as const },
      ...dice.below(2) === 0 && { result: bytes("result"), about: "settled" },
      ...dice.below(3) === 0 && { enqueue: [{ ...this.item(), unique: undefined }] },
      ...bury && next === undefined && { bury, buryBounds: { count: 1 + dice.below(3), ageMs: 5000 } },
      ...next && { next },
      ...passLocks && { passLocks },
      ...dice.below(3) === 0 && { dropSteps: held.memory.steps ?? id },
    };
    await this.same("settle", (storage, which) => storage.settle({ ...settlement, claim: held[which] }));
    if (passLocks !== undefined) this.settled.push(held);
  }

  async #schedule(): Promise<void> {
    this.clock.moveTo(this.clock.now() + 1 + this.#dice.below(300));
    const limit = 1 + this.#dice.below(5);
    await this.same("dueMs", (storage) => storage.dueMs());
    await this.same("promoteDue", (storage) => storage.promoteDue(limit));
    if (this.#dice.below(3) === 0) {
      const id = `task${this.#dice.below(5)}`;
      await this.same("promote", (storage) => storage.promote(id));
    }
  }

  async #disturb(): Promise<void> {
    const dice = this.#dice;
    const kind = dice.below(12);
    const held = kind < 5 ? this.take() : undefined;
    if (kind === 0 && held) await this.same("release", (storage, which) => storage.release([held[which]]));
    else if (kind < 5 && held) {
      this.held.push(held);
      const step = `step${dice.below(2)}`;
      await this.same("keep", (storage, which) => storage.keep(held[which], step, bytes(`kept by ${held.memory.id}`)));
    } else if (kind === 5) {
      const target = { consumer: `consumer${dice.below(2)}`, ...dice.below(2) === 0 && { worker: `worker${dice.below(2)}` } };
      const { memory } = await this.same("recover", async (storage) => (await storage.recover(target)).length);
      if (memory > 0) this.held.splice(0);
    } else if (kind < 8) {
      const left = this.settled.pop();
      if (left) await this.same("leaveGate", (storage, which) => storage.leaveGate(left[which]));
    } else if (kind === 8) {
      const untilMs = dice.below(4) === 0 ? undefined : this.clock.now() + dice.below(400);
      await this.same("pause", (storage) => storage.pause({ untilMs }));
    } else if (kind < 11) await this.same("resume", (storage) => storage.resume());
    else if (dice.below(4) === 0) {
      const part = dice.pick(["queue", "schedule", "deadLetters", "results"] as const);
      if (part === "queue") this.held.splice(0), this.settled.splice(0), this.#oneGate.reset();
      await this.same(`flush ${part}`, (storage) => storage.flush([part]));
    }
  }

  async #letters(): Promise<void> {
    const dice = this.#dice;
    const { memory } = await this.same("deadLetters", (storage) => storage.deadLetters());
    const letter = memory[dice.below(memory.length + 1)];
    if (letter === undefined) return;
    if (dice.below(3) === 0) await this.same("delete", (storage) => storage.deleteDeadLetter(letter.id));
    else {
      const item = { ...this.item(), id: letter.taskId! };
      await this.same("requeue", (storage) => storage.requeueDeadLetter(letter.id, item));
    }
  }

  async look(): Promise<void> {
    await this.same("pending", (storage) => storage.pending());
    await this.same("blocked", (storage) => storage.blocked());
    await this.same("counts", (storage) =>
      Promise.all([
        storage.pendingCount(),
        storage.blockedCount(),
        storage.scheduledCount(),
        storage.deadLetterCount(),
        storage.deadLetterCount({ kind: "failed" }),
        storage.deadLetterCount({ taskName: "name0" }),
        storage.oldestMs(),
        storage.paused(),
      ]));
    await this.same(
      "running",
      async (storage) => (await storage.running()).map(({ claim, ...rest }) => ({ id: claim.id, ...rest })),
    );
    // Of several items with one id memory knows the state of the last one only, so this looks at others.
    for (let id = this.#lastId + 4; id > Math.max(4, this.#lastId - 6); id--) {
      await this.same(`state of ${id}`, (storage) => storage.state(`task${id}`));
    }
    for (let id = 0; id < 6; id++) {
      await this.same(`steps of ${id}`, (storage) => storage.kept(`task${id}`));
      await this.same(`letter of ${id}`, (storage) => storage.deadLetter(`task${id}`));
    }
  }
}

test(`${CALLS} calls are answered as by memory (HUEY_FILE_SEED=${SEED})`, async () => {
  const pair = new Pair(new Dice(SEED));
  for (let call = 0; call < CALLS; call++) {
    await pair.step();
    if (call % 10 === 0) await pair.look();
  }
  await pair.look();
}, LIMIT_MS);
