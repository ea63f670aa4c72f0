import { describe, expect, test } from "bun:test";
import { CancelExecution, RetryTask } from "../../lib/errors.ts";
import { chord } from "../../lib/composition/group.ts";
import { Huey } from "../../lib/huey/huey.ts";
import { memory, record, refusal, silent, work } from "../helpers.ts";

describe("a task as hooks, signals and listings show it can be enqueued again", () => {
  test("from a signal: with id, arguments, options and the steps that follow", async () => {
    const huey = memory();
    const notes: number[] = [];
    let runs = 0;
    const flaky = huey.task({ name: "flaky", priority: 3 }, (n: number) => {
      if (runs++ === 0) throw new Error("first");
      return n * 2;
    });
    const note = huey.task("note", (n: number) => void notes.push(n));
    const ids: string[] = [];
    huey.signal("error", async (_signal, task) => {
      ids.push(task.id);
      await huey.enqueue(task);
    });
    const [first] = await huey.enqueue(flaky.s(21).andThen(note));
    await work(huey);
    expect([notes, ids]).toEqual([[42], [first!.id]]);
  });

  test("from pending()", async () => {
    const huey = memory();
    const task = huey.task("task", (n: number) => n + 1);
    const result = await task.with({ priority: 2 })(1);
    const [listed] = await huey.pending();
    await huey.storage.flush();
    const again = await huey.enqueue(listed!);
    expect(again.id).toBe(result.id);
    expect((await huey.pending())[0]!.priority).toBe(2);
    await work(huey);
    expect(await result.get()).toBe(2);
  });

  test("from a handle", async () => {
    const huey = memory();
    let runs = 0;
    const result = await huey.task("task", () => ++runs)();
    await huey.enqueue(result.task);
    await work(huey);
    expect(runs).toBe(2);
  });
});

describe("what follows a task is checked when it is enqueued", () => {
  test("arguments that cannot be stored, wherever they are", async () => {
    const huey = memory();
    const task = huey.task("task", (..._values: unknown[]) => {});
    const bad = () => {};
    await refusal(() => huey.enqueue(task.s().andThen(task, bad)), "[0]");
    await refusal(() => huey.enqueue(task.s().onError(task, bad)), "[0]");
    await refusal(() => huey.enqueue(chord([task.s(), task.s(bad)], task)), "[0]");
    await refusal(() => huey.enqueue(chord([task.s()], task, bad)), "[0]");
    await refusal(() => huey.enqueue(chord([], task, bad)), "[0]");
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
  });

  test("a consumer that does not know the next step still settles this one", async () => {
    const writer = memory();
    const first = writer.task("first", () => 1);
    const next = writer.task("next", (n: number) => n + 1);
    const consumer = new Huey({ storage: writer.storage, logger: silent });
    consumer.task("first", () => 1);
    const results = await writer.enqueue(first.s().andThen(next));
    await work(consumer);
    const [head] = results;
    expect(await head!.get()).toBe(1);
    expect(await consumer.storage.claimed({ consumer: "consumer-1" })).toEqual([]);
    expect(await consumer.pendingCount() + await consumer.scheduledCount()).toBe(1);
  });
});

describe("corners of the outcomes", () => {
  test("a hook that cancels with retry true has the task tried again", async () => {
    const huey = memory();
    let looks = 0;
    huey.preExecute("not yet", () => {
      if (++looks < 3) throw new CancelExecution({ retry: true });
    });
    const { names } = record(huey);
    const result = await huey.task("task", () => "done")();
    await work(huey, { limit: 10 });
    result.reset();
    expect([looks, await result.get()] as unknown[]).toEqual([3, "done"]);
    expect(names.filter((name) => name === "canceled").length).toBe(2);
  });

  test("a chord hears of a member only when it has ended for good", async () => {
    const huey = memory();
    let runs = 0;
    const again = huey.task({ name: "again", retries: 1 }, () => {
      if (++runs === 1) throw new Error("first");
      if (runs === 2) throw new RetryTask();
      return runs;
    });
    const list = huey.task("list", (values: number[]) => values);
    const handle = await huey.enqueue(chord([again.s()], list));
    await work(huey);
    expect(await handle.get()).toEqual([3]);
  });

  test("a member whose value cannot be stored has failed", async () => {
    const huey = memory();
    const bad = huey.task("bad", (): unknown => () => {});
    const list = huey.task("list", (values: unknown[]) => values.map((value) => value instanceof Error));
    const handle = await huey.enqueue(chord([bad.s()], list));
    await work(huey);
    expect(await handle.get()).toEqual([true]);
  });

  test("errors with what cannot be stored reach handlers and chords all the same", async () => {
    const huey = memory();
    const got: string[] = [];
    const handler = huey.task("handler", (error: Error) => void got.push(error.message));
    const bad = huey.task("bad", (): number | Error => {
      throw Object.assign(new Error("odd"), { socket: { on: () => {} }, request: new (class Request {})() });
    });
    const list = huey.task("list", (values: (number | Error)[]) => values.map((value) => (value as Error).message));
    const handle = await huey.enqueue(chord([bad.s().onError(handler)], list));
    await work(huey);
    expect([got, await handle.get()]).toEqual([["odd"], ["odd"]]);
  });

  test("values passed on that cannot be stored fail the step, not the worker", async () => {
    const huey = memory({ results: false });
    const got: string[] = [];
    const handler = huey.task("handler", (error: Error) => void got.push(error.name));
    const bad = huey.task("bad", (): unknown => Symbol("s"));
    const next = huey.task("next", (_value: unknown) => void got.push("next"));
    await huey.enqueue(bad.s().andThen(next).onError(handler));
    await work(huey, { limit: 10 });
    expect(got).toEqual(["TypeError"]);
    expect(await huey.storage.claimed({ consumer: "consumer-1" })).toEqual([]);
  });

  test("without results, a value that nobody gets need not be storable", async () => {
    const huey = memory({ results: false });
    const { names } = record(huey);
    await huey.task("odd", (): unknown => () => {})();
    await work(huey);
    expect(["complete", "error"]).toContain(names.at(-1)!);
    expect(await huey.storage.claimed({ consumer: "consumer-1" })).toEqual([]);
  });
});
