import { describe, expect, test } from "bun:test";
import { failure, idle, NOON, promote, record, testHuey, work } from "../helpers.ts";

describe("a call", () => {
  test("enqueues and does not run", async () => {
    const huey = testHuey();
    let runs = 0;
    const add = huey.task("add", (a: number, b: number) => (runs++, a + b));
    const result = await add(1, 2);
    expect(runs).toBe(0);
    expect(await huey.pendingCount()).toBe(1);
    expect(await result.get()).toBeUndefined();
    expect(await work(huey)).toBe(1);
    expect([runs, await result.get()]).toEqual([1, 3]);
  });

  test("is the same as enqueueing an invocation", async () => {
    const huey = testHuey();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const task = add.s(1, 2);
    expect(await huey.pendingCount()).toBe(0);
    const result = await huey.enqueue(task);
    expect(result.id).toBe(task.id);
    expect(result.kind).toBe("result");
    expect(result.task.id).toBe(task.id);
    await work(huey);
    expect(await result.get()).toBe(3);
  });

  test("has a new UUID as id, unless one is given", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    const [first, second] = [await task(), await task()];
    expect(first.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(first.id).not.toBe(second.id);
    expect((await task.with({ id: "mine" })()).id).toBe("mine");
    expect((await task.schedule({ id: "later", delay: 5 })).id).toBe("later");
  });

  test("two calls with one id both run", async () => {
    const huey = testHuey();
    const runs: number[] = [];
    const task = huey.task("task", (n: number) => void runs.push(n));
    await task.with({ id: "same" })(1);
    await task.with({ id: "same" })(2);
    await work(huey);
    expect(runs).toEqual([1, 2]);
  });

  test("takes a copy of its arguments", async () => {
    const huey = testHuey();
    const task = huey.task("task", (list: number[]) => list.length);
    const list = [1];
    const result = await task(list);
    list.push(2);
    await work(huey);
    expect(await result.get()).toBe(1);
  });

  test("keeps what JSON would lose", async () => {
    const huey = testHuey();
    const echo = huey.task("echo", (value: unknown) => value);
    const value = { at: new Date(5), map: new Map([[1, new Set(["a"])]]), big: 10n ** 20n, bytes: new Uint8Array([1, 2]) };
    const result = await echo(value);
    await work(huey);
    expect(await result.get()).toEqual(value);
  });
});

describe("order", () => {
  test("first in, first out within a priority; higher priorities first", async () => {
    const huey = testHuey();
    const runs: string[] = [];
    const task = huey.task("task", (name: string) => void runs.push(name));
    const urgent = huey.task({ name: "urgent", priority: 10 }, (name: string) => void runs.push(name));
    await task("a");
    await urgent("b");
    await task.with({ priority: -1 })("c");
    await task.with({ priority: 10.5 })("d");
    await urgent.with({ priority: 0 })("e");
    await task("f");
    await urgent("g");
    expect((await huey.pending()).map(({ args }) => args[0])).toEqual(["d", "b", "g", "a", "e", "f", "c"]);
    await work(huey);
    expect(runs).toEqual(["d", "b", "g", "a", "e", "f", "c"]);
  });

  test("priority travels through the schedule", async () => {
    const huey = testHuey();
    const runs: string[] = [];
    const task = huey.task("task", (name: string) => void runs.push(name));
    await task.schedule({ args: ["late, urgent"], delay: 10, priority: 5 });
    await task.schedule({ args: ["early"], delay: 5 });
    await task("now");
    idle(huey, 10);
    await promote(huey);
    await work(huey);
    expect(runs).toEqual(["late, urgent", "now", "early"]);
  });
});

describe("with", () => {
  test("binds options of the calls", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", retries: 1, retryDelay: 2, priority: 3 }, (n: number) => n);
    const bound = task.with({ retries: 5, retryBackoff: 2, priority: 10, expires: { minutes: 5 }, timeout: 7 });
    await bound(1);
    const [invocation] = await huey.pending();
    expect(invocation).toMatchObject({ retries: 5, retryDelay: 2, retryBackoff: 2, priority: 10, timeout: 7 });
    expect(invocation!.expiresAt).toEqual(new Date(NOON + 300_000));
  });

  test("leaves the wrapper alone", () => {
    const huey = testHuey();
    const task = huey.task("task", (n: number) => n);
    task.with({ priority: 10, id: "x" });
    expect(task.s(1).priority).toBe(0);
    expect(task.s(1).id).not.toBe("x");
  });

  test("undefined falls back to the task's own option, 0 does not", () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", retries: 3, timeout: 5, priority: 2 }, () => 1);
    expect(task.with({ retries: undefined, timeout: undefined } as never).s()).toMatchObject({ retries: 3, timeout: 5 });
    const zero = task.with({ retries: 0, priority: 0 }).s();
    expect([zero.retries, zero.priority]).toEqual([0, 0]);
  });

  test("bound to a future eta, a call is scheduled", async () => {
    const huey = testHuey();
    const task = huey.task("task", (n: number) => n);
    await task.with({ delay: 10 })(1);
    await task.with({ eta: new Date(NOON + 20_000) })(2);
    await task.with({ delay: 0 })(3);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([1, 2]);
    expect((await huey.scheduled()).map(({ eta }) => eta)).toEqual([new Date(NOON + 10_000), new Date(NOON + 20_000)]);
  });

  test("s and map use the bound options", async () => {
    const huey = testHuey();
    const task = huey.task("task", (n: number) => n);
    const bound = task.with({ priority: 4 });
    expect(bound.s(1).priority).toBe(4);
    await bound.map([1, 2]);
    expect((await huey.pending()).map(({ priority }) => priority)).toEqual([4, 4]);
  });
});

describe("schedule", () => {
  test("with a delay, in seconds or in parts", async () => {
    const huey = testHuey();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add.schedule({ args: [3, 4], delay: 10 });
    await add.schedule({ args: [5, 6], delay: { minutes: 1 } });
    await add.schedule({ args: [7, 8], delay: { milliseconds: 500 } });
    expect(await huey.pendingCount()).toBe(0);
    const etas = (await huey.scheduled()).map(({ eta }) => eta!.getTime() - NOON);
    expect(etas).toEqual([500, 10_000, 60_000]);
    expect((await huey.advance(9.9)).length).toBe(1);
    expect(await result.get()).toBeUndefined();
    expect((await huey.advance(0.1)).length).toBe(1);
    expect(await result.get()).toBe(7);
  });

  test("without delay and eta, as from JavaScript, is refused", async () => {
    const huey = testHuey();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const wrong = await failure(add.schedule({ args: [3, 4], priority: 2 } as never));
    expect([wrong.message, await huey.pendingCount()]).toEqual(["schedule takes either delay or eta: there is neither", 0]);
  });

  test("with an eta: a Date, or anything with epochMilliseconds", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    await task.schedule({ eta: new Date(NOON + 1500) });
    await task.schedule({ eta: { epochMilliseconds: NOON + 2500 } });
    expect((await huey.scheduled()).map(({ eta }) => eta!.getTime() - NOON)).toEqual([1500, 2500]);
  });

  test("what is due already goes to the queue", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    await task.schedule({ delay: 0 });
    await task.schedule({ delay: -5 });
    await task.schedule({ eta: new Date(NOON - 1) });
    await task.schedule({ eta: new Date(NOON) });
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([4, 0]);
    expect(await work(huey)).toBe(4);
  });

  test("takes the options of a call", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    await task.schedule({ delay: 5, retries: 2, retryDelay: 3, priority: 1, timeout: 4 });
    expect((await huey.scheduled())[0]).toMatchObject({ retries: 2, retryDelay: 3, priority: 1, timeout: 4 });
  });

  test("emits scheduled", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    await huey.task("task", () => 1).schedule({ delay: 5 });
    expect(names.at(-1)).toBe("scheduled");
  });

  test("a claimed item that is not due goes back to the schedule", async () => {
    const huey = testHuey();
    let runs = 0;
    const task = huey.task("task", () => ++runs);
    const result = await task.schedule({ delay: 10 });
    await huey.jumpTo(new Date(NOON + 10_000)); // that of a scheduler is ahead
    await huey.storage.promoteDue(10);
    await huey.jumpTo(new Date(NOON));
    await work(huey);
    expect([runs, await huey.scheduledCount()]).toEqual([0, 1]);
    expect((await huey.advance(10)).length).toBe(1);
    expect(await result.get()).toBe(1);
  });
});

describe("map", () => {
  test("an array is a list of arguments", async () => {
    const huey = testHuey();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const params = Array.from({ length: 10 }, (_, i): [number, number] => [i, i ** 2]);
    const results = await add.map(params);
    expect([results.length, results.kind]).toEqual([10, "result-group"]);
    await work(huey);
    expect(await results.get()).toEqual([0, 2, 6, 12, 20, 30, 42, 56, 72, 90]);
  });

  test("anything else is the single argument", async () => {
    const huey = testHuey();
    const double = huey.task("double", (n: number) => n * 2);
    const results = await double.map([1, 2, 3]);
    await work(huey);
    expect(await results.get()).toEqual([2, 4, 6]);
    const shout = huey.task("shout", (text: string) => text.toUpperCase());
    const shouts = await shout.map(["ab", "cd"]);
    await work(huey);
    expect(await shouts.get()).toEqual(["AB", "CD"]);
  });

  test("an array as the single argument is wrapped", async () => {
    const huey = testHuey();
    const total = huey.task("total", (list: number[]) => list.length);
    const results = await total.map([[[1, 2, 3]], [[]]]);
    await work(huey);
    expect(await results.get()).toEqual([3, 0]);
  });

  test("takes any iterable, and one round trip", async () => {
    const huey = testHuey();
    const double = huey.task("double", (n: number) => n * 2);
    const { storage } = huey;
    let trips = 0;
    const enqueue = storage.enqueue.bind(storage);
    storage.enqueue = (items) => (trips++, enqueue(items));
    await double.map(new Set([1, 2, 3]));
    expect([trips, await huey.pendingCount()]).toEqual([1, 3]);
  });

  test("of nothing is an empty group", async () => {
    const huey = testHuey();
    const results = await huey.task("double", (n: number) => n * 2).map([]);
    expect([results.length, await results.get({ blocking: true })]).toEqual([0, []]);
  });
});

describe("enqueueMany", () => {
  test("enqueues all in one round trip, in order", async () => {
    const huey = testHuey();
    const runs: string[] = [];
    const note = huey.task("note", (text: string) => (runs.push(text), text));
    const { storage } = huey;
    let trips = 0;
    const enqueue = storage.enqueue.bind(storage);
    storage.enqueue = (items) => (trips++, enqueue(items));
    const results = await huey.enqueueMany([note.s("a"), note.s("b"), note.with({ delay: 5 }).s("c")]);
    expect([trips, results.length]).toEqual([1, 3]);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([2, 1]);
    await work(huey);
    expect(await results.get()).toEqual(["a", "b", undefined]);
    await huey.advance(5);
    expect(runs).toEqual(["a", "b", "c"]);
  });

  test("gives each member its own kind of handle", async () => {
    const huey = testHuey();
    const one = huey.task("one", () => 1);
    const inc = huey.task("inc", (n: number) => n + 1);
    const [task, pipeline] = await huey.enqueueMany([one.s(), one.s().andThen(inc)]);
    expect([task!.kind, pipeline!.kind]).toEqual(["result", "result-group"]);
    await work(huey);
    expect([await task!.get(), await pipeline!.get()]).toEqual([1, [1, 2]]);
  });
});

describe("listings", () => {
  test("show what waits, with a limit, and take nothing", async () => {
    const huey = testHuey();
    const task = huey.task("task", (n: number) => n);
    for (const n of [1, 2, 3]) await task(n);
    for (const n of [30, 10, 20]) await task.schedule({ args: [n], delay: n });
    expect((await huey.pending(2)).map(({ args }) => args[0])).toEqual([1, 2]);
    expect((await huey.scheduled()).map(({ args }) => args[0])).toEqual([10, 20, 30]);
    expect((await huey.scheduled(1)).map(({ args }) => args[0])).toEqual([10]);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([3, 3]);
  });

  test("a listed invocation tells what the message says", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", retries: 2, retryDelay: 3, timeout: 4 }, (n: number) => n);
    const result = await task.with({ expires: 60 })(5);
    const [listed] = await huey.pending();
    expect(listed).toMatchObject({ id: result.id, name: "task", retries: 2, retryDelay: 3, timeout: 4, kind: "task" });
    expect(listed!.expires).toBe(60);
    expect(listed!.eta).toBeUndefined();
    expect([...listed!.args]).toEqual([5]);
  });

  test("allResults shows serialised values by key", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => ({ answer: 42 }));
    const result = await task();
    await work(huey);
    const results = await huey.allResults();
    expect([...results.keys()]).toEqual([result.id]);
    expect(new TextDecoder().decode(results.get(result.id))).toContain("42");
    expect(await huey.resultCount()).toBe(1);
  });
});
