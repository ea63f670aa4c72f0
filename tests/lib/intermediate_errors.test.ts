import { describe, expect, test } from "bun:test";
import { CancelExecution, ResultTimeout, RetryTask, TaskException } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, testHuey } from "../helpers.ts";

function failing(huey: Huey, retries: number) {
  const handled: string[] = [];
  const handler = huey.task("handler", (error: Error) => void handled.push(error.message));
  let runs = 0;
  const fails = huey.task({ name: "fails", retries }, () => {
    throw new Error(`failure ${++runs}`);
  });
  return { handled, enqueue: () => huey.enqueue(fails.s().onError(handler)) };
}

describe("storeIntermediateErrors", () => {
  test("true: each failed attempt stores its error and calls the handler", async () => {
    const huey = testHuey({ storeIntermediateErrors: true });
    const { handled, enqueue } = failing(huey, 2);
    const result = await enqueue();
    await huey.drain({ limit: 1 });
    expect(((await failure(result.get())) as TaskException).metadata.retries).toBe(2);
    await huey.drain();
    expect(handled).toEqual(["failure 1", "failure 2", "failure 3"]);
    result.reset();
    const error = await failure(result.get());
    expect(error.message).toContain("failure 3");
    expect((error as TaskException).metadata.retries).toBe(0);
  });

  test.each([{}, { preserve: true }])(
    "true: who looks meanwhile sees the error, who waits sees the end (%j)",
    async (options) => {
      const huey = testHuey({ storeIntermediateErrors: true });
      let runs = 0;
      const flaky = huey.task({ name: "flaky", retries: 2 }, () => {
        if (++runs < 3) throw new Error(`failure ${runs}`);
        return "OK";
      });
      const result = await flaky();
      const waiting = [result.get({ blocking: true, ...options }), huey.result(result.id, { blocking: true, preserve: true })];
      await huey.drain({ limit: 1 });
      expect(await result.isReady()).toBe(true);
      expect((await failure(huey.result(result.id, { preserve: true }))).message).toContain("failure 1");
      expect((await failure(result.get(options))).message).toContain("failure 1");
      const later = result.get({ blocking: true, preserve: true });
      await huey.drain();
      expect(await later).toBe("OK");
      expect(await Promise.all(waiting)).toEqual(["OK", "OK"]);
    },
  );

  test("true: who has waited too long knows nothing of the error that he was not given", async () => {
    const huey = testHuey({ storeIntermediateErrors: true });
    const result = await failing(huey, 2).enqueue();
    await huey.drain({ limit: 1 });
    for (const preserve of [false, true]) {
      await expect(result.get({ blocking: true, preserve, timeout: 0 })).rejects.toThrow(ResultTimeout);
    }
    expect(await result.isReady()).toBe(true);
    await huey.flush();
    expect(await result.isReady()).toBe(false);
    expect(await result.get()).toBeUndefined();
  });

  test("true: an error that was taken by somebody who looked does not end the wait of another", async () => {
    const huey = testHuey({ storeIntermediateErrors: true, trackState: false });
    const { enqueue } = failing(huey, 1);
    const result = await enqueue();
    const waiting = failure(result.get({ blocking: true }));
    await huey.drain({ limit: 1 });
    expect((await failure(huey.result(result.id))).message).toContain("failure 1");
    await huey.drain();
    expect((await waiting).message).toContain("failure 2");
  });

  test("true: a later success replaces the error", async () => {
    const huey = testHuey({ storeIntermediateErrors: true });
    let runs = 0;
    const result = await huey.task({ name: "flaky", retries: 1 }, () => {
      if (runs++ === 0) throw new Error("first");
      return "OK";
    })();
    await huey.drain();
    expect(await result.get()).toBe("OK");
  });

  test("false, the default: only the last failure is stored and handled", async () => {
    const huey = testHuey();
    const { handled, enqueue } = failing(huey, 2);
    const result = await enqueue();
    await huey.drain({ limit: 2 });
    expect([await result.get(), await result.isReady(), handled.length]).toEqual([undefined, false, 0]);
    await huey.drain();
    expect(handled).toEqual(["failure 3"]);
    expect((await failure(result.get())).message).toContain("failure 3");
  });

  test("false: RetryTask and a canceled attempt that is retried count as retried", async () => {
    const huey = testHuey({ storeIntermediateErrors: false });
    const again = huey.task("again", (cancel: boolean) => {
      throw cancel ? new CancelExecution({ retry: true }) : new RetryTask({ delay: 5 });
    });
    const results = [await again(false), await again.with({ retryDelay: 5 })(true)];
    expect(await huey.drain()).toHaveLength(2);
    expect(await Promise.all(results.map((result) => result.get()))).toEqual([undefined, undefined]);
    expect(await huey.advance(5)).toHaveLength(2);
  });

  test("false: the signals still tell of each attempt", async () => {
    const huey = testHuey({ storeIntermediateErrors: false });
    let errors = 0;
    huey.signal("error", () => void errors++);
    await failing(huey, 2).enqueue();
    await huey.drain();
    expect(errors).toBe(3);
  });
});

describe("a stored error", () => {
  test("is a TaskException with metadata; its cause is the error, rebuilt", async () => {
    const huey = testHuey();
    const fails = huey.task("fails", () => {
      throw new RangeError("too far", { cause: new Error("inner") });
    });
    const result = await fails();
    await huey.drain();
    const error = await failure(result.get()) as TaskException;
    expect(error).toBeInstanceOf(TaskException);
    expect(error.metadata).toMatchObject({ taskId: result.id, retries: 0 });
    expect(error.metadata.error).toContain("RangeError");
    expect(error.metadata.error).toContain("too far");
    expect(error.metadata.traceback).toContain("too far");
    expect(error.metadata.outcome ?? "failed").toBe("failed");
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).message).toBe("too far");
    expect(((error.cause as Error).cause as Error).message).toBe("inner");
  });

  test.each([["a string"], [5], [null], [undefined], [{ code: 7 }], [{ hook: () => {} }], [Symbol("s")]])(
    "thrown %p becomes an error",
    async (thrown) => {
      const huey = testHuey();
      const fails = huey.task("fails", () => {
        throw thrown;
      });
      const result = await fails();
      await huey.drain();
      expect(await failure(result.get())).toBeInstanceOf(TaskException);
      expect(await result.state()).toMatchObject({ state: "failed" });
    },
  );

  test("of a re-thrown TaskException tells the inner error", async () => {
    const huey = testHuey();
    const inner = huey.task("inner", () => {
      throw new Error("deep down");
    });
    const outer = huey.task("outer", async (id: string) => await huey.result(id));
    const first = await inner();
    await huey.drain();
    const second = await outer(first.id);
    await huey.drain();
    expect(((await failure(second.get())) as TaskException).metadata.error).toContain("deep down");
  });

  test("that cannot be stored whole is still an error", async () => {
    const huey = testHuey();
    const fails = huey.task("fails", () => {
      throw Object.assign(new Error("odd"), { callback: () => {}, cycle: {} as unknown });
    });
    const result = await fails();
    await huey.drain();
    expect((await failure(result.get())).message).toContain("odd");
  });

  test("a value that cannot be stored fails the task, naming the path", async () => {
    const huey = testHuey();
    const { names } = { names: [] as string[] };
    huey.signal((signal) => void names.push(signal));
    const bad = huey.task("bad", () => ({ list: [() => 1] }));
    const result = await bad();
    await huey.drain();
    expect((await failure(result.get())).message).toContain("list[0]");
    expect(names).toEqual(["enqueued", "executing", "error"]);
  });
});
