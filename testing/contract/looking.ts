/** Cases of looking once. @module */
import type { Cases } from "./context.ts";
import { bytes, claimOne, complete, item, LONG_MS } from "./helpers.ts";

/** `dueMs`, `endedOf`. */
export const lookingCases: Cases = {
  "dueMs tells when the soonest item is due": async (context, expect) => {
    const [one, other] = await context.openTwo();
    expect(await one.dueMs()).toBe(undefined);
    const baseMs = context.clock.now() - 1;
    await other.enqueue([item("later", { dueMs: baseMs + LONG_MS }), item("soon", { dueMs: baseMs }), item("now")]);
    expect(await one.dueMs()).toBe(baseMs);
    await one.promoteDue(1);
    expect(await other.dueMs()).toBe(baseMs + LONG_MS);
  },

  "endedOf tells which have ended or have left a result": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([item("waits")]);
    await one.settle({ id: "done", ending: "empty", noticeTtlMs: LONG_MS });
    await one.settle({ id: "left", noticeTtlMs: 0, result: bytes("1") });
    await one.settle({ id: "failed", ending: "failed", noticeTtlMs: LONG_MS, result: bytes("1") });
    expect((await other.endedOf(["waits", "done", "nothing", "left", "failed"])).sort()).toEqual(["done", "failed", "left"]);
    expect(await other.endedOf([])).toEqual([]);
    const claimed = await claimOne(one);
    expect(await other.endedOf(["waits"])).toEqual([]);
    await one.settle(complete(claimed, { ending: "empty" }));
    expect(await other.endedOf(["waits"])).toEqual(["waits"]);
  },

  "a task that waits again has not ended": async (context, expect) => {
    const storage = await context.open();
    await storage.settle({ id: "a", ending: "empty", noticeTtlMs: LONG_MS });
    await storage.enqueue([item("a")]);
    expect(await storage.endedOf(["a"])).toEqual([]);
  },
};
