/** Cases of what is listed of the queue beside what waits: what runs, how long it waits, what is moved by hand. @module */
import type { Storage } from "../../lib/storage.ts";
import { type Cases, type Context, until } from "./context.ts";
import { gated } from "./gates.ts";
import { claim, claimOne, complete, drain, enqueueAndClaim, ids, item, items, LONG_MS, owner } from "./helpers.ts";

/** Lets the clocks go on, so that what follows is later. @returns the time now */
async function later(context: Context): Promise<number> {
  const nowMs = context.clock.now();
  await until(() => Promise.resolve(context.clock.now() > nowMs + 5));
  return context.clock.now();
}

/** Whether the oldest item entered the queue at this time or, by a clock that is a little ahead or behind, up to now. */
async function isSince(context: Context, storage: Storage, sinceMs: number): Promise<boolean> {
  const oldestMs = await storage.oldestMs();
  return oldestMs !== undefined && oldestMs >= sinceMs - 2 && oldestMs <= context.clock.now() + 2;
}

/** What runs, what is oldest, what is promoted by hand. */
export const listingCases: Cases = {
  "what runs is listed with who runs it, longest first": async (context, expect) => {
    const [one, other] = await context.openTwo();
    expect(await one.running()).toEqual([]);
    await one.enqueue([...items("a", 3), item("waits")]);
    const sinceMs: number[] = [];
    for (let index = 0; index < 3; index++) {
      sinceMs.push(await later(context));
      await claimOne(index % 2 ? other : one, owner(`c${index}`, `w${index}`));
    }
    const running = await other.running();
    expect(running.map(({ claim, owner }) => [claim.id, owner])).toEqual([
      ["a0", { consumer: "c0", worker: "w0" }],
      ["a1", { consumer: "c1", worker: "w1" }],
      ["a2", { consumer: "c2", worker: "w2" }],
    ]);
    for (const [index, { sinceMs: at }] of running.entries()) {
      expect(at).toBeGreaterThanOrEqual(sinceMs[index]! - 2);
      expect(at).toBeLessThanOrEqual(context.clock.now() + 2);
    }
    expect((await one.running(2)).map(({ claim }) => claim.id)).toEqual(["a0", "a1"]);
    expect(await one.running(0)).toEqual([]);
  },

  "what is listed as running are the claims themselves": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a", { about: "of a" });
    const [running] = await other.running();
    expect(running!.claim).toMatchObject({ id: "a", token: claimed.token, deliveries: 1, about: "of a", data: claimed.data });
    expect((await other.settle(complete(running!.claim))).held).toBe(true);
    expect(await one.running()).toEqual([]);
  },

  "what was released, recovered or flushed does not run": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 3));
    const claims = await claim(storage, 3);
    await storage.release([claims[0]!]);
    expect((await storage.running()).map(({ claim }) => claim.id).sort()).toEqual(["a1", "a2"]);
    await storage.recover({ consumer: owner().consumer });
    expect(await storage.running()).toEqual([]);
    await claim(storage, 3);
    await storage.flush(["queue"]);
    expect(await storage.running()).toEqual([]);
  },

  "it is told since when the oldest item is on the queue": async (context, expect) => {
    const [one, other] = await context.openTwo();
    expect(await one.oldestMs()).toBeUndefined();
    const firstMs = await later(context);
    await one.enqueue([item("a")]);
    const secondMs = await later(context);
    await one.enqueue([item("b")]);
    expect(await isSince(context, other, firstMs)).toBe(true);
    expect(await other.oldestMs()).toBeLessThan(secondMs - 2);
    const claimed = await claimOne(one);
    expect(await isSince(context, other, secondMs)).toBe(true);
    await one.release([claimed]);
    expect(await other.oldestMs()).toBeLessThan(secondMs - 2);
    await claimOne(one);
    await other.recover({ consumer: owner().consumer });
    expect(await other.oldestMs()).toBeLessThan(secondMs - 2);
    await drain(one);
    expect(await other.oldestMs()).toBeUndefined();
  },

  "the oldest item may be one of a lower priority": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("low")]);
    const laterMs = await later(context);
    await storage.enqueue([item("high", { priority: await context.priority(5) })]);
    expect(await storage.oldestMs()).toBeLessThan(laterMs - 2);
  },

  "an item is on the queue from when it became due, was admitted, or is tried again": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("scheduled", { dueMs: 1000 })]);
    let sinceMs = await later(context);
    expect(await storage.oldestMs()).toBeUndefined();
    await storage.promoteDue(1);
    expect(await isSince(context, storage, sinceMs)).toBe(true);
    await drain(storage);
    await storage.enqueue([gated("a"), gated("b")]);
    const claimed = await claimOne(storage);
    expect(await storage.oldestMs()).toBeUndefined();
    sinceMs = await later(context);
    await storage.settle(complete(claimed));
    expect(await isSince(context, storage, sinceMs)).toBe(true);
    const admitted = await claimOne(storage);
    sinceMs = await later(context);
    await storage.settle({ claim: admitted, id: "b", noticeTtlMs: LONG_MS, next: gated("b", 1, { retry: true }) });
    expect(await isSince(context, storage, sinceMs)).toBe(true);
  },

  "a scheduled item can be promoted by hand, once": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const dueMs = context.clock.now() + 10 * LONG_MS;
    await one.enqueue([item("a", { dueMs }), item("b", { dueMs: dueMs + 1000 }), item("c", { dueMs: dueMs + 2000 })]);
    expect(await other.promote("nothing")).toBeUndefined();
    const moved = await Promise.all([one.promote("b"), other.promote("b"), one.promote("b")]);
    expect(moved.map((found) => found?.id).filter((id) => id !== undefined)).toEqual(["b"]);
    expect(moved.find((found) => found !== undefined)).toMatchObject({ id: "b", data: item("b").data, priority: 0 });
    expect(ids(await other.scheduled())).toEqual(["a", "c"]);
    expect(ids(await other.pending())).toEqual(["b"]);
    expect((await one.pending())[0]!.dueMs).toBeUndefined();
    expect(await one.state("b")).toMatchObject({ state: "waiting" });
    expect(await drain(one)).toEqual(["b"]);
    await other.promote("a");
    expect(await one.dueMs()).toBe(dueMs + 2000);
  },

  "of several of one id the soonest is promoted": async (context, expect) => {
    const storage = await context.open();
    const dueMs = context.clock.now() + 10 * LONG_MS;
    for (const place of [2, 1, 3]) await storage.enqueue([item("a", { dueMs: dueMs + place, steps: `${place}` })]);
    const promoted = [await storage.promote("a"), await storage.promote("a")];
    expect(promoted.map((found) => found?.steps)).toEqual(["1", "2"]);
    expect((await storage.scheduled()).map(({ steps }) => steps)).toEqual(["3"]);
  },

  "what waits or runs is not promoted": async (context, expect) => {
    const storage = await context.open();
    await enqueueAndClaim(storage, "running");
    await storage.enqueue([item("waiting"), gated("a"), gated("blocked")]);
    for (const id of ["running", "waiting", "blocked"]) expect(await storage.promote(id)).toBeUndefined();
    expect(ids(await storage.pending())).toEqual(["waiting", "a"]);
  },

  "what is promoted by hand comes to its gate": async (context, expect) => {
    const storage = await context.open();
    const dueMs = context.clock.now() + 10 * LONG_MS;
    await storage.enqueue([gated("a"), gated("later", 1, { dueMs })]);
    expect(await storage.promote("later")).toMatchObject({ id: "later", blocked: true });
    expect(ids(await storage.blocked())).toEqual(["later"]);
    expect(await storage.scheduledCount()).toBe(0);
  },

  "a waiting claim hears of what is promoted by hand": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await other.enqueue([item("a", { dueMs: context.clock.now() + 10 * LONG_MS })]);
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await other.promote("a");
    expect(ids(await found)).toEqual(["a"]);
  },
};
