import { describe, expect, test } from "bun:test";
import { ConfigurationError, TaskException, UnknownTaskError } from "../../lib/errors.ts";
import { every } from "../../lib/periodic/every.ts";
import { Huey } from "../../lib/huey/huey.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { failure, memory, silent, work } from "../helpers.ts";

describe("forms of a definition", () => {
  test("a named function takes its own name", async () => {
    const huey = memory();
    const sub = huey.task(function sub(a: number, b: number) {
      return a - b;
    });
    expect(sub.name).toBe("sub");
    expect(sub.kind).toBe("function");
    const result = await sub(5, 3);
    await work(huey);
    expect(await result.get()).toBe(2);
  });

  test("a name, then the function", async () => {
    const huey = memory();
    const add = huey.task("math.add", (a: number, b: number) => a + b);
    expect(add.name).toBe("math.add");
    const result = await add(1, 2);
    await work(huey);
    expect(await result.get()).toBe(3);
  });

  test("options, then the function", () => {
    const huey = memory();
    const task = huey.task({ name: "flaky", retries: 2, retryDelay: 10 }, (url: string) => url).s("x");
    expect([task.name, task.retries, task.retryDelay]).toEqual(["flaky", 2, 10]);
  });

  test("options without a name use the function's", () => {
    const huey = memory();
    const wrapper = huey.task({ priority: 3 }, function named() {});
    expect(wrapper.name).toBe("named");
    expect(wrapper.s().priority).toBe(3);
  });

  test("name, options, function", () => {
    const huey = memory();
    const task = huey.task("slow", { timeout: { minutes: 1 } }, () => 1).s();
    expect([task.name, task.timeout]).toEqual(["slow", 60]);
  });

  test("one definition object", async () => {
    const huey = memory();
    const double = huey.task({ name: "double", priority: 2, fn: (n: number) => n * 2 });
    const result = await double(4);
    await work(huey);
    expect(await result.get()).toBe(8);
    expect(double.s(1).priority).toBe(2);
  });

  test("a definition object's function may give the name", () => {
    const huey = memory();
    expect(huey.task({ fn: function given() {} }).name).toBe("given");
  });

  test("async functions: the handle reads what the promise resolves with", async () => {
    const huey = memory();
    const later = huey.task("later", async (text: string) => await Promise.resolve(text.length));
    const result = await later("four");
    await work(huey);
    expect(await result.get()).toBe(4);
  });

  test("a wrapper that is registered again runs the same function, with options of its own", async () => {
    const huey = memory();
    const other = memory({ name: "other" });
    const add = huey.task("add", (a: number, b: number) => a + b);
    const again = [
      other.task(add),
      other.task("again", add),
      other.task({ name: "third", retries: 2 }, add),
      other.task("fourth", { priority: 2 }, add),
    ];
    const results = await Promise.all(again.map((task) => task(1, 2)));
    expect(results.map(({ task }) => [task.name, task.retries, task.priority])).toEqual([
      ["add", 0, 0],
      ["again", 0, 0],
      ["third", 2, 0],
      ["fourth", 0, 2],
    ]);
    await work(other);
    expect(await Promise.all(results.map((result) => result.get()))).toEqual([3, 3, 3, 3]);
  });

  test("a periodic task: its schedule before the function, wherever the name stands", async () => {
    const huey = memory();
    const attempts: number[] = [];
    const tasks = [
      huey.periodicTask(every(60), { retries: 1 }, function first() {}),
      huey.periodicTask({ name: "second", context: true }, every(60), (context) => void attempts.push(context.attempt)),
      huey.periodicTask(every(60), { context: true }, function third(context) {
        attempts.push(context.attempt);
      }),
      huey.periodicTask({ retries: 2 }, every(60), function fourth() {}),
    ];
    expect(tasks.map((task) => [task.name, task.s().retries])).toEqual([["first", 1], ["second", 0], ["third", 0], [
      "fourth",
      2,
    ]]);
    for (const task of tasks) await task();
    await work(huey);
    expect(attempts).toEqual([1, 1]);
  });

  test("one function may be registered under two names and on two Hueys", async () => {
    const first = memory({ name: "first" });
    const second = memory({ name: "second" });
    const fn = (n: number) => n + 1;
    const tasks = [first.task("a", fn), first.task("b", fn), second.task("a", fn)];
    const results = await Promise.all(tasks.map((task) => task(1)));
    expect([await first.pendingCount(), await second.pendingCount()]).toEqual([2, 1]);
    await work(first);
    await work(second);
    expect(await Promise.all(results.map((result) => result.get()))).toEqual([2, 2, 2]);
  });
});

describe("names", () => {
  test("a duplicate is refused at registration", async () => {
    const huey = memory();
    huey.task("same", () => 1);
    const error = await failure(() => huey.task("same", () => 2));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("same");
  });

  test("also between the kinds of tasks", async () => {
    const huey = memory();
    huey.task("same", () => 1);
    const attempts = [
      () => huey.periodicTask("same", () => true, () => 2),
      () => huey.closingTask({ open: () => {}, close: () => {} }, "same", () => 2),
      () => huey.contextTask({ enter: () => 1, exit: () => {} }, "same", () => 2),
    ];
    for (const attempt of attempts) expect(await failure(attempt)).toBeInstanceOf(ConfigurationError);
  });

  test("an anonymous function without a name is refused", async () => {
    const huey = memory();
    expect(await failure(() => huey.task(() => 1))).toBeInstanceOf(ConfigurationError);
    expect(await failure(() => huey.task({ retries: 1 }, () => 1))).toBeInstanceOf(ConfigurationError);
    expect(await failure(() => huey.periodicTask(() => true, () => 1))).toBeInstanceOf(ConfigurationError);
  });

  test("the name given in the options is the wire identity, not the function's", async () => {
    const huey = memory();
    const task = huey.task({ name: "wire" }, function local() {
      return "done";
    });
    await task();
    expect((await huey.pending()).map(({ name }) => name)).toEqual(["wire"]);
  });

  test("a refused definition registers nothing", async () => {
    const huey = memory();
    await failure(() => huey.task("odd", { retries: -1 }, () => 1));
    expect(huey.task("odd", () => 1).name).toBe("odd");
  });

  test("unregister frees the name", async () => {
    const huey = memory();
    const task = huey.task("gone", () => 1);
    expect(task.unregister()).toBe(true);
    expect(task.unregister()).toBe(false);
    expect(await failure(task())).toBeInstanceOf(UnknownTaskError);
    expect(await failure(huey.enqueue(task.s()))).toBeInstanceOf(UnknownTaskError);
    expect(await huey.pendingCount()).toBe(0);
    const again = huey.task("gone", () => 2);
    const result = await again();
    await work(huey);
    expect(await result.get()).toBe(2);
  });

  test("a task of another Huey is refused", async () => {
    const [here, there] = [memory(), memory()];
    const task = there.task("there", () => 1);
    const error = await failure(here.enqueue(task.s()));
    expect(error).toBeInstanceOf(UnknownTaskError);
    expect((error as UnknownTaskError).taskName).toBe("there");
    expect(await here.pendingCount()).toBe(0);
  });
});

describe("a wrapper", () => {
  test("calls the plain function locally", () => {
    const huey = memory();
    const add = huey.task("add", (a: number, b: number) => a + b);
    expect(add.callLocal(3, 4)).toBe(7);
  });

  test("a local call lets errors through and enqueues nothing", async () => {
    const huey = memory();
    const fails = huey.task("fails", (): void => {
      throw new RangeError("no");
    });
    expect(() => fails.callLocal()).toThrow(RangeError);
    expect(await huey.pendingCount()).toBe(0);
  });

  test("a local call of a context task gets a fresh context", () => {
    const huey = memory();
    const task = huey.task({ name: "context", context: true }, (context: TaskContext, n: number) => {
      return [context.name, context.attempt, context.signal.aborted, context.timeRemaining, n];
    });
    expect(task.callLocal(5)).toEqual(["context", 1, false, Infinity, 5]);
  });

  test("has no member that await or promises would call", () => {
    const huey = memory();
    const task = huey.task("plain", () => {});
    for (const object of [task, task.s(), task.with({}), task.s().andThen(task)]) {
      for (const name of ["then", "catch", "finally"]) expect(name in object).toBe(false);
    }
  });
});

describe("a task with context", () => {
  test("gets the invocation as first argument", async () => {
    const huey = memory();
    const seen: unknown[] = [];
    const task = huey.task({ name: "print", context: true, retries: 2 }, (context: TaskContext, message: string) => {
      seen.push(message, context.id, context.name, context.retries, context.attempt, context.deliveries, [...context.args]);
    });
    const result = await task("hello");
    await work(huey);
    expect(seen).toEqual(["hello", result.id, "print", 2, 1, 1, ["hello"]]);
  });

  test("the message holds the arguments only", async () => {
    const huey = memory();
    const task = huey.task({ name: "print", context: true }, (_context: TaskContext, message: string) => message);
    await task("hello");
    expect((await huey.pending()).map(({ args }) => args)).toEqual([["hello"]]);
  });
});

describe("a Huey", () => {
  test("is named huey unless told", () => {
    expect(memory().name).toBe("huey");
    expect(memory({ name: "app" }).name).toBe("app");
  });

  test("opens its storage when it is first used, with its name", async () => {
    const opened: string[] = [];
    const storage = (name: string) => {
      opened.push(name);
      return new MemoryStorage({ name });
    };
    const huey = new Huey({ name: "lazy", storage, logger: silent });
    const add = huey.task("add", (a: number, b: number) => a + b);
    huey.signal(() => {});
    expect(opened).toEqual([]);
    await add(1, 2);
    await add(1, 2);
    expect(opened).toEqual(["lazy"]);
  });

  test("takes a ready storage too", async () => {
    const storage = new MemoryStorage({ name: "ready" });
    const huey = new Huey({ name: "ready", storage, logger: silent });
    expect(huey.storage).toBe(storage);
    await huey.task("one", () => 1)();
    expect(await storage.pendingCount()).toBe(1);
  });

  test("closes once; calls afterwards reject", async () => {
    const huey = memory();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add(1, 2);
    await huey.close();
    await huey.close();
    const calls = [
      () => add(1, 2),
      () => result.get(),
      () => huey.pendingCount(),
      () => huey.put("key", 1),
      () => add.revoke(),
    ];
    for (const call of calls) expect(await failure(call)).toBeInstanceOf(Error);
  });

  test("closes at the end of its scope", async () => {
    let inner: Huey;
    {
      await using huey = memory();
      inner = huey;
      expect(await huey.pendingCount()).toBe(0);
    }
    expect(await failure(() => inner.pendingCount())).toBeInstanceOf(Error);
  });

  test("flush empties everything of its name", async () => {
    const huey = memory();
    const task = huey.task("task", () => 1);
    const result = await task();
    await work(huey);
    await task();
    await task.schedule({ delay: 60 });
    await task.revoke();
    await huey.put("key", 1);
    await huey.lockTask("lock").acquire();
    await huey.flush();
    const counts = await Promise.all([huey.pendingCount(), huey.scheduledCount(), huey.resultCount(), huey.deadLetterCount()]);
    expect(counts).toEqual([0, 0, 0, 0]);
    expect(await result.get()).toBeUndefined();
    expect(await huey.isLocked("lock")).toBe(false);
    expect(await task.isRevoked()).toBe(false);
  });

  test("a failed task does not stop the ones behind it", async () => {
    const huey = memory();
    const task = huey.task("maybe", (fail: boolean) => {
      if (fail) throw new Error("I failed");
      return "OK";
    });
    const results = [await task(true), await task(false)];
    await work(huey);
    const error = await failure(results[0]!.get());
    expect(error).toBeInstanceOf(TaskException);
    expect(error.message).toContain("I failed");
    expect(await results[1]!.get()).toBe("OK");
  });
});
