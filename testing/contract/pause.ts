/** Cases of the pause. @module */
import type { Cases } from "./context.ts";
import { claim, claimOne, complete, drain, enqueueAndClaim, FAR_MS, ids, item, LONG_MS, owner } from "./helpers.ts";

/** Pausing and going on. */
export const pauseCases: Cases = {
  "a paused queue hands out nothing, until it is resumed": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([item("a")]);
    await one.pause({});
    await one.enqueue([item("b")]);
    expect([await claim(one, 5), await claim(other, 5)]).toEqual([[], []]);
    expect(ids(await other.pending())).toEqual(["a", "b"]);
    expect(await other.resume()).toBe(true);
    expect(ids(await claim(one, 5))).toEqual(["a", "b"]);
  },

  "it is told whether there is a pause": async (context, expect) => {
    const [one, other] = await context.openTwo();
    expect(await one.paused()).toBeUndefined();
    expect(await one.resume()).toBe(false);
    await one.pause({});
    expect(await other.paused()).toEqual({});
    expect(await other.dueMs()).toBeUndefined();
    const untilMs = context.clock.now() + 10 * LONG_MS;
    await other.pause({ untilMs });
    expect(await one.paused()).toEqual({ untilMs });
    await one.pause({});
    expect(await other.paused()).toEqual({});
    expect(await Promise.all([one.resume(), other.resume()])).toEqual(expect.arrayContaining([true, false]));
    expect(await one.paused()).toBeUndefined();
  },

  "a pause ends by itself": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([item("a")]);
    await one.pause({ untilMs: context.clock.now() + context.shortTtlMs });
    expect(await claim(other, 1)).toEqual([]);
    await context.outlive(context.shortTtlMs, async () => await other.paused() === undefined);
    expect(ids(await claim(other, 1))).toEqual(["a"]);
    expect(await one.resume()).toBe(false);
  },

  "a pause whose end is past is none": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a")]);
    await storage.pause({ untilMs: 1000 });
    expect(await storage.paused()).toBeUndefined();
    expect(await drain(storage)).toEqual(["a"]);
  },

  "dueMs tells the end of the pause, if nothing is due sooner": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const untilMs = context.clock.now() + 10 * LONG_MS;
    await one.pause({ untilMs });
    expect(await other.dueMs()).toBe(untilMs);
    await one.enqueue([item("later", { dueMs: untilMs + 1000 })]);
    expect(await other.dueMs()).toBe(untilMs);
    await one.enqueue([item("sooner", { dueMs: untilMs - 1000 })]);
    expect(await other.dueMs()).toBe(untilMs - 1000);
    await one.resume();
    expect(await other.dueMs()).toBe(untilMs - 1000);
  },

  "a waiting claim hears of the end of the pause": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await other.pause({});
    await other.enqueue([item("a")]);
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await other.resume();
    expect(ids(await found)).toEqual(["a"]);
  },

  "promoteDue tells waiting claims that the pause has ended by itself": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await other.pause({ untilMs: context.clock.now() + context.shortTtlMs });
    await other.enqueue([item("a")]);
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await context.outlive(context.shortTtlMs, async () => await other.paused() === undefined);
    expect(await other.promoteDue(5)).toEqual([]);
    expect(ids(await found)).toEqual(["a"]);
    expect(await other.dueMs()).toBeUndefined();
  },

  "everything but claims goes on": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("x"), item("y")]);
    const [x, y] = await claim(storage, 2);
    await storage.pause({});
    await storage.release([y!]);
    await storage.settle(complete(x!, { enqueue: [item("next"), item("soon", { dueMs: 1000 })] }));
    expect(ids(await storage.promoteDue(5))).toEqual(["soon"]);
    expect(await storage.enqueueOnce("slot", LONG_MS, item("periodic"))).toEqual({});
    expect(ids(await storage.pending())).toEqual(["y", "next", "soon", "periodic"]);
    expect(await claim(storage, 5)).toEqual([]);
    await storage.resume();
    expect(await drain(storage)).toEqual(["y", "next", "soon", "periodic"]);
  },

  "claims from before the pause are held, kept and recovered": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    await other.pause({});
    expect(await one.begin(claimed)).toBe(true);
    expect(ids(await other.claimed(owner()))).toEqual(["a"]);
    expect(ids(await other.recover({ consumer: owner().consumer }))).toEqual(["a"]);
    expect((await one.settle(complete(claimed))).held).toBe(false);
    expect(await claim(one, 1)).toEqual([]);
    await one.resume();
    expect((await claimOne(one)).begun).toBe(true);
  },

  "a flush leaves the pause": async (context, expect) => {
    const storage = await context.open();
    await storage.pause({ untilMs: FAR_MS });
    await storage.flush();
    expect(await storage.paused()).toEqual({ untilMs: FAR_MS });
    await storage.resume();
  },

  "queues of different names are paused apart": async (context, expect) => {
    const [one, other] = [await context.open("first"), await context.open("second")];
    await one.pause({});
    await other.enqueue([item("a")]);
    expect(await drain(other)).toEqual(["a"]);
    expect(await other.paused()).toBeUndefined();
    await one.resume();
  },
};
