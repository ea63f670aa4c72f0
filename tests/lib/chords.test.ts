import { describe, expect, test } from "bun:test";
import { TaskException } from "../../lib/errors.ts";
import { chord, group } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, memory, record, work } from "../helpers.ts";

type Value = number | Error | undefined | null;

function tasks(huey: Huey) {
  return {
    double: huey.task("double", (n: number): Value => n * 2),
    fails: huey.task({ name: "fails", retries: 1 }, (n: number): Value => {
      throw new RangeError(`no ${n}`);
    }),
    nothing: huey.task("nothing", (): Value => undefined),
    list: huey.task("list", (values: Value[]) => values.map((value) => value instanceof Error ? value.message : value)),
    total: huey.task("total", (values: Value[]) => values.reduce<number>((sum, value) => sum + (value as number), 0)),
    inc: huey.task("inc", (n: number) => n + 1),
  };
}

describe("a chord", () => {
  test("calls back once with the values in member order", async () => {
    const huey = memory();
    const { double, total } = tasks(huey);
    const members = [double.s(1), double.with({ priority: 5 }).s(2), double.s(3)];
    const handle = await huey.enqueue(chord(members, total));
    expect([handle.kind, handle.results.length, handle.pipelineResults]).toEqual(["chord-result", 3, undefined]);
    const { seen } = record(huey);
    await work(huey);
    expect(await handle.get()).toBe(12);
    expect(await handle.results.get()).toEqual([2, 4, 6]);
    expect(seen.filter(({ signal, task }) => signal === "executing" && task.name === "total").length).toBe(1);
  });

  test("the enqueueing of the callback is signaled, once", async () => {
    const huey = memory();
    const { double, total } = tasks(huey);
    await huey.enqueue(chord([double.s(1), double.s(2)], total));
    const { seen } = record(huey);
    await work(huey);
    expect(seen.filter(({ signal, task }) => signal === "enqueued" && task.name === "total").length).toBe(1);
  });

  test("the callback gets the arguments given first", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const echo = huey.task("echo", (label: string, factor: number, values: Value[]) => [label, factor, values]);
    const handle = await huey.enqueue(chord([double.s(1)], echo, "label", 7));
    await work(huey);
    expect(await handle.get()).toEqual(["label", 7, [2]]);
  });

  test("group(...).andThen is the same", async () => {
    const huey = memory();
    const { double, total } = tasks(huey);
    const made = group([double.s(1), double.s(2)]).andThen(total);
    expect(made.kind).toBe("chord");
    const handle = await huey.enqueue(made);
    await work(huey);
    expect(await handle.get()).toBe(6);
  });

  test("get does not wait unless it is told to", async () => {
    const huey = memory();
    const { double, total } = tasks(huey);
    const handle = await huey.enqueue(chord([double.s(1)], total));
    expect(await handle.get()).toBeUndefined();
    const reading = handle.get({ blocking: true });
    await work(huey);
    expect(await reading).toBe(2);
    handle.reset();
    expect(await handle.get()).toBeUndefined();
  });

  test("the callback's id is known from the start", async () => {
    const huey = memory();
    const { double, total } = tasks(huey);
    const handle = await huey.enqueue(chord([double.s(1)], total));
    const { seen } = record(huey);
    await work(huey);
    const callback = seen.find(({ task }) => task.name === "total");
    expect(callback!.task.id).toBe(handle.callback.id);
    expect(handle.callback.id).not.toBe([...handle.results][0]!.id);
  });

  test("empty: the callback is called with an empty list", async () => {
    const huey = memory();
    const { list } = tasks(huey);
    const handle = await huey.enqueue(chord([], list));
    expect(await huey.pendingCount()).toBe(1);
    await work(huey);
    expect(await handle.get()).toEqual([]);
    expect(await handle.results.get({ blocking: true })).toEqual([]);
  });

  test("undefined and null arrive as they are", async () => {
    const huey = memory();
    const { double, nothing } = tasks(huey);
    const nil = huey.task("nil", (): Value => null);
    const echo = huey.task("echo", (values: Value[]) => values);
    const handle = await huey.enqueue(chord([nothing.s(), double.s(1), nil.s()], echo));
    await work(huey);
    expect(await handle.get()).toEqual([undefined, 2, null]);
  });

  test("a spread arrives as its items", async () => {
    const huey = memory();
    const { spread } = await import("../../lib/serializer/spread.ts");
    const pair = huey.task("pair", () => spread("a", "b"));
    const echo = huey.task("echo", (values: unknown[]) => values);
    const handle = await huey.enqueue(chord([pair.s()], echo));
    await work(huey);
    expect(await handle.get()).toEqual([["a", "b"]]);
  });

  test("works without stored results", async () => {
    const huey = memory({ results: false });
    const got: unknown[] = [];
    const { double, nothing } = tasks(huey);
    const keep = huey.task("keep", (values: Value[]) => void got.push(values));
    await huey.enqueue(chord([double.s(1), nothing.s()], keep));
    await work(huey);
    expect([got, await huey.resultCount()]).toEqual([[[2, undefined]], 0]);
  });

  test("what it collected is gone afterwards", async () => {
    const huey = memory();
    const { double, total } = tasks(huey);
    const handle = await huey.enqueue(chord([double.s(1), double.s(2)], total));
    await work(huey);
    await handle.get();
    await handle.results.get();
    expect([await huey.resultCount(), await huey.storage.meta.size(), await huey.storage.data.size()]).toEqual([0, 0, 0]);
  });
});

describe("steps after the callback", () => {
  test("read from pipelineResults, the callback's value first", async () => {
    const huey = memory();
    const { double, total, inc } = tasks(huey);
    const handle = await huey.enqueue(chord([double.s(1), double.s(2)], total).andThen(inc).andThen(inc));
    await work(huey);
    expect(handle.pipelineResults!.length).toBe(3);
    expect(await handle.pipelineResults!.get()).toEqual([6, 7, 8]);
    expect(await handle.get()).toBe(6);
  });

  test("onError is for the failure of the callback", async () => {
    const huey = memory();
    const { double, fails } = tasks(huey);
    const messages: string[] = [];
    const handler = huey.task("handler", (error: Error) => void messages.push(error.message));
    const bad = huey.task("bad", (_values: Value[]) => {
      throw new Error("callback failed");
    });
    const handle = await huey.enqueue(chord([double.s(1), fails.s(2)], bad).onError(handler));
    await work(huey);
    expect(messages).toEqual(["callback failed"]);
    expect(await failure(handle.get())).toBeInstanceOf(TaskException);
  });
});

describe("members that do not succeed", () => {
  test("a failed member gives its error, when it has failed for good", async () => {
    const huey = memory();
    const { double, fails, list } = tasks(huey);
    const handle = await huey.enqueue(chord([double.s(1), fails.s(2)], list));
    await work(huey, { limit: 2 });
    expect((await huey.pending()).map(({ name }) => name)).toEqual(["fails"]);
    await work(huey);
    expect(await handle.get()).toEqual([2, "no 2"]);
  });

  test("the error keeps its class", async () => {
    const huey = memory();
    const { fails } = tasks(huey);
    const classes = huey.task("classes", (values: Value[]) => values.map((value) => value instanceof RangeError));
    const handle = await huey.enqueue(chord([fails.s(2)], classes));
    await work(huey);
    expect(await handle.get()).toEqual([true]);
  });

  test("a revoked member gives undefined", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const echo = huey.task("echo", (values: Value[]) => values);
    const handle = await huey.enqueue(chord([double.s(1), double.s(2)], echo));
    await [...handle.results][0]!.revoke();
    await work(huey);
    expect(await handle.get()).toEqual([undefined, 4]);
  });

  test("an expired member gives undefined", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const echo = huey.task("echo", (values: Value[]) => values);
    const late = double.with({ expires: new Date(Date.now() - 1000) });
    const handle = await huey.enqueue(chord([double.s(1), late.s(2)], echo));
    await work(huey);
    expect(await handle.get()).toEqual([2, undefined]);
  });

  test("a member canceled by a hook gives undefined", async () => {
    const huey = memory();
    const { CancelExecution } = await import("../../lib/errors.ts");
    const { double, nothing } = tasks(huey);
    const echo = huey.task("echo", (values: Value[]) => values);
    huey.preExecute("no", ({ name }) => {
      if (name === "nothing") throw new CancelExecution();
    });
    const handle = await huey.enqueue(chord([double.s(1), nothing.s()], echo));
    await work(huey);
    expect(await handle.get()).toEqual([2, undefined]);
  });

  test("all of them", async () => {
    const huey = memory();
    const { fails, list } = tasks(huey);
    const handle = await huey.enqueue(chord([fails.s(1), fails.s(2)], list));
    await work(huey);
    expect(await handle.get()).toEqual(["no 1", "no 2"]);
  });
});

describe("a redelivered member", () => {
  test("counts once", async () => {
    const huey = memory();
    const { double } = tasks(huey);
    const calls: Value[][] = [];
    const keep = huey.task("keep", (values: Value[]) => void calls.push(values));
    await huey.enqueue(chord([double.s(1), double.s(2)], keep));
    const { claims } = await huey.storage.claim(1, { consumer: "dead", worker: "w" });
    expect(claims.length).toBe(1);
    await huey.storage.recover({ consumer: "dead" });
    await work(huey);
    expect(calls).toEqual([[2, 4]]);
  });

  test("whose first run settles after the recovery counts once", async () => {
    const huey = memory();
    const { total } = tasks(huey);
    const gate = Promise.withResolvers<void>();
    const wait = huey.task("wait", async (n: number): Promise<Value> => {
      await gate.promise;
      return n;
    });
    const handle = await huey.enqueue(chord([wait.s(1), wait.s(2)], total));
    const { begin } = await import("../helpers.ts");
    const { done } = await begin(huey);
    await huey.storage.recover({ consumer: "consumer-1" });
    gate.resolve();
    await done;
    expect(await huey.pendingCount()).toBe(2);
    const { names, seen } = record(huey);
    await work(huey);
    expect(await handle.get()).toBe(3);
    expect(seen.filter(({ signal, task }) => signal === "complete" && task.name === "total").length).toBe(1);
    expect(names.filter((name) => name === "complete").length).toBe(3);
  });
});
