import { describe, expect, test } from "bun:test";
import { ConfigurationError, type TaskException } from "../../lib/errors.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { failure, memory, record, refusal, work } from "../helpers.ts";

/** A resource of each kind, that notes when it is opened and closed. */
function resources(log: string[]) {
  const disposable = (kind: string) => ({
    kind,
    [Symbol.dispose]: () => void log.push("close"),
  });
  const asyncDisposable = (kind: string) => ({
    kind,
    [Symbol.asyncDispose]: async () => {
      await Promise.resolve();
      log.push("close");
    },
  });
  return {
    enterExit: { enter: () => (log.push("open"), "entered"), exit: () => void log.push("close") },
    openClose: { open: () => void log.push("open"), close: () => void log.push("close") },
    disposable: disposable("disposable"),
    asyncDisposable: asyncDisposable("asyncDisposable"),
    factory: () => (log.push("open"), disposable("made")),
    asyncFactory: async () => {
      await Promise.resolve();
      log.push("open");
      return asyncDisposable("made later");
    },
  };
}

type Kind = keyof ReturnType<typeof resources>;
const KINDS: Kind[] = ["enterExit", "openClose", "disposable", "asyncDisposable", "factory", "asyncFactory"];

describe.each(KINDS)("a context task in a resource of kind %s", (kind) => {
  test("opens it before the body and closes it after", async () => {
    const huey = memory();
    const log: string[] = [];
    const task = huey.contextTask(resources(log)[kind], "task", (n: number) => (log.push("body"), n + 1));
    const result = await task(1);
    await work(huey);
    expect(log.filter((step) => step !== "open")).toEqual(["body", "close"]);
    expect(await result.get()).toBe(2);
  });

  test("closes it after a failure, which stays the failure", async () => {
    const huey = memory();
    const log: string[] = [];
    const task = huey.contextTask(resources(log)[kind], "task", async () => {
      await Promise.resolve();
      throw new RangeError("body failed");
    });
    const result = await task();
    await work(huey);
    expect(log.at(-1)).toBe("close");
    expect(((await failure(result.get())) as TaskException).cause).toBeInstanceOf(RangeError);
  });

  test("opens and closes it for each attempt", async () => {
    const huey = memory();
    const log: string[] = [];
    const task = huey.contextTask(resources(log)[kind], { name: "task", retries: 2 }, () => {
      throw new Error("no");
    });
    await task();
    await work(huey);
    expect(log.filter((step) => step === "close").length).toBe(3);
  });
});

describe("asArgument", () => {
  test("passes what was entered, what the factory made, else the resource", async () => {
    const huey = memory();
    const made = resources([]);
    const options = (name: string) => ({ name, asArgument: true }) as const;
    const results = [
      await huey.contextTask(made.enterExit, options("a"), (value: string, n: number) => `${value} ${n}`)(1),
      await huey.contextTask(made.factory, options("b"), (value: { kind: string }, n: number) => `${value.kind} ${n}`)(2),
      await huey.contextTask(made.asyncFactory, options("c"), (value: { kind: string }) => value.kind)(),
      await huey.contextTask(made.disposable, options("d"), (value: { kind: string }) => value.kind)(),
      await huey.contextTask(made.openClose, options("e"), (value: object) => "close" in value)(),
      await huey.contextTask(made.asyncDisposable, "f", { asArgument: true }, (value: { kind: string }) => value.kind)(),
    ];
    await work(huey);
    const values = [];
    for (const result of results) values.push(await (result as { get(): Promise<unknown> }).get());
    expect(values).toEqual(["entered 1", "made 2", "made later", "disposable", true, "asyncDisposable"]);
  });

  test("an asynchronous enter is awaited", async () => {
    const huey = memory();
    const resource = { enter: async () => await Promise.resolve("entered"), exit: () => {} };
    const result = await huey.contextTask(resource, { name: "task", asArgument: true }, (value: string) => value)();
    await work(huey);
    expect(await result.get()).toBe("entered");
  });

  test("without it the function gets its own arguments only", async () => {
    const huey = memory();
    const count = huey.contextTask(resources([]).enterExit, "count", (...values: unknown[]) => values.length);
    const result = await count("x");
    await work(huey);
    expect(await result.get()).toBe(1);
  });

  test("not together with context", async () => {
    const huey = memory();
    const options = { name: "task", asArgument: true, context: true };
    const attempt = () => huey.contextTask(resources([]).enterExit, options as never, () => {});
    expect(await failure(attempt)).toBeInstanceOf(ConfigurationError);
  });

  test("context alone passes the TaskContext", async () => {
    const huey = memory();
    const options = { name: "task", context: true } as const;
    const task = huey.contextTask(resources([]).enterExit, options, (context: TaskContext, n: number) => [context.name, n]);
    const result = await task(3);
    await work(huey);
    expect(await result.get()).toEqual(["task", 3]);
  });
});

describe("errors of a resource", () => {
  test("on opening: the task fails and the body does not run", async () => {
    const huey = memory();
    const { names } = record(huey);
    const log: string[] = [];
    const resource = {
      open: () => {
        throw new Error("cannot open");
      },
      close: () => void log.push("close"),
    };
    const result = await huey.closingTask(resource, "task", () => void log.push("body"))();
    await work(huey);
    expect(log.includes("body")).toBe(false);
    expect((await failure(result.get())).message).toContain("cannot open");
    expect(names.at(-1)).toBe("error");
  });

  test("on closing after success: the task fails", async () => {
    const huey = memory();
    const resource = { open: () => {}, close: () => Promise.reject(new Error("cannot close")) };
    const result = await huey.closingTask(resource, "task", () => "value")();
    await work(huey);
    expect((await failure(result.get())).message).toContain("cannot close");
  });

  test("on closing after a failure: the body's failure is not lost", async () => {
    const huey = memory();
    const resource = { open: () => {}, close: () => Promise.reject(new Error("cannot close")) };
    const result = await huey.closingTask(resource, "task", () => {
      throw new RangeError("body failed");
    })();
    await work(huey);
    const { metadata, cause } = await failure(result.get()) as TaskException;
    const told = `${metadata.error} ${metadata.traceback} ${String((cause as { suppressed?: unknown })?.suppressed)}`;
    expect(told).toContain("body failed");
  });

  test("exit gets the body's error", async () => {
    const huey = memory();
    const got: unknown[] = [];
    const resource = { enter: () => 1, exit: (error?: unknown) => void got.push(error) };
    const boom = new Error("boom");
    const task = huey.contextTask(resource, "task", (fail: boolean) => {
      if (fail) throw boom;
    });
    await task(true);
    await task(false);
    await work(huey);
    expect(got).toEqual([boom, undefined]);
  });
});

describe("closingTask", () => {
  test("calls open and close around the body", async () => {
    const huey = memory();
    const log: string[] = [];
    const { openClose } = resources(log);
    const report = huey.closingTask(openClose, { name: "report", retries: 1 }, async (id: number) => {
      await Promise.resolve();
      log.push("body");
      return id;
    });
    expect(report.s(1).retries).toBe(1);
    const result = await report(7);
    await work(huey);
    expect([log, await result.get()] as unknown[]).toEqual([["open", "body", "close"], 7]);
  });

  test("callLocal gets the opened resource", async () => {
    const huey = memory();
    const log: string[] = [];
    const { openClose } = resources(log);
    const report = huey.closingTask(openClose, "report", (id: number) => (log.push("body"), id));
    expect(await report.callLocal(7)).toBe(7);
    expect(log).toEqual(["open", "body", "close"]);
  });

  test("takes a name and options, and gives a context", async () => {
    const huey = memory();
    const log: string[] = [];
    const { openClose } = resources(log);
    const named = huey.closingTask(openClose, "named", { retries: 2 }, (n: number) => n);
    const closing = huey.closingTask(openClose, "closing", { context: true }, (context, n: number) => context.attempt + n);
    const within = huey.contextTask(openClose, "within", { context: true }, (context, n: number) => context.attempt + n);
    const results = [await named(1), await closing(1), await within(2)] as const;
    await work(huey);
    expect(named.s(1).retries).toBe(2);
    expect([await results[0].get(), await results[1].get(), await results[2].get()]).toEqual([1, 2, 3]);
  });

  test("keeps this: methods of a class instance", async () => {
    const huey = memory();
    class Connection {
      opened = 0;
      open(): void {
        this.opened++;
      }
      close(): void {
        this.opened--;
      }
    }
    const connection = new Connection();
    const task = huey.closingTask(connection, "task", () => connection.opened);
    const result = await task();
    await work(huey);
    expect([await result.get(), connection.opened]).toEqual([1, 0]);
  });
});

test("what is no resource is refused", async () => {
  const huey = memory();
  const contextTask = huey.contextTask as (...values: unknown[]) => unknown;
  const closingTask = huey.closingTask as (...values: unknown[]) => unknown;
  for (const wrong of [undefined, null, 5, "db", {}, { open: () => {} }, { enter: () => {} }]) {
    await refusal(() => contextTask(wrong, "task", () => 1));
    await refusal(() => closingTask(wrong, "task", () => 1));
  }
  await refusal(() => closingTask({ enter: () => {}, exit: () => {} }, "task", () => 1));
  await refusal(() => contextTask({ open: () => {}, close: () => {} }, "task", { retry: 1 }, () => 1), "retry");
});
