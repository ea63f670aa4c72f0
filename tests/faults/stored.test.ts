/** Spoiled results, partial values, revocations and progress: read as DecodeError, or as plain values, and nothing breaks. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import process from "node:process";
import { coreOf } from "../../lib/core/core.ts";
import { chord, Consumer, DecodeError, Huey, ResultTimeout, TaskException } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { Dice } from "../dice.ts";
import { builtIns, spoiled } from "./hostile.ts";
import { type Place, PLACES } from "./storages.ts";
import { size } from "../sizes.ts";

const LOAD = size(4_000, 80_000);
const SEED = Number(process.env["HUEY_HOSTILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const LIMIT_MS = 300_000;
const TEXT = new TextEncoder();

/** Runs a read; what it may throw is only what the contract says. */
async function harmless(read: () => Promise<unknown>): Promise<void> {
  try {
    await read();
  } catch (error) {
    const known = error instanceof DecodeError || error instanceof TaskException || error instanceof ResultTimeout;
    if (!known) throw new Error(`Not an error of the contract, with HUEY_HOSTILE_SEED=${SEED}`, { cause: error });
  }
}

async function drain(huey: Huey): Promise<void> {
  const consumer = new Consumer(huey, { workers: 10, periodic: false });
  await consumer.start();
  try {
    await consumer.waitFor("idle", { signal: AbortSignal.timeout(20_000) });
  } finally {
    await consumer.stop({ graceful: false, grace: 0 });
  }
}

describe.each(Object.entries(PLACES))("%s", (_label, { open, share }) => {
  const count = Math.ceil(LOAD * share);
  let place: Place;
  let huey: Huey;
  let before: string;
  let valid: Uint8Array;

  beforeEach(async () => {
    before = builtIns();
    place = await open();
    huey = new Huey({ storage: place.storage, logger: silent });
    const failure = { "huey:failure": { error: "e", traceback: "", taskId: "t", retries: 0 }, cause: new Error("cause") };
    valid = await coreOf(huey)!.serializer.serialize([{ a: new Map([["k", 1n]]) }, failure]);
  });
  afterEach(async () => {
    await place.end();
    expect(builtIns()).toBe(before);
  });

  test("results and values", async () => {
    const dice = new Dice(SEED);
    for (let n = 0; n < count; n++) {
      for (const space of [place.storage.data, place.storage.results]) await space.put("spoiled", spoiled(dice, valid));
      await harmless(() => huey.result("spoiled", { preserve: true }));
      await harmless(() => huey.result("spoiled", { blocking: true, timeout: 0 }));
      await harmless(() => huey.get("spoiled"));
    }
    expect(typeof await huey.delete("spoiled")).toBe("boolean");
    expect(typeof await place.storage.results.delete("spoiled")).toBe("boolean");
  }, LIMIT_MS);

  test("progress", async () => {
    const dice = new Dice(SEED);
    const task = huey.task("task", () => 1);
    const result = await task();
    for (let n = 0; n < count / 10; n++) {
      await place.storage.meta.put(`progress:${result.id}`, spoiled(dice, valid));
      await harmless(() => result.progress());
    }
    await drain(huey);
    expect(await result.get()).toBe(1);
  }, LIMIT_MS);

  test("revocations: a task whose revocation cannot be read ends, and others run", async () => {
    const dice = new Dice(SEED);
    const task = huey.task("task", (n: number) => n);
    const other = huey.task("other", (n: number) => n);
    const results = [];
    for (let n = 0; n < Math.min(200, count / 10); n++) {
      const result = await task(n);
      await place.storage.revocations.put(`r:${result.id}`, n === 0 ? TEXT.encode("null") : spoiled(dice, valid));
      await harmless(() => result.isRevoked());
      results.push(result);
    }
    const good = await other.map([1, 2, 3]);
    await drain(huey);
    expect(await good.get()).toEqual([1, 2, 3]);
    expect(await huey.pendingCount()).toBe(0);
    for (const result of results) expect(["complete", "failed", "revoked", "dead"]).toContain((await result.state()).state);
  }, LIMIT_MS);

  test("partial values: a callback whose values cannot be read ends, and others run", async () => {
    const task = huey.task("task", (n: number) => n);
    const sum = huey.task("sum", (values: unknown[]) => values.length);
    const { callback } = await huey.enqueue(chord([task.s(1), task.s(2)], sum));
    // The first member's report is written by hand, with bytes that are no value.
    const { claims: [claim] } = await place.storage.claim(1, { consumer: "c", worker: "w" });
    const { chord: place1 } = await coreOf(huey)!.serializer.deserialize(claim!.data) as { chord: Record<string, unknown> };
    const callbackItem = { id: callback.id, data: new Uint8Array(0), priority: 0, track: true };
    const report = { ...place1, value: Uint8Array.of(1, 2, 3), callback: callbackItem } as never;
    await place.storage.settle({ claim: claim!, id: claim!.id, ending: "complete", noticeTtlMs: 60_000, chord: report });
    const good = await task(3);
    await drain(huey);
    expect(await good.get()).toBe(3);
    expect(await huey.pendingCount()).toBe(0);
    expect(["failed", "dead"]).toContain((await callback.state()).state);
  }, LIMIT_MS);
});
