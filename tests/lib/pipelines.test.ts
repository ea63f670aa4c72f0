import { describe, expect, test } from "bun:test";
import { TaskException } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { spread } from "../../lib/serializer/spread.ts";
import { failure, record, refusal, testHuey, work } from "../helpers.ts";

function adding(huey: Huey) {
  return huey.task("add", (a: number, b: number) => a + b);
}

/** A task that returns the arguments it got. */
function echoing(huey: Huey) {
  return huey.task("echo", (...values: unknown[]) => values);
}

describe("a pipeline", () => {
  test("the guide's", async () => {
    const huey = testHuey();
    const add = adding(huey);
    const pipeline = add.s(1, 2).andThen(add, 3).andThen(add, 4).andThen(add, 5);
    expect([pipeline.kind, pipeline.tasks.length]).toEqual(["pipeline", 4]);
    const results = await huey.enqueue(pipeline);
    expect([results.kind, results.length]).toEqual(["result-group", 4]);
    expect(await huey.pendingCount()).toBe(1);
    await work(huey);
    expect(await results.get({ blocking: true })).toEqual([3, 6, 10, 15]);
    const each: unknown[] = [];
    for (const result of results) each.push(await result.get({ blocking: true }));
    expect(each).toEqual([3, 6, 10, 15]);
  });

  test("fibonacci with spread", async () => {
    const huey = testHuey();
    const fib = huey.task("fib", (a: number, b: number = 1) => spread(a + b, a));
    const pipeline = fib.s(1).andThen(fib).andThen(fib).andThen(fib);
    const results = await huey.enqueue(pipeline);
    await work(huey);
    expect(await results.get()).toEqual([[2, 1], [3, 2], [5, 3], [8, 5]]);
  });

  test("the ids are known from the start and kept", async () => {
    const huey = testHuey();
    const add = adding(huey);
    const pipeline = add.s(1, 2).andThen(add, 3);
    const results = await huey.enqueue(pipeline);
    expect([...results].map(({ id }) => id)).toEqual(pipeline.tasks.map(({ id }) => id));
    const { seen } = record(huey);
    await work(huey);
    expect(new Set(seen.map(({ task }) => task.id))).toEqual(new Set(pipeline.tasks.map(({ id }) => id)));
  });

  test("andThen and onError leave what they are called on alone", async () => {
    const huey = testHuey();
    const add = adding(huey);
    const handler = huey.task("handler", (error: Error) => error.message);
    const task = add.s(1, 2);
    const pipeline = task.andThen(add, 3);
    const longer = pipeline.andThen(add, 4);
    const handled = pipeline.onError(handler);
    task.onError(handler);
    expect([pipeline.tasks.length, longer.tasks.length, handled.tasks.length]).toEqual([2, 3, 2]);
    expect(pipeline.tasks[0]!.id).toBe(task.id);
    const result = await huey.enqueue(task);
    await work(huey);
    expect(await result.get()).toBe(3);
    expect(await huey.pendingCount()).toBe(0);
  });

  test("a later step can be anything that is ready-made; the value is appended", async () => {
    const huey = testHuey();
    const add = adding(huey);
    const echo = echoing(huey);
    const results = await huey.enqueue(add.s(1, 2).andThen(echo.s("given")).andThen(echo.with({ priority: 3 }), "x"));
    await work(huey);
    expect(await results.get()).toEqual([3, ["given", 3], ["x", ["given", 3]]]);
  });

  test("a pipeline can be continued by a pipeline", async () => {
    const huey = testHuey();
    const add = adding(huey);
    const double = huey.task("double", (n: number) => n * 2);
    const tail = double.with({}).s as (...values: number[]) => ReturnType<typeof double.s>;
    const results = await huey.enqueue(add.s(1, 2).andThen(tail().andThen(add, 100)));
    expect(results.length).toBe(3);
    await work(huey);
    expect(await results.get() as unknown[]).toEqual([3, 6, 106]);
  });

  test("a step keeps its own options, and may wait for its time", async () => {
    const huey = testHuey();
    const add = adding(huey);
    const results = await huey.enqueue(add.s(1, 2).andThen(add.with({ delay: 3600 }), 3));
    await work(huey);
    expect(await huey.scheduledCount()).toBe(1);
    await huey.jumpTo(new Date(huey.clock.now().getTime() + 3_600_001));
    await huey.storage.promoteDue(1);
    expect(await results.get()).toEqual([3, undefined]);
  });

  test("each step is retried by itself", async () => {
    const huey = testHuey();
    const add = adding(huey);
    let runs = 0;
    const flaky = huey.task({ name: "flaky", retries: 2 }, (n: number) => {
      if (++runs < 3) throw new Error("not yet");
      return n * 10;
    });
    const results = await huey.enqueue(add.s(1, 2).andThen(flaky).andThen(add, 1));
    await work(huey);
    expect([runs, await results.get()]).toEqual([3, [3, 30, 31]]);
  });

  test("works without stored results", async () => {
    const huey = testHuey({ results: false });
    const seen: number[] = [];
    const add = adding(huey);
    const note = huey.task("note", (n: number) => void seen.push(n));
    await huey.enqueue(add.s(1, 2).andThen(add, 3).andThen(note));
    await work(huey);
    expect([seen, await huey.resultCount()]).toEqual([[6], 0]);
  });

  test("refuses what is no step", async () => {
    const huey = testHuey();
    const task = adding(huey).s(1, 2) as unknown as Record<string, (step: unknown) => unknown>;
    for (const method of ["andThen", "onError"]) {
      for (const step of [undefined, null, 5, () => 1, {}]) await refusal(() => task[method]!(step));
    }
  });
});

describe("what a value adds to the next step", () => {
  const values: [string, unknown, unknown[]][] = [
    ["undefined", undefined, []],
    ["null", null, [null]],
    ["false", false, [false]],
    ["zero", 0, [0]],
    ["the empty string", "", [""]],
    ["an array", [1, 2], [[1, 2]]],
    ["an empty array", [], [[]]],
    ["an object", { a: 1 }, [{ a: 1 }]],
    ["a Date", new Date(7), [new Date(7)]],
    ["a Map", new Map([["a", 1]]), [new Map([["a", 1]])]],
    ["a spread", spread(1, [2], undefined), [1, [2], undefined]],
    ["an empty spread", spread(), []],
  ];
  test.each(values)("%s", async (_name, value, added) => {
    const huey = testHuey();
    const echo = echoing(huey);
    const give = huey.task("give", () => value);
    const results = await huey.enqueue(give.s().andThen(echo, "given"));
    await work(huey);
    expect((await results.get())[1] as unknown[]).toEqual(["given", ...added]);
  });

  test("an error that is returned is a value", async () => {
    const huey = testHuey();
    const echo = echoing(huey);
    const give = huey.task("give", (): unknown => new RangeError("as a value"));
    const results = await huey.enqueue(give.s().andThen(echo));
    await work(huey);
    const [value] = (await results.get())[1] as [Error];
    expect(value).toBeInstanceOf(RangeError);
    expect(value.message).toBe("as a value");
  });

  test("a spread is read as a plain array", async () => {
    const huey = testHuey();
    const pair = huey.task("pair", () => spread("a", 1));
    const result = await pair();
    await work(huey);
    expect(await result.get()).toEqual(["a", 1]);
    expect(Array.isArray(await result.get())).toBe(true);
  });
});

describe("a pipeline that stops", () => {
  test("at a failure: the later steps never run; the group rejects", async () => {
    const huey = testHuey();
    const add = adding(huey);
    const fails = huey.task("fails", (n: number): number => {
      throw new Error(`no ${n}`);
    });
    const results = await huey.enqueue(add.s(1, 2).andThen(fails).andThen(add, 1));
    expect(await work(huey)).toBe(2);
    const error = await failure(results.get());
    expect(error).toBeInstanceOf(TaskException);
    expect(error.message).toContain("no 3");
    const [first] = results;
    expect(await first!.get()).toBe(3);
  });

  test("at a revoked step", async () => {
    const huey = testHuey();
    const add = adding(huey);
    const other = huey.task("other", (n: number) => n);
    const results = await huey.enqueue(add.s(1, 2).andThen(other).andThen(add, 1));
    await other.revoke();
    expect(await work(huey)).toBe(2);
    expect(await huey.pendingCount()).toBe(0);
    const error = await failure(results.get({ blocking: true })) as TaskException;
    expect(error.metadata.outcome).toBe("revoked");
  });
});
