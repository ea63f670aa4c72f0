/** Several instances over one log: what each does, and in which order, is the same for all. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import process from "node:process";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import { encodeRecord } from "../../storage/file/packing.ts";
import {
  bytes,
  claim,
  claimOne,
  complete,
  ids,
  item,
  items,
  lease,
  LONG_MS,
  owner,
  text,
} from "../../testing/contract/helpers.ts";
import { TestClock } from "../../testing/clock.ts";
import { Dice } from "../dice.ts";
import { type Command, Commands, told } from "./_commands.ts";
import { endLog, Place, replaceSteps, revive, tellAll } from "./_file_fixture.ts";

const LIMIT_MS = 120_000;
const SEED = Number(process.env["HUEY_FILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const CALLS = Number(process.env["HUEY_FILE_CALLS"] ?? 600);

let place: Place;
beforeEach(() => void (place = new Place()));
afterEach(() => place.remove());

/** Lets something happen once, right before the next record is appended. */
function beforeAppend(happen: () => void): void {
  let isDone = false;
  replaceSteps((original, name) => (...args) => {
    if (name === "append" && !isDone) {
      isDone = true;
      happen();
    }
    return original(...args);
  });
}

/** A clock that is wrong by some time. */
function skewed(clock: Clock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    elapsed: () => clock.elapsed(),
    startTimer: (ms, strike, options) => clock.startTimer(ms, strike, options),
  };
}

describe("one who is paused before he writes", () => {
  test("and comes behind the end of the log, is carried out once, in the next one", async () => {
    const [slow, fast] = [place.open(), place.open()];
    await slow.enqueue(items("a", 2));
    const claimed = await claimOne(slow);
    beforeAppend(() => appendFileSync(place.log, encodeRecord(["seal"]).slice()));
    expect((await slow.settle(complete(claimed, { enqueue: [item("next")] }))).held).toBe(true);
    revive();
    for (const storage of [fast, slow, place.open()]) expect(ids(await storage.pending())).toEqual(["a1", "next"]);
    expect(place.logs()).toEqual(["log-00000002"]);
  });

  test("and comes behind the end of several logs, is carried out once", async () => {
    const [slow, fast] = [place.open(), place.open()];
    await slow.enqueue(items("a", 2));
    let ends = 0;
    replaceSteps((original, name) => (...args) => {
      if (name === "append" && ends < 3) {
        ends++;
        appendFileSync(place.log, encodeRecord(["seal"]).slice());
      }
      return original(...args);
    });
    expect(await slow.increment("count", 1)).toBe(1);
    revive();
    expect(await fast.increment("count", 1)).toBe(2);
    expect(ids(await fast.pending())).toEqual(["a0", "a1"]);
    expect(place.logs()).toEqual(["log-00000004"]);
  });

  test("is told that his claim was taken meanwhile, and nothing of his settlement is there", async () => {
    const [slow, fast] = [place.open(), place.open()];
    await slow.enqueue([item("a")]);
    const claimed = await claimOne(slow);
    const recovery = encodeRecord(["do", "another", systemClock.now(), [["recover", { consumer: "consumer" }]]]).slice();
    beforeAppend(() => appendFileSync(place.log, recovery));
    const settled = await slow.settle(complete(claimed, { result: bytes("late"), enqueue: [item("next")] }));
    revive();
    expect(settled.held).toBe(false);
    for (const storage of [fast, slow, place.open()]) {
      expect(ids(await storage.pending())).toEqual(["a"]);
      expect(await storage.results.size()).toBe(0);
    }
  });

  test("keeps his claim if another's recovery came to nothing", async () => {
    const [slow, fast] = [place.open(), place.open()];
    await slow.renewLease(lease());
    await slow.enqueue([item("a")]);
    const claimed = await claimOne(slow);
    expect(await fast.recover(undefined, lease("other"))).toEqual([]);
    expect((await slow.settle(complete(claimed))).held).toBe(true);
  });
});

describe("many instances", () => {
  test("count together, over the ends of logs", async () => {
    const storages = Array.from({ length: 8 }, () => place.open());
    const value = new Uint8Array(3000);
    const work = async (storage: Storage): Promise<void> => {
      for (let round = 0; round < 60; round++) {
        await Promise.all([
          storage.increment("count", 1),
          ...Array.from({ length: 10 }, () => storage.data.put("ballast", value)),
          storage.increment("count", 1),
        ]);
      }
    };
    await Promise.all(storages.map(work));
    for (const storage of [...storages, place.open()]) expect(await storage.increment("count", 0)).toBe(960);
    expect(place.logs().length).toBe(1);
    expect(Number(place.logs()[0]!.slice(4))).toBeGreaterThan(3);
  }, LIMIT_MS);

  test("claim each item once, over the ends of logs", async () => {
    const storages = Array.from({ length: 5 }, () => place.open());
    await storages[0]!.enqueue(items("a", 500));
    const taken: string[] = [];
    const work = async (storage: Storage, index: number): Promise<void> => {
      for (let claims = await claim(storage, 7); claims.length > 0; claims = await claim(storage, 7)) {
        if (index === 0 && taken.length % 50 < 7) await endLog(storage);
        for (const held of claims) {
          taken.push(held.id);
          expect((await storage.settle(complete(held, { result: bytes(held.id) }))).held).toBe(true);
        }
      }
    };
    await Promise.all(storages.map(work));
    expect(taken.toSorted()).toEqual(ids(items("a", 500)).toSorted());
    for (const storage of storages) expect(await storage.results.size()).toBe(500);
  }, LIMIT_MS);

  test("one who has slept over the ends of many logs goes on with the newest", async () => {
    const [awake, asleep] = [place.open(), place.open()];
    await awake.enqueue(items("a", 3));
    const claimed = await claimOne(asleep);
    for (let round = 0; round < 4; round++) await endLog(awake);
    await awake.enqueue([item("b")]);
    expect(ids(await asleep.pending())).toEqual(["a1", "a2", "b"]);
    expect((await asleep.settle(complete(claimed))).held).toBe(true);
    expect(await awake.claimed(owner())).toEqual([]);
  }, LIMIT_MS);

  test("one who has slept hears that a log has ended", async () => {
    const [awake, asleep] = [place.open(), place.open()];
    await asleep.pendingCount();
    const rung = new Promise<void>((resolve) => void asleep.listen("queue", resolve));
    await endLog(awake);
    await awake.enqueue([item("a")]);
    await rung;
    expect(ids(await asleep.pending())).toEqual(["a"]);
  }, LIMIT_MS);

  test("what is called together is answered in its order", async () => {
    const storage = place.open();
    const answers = await Promise.all([
      storage.increment("count", 1),
      storage.enqueue([item("a")]),
      storage.pendingCount(),
      storage.claim(5, owner()),
      storage.pendingCount(),
      storage.data.put("key", bytes("1")),
      storage.data.peek("key"),
      storage.data.delete("key"),
      storage.data.has("key"),
      storage.increment("count", 1),
    ]);
    const told = answers.map((answer) => answer instanceof Uint8Array ? text(answer) : answer);
    expect([told[0], told[2], told[4], told[6], told[7], told[8], told[9]]).toEqual([1, 1, 0, "1", true, false, 2]);
    expect(ids(answers[3].claims)).toEqual(["a"]);
  });
});

describe("clocks that differ", () => {
  test("a command counts at the time of its writer, for everybody", async () => {
    const clock = new TestClock(Date.UTC(2030, 0, 1));
    const [right, late] = [place.open({ clock }), place.open({ clock: skewed(clock, -3_600_000) })];
    await late.renewLease(lease("late", LONG_MS));
    await late.enqueue([item("a")]);
    const claimed = await claimOne(late, owner("late"));
    // By the right clock the lease is over.
    expect(ids(await right.recover())).toEqual(["a"]);
    expect((await late.settle(complete(claimed))).held).toBe(false);
    await late.data.put("key", bytes("value"), LONG_MS);
    expect(await right.data.peek("key")).toBeUndefined();
    expect(text(await late.data.peek("key"))).toBe("value");
  });

  test("a clock that jumps back brings nothing back that has gone", async () => {
    const clock = new TestClock(Date.UTC(2030, 0, 1));
    let skewMs = 0;
    const jumping: Clock = { ...skewed(clock, 0), now: () => clock.now() + skewMs };
    const storage = place.open({ clock: jumping });
    await storage.enqueue([item("a", { dueMs: clock.now() + 500 })]);
    skewMs = 1000;
    expect(ids(await storage.promoteDue(5))).toEqual(["a"]);
    skewMs = -1000;
    expect(await storage.promoteDue(5)).toEqual([]);
    expect(ids(await place.open({ clock }).pending())).toEqual(["a"]);
  });

  test(`random calls of writers with different clocks leave the same for all (HUEY_FILE_SEED=${SEED})`, async () => {
    const dice = new Dice(SEED);
    const clock = new TestClock(Date.UTC(2030, 0, 1));
    const clocks = [0, 700, -1500].map((byMs) => skewed(clock, byMs));
    const writers = clocks.map((one) => place.open({ clock: one }));
    const watcher = place.open({ clock });
    const commands = new Commands(dice);
    for (let call = 0; call < CALLS; call++) {
      clock.moveTo(clock.now() + (dice.below(10) === 0 ? dice.below(1500) : dice.below(30)));
      const which = dice.below(writers.length);
      const command = commands.draw(clocks[which]!.now());
      commands.answered(command, await carryOut(writers[which]!, command));
      if (dice.below(100) === 0) await endLog(dice.pick(writers));
      if (dice.below(3) === 0) await tellAll(dice.pick(writers));
      if (call % 25 !== 0) continue;
      const fresh = place.open({ clock });
      expect([call, told(await tellAll(fresh))]).toEqual([call, told(await tellAll(watcher))]);
      await fresh.close();
    }
  }, LIMIT_MS);
});

/** Carries a command out by the storage that everybody else uses. */
async function carryOut(storage: Storage, { name, args }: Command): Promise<unknown> {
  const [first, second] = name.split(".") as [string, string?];
  const target: unknown = second === undefined ? storage : storage[first as "data"];
  return await (target as Record<string, (...args: readonly unknown[]) => Promise<unknown>>)[second ?? first]!(...args);
}
