import { describe, expect, test } from "bun:test";
import { TaskException, UnknownTaskError } from "../../lib/errors.ts";
import { chord, group } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, memory, refusal, work } from "../helpers.ts";

function tasks(huey: Huey) {
  return {
    double: huey.task("double", (n: number) => n * 2),
    inc: huey.task("inc", (n: number) => n + 1),
    fails: huey.task("fails", (n: number): number => {
      throw new Error(`no ${n}`);
    }),
    list: huey.task("list", (values: unknown[]) => values),
  };
}

describe("a group", () => {
  test("runs its members; the handle reads their values in order", async () => {
    const huey = memory();
    const { double, inc } = tasks(huey);
    const results = await huey.enqueue(group([double.s(1), inc.s(5), double.s(3)]));
    expect([results.kind, results.length, await huey.pendingCount()]).toEqual(["result-group", 3, 3]);
    await work(huey);
    expect(await results.get()).toEqual([2, 6, 6]);
  });

  test("what is enqueued twice is read once", async () => {
    const huey = memory();
    const { double, inc } = tasks(huey);
    const twice = double.s(1);
    const results = await huey.enqueue(group([twice, twice, inc.s(5).andThen(twice)]));
    await work(huey);
    const arrived: unknown[] = [];
    for await (const value of results.asCompleted()) arrived.push(value);
    expect(arrived).toEqual([2, 2, [6, 2]]);
    const again = await huey.enqueueMany([twice, twice]);
    await work(huey);
    expect(await again.get()).toEqual([2, 2]);
  });

  test("a pipeline as a member gives all its values", async () => {
    const huey = memory();
    const { double, inc } = tasks(huey);
    const results = await huey.enqueue(group([double.s(1), inc.s(5).andThen(double)]));
    await work(huey);
    expect(await results.get()).toEqual([2, [6, 12]]);
    const [task, pipeline] = results;
    expect([task!.kind, pipeline!.kind]).toEqual(["result", "result-group"]);
  });

  test("a chord as a member gives the callback's value", async () => {
    const huey = memory();
    const { double, list } = tasks(huey);
    const results = await huey.enqueue(group([double.s(1), chord([double.s(2), double.s(3)], list)]));
    await work(huey);
    expect(await results.get() as unknown[]).toEqual([2, [4, 6]]);
  });

  test("empty: its handle reads an empty list at once", async () => {
    const huey = memory();
    const results = await huey.enqueue(group([]));
    expect(await results.get({ blocking: true })).toEqual([]);
  });

  test("onError adds the handler to each member", async () => {
    const huey = memory();
    const { fails, double } = tasks(huey);
    const messages: string[] = [];
    const handler = huey.task("handler", (error: Error) => void messages.push(error.message));
    const results = await huey.enqueue(group([fails.s(1), double.s(2), fails.s(3)]).onError(handler));
    await work(huey);
    expect(messages).toEqual(["no 1", "no 3"]);
    const error = await failure(results.get());
    expect(error).toBeInstanceOf(TaskException);
    expect(error.message).toContain("no 1");
  });

  test("one member that fails leaves the others alone", async () => {
    const huey = memory();
    const { fails, double } = tasks(huey);
    const results = await huey.enqueue(group([double.s(1), fails.s(2), double.s(3)]));
    await work(huey);
    const [first, , third] = results;
    expect([await first!.get(), await third!.get()]).toEqual([2, 6]);
  });

  test("is enqueued whole or not at all", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const unknown = memory().task("unknown", () => 1);
    expect(await failure(huey.enqueue(group([double.s(1), unknown.s()])))).toBeInstanceOf(UnknownTaskError);
    expect(await failure(huey.enqueue(double.s(1).andThen(unknown as never, ...[] as never)))).toBeInstanceOf(UnknownTaskError);
    expect(await huey.pendingCount()).toBe(0);
  });

  test("refuses what is no member", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    await refusal(() => group(5 as never), "5");
    await refusal(() => group([double] as never));
    await refusal(() => group([double.s(1), undefined] as never));
    await refusal(() => (chord as (...values: unknown[]) => unknown)([group([double.s(1)])], double));
  });
});

describe("the handle of a group", () => {
  test("a non-blocking get reads undefined for what is not there yet", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const results = await huey.enqueue(group([double.s(1), double.s(2)]));
    await work(huey, { limit: 1 });
    expect(await results.get()).toEqual([2, undefined]);
    await work(huey);
    expect(await results.get()).toEqual([2, 4]);
  });

  test("a blocking get waits for all", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const results = await huey.enqueue(group([double.s(1), double.s(2)]));
    const reading = results.get({ blocking: true });
    await work(huey);
    expect(await reading).toEqual([2, 4]);
  });

  test("asCompleted gives values as they come", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const results = await huey.enqueue(
      group([double.with({ priority: 1 }).s(1), double.with({ priority: 2 }).s(2), double.s(3)]),
    );
    const values: unknown[] = [];
    for (let n = 0; n < 3; n++) await work(huey, { limit: 1 });
    for await (const value of results.asCompleted()) values.push(value);
    expect(values.toSorted()).toEqual([2, 4, 6]);
  });

  test("asCompleted waits for members that are not done", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const results = await double.map([1, 2]);
    await work(huey, { limit: 1 });
    const values = results.asCompleted();
    expect((await values.next()).value).toBe(2);
    const second = values.next();
    await work(huey);
    expect((await second).value).toBe(4);
    expect((await values.next()).done).toBe(true);
  });

  test("asCompleted throws when it comes to a member that failed", async () => {
    const huey = memory();
    const { double, fails } = tasks(huey);
    const results = await huey.enqueue(group([fails.s(1), double.s(2)]));
    await work(huey);
    const read = async (): Promise<void> => {
      for await (const value of results.asCompleted()) expect(value).toBe(4);
    };
    expect(await failure(read())).toBeInstanceOf(TaskException);
  });

  test("asCompleted ends with the signal's reason", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const results = await double.map([1]);
    const controller = new AbortController();
    const next = results.asCompleted({ signal: controller.signal }).next();
    controller.abort(new Error("enough"));
    expect((await failure(next)).message).toBe("enough");
  });
});
