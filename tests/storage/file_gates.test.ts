/** Gates, unique keys, steps and dead letters of files: kills at each step, torn and vanished files, many that wait. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import type { Claim, Item } from "../../lib/storage.ts";
import type { FileStorage } from "../../storage/file/storage.ts";
import { bytes, claim, claimOne, complete, ids, item, items, lease, LONG_MS, owner } from "../../testing/contract/helpers.ts";
import { atEachStep, Place } from "./_file_fixture.ts";

/** Long: each step is a folder of its own, on a machine that may be busy. */
const LIMIT_MS = 90_000;
const GATE = { key: "gate", limit: 2 };

function gated(prefix: string, count: number, extra: Partial<Item> = {}): Item[] {
  return items(prefix, count, { gate: GATE, ...extra });
}

/** Runs everything; fails if a gate lets more in than it may, or keeps somebody out for ever. */
async function drainGate(storage: FileStorage): Promise<string[]> {
  const ran: string[] = [];
  for (;;) {
    const claims = await claim(storage, 100);
    expect(claims.filter(({ gate }) => gate !== undefined).length).toBeLessThanOrEqual(GATE.limit);
    if (claims.length === 0) break;
    for (const one of claims) {
      ran.push(one.id);
      await storage.settle(complete(one));
    }
  }
  expect([await storage.blockedCount(), await storage.blocked()]).toEqual([0, []]);
  return ran;
}

describe("killed at each step", () => {
  test("a gate keeps its places, and those who wait their order", async () => {
    const kills = await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue(gated("a", 6));
      const [first, second] = await claim(one, 2);
      const isThrough = await place.survives(step, async () => {
        await one.settle(complete(first!, { enqueue: gated("b", 1) }));
        await one.settle({ claim: second!, id: second!.id, noticeTtlMs: LONG_MS, next: { ...gated("a", 2)[1]!, retry: true } });
        await one.enqueue(gated("c", 1, { gate: { key: "gate", limit: 3 } }));
      });
      await other.recover({ consumer: "consumer" });
      const waits = ids([...await other.pending(), ...await other.blocked()]);
      expect(await other.pendingCount()).toBe(waits.includes("c0") ? 3 : 2);
      // What did not happen is done again.
      if (!waits.includes("c0")) await other.enqueue(gated("c", 1));
      const ran = await drainLimited(other, 3);
      const follow = waits.includes("b0") ? ["b0"] : [];
      const again = waits.includes("a0") ? ["a0"] : [];
      expect(ran.toSorted()).toEqual([...again, "a1", "a2", "a3", "a4", "a5", ...follow, "c0"]);
      expect(place.files("gates")).toEqual([]);
      return isThrough;
    });
    expect(kills).toBeGreaterThan(15);
  }, LIMIT_MS);

  test("a place that was passed to a worker is left once", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue(gated("a", 5));
      const [first] = await claim(one, 1);
      await one.settle(complete(first!, { passLocks: owner() }));
      expect(ids(await one.pending())).toEqual(["a1"]);
      const isThrough = await place.survives(step, async () => {
        await one.leaveGate(first!);
        await one.leaveGate(first!);
        await one.recover({ consumer: "consumer" });
      });
      await other.recover({ consumer: "consumer" });
      expect(ids(await other.pending())).toEqual(["a1", "a2"]);
      expect(await drainGate(other)).toEqual(["a1", "a2", "a3", "a4"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a unique key is held exactly as long as its item is there", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      const unique = { key: "key", until: "end" } as const;
      await one.enqueue([item("first", { unique })]);
      const held = await claimOne(one);
      const isThrough = await place.survives(step, async () => {
        await one.settle(complete(held));
        await one.enqueue([item("second", { unique }), item("third", { unique })]);
      });
      await other.recover({ consumer: "consumer" });
      const [found] = await other.pending();
      const answer = await other.enqueue([item("last", { unique })]);
      expect(answer).toEqual(found === undefined ? {} : { duplicates: new Map([[0, found.id]]) });
      expect(await other.pendingCount()).toBe(1);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a letter, its steps and those that are trimmed go together", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue(items("a", 3));
      const claims = await claim(one, 3);
      for (const held of claims) await one.keep(held, "step", bytes(held.id));
      const bury = async (claimed: Claim): Promise<void> => {
        const { id, data } = claimed;
        const letter = { id: `letter of ${id}`, kind: "failed" as const, reason: "odd", atMs: Date.now(), data, taskId: id };
        await one.settle(complete(claimed, { ending: "failed", bury: letter, buryBounds: { count: 1 } }));
      };
      await bury(claims[0]!);
      const isThrough = await place.survives(step, async () => {
        await bury(claims[1]!);
        await one.requeueDeadLetter("letter of a1", item("a1"));
      });
      const letters = ids(await other.deadLetters());
      const waits = ids(await other.pending());
      const kept = await Promise.all(["a0", "a1", "a2"].map(async (id) => (await other.kept(id)).size));
      if (waits.length > 0) expect([letters, waits, kept]).toEqual([[], ["a1"], [0, 1, 1]]);
      else if (letters.includes("letter of a1")) expect([letters, kept]).toEqual([["letter of a1"], [0, 1, 1]]);
      else expect([letters, kept]).toEqual([["letter of a0"], [1, 1, 1]]);
      expect(await other.deadLetterCount()).toBe(letters.length);
      return isThrough;
    });
  }, LIMIT_MS);
});

async function drainLimited(storage: FileStorage, limit: number): Promise<string[]> {
  const ran: string[] = [];
  for (let claims = await claim(storage, 100); claims.length > 0; claims = await claim(storage, 100)) {
    expect(claims.length).toBeLessThanOrEqual(limit);
    for (const one of claims) {
      ran.push(one.id);
      await storage.settle(complete(one));
    }
  }
  return ran;
}

describe("what vanishes", () => {
  let place: Place;
  let storage: FileStorage;
  beforeEach(() => {
    place = new Place();
    storage = place.open();
  });
  afterEach(() => place.remove());

  test("a message inside a gate that is torn leaves it", async () => {
    await storage.enqueue(gated("a", 6));
    const [first = "", second = ""] = place.files("waiting");
    writeFileSync(first, "torn");
    rmSync(second);
    await storage.renewLease(lease());
    await storage.recover();
    expect(ids(await claim(place.open(), 10))).toEqual(["a2"]);
    await storage.recover();
    expect(ids(await storage.pending())).toEqual(["a3"]);
    await storage.recover({ consumer: "consumer" });
    expect(await drainGate(storage)).toEqual(["a2", "a3", "a4", "a5"]);
    expect(await storage.deadLetterCount()).toBe(1);
  });

  test("a claim that is taken away leaves its gate, and one that is there does not", async () => {
    await storage.enqueue(gated("a", 4));
    const [held] = await claim(storage, 2);
    await storage.renewLease(lease());
    rmSync(place.files("running").at(-1)!);
    await storage.recover();
    expect(ids(await storage.pending())).toEqual(["a2"]);
    await storage.recover();
    expect(await storage.blockedCount()).toBe(1);
    await storage.settle(complete(held!));
    expect(await drainGate(storage)).toEqual(["a2", "a3"]);
  });

  test("those who wait are set aside if they cannot be read, and the others come in", async () => {
    await storage.enqueue(gated("a", 6));
    const files = place.files("blocked");
    writeFileSync(files[0]!, "torn");
    writeFileSync(files[2]!, new Uint8Array(7));
    expect((await drainGate(place.open())).length).toBe(4);
    expect(await storage.deadLetterCount({ kind: "unreadable" })).toBe(2);
  });

  test("the record of a gate is made anew", async () => {
    await storage.enqueue(gated("a", 6));
    for (const file of place.files("gates")) rmSync(file);
    await storage.recover();
    const ran = await drainLimited(storage, 4);
    expect(ran.toSorted()).toEqual(ids(items("a", 6)));
  });

  test("a unique key whose message is gone is free", async () => {
    const unique = { key: "key", until: "end" } as const;
    await storage.enqueue([item("a", { unique, track: false })]);
    writeFileSync(place.files("waiting")[0]!, "torn");
    expect(await claim(storage, 1)).toEqual([]);
    expect(await storage.enqueue([item("b", { unique })])).toEqual({});
  });
});

describe("many", () => {
  let place: Place;
  let storage: FileStorage;
  beforeEach(() => {
    place = new Place();
    storage = place.open();
  });
  afterEach(() => place.remove());

  test("wait behind one gate, in order, and others pass", async () => {
    await storage.enqueue([
      ...items("x", 3),
      ...gated("a", 700),
      ...gated("b", 300, { gate: { key: "other", limit: 1 }, priority: 2 }),
    ]);
    expect([await storage.pendingCount(), await storage.blockedCount()]).toEqual([6, 997]);
    expect(ids(await storage.blocked(2))).toEqual(["a2", "a3"]);
    const ran = ids(
      await Promise.all((await claim(storage, 10)).map(async (one) => (await storage.settle(complete(one)), one))),
    );
    while (await storage.blockedCount() > 0) {
      const claims = await claim(place.open(), 10);
      expect(claims.length).toBe(Math.min(3, claims.length));
      for (const one of claims) ran.push(one.id), await storage.settle(complete(one));
    }
    ran.push(...await drainLimited(storage, 3));
    expect(ran.filter((id) => id.startsWith("a"))).toEqual(ids(items("a", 700)));
    expect(ran.filter((id) => id.startsWith("b"))).toEqual(ids(items("b", 300)));
  }, LIMIT_MS);

  test("come with a higher priority than what is there, and are found by others", async () => {
    await storage.enqueue(items("low", 300));
    for (let priority = 1; priority < 4; priority++) await storage.enqueue(items(`high${priority}-`, 300, { priority }));
    const other = place.open();
    const expected = [3, 2, 1].flatMap((priority) => ids(items(`high${priority}-`, 300)));
    expect(ids(await other.pending())).toEqual([...expected, ...ids(items("low", 300))]);
    await storage.enqueue([item("mid", { priority: 2 })]);
    expect((await place.open().state("mid"))?.state).toBe("waiting");
    expect((await place.open().state("high3-0"))?.state).toBe("waiting");
  }, LIMIT_MS);
});
