/** A consumer drains a queue full of rubbish, runs the good tasks in between, and nothing else. @module */
import { describe, expect, test } from "bun:test";
import process from "node:process";
import { Consumer, Huey, type Storage } from "../../mod.ts";
import { coreOf } from "../../lib/core/core.ts";
import { silent } from "../helpers.ts";
import { Dice } from "../dice.ts";
import { builtIns, changed, garbage, nonsense } from "./hostile.ts";
import { type Place, PLACES } from "./storages.ts";
import { size } from "../sizes.ts";

const LOAD = size(4_000, 80_000);
const SEED = Number(process.env["HUEY_HOSTILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const LIMIT_MS = 300_000;
const BATCH = 500;
/** One good task for so many bad messages. */
const GOOD_EVERY = 50;

/** What a queue of this test has run. */
interface Ran {
  readonly huey: Huey;
  readonly good: (n: number) => Promise<{ get(options: { blocking: true }): Promise<number> }>;
  readonly numbers: Set<unknown>;
  /** Runs of `good` and of `other`. */
  attempts: number;
}

function makeHuey(storage: Storage): Ran {
  const huey = new Huey({ storage, logger: silent });
  const numbers = new Set<unknown>();
  const good = huey.task("good", (n: number) => {
    ran.attempts++;
    numbers.add(n);
    return n;
  });
  huey.task("fails", () => {
    ran.attempts++;
    throw new Error("This task fails");
  });
  const ran: Ran = { huey, good, numbers, attempts: 0 };
  return ran;
}

async function enqueueMixed(
  { huey, good }: Ran,
  count: number,
  make: (dice: Dice, valid: Uint8Array) => Uint8Array,
): Promise<number> {
  const dice = new Dice(SEED);
  const valid = await coreOf(huey)!.serializer.serialize({
    v: 1,
    id: "valid",
    name: "good",
    args: [{ a: [1, 2, 3] }],
    retries: 2,
  });
  let goodOnes = 0;
  for (let done = 0; done < count; done += BATCH) {
    const items = Array.from({ length: Math.min(BATCH, count - done) }, (_, index) => {
      return { id: `h${done + index}`, data: make(dice, valid), priority: 0, track: true };
    });
    await huey.storage.enqueue(items as never);
    for (let left = BATCH / GOOD_EVERY; left > 0; left--) await good(-++goodOnes);
  }
  return goodOnes;
}

async function drain(huey: Huey): Promise<void> {
  const consumer = new Consumer(huey, { workers: 20, periodic: false });
  await consumer.start();
  try {
    await consumer.waitFor("idle", { signal: AbortSignal.timeout(LIMIT_MS * 0.8) });
  } finally {
    await consumer.stop({ graceful: false, grace: 0 });
  }
}

/** Runs a part with everything watched that must not happen. */
async function survived(place: Place, part: () => Promise<void>): Promise<void> {
  const before = builtIns();
  const escaped: unknown[] = [];
  const note = (error: unknown): void => void escaped.push(error);
  process.on("unhandledRejection", note);
  try {
    await part();
  } catch (error) {
    throw new Error(`Failed with HUEY_HOSTILE_SEED=${SEED}`, { cause: error });
  } finally {
    process.off("unhandledRejection", note);
    await place.end();
  }
  expect(escaped).toEqual([]);
  expect(builtIns()).toBe(before);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
}

describe.each(Object.entries(PLACES))("%s", (_label, { open, share }) => {
  test("what is no message is set aside", async () => {
    const place = await open();
    const count = Math.ceil(LOAD * share);
    await survived(place, async () => {
      const ran = makeHuey(place.storage);
      const goodOnes = await enqueueMixed(ran, count, garbage);
      await drain(ran.huey);
      expect([await ran.huey.pendingCount(), await ran.huey.scheduledCount()]).toEqual([0, 0]);
      expect(await ran.huey.deadLetterCount()).toBe(count);
      expect(ran.attempts).toBe(goodOnes);
      expect(ran.numbers.size).toBe(goodOnes);
    });
  }, LIMIT_MS);

  test("a message with changed bytes is set aside, or left to others, or still one", async () => {
    const place = await open();
    const count = Math.ceil(LOAD * share / 10);
    await survived(place, async () => {
      const ran = makeHuey(place.storage);
      const goodOnes = await enqueueMixed(ran, count, changed);
      await drain(ran.huey);
      const { huey } = ran;
      const left = await huey.pendingCount() + await huey.scheduledCount();
      const counted = await huey.deadLetterCount() + left + ran.attempts;
      expect(counted).toBe(count + goodOnes);
      for (let n = 1; n <= goodOnes; n++) expect(ran.numbers.has(-n)).toBe(true);
    });
  }, LIMIT_MS);

  test("a message that makes no sense stops nobody", async () => {
    const place = await open();
    await survived(place, async () => {
      const ran = makeHuey(place.storage);
      const count = Math.ceil(LOAD * share / 20);
      const goodOnes = await enqueueMixed(ran, count, (dice) => nonsense(dice, ["good", "fails"]));
      await drain(ran.huey);
      for (let n = 1; n <= goodOnes; n++) expect(ran.numbers.has(-n)).toBe(true);
      expect(await ran.huey.pendingCount()).toBe(0);
      expect((await ran.huey.storage.recover() as unknown[]).length).toBe(0);
    });
  }, LIMIT_MS);
});
