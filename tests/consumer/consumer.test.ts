import { afterEach, describe, expect, test } from "bun:test";
import { Consumer } from "../../consumer/consumer.ts";
import type { ConsumerOptions } from "../../consumer/consumer.ts";
import { COMMAND_KEYS } from "../../consumer/options/options.ts";
import { coreOf } from "../../lib/core/core.ts";
import { ConfigurationError, StorageError } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, logbook, memory, record } from "../helpers.ts";

const consumers: Consumer[] = [];

afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop({ graceful: false, grace: 0 })));
});

function make(huey: Huey, options: ConsumerOptions = {}): Consumer {
  const consumer = new Consumer(huey, options);
  consumers.push(consumer);
  return consumer;
}

/** A task that tells when it begins, and ends when `end` is called. */
function stuck(huey: Huey): { call: () => Promise<unknown>; begun: Promise<void>; end: () => void } {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const task = huey.task("stuck", () => {
    begun.resolve();
    return gate.promise;
  });
  return { call: () => task(), begun: begun.promise, end: gate.resolve };
}

describe("Consumer()", () => {
  test("refuses what is no Huey", () => {
    expect(() => new Consumer({} as Huey)).toThrow(TypeError);
    expect(() => new Consumer(undefined as unknown as Huey)).toThrow(TypeError);
  });

  test("refuses wrong options, naming option, value and rule", () => {
    const huey = memory();
    const refused: [ConsumerOptions, ErrorConstructor, string][] = [
      [{ workers: 0 }, RangeError, "workers must be a whole number, from 1 to 100000: 0"],
      [{ workers: 1.5 }, RangeError, "workers must be a whole number, from 1 to 100000: 1.5"],
      [{ workers: "4" as never }, TypeError, 'workers must be a whole number, from 1 to 100000: "4"'],
      [{ workerType: "fiber" as never }, RangeError, 'workerType must be one of greenlet, thread, process: "fiber"'],
      [{ backoff: 0.9 }, RangeError, "backoff must be a number, at least 1: 0.9"],
      [{ schedulerInterval: 7 }, RangeError, "schedulerInterval must be a number of seconds from 1 to 60 that divides 60: 7"],
      [{ schedulerInterval: { minutes: 2 } }, RangeError, 'that divides 60: {"minutes":2}'],
      [{ periodic: 1 as never }, TypeError, "periodic must be true or false: 1"],
      [{ extraLocks: "a" as never }, TypeError, 'extraLocks must be a list of names: "a"'],
      [{ lease: -1 }, RangeError, "lease must not be negative: -1"],
      [{ maxTasks: 0 }, RangeError, "maxTasks must be a whole number, at least 1: 0"],
      [{ speed: 9 } as never, TypeError, 'A consumer has no option "speed"'],
      [5 as never, TypeError, "A consumer takes an object of options: 5"],
      [null as never, TypeError, "A consumer takes an object of options: null"],
    ];
    for (const [options, type, message] of refused) {
      expect(() => new Consumer(huey, options)).toThrow(message);
      expect(() => new Consumer(huey, options)).toThrow(type);
    }
  });

  test("refuses wrong options of a stop", async () => {
    const consumer = new Consumer(memory());
    await expect(consumer.stop({ gracefull: false } as never)).rejects.toThrow('did you mean "graceful"?');
    await expect(consumer.stop({ graceful: 0 as never })).rejects.toThrow("graceful must be true or false: 0");
  });

  test("refuses options of the command line, even without effect", () => {
    for (const key of COMMAND_KEYS) {
      expect(() => new Consumer(memory(), { [key]: "x" })).toThrow(TypeError);
      expect(() => new Consumer(memory(), { [key]: true })).toThrow(
        `A consumer has no option "${key}": it is one of the command`,
      );
    }
  });

  test("refuses options that contradict each other", () => {
    const huey = memory();
    expect(() => new Consumer(huey, { maxTasks: 5, checkWorkerHealth: false })).toThrow(ConfigurationError);
    expect(() => new Consumer(huey, { initialDelay: 2, maxDelay: 1 })).toThrow(ConfigurationError);
    expect(() => new Consumer(huey, { workerType: "thread" })).toThrow("needs the option module");
  });

  test("refuses a memory storage with workers elsewhere", () => {
    for (const workerType of ["thread", "process"] as const) {
      expect(() => new Consumer(memory(), { workerType, module: "app.ts" })).toThrow('use workerType "greenlet"');
    }
  });

  test("refuses a Huey in immediate mode", async () => {
    const huey = memory();
    const consumer = make(huey);
    huey.immediate = true;
    expect(() => new Consumer(huey)).toThrow(ConfigurationError);
    expect(await failure(consumer.start())).toBeInstanceOf(ConfigurationError);
  });
});

describe("Consumer", () => {
  test("runs tasks, also as `await using`", async () => {
    const huey = memory();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add(1, 2);
    {
      await using consumer = new Consumer(huey);
      await consumer.start();
      await consumer.waitFor("idle");
      expect(await result.get()).toBe(3);
    }
    await add(3, 4);
    expect(await huey.pendingCount()).toBe(1);
  });

  test("runs delayed tasks and pipelines", async () => {
    const huey = memory();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await make(huey, { workers: 4 }).start();
    const later = await add.schedule({ args: [1, 2], delay: { milliseconds: 5 } });
    expect(await later.get({ blocking: true })).toBe(3);
    const steps = await huey.enqueue(add.s(1, 2).andThen(add, 3).andThen(add, 4));
    expect(await steps.get({ blocking: true })).toEqual([3, 6, 10]);
  });

  test("the signals of a delayed task come in their order", async () => {
    const huey = memory();
    const { names } = record(huey);
    const task = huey.task("task", () => "done");
    await make(huey).start();
    const result = await task.schedule({ delay: { milliseconds: 300 } });
    await result.get({ blocking: true });
    await consumers[0]!.stop();
    expect(names).toEqual(["scheduled", "enqueued", "executing", "complete"]);
  });

  test("start() twice is an error, start() after stop() is not", async () => {
    const huey = memory();
    const consumer = make(huey);
    await consumer.start();
    expect(await failure(consumer.start())).toBeInstanceOf(ConfigurationError);
    await consumer.stop();
    await consumer.start();
    await consumer.waitFor("idle");
  });

  test("stop() is idempotent, also before start()", async () => {
    const consumer = make(memory());
    await consumer.stop();
    await consumer.start();
    await Promise.all([consumer.stop(), consumer.stop()]);
    await consumer.stop();
  });

  test("run() ends when it is stopped", async () => {
    const huey = memory();
    const consumer = make(huey);
    const ran = consumer.run();
    await consumer.waitFor("started");
    const stopped = consumer.waitFor("stopped");
    await consumer.stop();
    await ran;
    await stopped;
  });

  test("a failure at the start leaves nothing behind", async () => {
    const huey = memory();
    const { renewLease } = huey.storage;
    huey.storage.renewLease = () => Promise.reject(new StorageError("no connection"));
    const consumer = make(huey);
    expect(await failure(consumer.start())).toBeInstanceOf(StorageError);
    huey.storage.renewLease = renewLease;
    await consumer.start();
    await consumer.waitFor("idle");
  });

  test("a graceful stop waits for running tasks", async () => {
    const huey = memory();
    const { call, begun, end } = stuck(huey);
    const { names } = record(huey);
    await call();
    const consumer = make(huey);
    await consumer.start();
    await begun;
    const stopped = consumer.stop();
    end();
    await stopped;
    expect(names.at(-1)).toBe("complete");
  });

  test("a graceful stop ends although the Huey was closed while a task ran", async () => {
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    const { call, begun, end } = stuck(huey);
    await call();
    const consumer = make(huey);
    await consumer.start();
    await begun;
    await huey.close();
    const stopped = consumer.stop();
    end();
    await stopped;
    const told = lines.filter(({ level }) => level === "error").map(({ message }) => message);
    expect(told.some((message) => /attempt of task .* could not be settled/.test(message))).toBe(true);
  });

  test("a forced stop gives running tasks back, as interrupted", async () => {
    const huey = memory();
    const { call, begun } = stuck(huey);
    const { names } = record(huey);
    await call();
    const consumer = make(huey, { grace: 0.001 });
    await consumer.start();
    await begun;
    await consumer.stop({ graceful: false });
    expect(names.at(-1)).toBe("interrupted");
    expect(await huey.pendingCount()).toBe(1);
    expect(await huey.storage.leases()).toEqual([]);
  });

  test("a second stop may be less patient than the first", async () => {
    const huey = memory();
    const { call, begun } = stuck(huey);
    await call();
    const consumer = make(huey);
    await consumer.start();
    await begun;
    const patient = consumer.stop();
    const less = consumer.stop({ graceful: false, grace: 3600 });
    const least = consumer.stop({ graceful: false, grace: 0 });
    await Promise.all([patient, less, least]);
    expect(await huey.pendingCount()).toBe(1);
  });

  test("waitFor() ends with the reason of its signal", async () => {
    const consumer = make(memory());
    const controller = new AbortController();
    const waiting = failure(consumer.waitFor("started", { signal: controller.signal }));
    controller.abort(new Error("enough"));
    expect((await waiting).message).toBe("enough");
    expect((await failure(consumer.waitFor("started", { signal: controller.signal }))).message).toBe("enough");
    expect(await failure(() => consumer.waitFor("ready" as never))).toBeInstanceOf(TypeError);
    expect((await failure(() => consumer.waitFor(1n as never))).message).toContain('"stopped": 1n');
  });

  test("waiting for idle ends when it is stopped", async () => {
    const huey = memory();
    const { call, begun } = stuck(huey);
    await call();
    const consumer = make(huey, { grace: 0 });
    await consumer.start();
    await begun;
    const waiting = failure(consumer.waitFor("idle"));
    await consumer.stop({ graceful: false });
    expect(await waiting).toBeInstanceOf(ConfigurationError);
  });

  test("runs startup and shutdown hooks, again after maxTasks", async () => {
    const huey = memory();
    const seen: string[] = [];
    huey.onStartup("up", () => void seen.push("up"));
    huey.onShutdown("down", () => void seen.push("down"));
    const note = huey.task("note", (value: number) => void seen.push(`note ${value}`));
    await note.map([1, 2, 3]);
    const consumer = make(huey, { maxTasks: 2 });
    await consumer.start();
    await consumer.waitFor("idle");
    await consumer.stop();
    expect(seen).toEqual(["up", "note 1", "note 2", "down", "up", "note 3", "down"]);
  });

  test("runs these hooks once for all workers of one isolate", async () => {
    const huey = memory();
    const seen: string[] = [];
    huey.onStartup("up", () => void seen.push("up"));
    huey.onShutdown("down", () => void seen.push("down"));
    const consumer = make(huey, { workers: 3 });
    await consumer.start();
    expect(seen).toEqual(["up"]);
    await consumer.stop();
    expect(seen).toEqual(["up", "down"]);
  });

  test("clears locks at the start when told to", async () => {
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    await huey.lockTask("known").acquire();
    await huey.lockTask("other").acquire();
    await make(huey, { extraLocks: ["other"] }).start();
    expect(await huey.isLocked("known")).toBe(false);
    expect(await huey.isLocked("other")).toBe(false);
    const cleared = lines.find(({ message }) => message.startsWith("Locks cleared"));
    expect(cleared?.level).toBe("warn");
  });

  test("says what it runs", async () => {
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    huey.task("add", (a: number, b: number) => a + b);
    await make(huey, { workers: 2, periodic: false }).start();
    const text = lines.map(({ message }) => message).join("\n");
    expect(text).toContain("Consumer started with 2 greenlet workers, PID ");
    expect(text).toContain("Periodic tasks are disabled");
    expect(text).toContain("\n+ add");
    expect(lines.filter(({ message }) => message.includes("\n"))).toEqual([]);
  });

  test("two consumers share a Huey without taking each other's tasks", async () => {
    const huey = memory();
    const { call, begun, end } = stuck(huey);
    await call();
    const [one, two] = [make(huey), make(huey)];
    await one.start();
    await begun;
    await two.start();
    await two.waitFor("idle");
    await two.stop({ graceful: false, grace: 0 });
    expect(coreOf(huey)!.running.size).toBe(1);
    end();
    await one.waitFor("idle");
    expect(await huey.pendingCount()).toBe(0);
  });
});
