/** Cases of gates: who is admitted, and who waits. @module */
import type { Enqueued, Item, Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { claim, claimOne, complete, drain, enqueueAndClaim, FAR_MS, ids, item, items, LONG_MS, owner } from "./helpers.ts";
import { STRANGE } from "./hostile.ts";

/** An item with a gate. */
export function gated(id: string, limit: number = 1, extra: Partial<Item> = {}): Item {
  return item(id, { gate: { key: "gate", limit }, ...extra });
}

/** Positions of the blocked. */
export function blockedOf({ blocked }: Pick<Enqueued, "blocked">): number[] {
  return [...blocked ?? []].sort((left, right) => left - right);
}

/** Ids of the admitted. */
export function admittedOf({ admitted }: Pick<Enqueued, "admitted">): string[] {
  return ids(admitted ?? []);
}

/** What is on the queue and what waits at gates, as this instance sees it. @throws {Error} If the counts do not agree. */
export async function places(storage: Storage): Promise<{ queue: string[]; line: string[] }> {
  const [queue, line] = [ids(await storage.pending()), ids(await storage.blocked())];
  if (queue.length !== await storage.pendingCount()) throw new Error("pendingCount is not what pending lists");
  if (line.length !== await storage.blockedCount()) throw new Error("blockedCount is not what blocked lists");
  return { queue, line };
}

/** Admission. */
export const gateCases: Cases = {
  "as many as the limit are admitted, and the others wait": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const enqueued = await one.enqueue([gated("a", 2), gated("b", 2), gated("c", 2)]);
    expect(blockedOf(enqueued)).toEqual([2]);
    expect(admittedOf(enqueued)).toEqual([]);
    expect(await places(other)).toEqual({ queue: ["a", "b"], line: ["c"] });
    expect(await other.scheduledCount()).toBe(0);
    expect(await other.state("b")).toMatchObject({ state: "waiting" });
    expect(await other.state("c")).toMatchObject({ state: "blocked" });
    expect(await other.endedOf(["c"])).toEqual([]);
    expect(ids(await claim(other, 5))).toEqual(["a", "b"]);
  },

  "a settlement admits the first of the line": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([gated("a"), gated("b"), gated("c")]);
    const settled = await other.settle(complete(await claimOne(other)));
    expect(admittedOf(settled)).toEqual(["b"]);
    expect(settled.admitted![0]).toMatchObject({ id: "b", gate: { key: "gate", limit: 1 } });
    expect(await places(one)).toEqual({ queue: ["b"], line: ["c"] });
    expect(await one.state("b")).toMatchObject({ state: "waiting" });
    expect(await drain(one)).toEqual(["b", "c"]);
    expect(await one.blockedCount()).toBe(0);
  },

  "a claim tells the gate": async (context, expect) => {
    const storage = await context.open();
    expect((await enqueueAndClaim(storage, "a", { gate: { key: "gate", limit: 3 } })).gate).toEqual({ key: "gate", limit: 3 });
    expect((await enqueueAndClaim(storage, "b")).gate).toBeUndefined();
  },

  "items without a gate pass, and are answered with nothing": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([gated("a"), gated("b")]);
    expect(await storage.enqueue(items("free", 2))).toEqual({});
    expect(await places(storage)).toEqual({ queue: ["a", "free0", "free1"], line: ["b"] });
  },

  "positions are those of the batch": async (context, expect) => {
    const storage = await context.open();
    const later = gated("later", 1, { dueMs: FAR_MS });
    const enqueued = await storage.enqueue([item("x"), later, gated("a"), item("y"), gated("b"), gated("c")]);
    expect(blockedOf(enqueued)).toEqual([4, 5]);
    expect(await places(storage)).toEqual({ queue: ["x", "a", "y"], line: ["b", "c"] });
    expect(ids(await storage.scheduled())).toEqual(["later"]);
  },

  "gates of different keys are apart, whatever characters the keys have": async (context, expect) => {
    const storage = await context.open();
    for (const [index, key] of STRANGE.entries()) {
      const gate = { key, limit: 1 };
      expect(blockedOf(await storage.enqueue([item(`a${index}`, { gate }), item(`b${index}`, { gate })]))).toEqual([1]);
    }
    for (const [index, claimed] of (await claim(storage, STRANGE.length)).entries()) {
      expect(claimed.gate).toEqual({ key: STRANGE[index], limit: 1 });
      expect(admittedOf(await storage.settle(complete(claimed)))).toEqual([`b${index}`]);
    }
    expect(await storage.pendingCount()).toBe(STRANGE.length);
    expect(await storage.blockedCount()).toBe(0);
  },

  "the line is first in, first out, and who is admitted takes the place of its priority": async (context, expect) => {
    const storage = await context.open();
    const high = await context.priority(5);
    await storage.enqueue([gated("a"), gated("b"), gated("c", 1, { priority: high }), item("x"), item("y")]);
    const first = await claimOne(storage);
    expect(admittedOf(await storage.settle(complete(first)))).toEqual(["b"]);
    expect(await drain(storage)).toEqual(["x", "y", "b", "c"]);
    await storage.enqueue([gated("a"), gated("b", 1, { priority: high }), item("x")]);
    await storage.settle(complete(await claimOne(storage)));
    expect(await drain(storage)).toEqual(high > 0 ? ["b", "x"] : ["x", "b"]);
  },

  "what waits is listed in the order in which it came, over all gates, up to a limit": async (context, expect) => {
    const storage = await context.open();
    const at = (id: string, key: string): Item => item(id, { gate: { key, limit: 1 } });
    await storage.enqueue([at("a", "one"), at("b", "two")]);
    for (const [id, key] of [["c", "two"], ["d", "one"], ["e", "two"], ["f", "one"]] as const) {
      await storage.enqueue([at(id, key)]);
    }
    expect(ids(await storage.blocked())).toEqual(["c", "d", "e", "f"]);
    expect(ids(await storage.blocked(2))).toEqual(["c", "d"]);
    expect(await storage.blocked(0)).toEqual([]);
    expect((await storage.blocked(1))[0]).toMatchObject(at("c", "two"));
  },

  "released and recovered items keep the gate": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([gated("a"), gated("b")]);
    await one.release([await claimOne(one)]);
    expect(await places(other)).toEqual({ queue: ["a"], line: ["b"] });
    await claimOne(one);
    expect(await claim(other, 5)).toEqual([]);
    expect(ids(await other.recover({ consumer: owner().consumer }))).toEqual(["a"]);
    expect(await places(one)).toEqual({ queue: ["a"], line: ["b"] });
    expect(await drain(one)).toEqual(["a", "b"]);
  },

  "a scheduled item comes to its gate when it becomes due": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const enqueued = await one.enqueue([gated("late", 1, { dueMs: 2000 }), gated("early", 1, { dueMs: 1000 }), gated("now")]);
    expect(blockedOf(enqueued)).toEqual([]);
    expect(await places(one)).toEqual({ queue: ["now"], line: [] });
    const moved = await other.promoteDue(1);
    expect(moved).toHaveLength(1);
    expect(moved[0]).toMatchObject({ id: "early", blocked: true });
    expect(await one.state("early")).toMatchObject({ state: "blocked" });
    await one.settle(complete(await claimOne(one)));
    expect(await places(one)).toEqual({ queue: ["early"], line: [] });
    await one.settle(complete(await claimOne(one)));
    const [late] = await other.promoteDue(1);
    expect([late?.id, late?.blocked ?? false]).toEqual(["late", false]);
    expect(await places(one)).toEqual({ queue: ["late"], line: [] });
  },

  "enqueueOnce asks the gate": async (context, expect) => {
    const storage = await context.open();
    expect(await storage.enqueueOnce("one", LONG_MS, gated("a"))).toEqual({});
    expect(blockedOf((await storage.enqueueOnce("two", LONG_MS, gated("b")))!)).toEqual([0]);
    expect(await storage.enqueueOnce("two", LONG_MS, gated("c"))).toBeUndefined();
    expect(await places(storage)).toEqual({ queue: ["a"], line: ["b"] });
  },

  "a higher limit admits what waits at once, before the item that brings it": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([gated("a"), gated("b"), gated("c"), gated("d")]);
    const enqueued = await other.enqueue([gated("e", 3), item("x")]);
    expect(admittedOf(enqueued)).toEqual(["b", "c"]);
    expect(blockedOf(enqueued)).toEqual([0]);
    expect(await one.state("b")).toMatchObject({ state: "waiting" });
    expect(await places(one)).toEqual({ queue: ["a", "b", "c", "x"], line: ["d", "e"] });
  },

  "an item that becomes due brings its limit too": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([gated("a"), gated("b"), gated("later", 3, { dueMs: 1000 })]);
    expect((await storage.promoteDue(5)).map(({ id, blocked = false }) => [id, blocked])).toEqual([["later", false]]);
    expect(await places(storage)).toEqual({ queue: ["a", "b", "later"], line: [] });
  },

  "a lower limit lets go on what was admitted": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([gated("a", 3), gated("b", 3), gated("c", 3)]);
    expect(blockedOf(await storage.enqueue([gated("d", 1), gated("e", 1)]))).toEqual([0, 1]);
    const [a, b, c] = await claim(storage, 5);
    expect(admittedOf(await storage.settle(complete(a!)))).toEqual([]);
    expect(admittedOf(await storage.settle(complete(b!)))).toEqual([]);
    expect(admittedOf(await storage.settle(complete(c!)))).toEqual(["d"]);
    expect(await places(storage)).toEqual({ queue: ["d"], line: ["e"] });
  },

  "a gate that nobody has passed is forgotten with its limit": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([gated("a", 3)]);
    await drain(storage);
    await storage.enqueue([gated("b", 1, { dueMs: 1000 }), gated("c", 1, { dueMs: 1000 })]);
    await storage.promoteDue(5);
    expect(await storage.blockedCount()).toBe(1);
    expect(await storage.pendingCount()).toBe(1);
  },

  "a flush of the queue empties the lines, and frees the gates": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([gated("a"), gated("b"), gated("later", 1, { dueMs: 1000 })]);
    const running = await claimOne(one);
    await other.flush(["queue"]);
    expect(await places(one)).toEqual({ queue: [], line: [] });
    expect(await one.state("b")).toBeUndefined();
    expect(blockedOf(await one.enqueue([gated("c"), gated("d")]))).toEqual([1]);
    expect((await one.settle(complete(running))).held).toBe(false);
    expect(await places(one)).toEqual({ queue: ["c"], line: ["d"] });
    expect((await one.promoteDue(5)).map(({ blocked }) => blocked)).toEqual([true]);
    await one.flush();
    expect(await one.blockedCount()).toBe(0);
    expect(blockedOf(await one.enqueue([gated("e")]))).toEqual([]);
  },

  "a waiting claim hears of an item that is admitted": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await other.enqueue([gated("a"), gated("b")]);
    const claimed = await claimOne(other);
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await other.settle(complete(claimed));
    expect(ids(await found)).toEqual(["b"]);
  },

  "a long line keeps its order": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 120, { gate: { key: "gate", limit: 1 } }));
    expect(await storage.blockedCount()).toBe(119);
    expect(await drain(storage)).toEqual(ids(items("a", 120)));
  },
};
