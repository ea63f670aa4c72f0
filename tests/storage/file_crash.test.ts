/** The process is killed before each single step of the file system in turn, and in the middle of each write; nothing may be lost, doubled or half done. @module */
import { describe, expect, test } from "bun:test";
import { bytes, claim, claimOne, complete, ids, item, items, lease, owner, text } from "../../testing/contract/helpers.ts";
import { atEachStep, endLog } from "./_file_fixture.ts";

/** Long: each step is a folder of its own, on a machine that may be busy. */
const LIMIT_MS = 90_000;

describe("killed at each step", () => {
  test("a settlement happens once", async () => {
    await atEachStep(async (step, place, torn) => {
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
        dropRevocations: ["r:task"],
        dropLocks: true,
      };
      const isThrough = await place.survives(step, () => one.settle(complete(claimed, extra)), torn);
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
  }, LIMIT_MS);

  test("a follow-up that ran before the replay does not come back", async () => {
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue([item("task")]);
      const claimed = await claimOne(one);
      const isThrough = await place.survives(step, () => one.settle(complete(claimed, { enqueue: items("next", 3) })), torn);
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
    await atEachStep(async (step, place, torn) => {
      const [one, other, third] = [place.open(), place.open(), place.open()];
      await one.enqueue(items("task", 3));
      const [first, second] = await claim(one, 3);
      await one.begin(first!);
      await one.locks.putIfEmpty("lock", bytes("1"), { holder: second!.token });
      const isThrough = await place.survives(step, () => other.recover({ consumer: "consumer" }, lease("other")), torn);
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
  }, LIMIT_MS);

  test("a batch is enqueued as a whole or not at all", async () => {
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open(), place.open()];
      const isThrough = await place.survives(step, () => one.enqueue([...items("a", 3), item("due", { dueMs: 1 })]), torn);
      await other.recover();
      const found = [...ids(await other.pending()), ...ids(await other.scheduled())];
      if (isThrough || found.length > 0) expect(found).toEqual(["a0", "a1", "a2", "due"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("enqueueOnce takes the key and enqueues, or neither", async () => {
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open(), place.open()];
      const isThrough = await place.survives(step, () => one.enqueueOnce("slot", 60_000, item("a")), torn);
      await other.recover();
      expect(await other.pendingCount()).toBe(await other.meta.has("slot") ? 1 : 0);
      await other.enqueueOnce("slot", 60_000, item("a"));
      expect(ids(await other.pending())).toEqual(["a"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a dead letter is requeued once", async () => {
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue([item("a")]);
      const burial = { id: "letter", kind: "unreadable" as const, reason: "test", atMs: 1, data: bytes("data"), taskId: "a" };
      await one.settle({ claim: await claimOne(one), id: "a", noticeTtlMs: 0, bury: burial });
      const isThrough = await place.survives(step, () => one.requeueDeadLetter("letter", item("a")), torn);
      await other.recover();
      expect(await other.pendingCount() + await other.deadLetterCount()).toBe(1);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a promotion and a release neither lose nor double", async () => {
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open(), place.open()];
      await one.enqueue([item("claimed"), item("due", { dueMs: 1 })]);
      const claimed = await claimOne(one);
      const isThrough = await place.survives(step, async () => {
        await one.promoteDue(10);
        await one.release([claimed]);
      }, torn);
      await other.recover({ consumer: "consumer" });
      await other.promoteDue(10);
      expect(ids(await other.pending()).sort()).toEqual(["claimed", "due"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("the last members of a chord enqueue the callback once", async () => {
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open(), place.open()];
      const report = (index: number) => ({ id: "c", index, value: bytes(`${index}`) });
      await one.enqueue(items("member", 2), [{ id: "c", size: 2, callback: item("callback") }]);
      const [first, second] = await claim(one, 2);
      const isThrough = await place.survives(step, () => one.settle(complete(first!, { chord: report(0) })), torn);
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
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open(), place.open()];
      await one.data.put("key", bytes("old and long"));
      await one.enqueue([item("a")]);
      const burial = { id: "letter", kind: "unreadable" as const, reason: "test", atMs: 1, data: bytes("data"), taskId: "a" };
      const settlement = { claim: await claimOne(one), id: "a", noticeTtlMs: 60_000, ending: "dead", bury: burial } as const;
      const isThrough = await place.survives(step, async () => {
        await one.data.put("key", bytes("new"));
        await one.settle(settlement);
        await one.flush(["data"]);
      }, torn);
      expect(["old and long", "new", undefined]).toContain(text(await other.data.peek("key")));
      await other.recover({ consumer: "consumer" });
      expect(await other.pendingCount() + await other.deadLetterCount()).toBe(1);
      expect((await other.state("a"))?.state).toBe(await other.deadLetterCount() === 1 ? "dead" : "waiting");
      return isThrough;
    });
  }, LIMIT_MS);

  test("the first one who comes leaves a folder that the next one can use", async () => {
    await atEachStep(async (step, place, torn) => {
      const isThrough = await place.survives(
        step,
        () => Promise.resolve(place.open()).then((one) => one.enqueue([item("a")])),
        torn,
      );
      const other = place.open();
      const found = ids(await other.pending());
      if (isThrough || found.length > 0) expect(found).toEqual(["a"]);
      await other.enqueue([item("b")]);
      expect(ids(await place.open().pending())).toEqual([...found, "b"]);
      expect(place.logs()).toEqual(["log-00000001"]);
      return isThrough;
    });
  }, LIMIT_MS);

  test("a large message, result or value is whole or not there", async () => {
    const large = (letter: string): Uint8Array => bytes(letter.repeat(20_000));
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open({ fsync: true }), place.open()];
      await one.enqueue([item("a", { data: large("a") })]);
      await one.data.put("key", large("o"));
      const isThrough = await place.survives(step, async () => {
        await one.enqueue([item("b", { data: large("b") })]);
        await one.data.put("key", large("n"));
        await one.settle(complete(await claimOne(one), { result: large("r") }));
      }, torn);
      await other.recover({ consumer: "consumer" });
      const found = await other.pending();
      for (const { id, data } of found) expect(text(data)).toBe(id.repeat(20_000));
      expect(["o", "n"].map((letter) => letter.repeat(20_000))).toContain(text(await other.data.peek("key"))!);
      const result = text(await other.results.peek("a"));
      if (result !== undefined) expect(result).toBe("r".repeat(20_000));
      expect(ids(found).includes("a")).toBe(result === undefined);
      expect(await other.deadLetterCount()).toBe(0);
      return isThrough;
    });
  }, LIMIT_MS);

  test("the next log begins with all there was, whoever makes it", async () => {
    let isEnded = false;
    await atEachStep(async (step, place, torn) => {
      const [one, other] = [place.open(), place.open()];
      const gate = { key: "gate", limit: 1 };
      await one.enqueue([...items("a", 3), item("due", { dueMs: 2 ** 42 }), ...items("gated", 2, { gate })]);
      const claimed = await claimOne(one);
      // So much that one more step ends the log.
      const value = new Uint8Array(4000);
      await Promise.all(Array.from({ length: 1000 }, () => one.data.put("ballast", value)));
      expect(place.logs()).toEqual(["log-00000001"]);
      const isThrough = await place.survives(step, async () => {
        await Promise.all(Array.from({ length: 80 }, () => one.data.put("ballast", value)));
        await one.enqueue([item("last")]);
      }, torn);
      isEnded ||= place.logs().at(-1) !== "log-00000001";
      const isThere = ids(await other.pending()).includes("last");
      if (!isThere) await other.enqueue([item("last")]);
      for (const storage of [other, place.open(), one]) {
        expect(ids(await storage.pending())).toEqual(["a1", "a2", "gated0", "last"]);
        expect(ids(await storage.scheduled())).toEqual(["due"]);
        expect(ids(await storage.blocked())).toEqual(["gated1"]);
        expect(await storage.data.peek("ballast")).toEqual(value);
      }
      expect((await other.settle(complete(claimed))).held).toBe(true);
      expect((await one.settle(complete(claimed))).held).toBe(false);
      await endLog(other);
      expect(ids(await place.open().pending())).toEqual(["a1", "a2", "gated0", "last"]);
      expect(place.logs().length).toBe(1);
      return isThrough;
    });
    expect(isEnded).toBe(true);
  }, LIMIT_MS);
});
