import { describe, expect, test } from "bun:test";
import { chord } from "../../lib/composition/group.ts";
import { NOON, record, refusal, testHuey } from "../helpers.ts";

describe("reschedule", () => {
  test("revokes the original and enqueues a copy with a new id, now", async () => {
    const huey = testHuey();
    const runs: string[] = [];
    const task = huey.task("task", (text: string) => (runs.push(text), text));
    const original = await task.schedule({ args: ["x"], delay: 60 });
    const copy = await original.reschedule();
    expect(copy.id).not.toBe(original.id);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([1, 1]);
    expect([await original.isRevoked(), await copy.isRevoked()]).toEqual([true, false]);
    await huey.drain();
    expect(await copy.get()).toBe("x");
    await huey.advance(60);
    expect(runs).toEqual(["x"]);
    expect(await original.isRevoked()).toBe(false);
  });

  test("at an eta or after a delay", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    const first = await task();
    const later = await first.reschedule({ delay: { minutes: 2 } });
    await later.reschedule({ eta: new Date(NOON + 5000) });
    expect((await huey.scheduled()).map(({ eta }) => eta!.getTime() - NOON)).toEqual([5000, 120_000]);
  });

  test("keeps the task's options, unless told", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", retries: 3, retryDelay: 2, priority: 4, timeout: 9 }, () => 1);
    const first = await task.with({ expires: 100 })();
    await first.reschedule({ delay: 10 });
    await first.reschedule({ delay: 20, priority: 7, expires: 5 });
    const [kept, changed] = await huey.scheduled();
    expect(kept).toMatchObject({ retries: 3, retryDelay: 2, priority: 4, timeout: 9 });
    expect(kept!.expires).toBe(100);
    expect(changed).toMatchObject({ retries: 3, priority: 7, expires: 5 });
    expect(changed!.expiresAt).toEqual(new Date(NOON + 25_000));
  });

  test("can be told what is usual", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", retries: 3, priority: 4, timeout: 9 }, () => 1);
    const first = await task.with({ retries: 0, timeout: 0 })();
    await first.reschedule({ delay: 10, priority: 0 });
    const [kept] = await huey.scheduled();
    expect([kept!.retries, kept!.priority, kept!.timeout]).toEqual([0, 0, undefined]);
  });

  test("keeps the steps that follow, unless told", async () => {
    const huey = testHuey();
    const runs: number[] = [];
    const give = huey.task("give", () => 1);
    const note = huey.task("note", (n: number) => void runs.push(n));
    const [first] = await huey.enqueue(give.s().andThen(note));
    const second = await first!.reschedule();
    await huey.drain();
    expect(runs).toEqual([1]);
    const third = await second.reschedule({ preservePipeline: false });
    await huey.drain();
    expect([runs, await third.get()] as unknown[]).toEqual([[1], 1]);
  });

  test("of a chord member: the copy takes over its place", async () => {
    const huey = testHuey();
    const give = huey.task("give", (n: number) => n);
    const calls: number[][] = [];
    const keep = huey.task("keep", (values: number[]) => void calls.push(values));
    const handle = await huey.enqueue(chord([give.s(1), give.s(2)], keep));
    const copy = await [...handle.results][0]!.reschedule({ delay: 10 });
    await huey.drain();
    expect(calls).toEqual([]);
    await huey.advance(10);
    expect([calls, await copy.get()] as unknown[]).toEqual([[[1, 2]], 1]);
  });

  test("of a step in the middle keeps the rest only", async () => {
    const huey = testHuey();
    const runs: string[] = [];
    const step = huey.task("step", (name: string, _value?: unknown) => void runs.push(name));
    const results = await huey.enqueue(step.s("a").andThen(step, "b").andThen(step, "c"));
    await huey.drain();
    runs.length = 0;
    await [...results][1]!.reschedule();
    await huey.drain();
    expect(runs).toEqual(["b", "c"]);
  });

  test("keeps the error handler", async () => {
    const huey = testHuey();
    const messages: string[] = [];
    const handler = huey.task("handler", (error: Error) => void messages.push(error.message));
    const fails = huey.task("fails", () => {
      throw new Error("no");
    });
    const original = await huey.enqueue(fails.s().onError(handler));
    await original.reschedule();
    await huey.drain();
    expect(messages).toEqual(["no"]);
  });

  test("does not check whether the original ran", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const result = await huey.task("task", () => 1)();
    await huey.drain();
    const copy = await result.reschedule();
    await huey.drain();
    expect(await copy.get()).toBe(1);
    expect(names.filter((name) => name === "complete").length).toBe(2);
  });

  test("refuses wrong options and leaves the original alone", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1)();
    for (const options of [{ delay: 1, eta: new Date() }, { eta: 5 }, { prioritee: 1 }, { priority: "1" }, { expires: -1 }]) {
      await refusal(() => result.reschedule(options as never)).catch((error) => expect(error.message).toMatch(/delay|eta/));
    }
    expect([await result.isRevoked(), await huey.pendingCount()]).toEqual([false, 1]);
  });
});
