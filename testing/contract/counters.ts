/** Cases of counters. @module */
import type { Cases } from "./context.ts";
import { bytes, LONG_MS } from "./helpers.ts";

/** Counters. */
export const counterCases: Cases = {
  "a missing counter counts from 0": async (context, expect) => {
    const storage = await context.open();
    expect(await storage.increment("a", 3)).toBe(3);
    expect(await storage.increment("a", 4)).toBe(7);
    expect(await storage.increment("b", 1)).toBe(1);
  },

  "a counter can go down": async (context, expect) => {
    const storage = await context.open();
    expect(await storage.increment("a", -2)).toBe(-2);
    expect(await storage.increment("a", 1)).toBe(-1);
    expect(await storage.increment("a", 0)).toBe(-1);
  },

  "no increment is lost": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const counts = await Promise.all(Array.from({ length: 60 }, (_, index) => (index % 2 ? one : other).increment("a", 1)));
    expect(counts.sort((left, right) => left - right)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  },

  "a counter ends when its time has passed": async (context, expect) => {
    const storage = await context.open();
    expect(await storage.increment("a", 5, context.shortTtlMs)).toBe(5);
    await storage.increment("b", 5, 10 * LONG_MS);
    await storage.data.put("witness", bytes("1"), context.shortTtlMs);
    await context.outlive(context.shortTtlMs, async () => !await storage.data.has("witness"));
    expect(await storage.increment("a", 1)).toBe(1);
    expect(await storage.increment("b", 1)).toBe(6);
  },

  "the time starts when the counter is made": async (context, expect) => {
    const storage = await context.open();
    await storage.increment("a", 1, context.shortTtlMs);
    await storage.increment("a", 1, 10 * LONG_MS);
    await storage.data.put("witness", bytes("1"), context.shortTtlMs);
    await context.outlive(context.shortTtlMs, async () => !await storage.data.has("witness"));
    expect(await storage.increment("a", 1, LONG_MS)).toBe(1);
  },

  "counters never meet keys": async (context, expect) => {
    const storage = await context.open();
    const spaces = [storage.data, storage.revocations, storage.meta];
    for (const space of spaces) await space.put("same", bytes("value"));
    expect(await storage.increment("same", 2)).toBe(2);
    for (const space of spaces) {
      expect(await space.peek("same")).toEqual(bytes("value"));
      expect(await space.size()).toBe(1);
      await space.flush();
    }
    expect(await storage.increment("same", 1)).toBe(3);
  },
};
