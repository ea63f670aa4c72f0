/** The process is killed before each single step of the file system in turn; nothing may be lost, doubled or half done. @module */
import { describe, expect, test } from "bun:test";
import { bytes, claim, claimOne, complete, ids, item, items, lease, owner, text } from "../../testing/contract/helpers.ts";
import { atEachStep } from "./_file_fixture.ts";

/** Long: each step is a folder of its own, on a machine that may be busy. */
const LIMIT_MS = 90_000;

describe("killed at each step", () => {
  test("a settlement happens once", async () => {
    const kills = await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.renewLease(lease());
      await one.revocations.put("r:task", bytes("x"));
      await one.enqueue([item("task")]);
      const claimed = await claimOne(one);
      await one.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
      const extra = {
        result: bytes("result"),
        enqueue: [item("next"), item("later", { dueMs: Date.now() + 60_000 })],
        chords: [{ id: "chord", size: 1, callback: item("callback") }],
        chord: { id: "chord", index: 0, value: bytes("value") },
        forget: ["r:task"],
        dropLocks: true,
      };
      const isThrough = await place.survives(step, () => one.settle(complete(claimed, extra)));
      const [again] = await other.recover({ consumer: "consumer" });
      if (again) {
        expect(await other.pendingCount()).toBe(1);
        expect(await other.scheduledCount()).toBe(0);
        expect(await other.results.has("task")).toBe(false);
        expect(await other.revocations.has("r:task")).toBe(true);
        expect((await other.settle(complete(await claimOne(other), extra))).held).toBe(true);
      }
      expect(ids(await other.pending()).sort()).toEqual(["callback", "next"]);
      expect(ids(await other.scheduled())).toEqual(["later"]);
      expect((await other.collect("chord")).values.map(text)).toEqual(["value"]);
      expect([...(await other.results.entries()).keys()]).toEqual(["task"]);
      expect(await other.locks.size()).toBe(0);
      expect(await other.revocations.size()).toBe(0);
      expect((await other.state("task"))?.state).toBe("complete");
      expect((await other.state("next"))?.state).toBe("waiting");
      expect((await one.settle(complete(claimed))).held).toBe(false);
      return isThrough;
    });
    expect(kills).toBeGreaterThan(15);
  }, LIMIT_MS);

  test("a follow-up that ran before the replay does not come back", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue([item("task")]);
      const claimed = await claimOne(one);
      const isThrough = await place.survives(step, () => one.settle(complete(claimed, { enqueue: items("next", 3) })));
      const early = await claim(other, 2, { owner: owner("other") });
      for (const next of early) if (next.id !== "task") await other.settle(complete(next));
      await other.recover({ consumer: "consumer" });
      const left = ids(await other.pending());
      const done = ids(early).filter((id) => id !== "task");
      if (left.includes("task")) expect([...left, ...done]).toEqual(["task"]);
      else expect([...done, ...left].sort()).toEqual(["next0", "next1", "next2"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a recovery that is killed is carried on by the next one", async () => {
    const kills = await atEachStep(async (step, place) => {
      const [one, other, third] = [place.open(), place.open(), place.open()];
      await one.enqueue(items("task", 3));
      const [first, second] = await claim(one, 3);
      await one.begin(first!);
      await one.locks.putIfEmpty("lock", bytes("1"), { holder: second!.token });
      const isThrough = await place.survives(step, () => other.recover({ consumer: "consumer" }, lease("other")));
      await third.recover({ consumer: "consumer" });
      expect(ids(await third.pending())).toEqual(["task0", "task1", "task2"]);
      expect(await third.pendingCount()).toBe(3);
      expect(await third.locks.size()).toBe(0);
      expect((await claim(third, 3)).map(({ begun, deliveries }) => [begun, deliveries])).toEqual([
        [true, 2],
        [undefined, 2],
        [undefined, 2],
      ]);
      return isThrough;
    });
    expect(kills).toBeGreaterThan(10);
  }, LIMIT_MS);

  test("a batch is enqueued as a whole or not at all", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      const isThrough = await place.survives(step, () => one.enqueue([...items("a", 3), item("due", { dueMs: 1 })]));
      await other.recover();
      const found = [...ids(await other.pending()), ...ids(await other.scheduled())];
      if (isThrough || found.length > 0) expect(found).toEqual(["a0", "a1", "a2", "due"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("enqueueOnce takes the key and enqueues, or neither", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      const isThrough = await place.survives(step, () => one.enqueueOnce("slot", 60_000, item("a")));
      await other.recover();
      expect(await other.pendingCount()).toBe(await other.meta.has("slot") ? 1 : 0);
      await other.enqueueOnce("slot", 60_000, item("a"));
      expect(ids(await other.pending())).toEqual(["a"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a dead letter is requeued once", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue([item("a")]);
      const burial = { id: "letter", kind: "unreadable" as const, reason: "test", atMs: 1, data: bytes("data"), taskId: "a" };
      await one.settle({ claim: await claimOne(one), id: "a", noticeTtlMs: 0, bury: burial });
      const isThrough = await place.survives(step, () => one.requeueDeadLetter("letter", item("a")));
      await other.recover();
      expect(await other.pendingCount() + await other.deadLetterCount()).toBe(1);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a promotion and a release neither lose nor double", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue([item("claimed"), item("due", { dueMs: 1 })]);
      const claimed = await claimOne(one);
      const isThrough = await place.survives(step, async () => {
        await one.promoteDue(10);
        await one.release([claimed]);
      });
      await other.recover({ consumer: "consumer" });
      await other.promoteDue(10);
      expect(ids(await other.pending()).sort()).toEqual(["claimed", "due"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("the last members of a chord enqueue the callback once", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      const report = (index: number) => ({ id: "c", index, value: bytes(`${index}`) });
      await one.enqueue(items("member", 2), [{ id: "c", size: 2, callback: item("callback") }]);
      const [first, second] = await claim(one, 2);
      const isThrough = await place.survives(step, () => one.settle(complete(first!, { chord: report(0) })));
      await other.settle(complete(second!, { chord: report(1) }));
      for (const again of await other.recover({ consumer: "consumer" })) expect(again.id).toBe("member0");
      for (const again of await claim(other, 1)) {
        if (again.id === "member0") await other.settle(complete(again, { chord: report(0) }));
        else await other.release([again]);
      }
      expect(ids(await other.pending())).toEqual(["callback"]);
      expect((await other.collect("c")).values.map(text)).toEqual(["0", "1"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a dead letter, a value and a flush are whole", async () => {
    await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.data.put("key", bytes("old and long"));
      await one.enqueue([item("a")]);
      const burial = { id: "letter", kind: "unreadable" as const, reason: "test", atMs: 1, data: bytes("data"), taskId: "a" };
      const settlement = { claim: await claimOne(one), id: "a", noticeTtlMs: 60_000, ending: "dead", bury: burial } as const;
      const isThrough = await place.survives(step, async () => {
        await one.data.put("key", bytes("new"));
        await one.settle(settlement);
        await one.flush(["data"]);
      });
      expect(["old and long", "new", undefined]).toContain(text(await other.data.peek("key")));
      await other.recover({ consumer: "consumer" });
      expect(await other.pendingCount() + await other.deadLetterCount()).toBe(1);
      expect((await other.state("a"))?.state).toBe(await other.deadLetterCount() === 1 ? "dead" : "waiting");
      return isThrough;
    });
  }, LIMIT_MS);

  test("a leaf that is split keeps its messages and their order", async () => {
    const kills = await atEachStep(async (step, place) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue(items("low", 130));
      const isThrough = await place.survives(step, () => one.enqueue([item("high", { priority: 1 })]));
      const found = ids(await other.pending());
      expect(found.filter((id) => id !== "high")).toEqual(ids(items("low", 130)));
      expect(await other.pendingCount()).toBe(found.length);
      return isThrough;
    }, 9);
    expect(kills).toBeGreaterThan(60);
  }, LIMIT_MS);
});
