/** Messages in odd envelopes: what a storage takes it hands out again, and what it refuses leaves nothing behind. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import process from "node:process";
import { Consumer, Huey } from "../../mod.ts";
import type { Burial, ChordReport, Item, Settlement } from "../../lib/storage.ts";
import { until } from "../../testing/contract/context.ts";
import { Dice } from "../dice.ts";
import { silent } from "../helpers.ts";
import { garbage } from "./hostile.ts";
import { type Place, PLACES } from "./storages.ts";
import { size } from "../sizes.ts";

const LOAD = size(800, 16_000);
const SEED = Number(process.env["HUEY_HOSTILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const LIMIT_MS = 300_000;
const TASKS = 100;

const TEXTS = ["", "id", "\0", "../..", "__proto__", "x".repeat(500), "ü🐝", "constructor", "{a}:*"];
const NUMBERS = [0, 1, -1, 0.5, 100, 65_535, 2 ** 53, -(2 ** 53), 1e300];
const VALID = new TextEncoder().encode('{"v":1,"id":"id","name":"unknown","args":[]}');

function oddItem(dice: Dice): Item {
  const place = { id: dice.pick(TEXTS), index: dice.pick([0, 1, 999_999]) };
  const gate = { key: dice.pick(TEXTS), limit: dice.pick([1, 1, 2, 1.5, 1e300]) };
  const unique = { key: `${dice.pick(TEXTS)}${dice.below(50)}`, until: dice.pick(["start", "end", 0, 1, 1e9] as const) };
  return {
    id: dice.pick(TEXTS),
    data: garbage(dice, VALID),
    priority: dice.pick(NUMBERS),
    track: dice.below(2) === 0,
    retry: dice.below(2) === 0,
    ...(dice.below(3) === 0 && { dueMs: dice.pick([1, 1000.5, -5]) }),
    ...(dice.below(3) === 0 && { chord: place }),
    ...(dice.below(3) === 0 && { gate }),
    ...(dice.below(3) === 0 && { unique: { ...unique, ...(dice.below(2) === 0 && { from: dice.pick(TEXTS) }) } }),
    ...(dice.below(3) === 0 && { steps: dice.pick(TEXTS), about: dice.pick(TEXTS) }),
  };
}

function oddSettlement(dice: Dice): Settlement {
  const chord = { id: dice.pick(TEXTS), index: dice.pick(NUMBERS), value: garbage(dice, VALID) } as ChordReport;
  return {
    id: dice.pick(TEXTS),
    noticeTtlMs: dice.pick([0, 1, 1e9]),
    ...(dice.below(2) === 0 && { result: garbage(dice, VALID), resultTtlMs: dice.pick([0, 1, 1e9]) }),
    ...(dice.below(2) === 0 && { ending: dice.pick(["empty", "failed", "dead"] as const) }),
    ...(dice.below(2) === 0 && { chord }),
    ...(dice.below(2) === 0 && { dropChord: dice.pick(TEXTS), dropRevocations: [dice.pick(TEXTS)] }),
    ...(dice.below(2) === 0 && { next: oddItem(dice), enqueue: [oddItem(dice)] }),
    ...(dice.below(2) === 0 && { dropSteps: dice.pick(TEXTS), about: dice.pick(TEXTS) }),
    ...(dice.below(4) === 0 &&
      { bury: oddBurial(dice), buryBounds: { count: dice.pick([0, 1, 1e9]), ageMs: dice.pick([0, 1e15]) } }),
    ...(dice.below(4) === 0 && { chords: [{ id: dice.pick(TEXTS), size: dice.pick([1, 2]), callback: oddItem(dice) }] }),
  };
}

function oddBurial(dice: Dice): Burial {
  return {
    kind: dice.pick(["failed", "unknown", "unreadable"] as const),
    id: dice.pick(TEXTS),
    reason: dice.pick(TEXTS),
    atMs: dice.pick([0, 1, 1e12, 1e300]),
    data: garbage(dice, VALID),
    ...(dice.below(2) === 0 &&
      { taskId: dice.pick(TEXTS), taskName: dice.pick(TEXTS), error: garbage(dice, VALID), attempts: 1 }),
  };
}

describe.each(Object.entries(PLACES))("%s", (_label, { open, share }) => {
  let place: Place;
  let huey: Huey;
  beforeEach(async () => {
    place = await open();
    huey = new Huey({ storage: place.storage, logger: silent });
  });
  afterEach(() => place.end());

  test(`real tasks among odd envelopes run (HUEY_HOSTILE_SEED=${SEED})`, async () => {
    const dice = new Dice(SEED);
    const ran = new Set<number>();
    const work = huey.task("work", (n: number) => void ran.add(n));
    const rounds = Math.ceil(LOAD * share / TASKS);
    for (let n = 0; n < TASKS; n++) {
      await work(n);
      const odd = Array.from({ length: rounds }, () => oddItem(dice));
      // One by one where they are refused together, as some storages know no such priorities.
      await place.storage.enqueue(odd).catch(() => Promise.allSettled(odd.map((one) => place.storage.enqueue([one]))));
      await place.storage.settle(oddSettlement(dice)).catch(() => {});
    }
    const consumer = new Consumer(huey, { workers: 10, periodic: false });
    await consumer.start();
    try {
      await until(async () => ran.size === TASKS && await huey.pendingCount() === 0);
    } finally {
      await consumer.stop({ graceful: false, grace: 0 });
    }
    await Promise.all([place.storage.blocked(), place.storage.running(), place.storage.oldestMs(), huey.blockedCount()]);
    await huey.deadLetters(1000);
    await huey.scheduled();
    expect(ran.size).toBe(TASKS);
  }, LIMIT_MS);
});
