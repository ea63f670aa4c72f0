import { describe, expect, test } from "bun:test";
import { chord } from "../../mod.ts";
import { coreOf } from "../../lib/core/core.ts";
import { executeClaim } from "../../lib/execution/execute.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, OWNER, record, refusal, testHuey, work } from "../helpers.ts";
import { hueyOn, STORAGES } from "./_every_storage.ts";

/** Claims and starts what it gets. @returns how many, and what ends when they are settled */
async function start(huey: Huey, limit: number): Promise<{ count: number; done: Promise<unknown> }> {
  const { claims } = await huey.storage.claim(limit, OWNER);
  const running = claims.map((claim) => executeClaim(coreOf(huey)!, claim, { owner: OWNER, revocations: true }));
  return { count: claims.length, done: Promise.all(running) };
}

for (const label of STORAGES) {
  describe(`on ${label}`, () => {
    const make = hueyOn(label);

    test("so many run at once, the others wait in order, and use no worker", async () => {
      const huey = make();
      const ran: number[] = [];
      const task = huey.task({ name: "task", concurrency: 2 }, (n: number) => void ran.push(n));
      const handles = [...await task.map([1, 2, 3, 4])];
      expect((await Promise.all(handles.map((handle) => handle.state()))).map(({ state }) => state)).toEqual(
        ["waiting", "waiting", "blocked", "blocked"],
      );
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([2, 2]);
      expect((await huey.blocked()).map(({ args }) => args[0])).toEqual([3, 4]);
      const { count, done } = await start(huey, 10);
      expect(count).toBe(2);
      await done;
      expect(await work(huey)).toBe(2);
      expect(ran.toSorted()).toEqual([1, 2, 3, 4]);
    });

    test("each key by itself; those of one wait for it alone", async () => {
      const huey = make();
      const task = huey.task(
        { name: "task", concurrency: { limit: 1, key: (tenant: string) => tenant } },
        (tenant: string, n: number) => `${tenant}${n}`,
      );
      await task.map([["a", 1], ["a", 2], ["b", 1], ["", 1], ["b", 2]]);
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([3, 2]);
      const other = huey.task({ name: "other", concurrency: { limit: 1, key: () => "a" } }, () => 1);
      await other();
      expect(await huey.pendingCount()).toBe(4);
      expect(await work(huey)).toBe(6);
      expect(await huey.blockedCount()).toBe(0);
    });

    test("blocked is told instead of enqueued, which follows when it is admitted", async () => {
      const huey = make();
      const task = huey.task({ name: "task", concurrency: 1 }, (n: number) => n);
      const plain = huey.task("plain", () => 9);
      const { seen } = record(huey);
      const told = (): string[] =>
        seen.splice(0).filter(({ signal }) => ["enqueued", "blocked"].includes(signal))
          .map(({ signal, task: { name, args } }) => `${signal} ${name} ${args}`);
      await task(1);
      await task(2);
      await huey.enqueue(plain.s().andThen(task));
      expect(told()).toEqual(["enqueued task 1", "blocked task 2", "enqueued plain "]);
      await (await start(huey, 1)).done;
      expect(told()).toEqual(["enqueued task 2"]);
      await (await start(huey, 1)).done;
      expect(told()).toEqual(["blocked task 9"]);
      await work(huey);
      expect(told()).toEqual(["enqueued task 9"]);
    });

    test("a higher limit admits waiting ones with the call that brings it, a lower one lets go on what runs", async () => {
      const huey = make();
      const task = huey.task({ name: "task", concurrency: 1 }, (n: number) => n);
      await task.map([1, 2, 3, 4]);
      const { names } = record(huey);
      await task.with({ concurrency: 3 })(5);
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([3, 2]);
      expect(names.toSorted()).toEqual(["blocked", "enqueued", "enqueued"]);
      await task(6);
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([3, 3]);
      const { count, done } = await start(huey, 10);
      expect(count).toBe(3);
      await done;
      expect(await work(huey)).toBe(3);
    });

    test("a retry at once keeps its place, one that waits for its time frees it", async () => {
      const huey = make();
      const order: string[] = [];
      const task = huey.task({ name: "task", concurrency: 1, retries: 1 }, (label: string) => {
        order.push(label);
        if (order.length === 1) throw new Error("no");
      });
      await task("a");
      await task("b");
      await work(huey, { limit: 1 });
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([1, 1]);
      await work(huey);
      expect(order).toEqual(["a", "a", "b"]);
      order.length = 0;
      const later = task.with({ retryDelay: 60 });
      await later("c");
      await later("d");
      await work(huey, { limit: 1 });
      expect([await huey.scheduledCount(), await huey.pendingCount(), await huey.blockedCount()]).toEqual([1, 1, 0]);
    });

    test("a release and a recovery keep the place", async () => {
      const huey = make();
      const task = huey.task({ name: "task", concurrency: 1 }, (n: number) => n);
      await task.map([1, 2]);
      const first = await huey.storage.claim(5, OWNER);
      await huey.storage.release(first.claims);
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([1, 1]);
      await huey.storage.claim(5, OWNER);
      await huey.storage.recover(OWNER);
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([1, 1]);
      expect(await work(huey)).toBe(2);
    });

    test("revoked and expired ones free their places", async () => {
      const huey = make();
      const task = huey.task({ name: "task", concurrency: 1 }, (n: number) => n);
      const [first, second] = [await task(1), await task.with({ expires: 0 })(2)];
      const third = await task(3);
      await first.revoke();
      await work(huey);
      expect([(await first.state()).state, (await second.state()).state, (await third.state()).state]).toEqual(
        ["revoked", "expired", "complete"],
      );
    });

    test("a follow-up whose key only its arguments tell, also behind a chord, goes through its gate", async () => {
      const huey = make();
      const keys: string[] = [];
      const sink = huey.task({
        name: "sink",
        concurrency: { limit: 1, key: (values: number[], label: string = "none") => `${values.length} ${label}` },
      }, (values: number[], _label?: string) => values.length);
      const numbers = huey.task("numbers", (count: number) => Array.from({ length: count }, (_, n) => n));
      const one = huey.task("one", (n: number) => n);
      huey.signal("enqueued", (_signal, { name }) => void keys.push(name));
      const results = await huey.enqueue(chord([one.s(1), one.s(2), one.s(3)], sink));
      const steps = await huey.enqueue(numbers.s(2).andThen(sink));
      await work(huey);
      expect(await results.get({ blocking: true })).toBe(3);
      expect(await steps.get({ blocking: true })).toEqual([[0, 1], 2]);
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([0, 0]);
      expect(keys.filter((name) => name === "sink")).toHaveLength(2);
    });

    test("the place of a function that goes on after its timeout is free when it has ended", async () => {
      const huey = make();
      const gate = Promise.withResolvers<void>();
      const admitted = Promise.withResolvers<void>();
      const task = huey.task({ name: "task", concurrency: 1 }, async (n: number) => {
        if (n === 1) await gate.promise;
        return n;
      });
      const first = await task.with({ timeout: 0.02 })(1);
      await task(2);
      huey.signal("enqueued", () => admitted.resolve());
      await work(huey);
      expect((await first.state()).state).toBe("failed");
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([0, 1]);
      gate.resolve();
      await admitted.promise;
      expect(await work(huey)).toBe(1);
    });

    test("flush frees places", async () => {
      const huey = make();
      const task = huey.task({ name: "task", concurrency: 1 }, (n: number) => n);
      await task.map([1, 2, 3]);
      await huey.flush();
      await task(4);
      expect([await huey.pendingCount(), await huey.blockedCount()]).toEqual([1, 0]);
    });

    test("a retry of a failed task goes through its gate", async () => {
      const huey = make();
      const task = huey.task({ name: "task", concurrency: 1 }, (fails: boolean) => {
        if (fails) throw new Error("no");
      });
      const failed = await task(true);
      await work(huey);
      await task(false);
      const { names } = record(huey);
      expect(await huey.retry(failed.id)).toBe(true);
      expect(names).toEqual(["blocked"]);
      expect((await failed.state()).state).toBe("blocked");
    });
  });
}

describe("concurrency", () => {
  test("is decided when a scheduled task becomes due", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", concurrency: 1 }, (n: number) => n);
    await task.schedule({ args: [1], delay: 10 });
    await task.schedule({ args: [2], delay: 10 });
    expect([await huey.scheduledCount(), await huey.blockedCount()]).toEqual([2, 0]);
    expect((await huey.advance(10)).length).toBe(2);
  });

  test("who is admitted takes the place of its priority", async () => {
    const huey = testHuey();
    const ran: string[] = [];
    const task = huey.task({ name: "task", concurrency: 1 }, (label: string) => void ran.push(label));
    const plain = huey.task("plain", () => void ran.push("plain"));
    await task("first");
    await task.with({ priority: 1 })("low");
    await task.with({ priority: 9 })("high");
    await plain();
    await work(huey);
    expect(ran).toEqual(["first", "low", "high", "plain"]);
  });

  test.each([
    ["throws", () => {
      throw new RangeError("no key");
    }, "no key"],
    ["gives no string", () => 5, "must return a string: 5"],
  ] as unknown as [string, () => string, string][])("a key that %s is a TypeError of the call", async (_what, key, text) => {
    const huey = testHuey();
    const concurrency = { limit: 1, key };
    await refusal(() => huey.task({ name: "task", concurrency }, (_n: number) => 1)(1), "concurrency.key", "task task", text);
    await refusal(() => huey.task("other", (_n: number) => 1).with({ concurrency })(1), "concurrency.key", "other", text);
    expect(await huey.pendingCount()).toBe(0);
  });

  test("a follow-up whose key fails, fails with that", async () => {
    const huey = testHuey();
    const key = (n: number): string => {
      if (n === 1) throw new Error("no key for 1");
      return "";
    };
    const task = huey.task({ name: "task", retries: 2, concurrency: { limit: 1, key } }, (n: number) => n);
    const plain = huey.task("plain", () => 1);
    const [, second] = [...await huey.enqueue(plain.s().andThen(task))];
    await work(huey);
    expect((await failure(second!.get({ blocking: true }))).message).toContain("no key for 1");
    expect(await (await huey.enqueue(plain.s())).state()).toMatchObject({ state: "waiting" });
  });

  test.each([
    0,
    -1,
    1.5,
    NaN,
    Infinity,
    1_000_001,
    "2",
    {},
    { limit: 0 },
    { limit: 1, key: "a" },
    { limit: 1, keys: () => "" },
    [[]],
  ])(
    "%p is refused",
    async (concurrency) => {
      await refusal(() => testHuey().task({ name: "task", concurrency } as never, () => 1), "concurrency");
      await refusal(() => testHuey().task("task", () => 1).with({ concurrency } as never), "concurrency");
    },
  );

  test("keys may be any text", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", concurrency: { limit: 1, key: (text: string) => text } }, (_text: string) => 1);
    for (const key of ["", "x".repeat(1_000_000), "\ud800", "\udc00", "\0", '["', "toString", "__proto__"]) await task(key);
    expect(await huey.blockedCount()).toBe(0);
    expect(await work(huey)).toBe(8);
  });

  test("in immediate mode nothing waits: tasks run in their calls, also within one another", async () => {
    const huey = testHuey({ immediate: true });
    const task = huey.task({ name: "task", concurrency: 1 }, async (n: number): Promise<number> => {
      return n === 0 ? 0 : 1 + (await (await task(n - 1)).get())!;
    });
    expect(await (await task(3)).get()).toBe(3);
    expect(await (await task.map([1, 2])).get()).toEqual([1, 2]);
    const keyed = huey.task({ name: "keyed", concurrency: { limit: 1, key: (n: number) => `${n}` } }, (n: number) => n);
    expect(await (await huey.enqueue(keyed.s(1).andThen(keyed))).get()).toEqual([1, 1]);
  });
});
