/** Random compositions, run by several workers at once, some of which die, against a model of what must come out. */
import { expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { executeClaim } from "../../lib/execution/execute.ts";
import { chord } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Claim } from "../../lib/storage.ts";
import type { Member, Task } from "../../lib/types/composition.ts";
import { lostCount, memory, OWNER } from "../helpers.ts";

type Random = () => number;

/** A small generator of random numbers from 0 to 1; the same seed gives the same numbers. */
function seeded(seed: number): Random {
  let state = seed * 2654435761 >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

type Node =
  | { readonly kind: "task"; readonly name: string; readonly failures: number }
  | { readonly kind: "pipeline"; readonly stages: readonly Node[] }
  | { readonly kind: "chord"; readonly members: readonly Node[]; readonly callback: Node & { kind: "task" } };

const RETRIES = 1;

class Maker {
  #tasks = 0;
  readonly #random: Random;
  constructor(random: Random) {
    this.#random = random;
  }
  task(): Node & { kind: "task" } {
    const roll = this.#random();
    return { kind: "task", name: `t${this.#tasks++}`, failures: roll < 0.1 ? 2 : roll < 0.2 ? 1 : 0 };
  }
  node(depth: number): Node {
    const roll = this.#random();
    if (depth === 0 || roll < 0.4) return this.task();
    const parts = Array.from({ length: Math.floor(this.#random() * 4) }, () => this.node(depth - 1));
    if (roll < 0.7) return { kind: "pipeline", stages: [this.node(depth - 1), ...parts] };
    return { kind: "chord", members: parts, callback: this.task() };
  }
}

type Value = string | readonly Value[];
type Ending = { readonly value: Value } | { readonly error: string };

/** What a composition must come to. */
function model(node: Node, input: readonly Value[]): Ending {
  if (node.kind === "task") {
    return node.failures > RETRIES ? { error: `!${node.name}` } : { value: `${node.name}${JSON.stringify(input)}` };
  }
  if (node.kind === "pipeline") {
    let given = input;
    for (const stage of node.stages) {
      const ending = model(stage, given);
      if ("error" in ending) return ending;
      given = [ending.value];
    }
    return { value: given[0]! };
  }
  return model(node.callback, [node.members.map((member) => shown(model(member, input)))]);
}

function shown(ending: Ending): Value {
  return "error" in ending ? ending.error : ending.value;
}

interface World {
  readonly huey: Huey;
  readonly step: { s(name: string, failures: number): Task };
  readonly collect: { s(): Task };
  readonly collected: Value[][];
  readonly completed: Map<string, number>;
}

function world(random: Random): World {
  const huey = memory();
  const plain = (value: unknown): Value =>
    value instanceof Error ? value.message : Array.isArray(value) ? value.map(plain) : value as Value;
  const step = huey.task({ name: "step", retries: RETRIES, context: true }, async (context, name, failures, ...input) => {
    for (let n = Math.floor(random() * 4); n > 0; n--) await Promise.resolve();
    if (context.attempt <= (failures as number)) throw new Error(`!${name}`);
    return `${name}${JSON.stringify(plain(input))}`;
  });
  const collected: Value[][] = [];
  const collect = huey.task("collect", (values: unknown) => plain(values));
  // A body may run twice when its first worker dies; what is settled counts.
  huey.postExecute("collect", ({ name }, value) => {
    if (name === "collect") collected.push(value as Value[]);
  });
  const completed = new Map<string, number>();
  huey.signal("complete", (_signal, { id }) => void completed.set(id, (completed.get(id) ?? 0) + 1));
  return { huey, step: step as never, collect: collect as never, collected, completed };
}

function build({ step }: World, node: Node): Member {
  if (node.kind === "task") return step.s(node.name, node.failures);
  if (node.kind === "pipeline") {
    type Chained = { andThen(next: unknown): Chained };
    const [first, ...rest] = node.stages.map((stage) => build({ step } as World, stage));
    return rest.reduce<Chained>((chain, stage) => chain.andThen(stage), first as unknown as Chained) as unknown as Member;
  }
  const members = node.members.map((member) => build({ step } as World, member));
  const callback = step.s(node.callback.name, node.callback.failures);
  return (chord as unknown as (members: Member[], callback: unknown) => Member)(members, callback);
}

/** Runs everything with workers that overlap; some lose their claim before, some while they run. */
async function runAll({ huey }: World, random: Random): Promise<void> {
  for (let round = 0; round < 500; round++) {
    const attempts: Promise<void>[] = [];
    for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
      const consumer = `consumer ${round} ${n}`;
      const { claims } = await huey.storage.claim(1, { consumer, worker: "w" });
      if (claims[0] !== undefined) attempts.push(attempt(huey, claims[0], consumer, random()));
    }
    if (attempts.length === 0) return;
    await Promise.all(attempts);
  }
  throw new Error("There is no end");
}

async function attempt(huey: Huey, claim: Claim, consumer: string, fate: number): Promise<void> {
  const dies = fate < 0.15 && claim.deliveries < 4;
  if (dies && fate < 0.05) await huey.storage.recover({ consumer });
  const running = executeClaim(coreOf(huey)!, claim, { owner: OWNER, revocations: false });
  if (dies && fate >= 0.05) await huey.storage.recover({ consumer });
  await running;
}

test.each(Array.from({ length: 300 }, (_, seed) => seed))("composition %d comes to what the model says", async (seed) => {
  const random = seeded(seed + 1);
  const node = new Maker(random).node(3);
  const here = world(random);
  const makeChord = chord as unknown as (members: Member[], callback: unknown) => Parameters<Huey["enqueue"]>[0];
  await here.huey.enqueue(makeChord([build(here, node)], here.collect.s()) as never);
  await runAll(here, random);
  expect(here.collected).toEqual([[shown(model(node, []))]]);
  expect([...here.completed.values()].every((count) => count === 1)).toBe(true);
  expect([await here.huey.pendingCount(), await here.huey.scheduledCount(), await lostCount(here.huey)]).toEqual([
    0,
    0,
    0,
  ]);
});
