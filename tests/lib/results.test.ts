import { describe, expect, test } from "bun:test";
import { ConfigurationError, ResultTimeout, TaskException } from "../../lib/errors.ts";
import { failure, idle, NOON, record, refusal, testHuey } from "../helpers.ts";

describe("reading a result", () => {
  test("takes it; the handle keeps it; another handle sees nothing", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => "value")();
    await huey.drain();
    expect(await huey.resultCount()).toBe(1);
    expect(await result.get()).toBe("value");
    expect(await huey.resultCount()).toBe(0);
    expect(await result.get()).toBe("value");
    expect(await huey.result(result.id)).toBeUndefined();
  });

  test("preserve leaves it in the store", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => "value")();
    await huey.drain();
    expect(await result.get({ preserve: true })).toBe("value");
    expect(await huey.result(result.id, { preserve: true })).toBe("value");
    expect(await huey.resultCount()).toBe(1);
    expect(await huey.result(result.id)).toBe("value");
    expect(await huey.resultCount()).toBe(0);
  });

  test("a read without preserve takes the value, also after one with it of the same handle", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => "value")();
    await huey.drain();
    expect(await result.get({ preserve: true })).toBe("value");
    expect(await result.get()).toBe("value");
    expect(await huey.resultCount()).toBe(0);
    expect(await result.get()).toBe("value");
  });

  test("reset forgets what the handle keeps", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => "value")();
    await huey.drain();
    await result.get();
    result.reset();
    expect(await result.get()).toBeUndefined();
  });

  test("isReady consumes nothing", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => "value")();
    expect(await result.isReady()).toBe(false);
    await huey.drain();
    expect([await result.isReady(), await result.isReady()]).toEqual([true, true]);
    expect(await huey.resultCount()).toBe(1);
    await result.get();
    expect(await result.isReady()).toBe(true);
  });

  test("isReady is true for a failure too", async () => {
    const huey = testHuey();
    const result = await huey.task("fails", () => {
      throw new Error("no");
    })();
    await huey.drain();
    expect(await result.isReady()).toBe(true);
    await failure(result.get());
    expect(await result.isReady()).toBe(true);
  });

  test("by id, through the Huey", async () => {
    const huey = testHuey();
    const task = huey.task("task", (fail: boolean) => {
      if (fail) throw new Error("I failed");
      return "value";
    });
    const [good, bad] = [await task(false), await task(true)];
    await huey.drain();
    expect(await huey.result<string>(good.id)).toBe("value");
    expect(await failure(huey.result(bad.id, { blocking: true }))).toBeInstanceOf(TaskException);
    expect(await huey.result("unknown")).toBeUndefined();
  });

  test("the same failure again and again from one handle", async () => {
    const huey = testHuey();
    const result = await huey.task("fails", () => {
      throw new Error("I failed");
    })();
    await huey.drain();
    for (let n = 0; n < 3; n++) expect((await failure(result.get())).message).toContain("I failed");
    expect(await huey.resultCount()).toBe(0);
  });

  test.each([[null], [0], [""], [false], [[]], [{}]])("%j is a value", async (value) => {
    const huey = testHuey();
    const result = await huey.task("task", () => value as unknown)();
    await huey.drain();
    expect(await result.isReady()).toBe(true);
    expect(await result.get()).toEqual(value);
    expect(await result.get({ blocking: true })).toEqual(value);
  });
});

describe("a blocking get", () => {
  test("waits until the task has finished", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => "value")();
    const reading = result.get({ blocking: true });
    await huey.drain();
    expect(await reading).toBe("value");
  });

  test("any number of waiters wake; handles of their own share the value when preserved", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => "value")();
    const options = { blocking: true, preserve: true } as const;
    const reading = Promise.all([huey.result(result.id, options), huey.result(result.id, options), result.get(options)]);
    await huey.drain();
    expect(await reading).toEqual(["value", "value", "value"]);
  });

  test("ends with ResultTimeout", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1)();
    const error = await failure(result.get({ blocking: true, timeout: { milliseconds: 2 } }));
    expect(error).toBeInstanceOf(ResultTimeout);
    expect(error.message).toContain('does a consumer run for queue "');
    expect(error.message).toContain(result.id);
    expect(await result.isRevoked()).toBe(false);
  });

  test("with timeout 0 looks once", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1)();
    expect(await failure(result.get({ blocking: true, timeout: 0 }))).toBeInstanceOf(ResultTimeout);
    await huey.drain();
    expect(await result.get({ blocking: true, timeout: 0 })).toBe(1);
  });

  test("may revoke the task when the wait times out", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const result = await huey.task("task", () => 1)();
    await failure(result.get({ blocking: true, timeout: { milliseconds: 1 }, revokeOnTimeout: true }));
    expect(await result.isRevoked()).toBe(true);
    await huey.drain();
    expect(names).toEqual(["enqueued", "revoked"]);
  });

  test("ends with the reason of its signal", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1)();
    const controller = new AbortController();
    const reading = failure(result.get({ blocking: true, signal: controller.signal }));
    controller.abort(new Error("enough"));
    expect((await reading).message).toBe("enough");
    expect((await failure(result.get({ blocking: true, signal: controller.signal }))).message).toBe("enough");
    await huey.drain();
    expect(await result.get({ blocking: true })).toBe(1);
  });

  test("ends with undefined when the task returned undefined, during the wait or later", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => {});
    const during = await task();
    const reading = during.get({ blocking: true });
    await huey.drain();
    expect(await reading).toBeUndefined();
    const late = await task();
    await huey.drain();
    expect(await late.get({ blocking: true, timeout: 5 })).toBeUndefined();
    expect(await huey.resultCount()).toBe(0);
  });

  test("the note that a task has ended is kept for completionTtl", async () => {
    const huey = testHuey({ completionTtl: 30 });
    const result = await huey.task("task", () => {})();
    await huey.drain();
    idle(huey, 29);
    expect(await result.get({ blocking: true, timeout: 0 })).toBeUndefined();
    const other = await huey.task("other", () => {})();
    await huey.drain();
    idle(huey, 31);
    expect(await failure(other.get({ blocking: true, timeout: 0 }))).toBeInstanceOf(ResultTimeout);
  });

  test("rejects at once for a task that ended without running", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    const [revoked, expired] = [await task(), await task.with({ expires: new Date(NOON - 1) })()];
    const reading = failure(revoked.get({ blocking: true }));
    await revoked.revoke();
    await huey.drain();
    expect(((await reading) as TaskException).metadata).toMatchObject({ outcome: "revoked", taskId: revoked.id });
    expect(((await failure(expired.get({ blocking: true }))) as TaskException).metadata.outcome).toBe("expired");
    expect(await huey.result(expired.id)).toBeUndefined();
  });

  test("waits on through retries only if errors between are not stored", async () => {
    const huey = testHuey({ storeIntermediateErrors: false });
    let runs = 0;
    const flaky = huey.task({ name: "flaky", retries: 1, retryDelay: 5 }, () => {
      if (runs++ === 0) throw new Error("first");
      return "OK";
    });
    const result = await flaky();
    const reading = result.get({ blocking: true });
    await huey.drain();
    await huey.advance(5);
    expect(await reading).toBe("OK");
  });

  test("ends with ResultTimeout if another reader takes the value", async () => {
    const huey = testHuey();
    const { id } = await huey.task("task", () => 1)();
    const reading = Promise.allSettled([1, 2].map(() => huey.result(id, { blocking: true })));
    await huey.drain();
    expect((await reading).map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const late = await failure(huey.result(id, { blocking: true, timeout: 60 }));
    expect(late).toBeInstanceOf(ResultTimeout);
    expect(late.message).toContain("another reader took it");
    expect([await huey.result(id), (await huey.state(id)).state]).toEqual([undefined, "complete"]);
  });

  test("after a read by another handle times out", async () => {
    const huey = testHuey({ completionTtl: 10 });
    const result = await huey.task("task", () => 1)();
    await huey.drain();
    await huey.result(result.id);
    idle(huey, 60);
    expect(await failure(result.get({ blocking: true, timeout: 0 }))).toBeInstanceOf(ResultTimeout);
  });
});

describe("options of get", () => {
  const wrong: [Record<string, unknown>, ...(string | RegExp)[]][] = [
    [{ blocking: "yes" }, "blocking", "yes"],
    [{ blocking: true, timeout: -1 }, "timeout", "-1"],
    [{ blocking: true, timeout: "5" }, "timeout", "5"],
    [{ blocking: true, backoff: 0.5 }, "backoff", "0.5"],
    [{ blocking: true, maxDelay: -1 }, "maxDelay", "-1"],
    [{ blocking: true, revokeOnTimeout: 1 }, "revokeOnTimeout", "1"],
    [{ preserve: "x" }, "preserve", "x"],
    [{ signal: { reason: 1 } }, "signal", "reason"],
    [{ bloking: true }, "bloking", "blocking"],
  ];
  test.each(wrong)("%j is refused", async (options, ...words) => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1)();
    await refusal(() => result.get(options as never), ...words);
    await refusal(() => huey.result(result.id, options as never), ...words);
  });

  test("an id that is no id is refused", async () => {
    const huey = testHuey();
    await refusal(() => huey.result(5 as never), "5");
    await refusal(() => huey.result(""));
  });
});

describe("results of one task or call", () => {
  test("are not stored where it says so: a read is refused, whatever the Huey does", async () => {
    const huey = testHuey();
    const silent = huey.task({ name: "silent", results: false }, () => 1);
    const loud = huey.task("loud", () => 2);
    const results = [await silent(), await loud.with({ results: false })()];
    const told = await silent.with({ results: true })();
    await huey.drain();
    for (const result of results) {
      for (const options of [{}, { blocking: true }]) {
        const error = await failure(result.get(options));
        expect(error).toBeInstanceOf(ConfigurationError);
        expect(error.message).toContain(`${result.task.name}: ${result.id}`);
      }
    }
    expect([await told.get(), await huey.resultCount()]).toEqual([1, 0]);
  });

  test("are stored where it says so although the Huey stores none; by id they are found when they are there", async () => {
    const huey = testHuey({ results: false });
    const task = huey.task("task", (): number => 1);
    const [kept, dropped] = [await task.with({ results: true })(), await task()];
    await huey.drain();
    expect(await huey.result(kept.id, { preserve: true })).toBe(1);
    expect(await kept.get({ blocking: true })).toBe(1);
    for (const id of [kept.id, dropped.id]) {
      expect(await failure(huey.result(id, { blocking: true }))).toBeInstanceOf(ConfigurationError);
    }
  });

  test("of a later step: its end is known without them", async () => {
    const huey = testHuey();
    const fail = huey.task("fail", (): number => {
      throw new Error("no");
    });
    const silent = huey.task({ name: "silent", results: false }, (n: number) => n);
    const [, second] = await huey.enqueue(fail.s().andThen(silent));
    await huey.drain();
    expect([await second!.isReady(), await huey.resultCount()] as unknown[]).toEqual([true, 1]);
  });

  test("go after resultTtl", async () => {
    const huey = testHuey({ resultTtl: 100, completionTtl: 1000 });
    const [read, unread] = await huey.task("task", (n: number) => n).map([1, 2]);
    await huey.drain();
    idle(huey, 99);
    expect(await read!.get()).toBe(1);
    idle(huey, 2);
    expect([await unread!.get(), await huey.resultCount()] as unknown[]).toEqual([undefined, 0]);
    expect((await failure(unread!.get({ blocking: true }))).message).toContain("resultTtl");
  });
});

describe("results: false", () => {
  test("stores nothing; the handle still revokes and reschedules", async () => {
    const huey = testHuey({ results: false });
    let runs = 0;
    const task = huey.task("task", () => ++runs);
    const result = await task();
    expect(await failure(result.get())).toBeInstanceOf(ConfigurationError);
    expect(await failure(result.get({ blocking: true }))).toBeInstanceOf(ConfigurationError);
    await result.revoke();
    expect(await result.isRevoked()).toBe(true);
    await huey.drain();
    expect(runs).toBe(0);
    const other = await (await task.schedule({ delay: 100 })).reschedule();
    await huey.drain();
    expect([runs, await huey.storage.results.size()]).toEqual([1, 0]);
    expect(await failure(other.get())).toBeInstanceOf(ConfigurationError);
  });

  test("errors are not stored either, groups reject too", async () => {
    const huey = testHuey({ results: false });
    const fails = huey.task("fails", (_n: number) => {
      throw new Error("no");
    });
    const results = await fails.map([1, 2]);
    await huey.drain();
    expect(await huey.resultCount()).toBe(0);
    expect(await failure(results.get())).toBeInstanceOf(ConfigurationError);
  });

  test("can be changed at any time", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    huey.results = false;
    await task();
    await huey.drain();
    expect(await huey.resultCount()).toBe(0);
    huey.results = true;
    const result = await task();
    await huey.drain();
    expect(await result.get()).toBe(1);
  });
});

describe("storeNone", () => {
  test("false: undefined is not stored", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => {})();
    await huey.drain();
    expect([await huey.resultCount(), await result.get()]).toEqual([0, undefined]);
  });

  test("true: it is stored and counted", async () => {
    const huey = testHuey({ storeNone: true });
    const result = await huey.task("task", () => {})();
    await huey.drain();
    expect([await huey.resultCount(), await result.isReady()]).toEqual([1, true]);
    expect(await result.get()).toBeUndefined();
    expect(await huey.resultCount()).toBe(0);
  });
});
