import { describe, expect, test } from "bun:test";
import { CancelExecution, TaskException } from "../../lib/errors.ts";
import { chord, group } from "../../lib/composition/group.ts";
import { Huey } from "../../lib/huey/huey.ts";
import type { HueyOptions } from "../../lib/types/options.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { failure, memory, NOON, record, refusal, silent, testHuey, work } from "../helpers.ts";

function immediate(options: HueyOptions = {}): Huey {
  return testHuey({ immediate: true, ...options });
}

describe("immediate mode", () => {
  test("runs the task in the call", async () => {
    const huey = immediate();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add(1, 2);
    expect(await huey.pendingCount()).toBe(0);
    expect(await result.get()).toBe(3);
    expect(huey.immediate).toBe(true);
  });

  test("the guide's: revoked once, restored by itself", async () => {
    const huey = immediate();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add.revoke({ once: true });
    expect(await (await add(2, 3)).get()).toBeUndefined();
    expect(await (await add(3, 4)).get()).toBe(7);
  });

  test("the guide's: a future task stays in the schedule", async () => {
    const huey = immediate();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add.schedule({ args: [4, 5], delay: 60 });
    expect(await result.get()).toBeUndefined();
    const [waiting] = await huey.scheduled();
    expect([waiting!.id, waiting!.eta]).toEqual([result.id, new Date(NOON + 60_000)]);
  });

  test("a failure does not reach the caller but the handle", async () => {
    const huey = immediate();
    const result = await huey.task("fails", () => {
      throw new RangeError("no");
    })();
    const error = await failure(result.get()) as TaskException;
    expect(error).toBeInstanceOf(TaskException);
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  test("retries without a delay happen in the call, later ones stay in the schedule", async () => {
    const huey = immediate();
    let runs = 0;
    const fails = huey.task({ name: "fails", retries: 2 }, () => {
      runs++;
      throw new Error("no");
    });
    await fails();
    expect(runs).toBe(3);
    await fails.with({ retryDelay: 5 })();
    expect([runs, await huey.scheduledCount()]).toEqual([4, 1]);
    expect((await huey.scheduled())[0]!.retries).toBe(1);
  });

  test("a task that succeeds at the last attempt reads as success", async () => {
    const huey = immediate();
    let runs = 0;
    const result = await huey.task({ name: "flaky", retries: 2 }, () => {
      if (++runs < 3) throw new Error("no");
      return runs;
    })();
    expect(await result.get()).toBe(3);
  });

  test("signals and hooks in the usual order", async () => {
    const huey = immediate();
    const { names } = record(huey);
    huey.preExecute("pre", () => void names.push("pre"));
    huey.postExecute("post", () => void names.push("post"));
    await huey.task("task", () => void names.push("body"))();
    expect(names).toEqual(["enqueued", "executing", "pre", "body", "post", "complete"]);
  });

  test("a hook may cancel", async () => {
    const huey = immediate();
    let runs = 0;
    huey.preExecute("no", () => {
      throw new CancelExecution();
    });
    await huey.task("task", () => ++runs)();
    expect(runs).toBe(0);
  });

  test("pipelines, error handlers, groups and chords end in the call", async () => {
    const huey = immediate();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const total = huey.task("total", (values: number[]) => values.reduce((a, b) => a + b, 0));
    const handled: string[] = [];
    const handler = huey.task("handler", (error: Error) => void handled.push(error.message));
    const fails = huey.task("fails", (_n: number): number => {
      throw new Error("no");
    });
    const pipeline = await huey.enqueue(add.s(1, 2).andThen(add, 3).andThen(add, 4));
    expect(await pipeline.get()).toEqual([3, 6, 10]);
    expect(await (await huey.enqueue(group([add.s(1, 2), add.s(3, 4)]))).get()).toEqual([3, 7]);
    const handle = await huey.enqueue(chord([add.s(1, 2), add.s(3, 4).andThen(add, 1)], total).andThen(add, 100));
    expect([await handle.get(), await handle.pipelineResults!.get()]).toEqual([11, [11, 111]]);
    await huey.enqueue(add.s(1, 2).andThen(fails).onError(handler));
    expect(handled).toEqual(["no"]);
    expect(await huey.pendingCount()).toBe(0);
  });

  test("chords with members that fail, are revoked, empty, nested", async () => {
    const huey = immediate();
    type Value = number | Error | undefined;
    const give = huey.task("give", (n: number): Value => n);
    const fails = huey.task("fails", (): Value => {
      throw new Error("no");
    });
    const list = huey.task(
      "list",
      (values: unknown[]) => values.map((value) => value instanceof Error ? value.message : value),
    );
    const revoked = give.s(5);
    await huey.revoke(revoked);
    const handle = await huey.enqueue(chord([give.s(1), fails.s(), revoked, chord([give.s(2)], list), chord([], list)], list));
    expect(await handle.get() as unknown[]).toEqual([1, "no", undefined, [2], []]);
  });

  test("map and enqueueMany", async () => {
    const huey = immediate();
    const double = huey.task("double", (n: number) => n * 2);
    expect(await (await double.map([1, 2, 3])).get()).toEqual([2, 4, 6]);
    expect(await (await huey.enqueueMany([double.s(1), double.s(2).andThen(double)])).get()).toEqual([2, [4, 8]]);
  });

  test("a task may call tasks", async () => {
    const huey = immediate();
    const order: string[] = [];
    const inner = huey.task("inner", (n: number) => {
      order.push(`inner ${n}`);
      return n * 2;
    });
    const outer = huey.task("outer", async (n: number) => {
      order.push("outer");
      const result = await inner(n);
      order.push("back");
      return (await result.get({ blocking: true, timeout: 1 }))! + 1;
    });
    expect(await (await outer(5)).get()).toBe(11);
    expect(order).toEqual(["outer", "inner 5", "back"]);
  });

  test("a long pipeline does not overflow the stack", async () => {
    const huey = immediate();
    const inc = huey.task("inc", (n: number) => n + 1);
    let runs = 0;
    const again = huey.task({ name: "again", retries: 500 }, () => {
      runs++;
      throw new Error("no");
    });
    await again();
    expect(runs).toBe(501);
    let pipeline = inc.s(0).andThen(inc) as unknown as { andThen(next: typeof inc): typeof pipeline };
    for (let n = 0; n < 300; n++) pipeline = pipeline.andThen(inc);
    const results = await huey.enqueue(pipeline as never) as unknown as { get(): Promise<number[]> };
    expect((await results.get()).at(-1)).toBe(302);
  });

  test("a cooperative timeout works", async () => {
    // In real time: the call is the attempt, and nobody moves a clock meanwhile.
    const huey = memory({ immediate: true });
    const { names } = record(huey);
    const slow = huey.task({ name: "slow", context: true, timeout: { milliseconds: 2 } }, async ({ signal }: TaskContext) => {
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    await slow();
    expect(names.at(-1)).toBe("timeout");
  });

  test("locks are released", async () => {
    const huey = immediate();
    const task = huey.task({ name: "task", lock: "lock" }, () => "done");
    expect([await (await task()).get(), await (await task()).get()]).toEqual(["done", "done"]);
    expect(await huey.isLocked("lock")).toBe(false);
  });

  test("state and a blocking get tell of the end", async () => {
    const huey = immediate();
    const result = await huey.task("task", () => {})();
    expect(await result.get({ blocking: true, timeout: 0 })).toBeUndefined();
    expect(await result.state()).toMatchObject({ state: "complete" });
  });
});

describe("the serializer is in the way, as it is live", () => {
  test("arguments that cannot be stored are refused", async () => {
    const huey = immediate();
    let runs = 0;
    const task = huey.task("task", (_value: unknown) => ++runs);
    await refusal(() => task({ callback: () => {} }), "args[0].callback");
    expect(runs).toBe(0);
  });

  test("a value that cannot be stored fails the task", async () => {
    const huey = immediate();
    const result = await huey.task("task", () => ({ bad: () => {} }))();
    expect((await failure(result.get())).message).toContain("bad");
  });

  test("the task gets copies", async () => {
    const huey = immediate();
    const list = [1];
    const task = huey.task("task", (values: number[]) => {
      values.push(2);
      return values;
    });
    const result = await task(list);
    expect([list, await result.get()]).toEqual([[1], [1, 2]]);
  });
});

describe("switching", () => {
  test("swaps the storage; each switch starts with an empty memory", async () => {
    const storage = new MemoryStorage({ name: "live" });
    const huey = new Huey({ name: "live", storage, logger: silent });
    const task = huey.task("task", () => 1);
    await task();
    huey.immediate = true;
    expect(huey.storage).not.toBe(storage);
    expect(await huey.pendingCount()).toBe(0);
    await huey.put("key", 1);
    huey.immediate = true; // no change
    expect(await huey.get<number>("key", { peek: true })).toBe(1);
    huey.immediate = false;
    expect(huey.storage).toBe(storage);
    expect([await huey.pendingCount(), await huey.get("key")]).toEqual([1, undefined]);
    huey.immediate = true;
    expect(await huey.get("key")).toBeUndefined();
    huey.immediate = false;
    expect(await work(huey)).toBe(1);
  });

  test("immediateUseMemory false keeps the live storage", async () => {
    const storage = new MemoryStorage({ name: "live" });
    const huey = new Huey({ name: "live", storage, immediate: true, immediateUseMemory: false, logger: silent });
    expect(huey.storage).toBe(storage);
    const result = await huey.task("task", () => 1)();
    expect(await storage.results.size()).toBe(1);
    expect(await result.get()).toBe(1);
    await huey.task("later", () => 1).schedule({ delay: 5 });
    expect(await storage.scheduledCount()).toBe(1);
  });

  test("a live storage is never opened in immediate mode", async () => {
    let opened = 0;
    const storage = (name: string) => (opened++, new MemoryStorage({ name }));
    const huey = new Huey({ storage, immediate: true, logger: silent });
    expect(await (await huey.task("task", () => 1)()).get()).toBe(1);
    await huey.close();
    expect(opened).toBe(0);
  });
});

test("results: false and storeNone count too", async () => {
  const none = immediate({ results: false });
  await none.task("task", () => 1)();
  expect(await none.resultCount()).toBe(0);
  const all = immediate({ storeNone: true });
  await all.task("task", () => {})();
  expect(await all.resultCount()).toBe(1);
});
