/** Whoever repeats the calls has the same state: what one store does depends on nothing but the calls and their times. @module */
import { expect, test } from "bun:test";
import process from "node:process";
import { ExpiringMap } from "../../storage/expiring_map.ts";
import { MemoryStore } from "../../storage/memory/store.ts";
import { Dice } from "../dice.ts";
import { carryOut, type Command, Commands, copyOf, look, told } from "./_commands.ts";

const SEED = Number(process.env["HUEY_REPLICA_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const CALLS = Number(process.env["HUEY_REPLICA_CALLS"] ?? 1000);
const LIMIT_MS = 120_000;
const START_MS = Date.UTC(2030, 0, 1);

/** A store that carries out what others have called, at their times, and that is looked at at times of its own. */
class Replica {
  readonly #clock = { nowMs: START_MS, now: (): number => this.#clock.nowMs };
  readonly store: MemoryStore = new MemoryStore(this.#clock);

  apply(command: Command, nowMs: number): unknown {
    this.#clock.nowMs = nowMs;
    // A copy, as one that was read from a log: the store must not depend on which objects it is given.
    return carryOut(this.store, copyOf(command));
  }

  look(nowMs: number): void {
    this.#clock.nowMs = nowMs;
    look(this.store);
  }

  saved(): string {
    return told(this.store.saved());
  }
}

/** Another store, from what was saved of one, as a medium would give it back. */
function restored({ store }: Replica): Replica {
  const replica = new Replica();
  replica.store.restore(copyOf(store.saved()));
  return replica;
}

test(`replicas are equal, whoever looked at them and whenever they began (HUEY_REPLICA_SEED=${SEED})`, () => {
  const dice = new Dice(SEED);
  const commands = new Commands(dice);
  const [looked, quiet] = [new Replica(), new Replica()];
  let late = restored(quiet);
  const skews = [0, 700, -1500];
  let timeMs = START_MS;
  const applied = new Map<string, number>();
  for (let call = 0; call < CALLS; call++) {
    timeMs += dice.below(10) === 0 ? dice.below(1500) - 300 : dice.below(30);
    const nowMs = timeMs + dice.pick(skews);
    const command = commands.draw(nowMs);
    if (dice.below(3) === 0) looked.look(timeMs + dice.below(20_000) - 5000);
    if (dice.below(50) === 0) late = restored(late);
    const answers = [looked, quiet, late].map((replica) => replica.apply(command, nowMs));
    commands.answered(command, answers[0]);
    applied.set(command.name, (applied.get(command.name) ?? 0) + 1);
    const texts = answers.map((answer) => `${call} ${command.name} ${told(answer)}`);
    expect(texts).toEqual(texts.map(() => texts[0]!));
    if (call % 20 !== 0) continue;
    expect([call, quiet.saved()]).toEqual([call, looked.saved()]);
    expect([call, late.saved()]).toEqual([call, looked.saved()]);
  }
  expect(restored(quiet).saved()).toBe(late.saved());
  expect(applied.size).toBeGreaterThan(25);
}, LIMIT_MS);

test("a store that has a state already has none of it after it was restored", () => {
  const dice = new Dice(SEED);
  const commands = new Commands(dice);
  const [empty, used] = [new Replica(), new Replica()];
  for (let call = 0; call < 500; call++) {
    const command = commands.draw(START_MS + call);
    commands.answered(command, used.apply(command, START_MS + call));
  }
  used.store.restore(empty.store.saved());
  expect(used.saved()).toBe(empty.saved());
});

test("of two that share an id, the one that held the unique key still holds it after it was restored", () => {
  const replica = new Replica();
  const held = { id: "a", data: new Uint8Array([1]), priority: 0, track: false, unique: { key: "key", until: "start" } };
  replica.apply({ name: "enqueue", args: [[held, held]] }, START_MS);
  const late = restored(replica);
  const owner = { consumer: "consumer", worker: "worker" };
  const other = { ...held, id: "b" };
  const calls: Command[] = [
    { name: "claim", args: [1, owner] },
    { name: "enqueue", args: [[other]] }, // The first that was claimed does not hold the key, so that `b` is a duplicate still.
    { name: "claim", args: [1, owner] },
    { name: "enqueue", args: [[other]] },
  ];
  for (const call of calls) expect(told(late.apply(call, START_MS))).toBe(told(replica.apply(call, START_MS)));
  expect(late.store.pending().map(({ id }) => id)).toEqual(["b"]);
});

test("a ring reaches those who listen when a state is restored", async () => {
  const replica = new Replica();
  const rung = new Promise<void>((resolve) => void replica.store.listen("queue", resolve));
  replica.store.restore(new Replica().store.saved());
  await rung;
  replica.store.waits.end();
});

test("entries that are over are counted by nobody, and dropped by changes alone, in an order that is told", () => {
  const clock = { nowMs: 0, now: (): number => clock.nowMs };
  const map = new ExpiringMap<number>(clock);
  for (let index = 0; index < 150; index++) map.set(`key${index}`, index, 10);
  map.set("stays", 1);
  map.set("key0", 0); // for good from now on
  clock.nowMs = 10;
  expect([map.size, map.toMap().size, map.saved().length]).toEqual([2, 2, 151]);
  const copy = new ExpiringMap<number>(clock);
  copy.restore(map.saved());
  for (const one of [map, copy]) one.set("another", 1);
  expect(map.saved().length).toBe(52);
  expect(copy.saved()).toEqual(map.saved());
  clock.nowMs = 5;
  expect([map.size, copy.size]).toEqual([52, 52]);
});
