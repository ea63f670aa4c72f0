import { describe, expect, test } from "bun:test";
import { crontab } from "../../lib/periodic/crontab.ts";
import { CancelExecution, ConfigurationError, RetryTask } from "../../lib/errors.ts";
import { chord, group } from "../../lib/composition/group.ts";
import { Huey } from "../../lib/huey/huey.ts";

import { every } from "../../lib/periodic/every.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";
import { MemoryHuey } from "../../storage/memory/huey.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { failure, memory, refusal, silent } from "../helpers.ts";

const nothing = () => {};

describe("task options", () => {
  const wrong: [Record<string, unknown>, ...(string | RegExp)[]][] = [
    [{ retries: -1 }, "retries", "-1"],
    [{ retries: 1.5 }, "retries", "1.5"],
    [{ retries: "2" }, "retries", "2"],
    [{ retries: NaN }, "retries", "NaN"],
    [{ retryDelay: -1 }, "retryDelay", "-1"],
    [{ retryDelay: "10" }, "retryDelay", "10"],
    [{ retryDelay: { minute: 1 } }, "retryDelay", "minute"],
    [{ retryBackoff: -1 }, "retryBackoff", "-1"],
    [{ retryBackoff: Infinity }, "retryBackoff", "Infinity"],
    [{ retryJitter: 1.1 }, "retryJitter", "1.1"],
    [{ retryJitter: -0.1 }, "retryJitter", "-0.1"],
    [{ retryMaxDelay: -5 }, "retryMaxDelay", "-5"],
    [{ priority: NaN }, "priority", "NaN"],
    [{ priority: "high" }, "priority", "high"],
    [{ context: "yes" }, "context", "yes"],
    [{ expires: -1 }, "expires", "-1"],
    [{ expires: "soon" }, "expires", "soon"],
    [{ expires: new Date(NaN) }, "expires"],
    [{ timeout: -1 }, "timeout", "-1"],
    [{ timeout: "1s" }, "timeout", "1s"],
    [{ delivery: "exactly-once" }, "delivery", "exactly-once", "at-most-once"],
    [{ lock: 5 }, "lock", "5"],
    [{ lock: "" }, "lock"],
    [{ lock: { name: "l", slots: 0 } }, "slots", "0"],
    [{ lock: { name: "l", ttl: -1 } }, "ttl", "-1"],
    [{ rateLimit: { limit: -1, per: 1 } }, "limit", "-1"],
    [{ rateLimit: { limit: 1, per: 0 } }, "per"],
    [{ rateLimit: { limit: 1, per: 60, algorithm: "leaky" } }, "algorithm", "leaky"],
    [{ rateLimit: { limit: 1, per: 60, burst: 2 } }, "burst"],
    [{ retrys: 2 }, "retrys", "retries"],
    [{ retry_delay: 2 }, "retry_delay", "retryDelay"],
    [{ missed: "all" }, "missed"],
    [{ asArgument: true }, "asArgument"],
  ];
  test.each(wrong)("%j is refused", async (options, ...words) => {
    const huey = memory();
    await refusal(() => huey.task("odd", options as never, nothing), ...words);
  });

  test.each([
    [[]],
    [["name"]],
    [["name", {}]],
    [[{}, "name", nothing]],
    [["name", nothing, {}]],
    [[5, nothing]],
    [[null, nothing]],
    [["", nothing]],
    [["name", null, nothing]],
    [[{ name: 5 }, nothing]],
    [[{ name: "x", fn: 5 }]],
  ])("task%j is refused", async (args) => {
    const huey = memory();
    const error = await failure(() => (huey.task as (...values: unknown[]) => unknown)(...args));
    const known = [TypeError, RangeError, ConfigurationError].some((kind) => error instanceof kind);
    expect(known).toBe(true);
  });

  test("what follows the function is refused, not ignored", async () => {
    const huey = memory();
    const define = huey.task as (...values: unknown[]) => unknown;
    for (const args of [[nothing, { retries: 2 }], [nothing, nothing], [{ name: "a" }, nothing, { retries: 2 }]]) {
      await refusal(() => define(...args));
    }
  });

  test("undefined stands for what is left out", () => {
    const huey = memory();
    const options = { retries: undefined, priority: undefined, timeout: undefined, expires: undefined };
    const task = huey.task("plain", options as never, nothing).s();
    expect([task.retries, task.priority, task.timeout, task.expires]).toEqual([0, 0, undefined, undefined]);
  });
});

describe("options of a call", () => {
  const wrong: [Record<string, unknown>, ...(string | RegExp)[]][] = [
    [{ delay: "soon" }, "delay", "soon"],
    [{ delay: NaN }, "delay", "NaN"],
    [{ eta: 5 }, "eta", "5"],
    [{ eta: "2030-01-01" }, "eta", "2030"],
    [{ eta: new Date(NaN) }, "eta"],
    [{ delay: 1, id: "" }, "id"],
    [{ delay: 1, id: 5 }, "id", "5"],
    [{ delay: 1, retries: -1 }, "retries", "-1"],
    [{ delay: 1, priority: Infinity }, "priority", "Infinity"],
    [{ delay: 1, expires: -1 }, "expires", "-1"],
    [{ delay: 1, prioriti: 1 }, "prioriti", "priority"],
    [{ delay: 1, lock: "lock" }, "lock"],
    [{ delay: 1, name: "other" }, "name"],
    [{ delay: 1, args: 5 }, "args", "5"],
    [{ delay: 1, kwargs: {} }, "kwargs"],
  ];
  test.each(wrong)("schedule(%j) is refused, nothing is stored", async (options, ...words) => {
    const huey = memory();
    const task = huey.task("task", (..._values: unknown[]) => {});
    await refusal(() => task.schedule(options as never), ...words);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
  });

  test("both delay and eta are refused", async () => {
    const huey = memory();
    const task = huey.task("task", (..._values: unknown[]) => {});
    const error = await failure(() => task.schedule({ delay: 1, eta: new Date() } as never));
    expect(error.message).toContain("delay");
    expect(error.message).toContain("eta");
    expect(await failure(() => task.with({ delay: 1, eta: new Date() } as never)())).toBeInstanceOf(Error);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
  });

  test("with() refuses what schedule() refuses", async () => {
    const huey = memory();
    const task = huey.task("task", nothing);
    await refusal(() => task.with({ priority: "1" } as never)(), "priority", "1");
    await refusal(() => task.with({ args: [] } as never)(), "args");
    await refusal(() => task.with(5 as never)(), "5");
    expect(await huey.pendingCount()).toBe(0);
  });

  test("map refuses what is not iterable", async () => {
    const huey = memory();
    const task = huey.task("task", (n: number) => n);
    await refusal(() => task.map(5 as never), "5");
    expect(await huey.pendingCount()).toBe(0);
  });
});

describe("an error handler", () => {
  test.each([[undefined], [5], [nothing], [memory().task("task", nothing).s()]])("%j is refused", async (handler) => {
    const huey = memory();
    const task = huey.task("task", nothing);
    const targets = [task.s(), task.s().andThen(task)] as unknown as { onError(handler: unknown): unknown }[];
    for (const target of targets) await refusal(() => target.onError(handler), "handler must be a task function");
  });
});

describe("options of what is read and looked for", () => {
  const get = async (huey: Huey, options: never) => await (await huey.task("task", nothing)()).get(options);
  const reschedule = async (huey: Huey, options: never) => await (await huey.task("task", nothing)()).reschedule(options);
  const wrong: [string, (huey: Huey, options: never) => unknown, Record<string, unknown>, ...string[]][] = [
    ["get", get, { blockin: true }, "blocking"],
    ["get", get, { timeout: 1e13 }, "seconds"],
    ["get", get, { maxDelay: 0 }, "more than 0"],
    ["get", get, { signal: {} }, "AbortSignal"],
    ["result", (huey, options) => huey.result("id", options), { preserve: "yes" }, "preserve"],
    ["result", (huey, options) => huey.result("id", options), { blocking: 1 }, "blocking"],
    ["group", async (huey, options) => await (await huey.enqueueMany([])).get(options), { backoff: 0 }, "at least 1"],
    ["asCompleted", async (huey, options) => await (await huey.enqueueMany([])).asCompleted(options).next(), {
      preserve: true,
    }, "asCompleted has no option"],
    ["reschedule", reschedule, {
      preservePipelin: true,
    }, "preservePipeline"],
    ["reschedule", reschedule, {
      preservePipeline: 1,
    }, "true or false"],
    ["reschedule", reschedule, {
      retries: 1,
    }, "reschedule has no option"],
    ["get of a key", (huey, options) => huey.get("key", options), { peak: true }, "peek"],
    ["revoke", (huey, options) => huey.revokeById("id", options), { untill: new Date() }, "until"],
    ["revoke", (huey, options) => huey.revokeById("id", options), { until: 5 }, "Date"],
    ["lock", (huey, options) => huey.lockTask("lock", options), { name: "other" }, "no option"],
    ["lock", (huey, options) => huey.lockTask("lock", options), { ttl: 0 }, "end at once"],
    ["rate limit", (huey, options) => huey.rateLimit("limit", options), { limit: 1, per: 1, name: "other" }, "no option"],
    ["rate limit", (huey, options) => huey.rateLimit("limit", options), { per: 1 }, "limit must be given"],
    ["RetryTask", (_huey, options) => new RetryTask(options), { dely: 1 }, "delay"],
    ["RetryTask", (_huey, options) => new RetryTask("later", options), { eta: 5 }, "Date"],
    ["CancelExecution", (_huey, options) => new CancelExecution(options), { retries: true }, "retry"],
    ["Serializer", (_huey, options) => new Serializer(options), { compresion: true }, "compression"],
    ["Serializer", (_huey, options) => new Serializer(options), { compression: "gzip" }, "true or false"],
    ["Serializer", (_huey, options) => new Serializer(options), { compressionLevel: 10 }, "from 0 to 9"],
    [
      "SignedSerializer",
      (_huey, options) => new SignedSerializer(options),
      { secret: "a secret of some length", slat: "x" },
      "salt",
    ],
    ["crontab", (_huey, options) => crontab(options), { minutes: 5 }, "minute"],
    ["crontab", (_huey, options) => crontab(options), { strict: "yes" }, "strict must be true or false"],
    ["crontab", (_huey, options) => crontab("* * * * *", options), { strict: 1 }, "strict must be true or false"],
    ["crontab", (_huey, options) => crontab("* * * * *", options), { timeZone: null }, "the name of a zone"],
    ["schedule", (huey, options) => huey.task("task", nothing).schedule(options), { priority: 1 }, "either delay or eta"],
    ["schedule", (huey, options) => huey.task("task", nothing).schedule(options), { eta: undefined }, "either delay or eta"],
    ["every", (_huey, options) => every(options), { minute: 5 }, "minutes"],
    ["every", (_huey, options) => every(options), { parsecs: 5 }, "the units are weeks"],
  ];
  test.each(wrong)("%s(%j)", async (_name, call, options, ...words) => {
    await refusal(() => call(memory(), options as never), ...words);
  });
});

test("what is no object of options is refused where options belong", async () => {
  const huey = memory();
  const add = huey.task("add", (a: number, b: number) => a + b);
  for (const wrong of [null, 5, "x", [], new Date(), new Map(), Promise.resolve({}), () => {}] as never[]) {
    const word = "an object of options";
    await refusal(() => add.schedule(wrong), word);
    await refusal(() => add.with(wrong), word);
    await refusal(() => huey.task("other", wrong, nothing), typeof wrong === "function" ? "comes last" : word);
    await refusal(() => crontab.daily(wrong), word);
    await refusal(() => crontab.hourly(wrong), word);
    if (typeof wrong !== "string") await refusal(() => crontab(wrong), word);
  }
  expect(await huey.pendingCount()).toBe(0);
});

describe("single arguments", () => {
  test("are named with their rule", async () => {
    const huey = memory();
    await refusal(() => huey.rateLimit("limit", undefined as never), "A rate limit takes an object of options: undefined");
    await refusal(() => huey.isRevoked(""), "id must not be empty");
    await refusal(() => huey.signal([1n as never], nothing), "There is no signal 1n");
    await refusal(() => new CancelExecution({ retry: 1 as never }), "retry must be true or false: 1");
    await refusal(() => new CancelExecution("no", { retry: "yes" as never }), 'retry must be true or false: "yes"');
  });
});

describe("what is passed to enqueue", () => {
  test.each([[undefined], [null], [5], ["task"], [{}], [nothing], [{ kind: "task", name: "task" }]])(
    "%j is refused",
    async (item) => {
      const huey = memory();
      huey.task("task", nothing);
      await refusal(() => huey.enqueue(item as never));
      expect(await huey.pendingCount()).toBe(0);
    },
  );

  test("what is no invocation is refused with a word about how to make one", async () => {
    const huey = memory();
    const add = huey.task("add", (..._values: unknown[]) => {});
    const called = add(1);
    const wrong: [unknown, string][] = [
      [called, "a promise: a call such as add(1, 2) enqueues the task by itself; add.s(1, 2)"],
      [await called, "which is enqueued already"],
      [add, "add.s(...)"],
      [add.with({ priority: 1 }), "add.s(...)"],
      [nothing, "huey.task(...)"],
      [[add.s()], "group([...])"],
    ];
    for (const [item, word] of wrong) {
      await refusal(() => huey.enqueue(item as never), word);
      await refusal(() => huey.enqueueMany([add.s(), item] as never), word);
      await refusal(() => group([item] as never), word);
      await refusal(() => (chord as (...args: unknown[]) => unknown)([item], add), word);
      const { andThen } = add.s() as unknown as { andThen(next: unknown): unknown };
      if (typeof item !== "function" || item === nothing) await refusal(() => andThen(item), word);
    }
    await refusal(() => huey.enqueueMany([group([])] as never), "a group: enqueue it by itself, or give its members");
    await refusal(() => (add.s().onError as (handler: unknown) => unknown)(called), "a promise");
    await refusal(() => add.map(called as never), "a promise (await it)");
    await refusal(() => huey.revoke(called as never), "a promise (await it)");
    expect(await huey.pendingCount()).toBe(1);
  });

  test("enqueueMany refuses all when one is wrong", async () => {
    const huey = memory();
    const task = huey.task("task", (..._values: unknown[]) => {});
    await refusal(() => huey.enqueueMany([task.s(), 5] as never));
    await refusal(() => huey.enqueueMany([task.s(), task.s(() => {})]), "args[0]");
    await refusal(() => huey.enqueueMany(5 as never), "5");
    expect(await huey.pendingCount()).toBe(0);
  });

  test("an argument that cannot be stored is named by its path", async () => {
    const huey = memory();
    const task = huey.task("task", (..._values: unknown[]) => {});
    await refusal(() => task({ callback: () => {} }), "args[0].callback");
    await refusal(() => task.map([[1], [Symbol("s")]] as never), "args[0]");
    expect(await huey.pendingCount()).toBe(0);
  });
});

describe("options of a Huey", () => {
  const storage = (name: string) => new MemoryStorage({ name });
  const wrong: [Record<string, unknown>, ...(string | RegExp)[]][] = [
    [{ name: "" }, "name"],
    [{ name: 5 }, "name", "5"],
    [{ results: "no" }, "results", "no"],
    [{ storeNone: 1 }, "storeNone", "1"],
    [{ storeIntermediateErrors: 0 }, "storeIntermediateErrors", "0"],
    [{ utc: "yes" }, "utc", "yes"],
    [{ immediate: "yes" }, "immediate", "yes"],
    [{ immediateUseMemory: "yes" }, "immediateUseMemory", "yes"],
    [{ serializer: {} }, "serializer"],
    [{ compression: "gzip" }, "compression", "gzip"],
    [{ useZlib: 1 }, "useZlib", "1"],
    [{ delivery: "never" }, "delivery", "never"],
    [{ maxDeliveries: 0 }, "maxDeliveries", "0"],
    [{ maxDeliveries: 1.5 }, "maxDeliveries", "1.5"],
    [{ trackState: "yes" }, "trackState", "yes"],
    [{ completionTtl: -1 }, "completionTtl", "-1"],
    [{ logger: {} }, "logger"],
    [{ storeNull: true }, "storeNull"],
  ];
  test.each(wrong)("%j is refused", async (options, ...words) => {
    await refusal(() => new Huey({ ...options, storage } as never), ...words);
  });

  test("a missing or wrong storage is refused", async () => {
    await refusal(() => new Huey({} as never), "storage");
    await refusal(() => new Huey({ storage: "redis" } as never), "storage", "redis");
  });

  test("two names contradict each other", async () => {
    const error = await failure(() => new MemoryHuey("one", { name: "two" }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe('The Huey has two names: "one" and "two"');
    expect(new MemoryHuey("one", { name: "one" }).name).toBe("one");
  });

  test("compression together with a serializer contradicts", async () => {
    const serializer = new Serializer();
    const error = await failure(() => new Huey({ storage, serializer, compression: true, logger: silent }));
    expect(error).toBeInstanceOf(ConfigurationError);
  });

  test("properties refuse wrong values too", async () => {
    const huey = memory();
    await refusal(() => void (huey.immediate = "yes" as never), "immediate", "yes");
    await refusal(() => void (huey.results = 1 as never), "results", "1");
    await refusal(() => void (huey.storeNone = "x" as never), "storeNone", "x");
    await refusal(() => void (huey.utc = null as never), "utc", "null");
  });
});
