/**
 * Cases of priorities. A storage that refuses some of them in `check` passes without those.
 * @module
 */
import type { Cases } from "./context.ts";
import { claim, claimOne, complete, drain, enqueueAndClaim, ids, item, items, owner } from "./helpers.ts";

/** Whole numbers, negative ones, fractions. */
export const priorityCases: Cases = {
  "higher priority runs first": async (context, expect) => {
    if (!await context.takes(1, 9)) return;
    const storage = await context.open();
    await storage.enqueue([item("low", { priority: 1 }), item("high", { priority: 9 }), item("middle", { priority: 5 })]);
    expect(ids(await storage.pending())).toEqual(["high", "middle", "low"]);
    expect(await drain(storage)).toEqual(["high", "middle", "low"]);
  },

  "first in first out within a priority": async (context, expect) => {
    if (!await context.takes(1, 2)) return;
    const storage = await context.open();
    for (let index = 0; index < 12; index++) {
      await storage.enqueue([item(`low${index}`, { priority: 1 }), item(`high${index}`, { priority: 2 })]);
    }
    const expected = ["high", "low"].flatMap((name) => ids(items(name, 12)));
    expect(ids(await storage.pending())).toEqual(expected);
    expect(await drain(storage)).toEqual(expected);
  },

  "negative priorities run after 0": async (context, expect) => {
    if (!await context.takes(-10, 3)) return;
    const storage = await context.open();
    const priorities = [-10, 0, -1, 3, -2];
    await storage.enqueue(priorities.map((priority) => item(`p${priority}`, { priority })));
    expect(await drain(storage)).toEqual(["p3", "p0", "p-1", "p-2", "p-10"]);
  },

  "large numbers keep their order": async (context, expect) => {
    if (!await context.takes(1_000_000, -1_000_000)) return;
    const storage = await context.open();
    const priorities = [100, 99, 1_000_000, -1_000_000, 9];
    await storage.enqueue(priorities.map((priority) => item(`p${priority}`, { priority })));
    expect(await drain(storage)).toEqual(["p1000000", "p100", "p99", "p9", "p-1000000"]);
  },

  "a batch of claims is in order, across priorities": async (context, expect) => {
    if (!await context.takes(1, 2)) return;
    const storage = await context.open();
    await storage.enqueue([...items("low", 3, { priority: 1 }), ...items("high", 2, { priority: 2 })]);
    expect(ids(await claim(storage, 4))).toEqual(["high0", "high1", "low0", "low1"]);
  },

  "a claim tells the priority": async (context, expect) => {
    if (!await context.takes(7)) return;
    expect((await enqueueAndClaim(await context.open(), "a", { priority: 7 })).priority).toBe(7);
  },

  "the schedule keeps the priority": async (context, expect) => {
    if (!await context.takes(1, 9)) return;
    const storage = await context.open();
    const dueMs = context.clock.now() - 1000;
    await storage.enqueue([item("low", { priority: 1, dueMs }), item("high", { priority: 9, dueMs: dueMs + 5 })]);
    await storage.enqueue([item("middle", { priority: 5 })]);
    expect(ids(await storage.promoteDue(10))).toEqual(["low", "high"]);
    expect(await drain(storage)).toEqual(["high", "middle", "low"]);
  },

  "released claims go in front of their own priority only": async (context, expect) => {
    if (!await context.takes(1, 2)) return;
    const storage = await context.open();
    await storage.enqueue([...items("high", 2, { priority: 2 }), ...items("low", 3, { priority: 1 })]);
    const claims = await claim(storage, 4);
    await storage.settle(complete(claims[0]!));
    await storage.release([claims[3]!, claims[1]!]);
    expect(ids(await storage.pending())).toEqual(["high1", "low1", "low2"]);
  },

  "recovered claims keep their priority": async (context, expect) => {
    if (!await context.takes(1, 6)) return;
    const storage = await context.open();
    await enqueueAndClaim(storage, "high", { priority: 5 });
    await storage.enqueue([item("low", { priority: 1 }), item("higher", { priority: 6 })]);
    await storage.recover({ consumer: owner().consumer });
    expect(await drain(storage)).toEqual(["higher", "high", "low"]);
  },

  "settlements enqueue with priority": async (context, expect) => {
    if (!await context.takes(3, 8)) return;
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "first");
    await storage.enqueue([item("waiting", { priority: 3 })]);
    await storage.settle(complete(claimed, { enqueue: [item("low"), item("high", { priority: 8 })] }));
    expect(ids(await storage.pending())).toEqual(["high", "waiting", "low"]);
    expect((await claimOne(storage)).priority).toBe(8);
  },

  "fractions keep their order": async (context, expect) => {
    if (!await context.takes(0.25, -0.5)) return;
    const storage = await context.open();
    const priorities = [0.5, 1, 0.25, -0.5, 0, 1.5, -0.25];
    await storage.enqueue(priorities.map((priority) => item(`p${priority}`, { priority })));
    expect(await drain(storage)).toEqual(["p1.5", "p1", "p0.5", "p0.25", "p0", "p-0.25", "p-0.5"]);
  },

  "a fraction comes back exactly": async (context, expect) => {
    if (!await context.takes(0.1)) return;
    expect((await enqueueAndClaim(await context.open(), "a", { priority: 0.1 })).priority).toBe(0.1);
  },
};
