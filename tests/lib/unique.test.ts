import { describe, expect, test } from "bun:test";
import { chord, every, group } from "../../mod.ts";
import { PeriodicTasks } from "../../consumer/loop/periodic.ts";
import { coreOf } from "../../lib/core/core.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";
import { begin, failure, idle, record, refusal, testHuey, work } from "../helpers.ts";
import { hueyOn, STORAGES } from "./_every_storage.ts";

for (const label of STORAGES) {
  describe(`on ${label}`, () => {
    const make = hueyOn(label);

    test("a call of a task that is there already enqueues nothing, and gets its handle", async () => {
      const huey = make();
      const add = huey.task({ name: "add", unique: true }, (a: number, b: number) => a + b);
      const [first, again, other] = [await add(1, 2), await add(1, 2), await add(2, 1)];
      expect([first.duplicate, again.duplicate, other.duplicate]).toEqual([false, true, false]);
      expect(again.id).toBe(first.id);
      expect(await huey.pendingCount()).toBe(2);
      await work(huey);
      expect(await again.get()).toBe(3);
      expect([await first.get(), await other.get()]).toEqual([3, 3]);
      expect((await add(1, 2)).duplicate).toBe(false);
    });

    test("of fifty calls at once, one is enqueued", async () => {
      const huey = make();
      const add = huey.task({ name: "add", unique: { key: (a: number) => `key ${a}` } }, (a: number) => a);
      const handles = await Promise.all(Array.from({ length: 50 }, () => add(1)));
      expect(handles.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(new Set(handles.map(({ id }) => id)).size).toBe(1);
      expect(await huey.pendingCount()).toBe(1);
    });

    test("in one batch too, and a group reads each id once", async () => {
      const huey = make();
      const add = huey.task({ name: "add", unique: true }, (a: number) => a + 1);
      const results = await add.map([1, 2, 1, 1]);
      expect([...results].map(({ duplicate }) => duplicate)).toEqual([false, false, true, true]);
      await work(huey);
      expect(await results.get({ blocking: true })).toEqual([2, 3, 2, 2]);
      const grouped = await huey.enqueue(group([add.s(5), add.s(5)]));
      await work(huey);
      expect(await grouped.get({ blocking: true })).toEqual([6, 6]);
      const many = await huey.enqueueMany([add.s(7), add.s(7), add.s(8)]);
      expect(await huey.pendingCount()).toBe(2);
      await work(huey);
      const values: unknown[] = [];
      for await (const value of many.asCompleted()) values.push(value);
      expect(values.toSorted()).toEqual([8, 8, 9]);
    });

    test("until it is claimed, or until it has ended", async () => {
      const huey = make();
      const gate = Promise.withResolvers<void>();
      const slow = huey.task({ name: "slow", unique: { until: "start" } }, async () => await gate.promise);
      const whole = huey.task({ name: "whole", unique: { until: "end" } }, async () => await gate.promise);
      const first = await slow();
      expect((await slow()).duplicate).toBe(true);
      const running = await begin(huey);
      expect((await slow()).duplicate).toBe(false);
      await whole();
      const { claims } = await huey.storage.claim(2, { consumer: "c", worker: "w" });
      expect(claims).toHaveLength(2);
      expect((await whole()).duplicate).toBe(true);
      expect(first.duplicate).toBe(false);
      gate.resolve();
      await running.done;
      await huey.storage.release(claims);
    });

    test("a scheduled one holds its key, also while it is tried again", async () => {
      const huey = make();
      const task = huey.task({ name: "task", unique: true, retries: 1, retryDelay: 60 }, (fails: boolean) => {
        if (fails) throw new Error("no");
      });
      const scheduled = await task.schedule({ args: [false], delay: 60 });
      expect((await task(false)).id).toBe(scheduled.id);
      const failing = await task(true);
      await work(huey);
      expect((await failing.state()).state).toBe("retrying");
      expect((await task(true)).duplicate).toBe(true);
      await huey.flush();
      expect((await task(true)).duplicate).toBe(false);
    });

    test("reschedule keeps the key", async () => {
      const huey = make();
      const task = huey.task({ name: "task", unique: true }, (n: number) => n);
      const first = await task.schedule({ args: [1], delay: 60 });
      const later = await first.reschedule({ delay: 600 });
      expect([later.duplicate, later.id === first.id]).toEqual([false, false]);
      expect((await task(1)).id).toBe(later.id);
    });

    test("of a pipeline the first step is asked, and what would follow a duplicate never comes", async () => {
      const huey = make();
      const add = huey.task({ name: "add", unique: true }, (a: number, b: number) => a + b);
      await add(1, 2);
      const results = await huey.enqueue(add.s(1, 2).andThen(add, 3).andThen(add, 4));
      const [first, second, third] = [...results];
      expect([first!.duplicate, second!.duplicate]).toEqual([true, false]);
      expect(await huey.pendingCount()).toBe(1);
      for (const never of [second!, third!]) {
        expect(await failure(never.get({ blocking: true }))).toMatchObject({ metadata: { outcome: "canceled" } });
        expect([await never.state(), await never.isReady()] as unknown[]).toEqual([{ state: "canceled", ended: true }, true]);
      }
      await work(huey);
      expect(await first!.get()).toBe(3);
    });

    test("a group reads each id once, also in the pipelines that are its members", async () => {
      const huey = make();
      const add = huey.task({ name: "add", unique: true }, (a: number, b: number) => a + b);
      const both = await huey.enqueueMany([add.s(1, 2).andThen(add, 3), add.s(1, 2)]);
      const broken = await huey.enqueueMany([add.s(4, 4), add.s(4, 4).andThen(add, 3)]);
      await work(huey);
      expect(await both.get({ blocking: true })).toEqual([[3, 6], 3]);
      expect(await failure(broken.get({ blocking: true }))).toMatchObject({ metadata: { outcome: "canceled" } });
    });

    test("follow-ups and members of a chord are enqueued whatever holds the key", async () => {
      const huey = make();
      const add = huey.task({ name: "add", unique: { key: () => "same" } }, (a: number, b: number) => a + b);
      const sum = huey.task("sum", (values: number[]) => values.length);
      const plain = huey.task("plain", (a: number) => a);
      await add(1, 1);
      const chords = await huey.enqueue(chord([add.s(1, 2), add.s(1, 2)], sum));
      const steps = await huey.enqueue(plain.s(1).andThen(add, 5).andThen(add, 6));
      await work(huey);
      expect(await chords.get({ blocking: true })).toBe(2);
      expect(await steps.get({ blocking: true })).toEqual([1, 6, 12]);
      expect((await add(1, 1)).duplicate).toBe(false);
    });

    test("a failed task is tried again only if nobody holds its key", async () => {
      const huey = make();
      const task = huey.task({ name: "task", unique: true }, () => {
        throw new Error("no");
      });
      const first = await task();
      await work(huey);
      const second = await task();
      expect(second.duplicate).toBe(false);
      expect(await huey.retry(first.id)).toBe(false);
      await work(huey);
      expect(await huey.retry(first.id)).toBe(true);
      expect((await task()).id).toBe(first.id);
    });
  });
}

describe("a unique key", () => {
  test("is held for a time, whether the task has ended or not", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", unique: { until: { minutes: 1 } } }, () => 1);
    const first = await task();
    await huey.advance(59);
    expect((await task()).id).toBe(first.id);
    idle(huey, 2);
    expect((await task()).duplicate).toBe(false);
  });

  test("is of one task, and of the arguments as they are written", async () => {
    const huey = testHuey();
    const one = huey.task({ name: "one", unique: true }, (_value: unknown) => 1);
    const two = huey.task({ name: "two", unique: true }, (_value: unknown) => 1);
    const calls = [{ a: 1, b: 2 }, { b: 2, a: 1 }, new Date(5), 5, "5", undefined, null, [], {}, new Map([[1, 2]]), 5n];
    for (const value of calls) expect([(await one(value)).duplicate, (await two(value)).duplicate]).toEqual([false, false]);
    for (const value of calls) expect((await one(value)).duplicate).toBe(true);
  });

  test("is that of the call, where the call gives one", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", unique: true }, (n: number) => n);
    await task(1);
    expect((await task.with({ unique: false })(1)).duplicate).toBe(false);
    const byHalf = task.with({ unique: { key: (n) => `${Math.floor(n / 2)}` } });
    expect([(await byHalf(2)).duplicate, (await byHalf(3)).duplicate]).toEqual([false, true]);
    expect((await task.schedule({ args: [3], delay: 1, unique: { key: (n) => `${n}` } })).duplicate).toBe(false);
    const plain = huey.task("plain", (n: number) => n);
    const once = plain.with({ unique: true });
    expect([(await once(1)).duplicate, (await once(1)).duplicate]).toEqual([false, true]);
  });

  test("does not depend on what compresses or signs", async () => {
    for (const serializer of [new Serializer({ compression: true }), new SignedSerializer({ secret: "0123456789abcdef" })]) {
      const huey = testHuey({ serializer });
      const task = huey.task({ name: "task", unique: true }, (text: string) => text);
      expect([(await task("x".repeat(5000))).duplicate, (await task("x".repeat(5000))).duplicate]).toEqual([false, true]);
    }
  });

  test.each([
    ["throws", () => {
      throw new RangeError("no key");
    }, "no key"],
    ["gives no string", () => 5, "must return a string: 5"],
    ["is async", () => Promise.resolve("x"), "promise"],
  ] as unknown as [string, () => string, string][])(
    "that %s is a TypeError of the call",
    async (_what, key, text) => {
      const huey = testHuey();
      await refusal(() => huey.task({ name: "task", unique: { key } }, (_n: number) => 1)(1), "unique.key", "task task", text);
      await refusal(() => huey.task("other", (_n: number) => 1).with({ unique: { key } })(1), "unique.key", "other", text);
      expect(await huey.pendingCount()).toBe(0);
    },
  );

  test("may be any text", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", unique: { key: (text: string) => text } }, (text: string) => text);
    for (const key of ["", "x".repeat(1_000_000), "\ud800", "\udc00", "\0", "é", '["', "a:b"]) {
      expect([(await task(key)).duplicate, (await task(key)).duplicate]).toEqual([false, true]);
    }
    await work(huey);
  });

  test("a duplicate is told of by no signal", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", unique: true }, () => 1);
    const { names } = record(huey);
    await task();
    await task();
    expect(names).toEqual(["enqueued"]);
  });

  test("a revoked one holds its key until it is dropped", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", unique: true }, () => 1);
    await (await task()).revoke();
    expect((await task()).duplicate).toBe(true);
    await work(huey);
    expect((await task()).duplicate).toBe(false);
  });

  test("keeps a periodic task from piling up", async () => {
    const huey = testHuey();
    const core = coreOf(huey)!;
    huey.periodicTask({ name: "slow", unique: true }, every(60), () => {});
    const periodic = new PeriodicTasks(core, core.logger, huey.clock.now().getTime());
    for (const waits of [1, 1]) {
      idle(huey, 60);
      await periodic.look();
      expect(await huey.pendingCount()).toBe(waits);
    }
    await work(huey);
    idle(huey, 60);
    await periodic.look();
    expect(await huey.pendingCount()).toBe(1);
  });

  test.each([{ unique: "yes" }, { unique: { until: "then" } }, { unique: { until: 0 } }, { unique: { key: "a" } }, {
    unique: { keys: () => "" },
  }])(
    "wrong options are refused: %p",
    async (options) => {
      await refusal(() => testHuey().task({ name: "task", ...options } as never, () => 1), "unique");
    },
  );
});

describe("in immediate mode", () => {
  test("a key is held while the task runs, and for its time", async () => {
    const huey = testHuey({ immediate: true });
    const gate = Promise.withResolvers<void>();
    const slow = huey.task({ name: "slow", unique: true }, async () => await gate.promise.then(() => 1));
    const first = slow();
    await Promise.resolve();
    const second = await slow();
    expect(second.duplicate).toBe(true);
    gate.resolve();
    expect((await first).duplicate).toBe(false);
    expect((await slow()).duplicate).toBe(false);
    const timed = huey.task({ name: "timed", unique: { until: 60 } }, () => 1);
    expect([(await timed()).duplicate, (await timed()).duplicate]).toEqual([false, true]);
    idle(huey, 61);
    expect((await timed()).duplicate).toBe(false);
    const started = huey.task({ name: "started", unique: { until: "start" } }, async (deep: boolean): Promise<boolean> => {
      return deep ? (await started(false)).duplicate : false;
    });
    expect(await (await started(true)).get()).toBe(false);
  });

  test("a failed call, and a batch, leave nothing held", async () => {
    const huey = testHuey({ immediate: true });
    const task = huey.task({ name: "task", unique: true }, (n: number) => {
      if (n === 0) throw new Error("no");
      return n;
    });
    for (let time = 0; time < 2; time++) expect((await task(0)).duplicate).toBe(false);
    for (let time = 0; time < 2; time++) expect(await (await task.map([1, 1, 2])).get()).toEqual([1, 1, 2]);
    expect((await task.schedule({ args: [1], delay: 60 })).duplicate).toBe(false);
    expect((await task.schedule({ args: [1], delay: 60 })).duplicate).toBe(true);
  });
});
