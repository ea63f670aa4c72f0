import { describe, expect, test } from "bun:test";
import { CancelExecution, TaskException } from "../../lib/errors.ts";
import { failure, record, testHuey } from "../helpers.ts";

describe("CancelExecution from a task", () => {
  for (const options of [undefined, {}, { retry: false }]) {
    test(`${JSON.stringify(options)}: it is not tried again, whatever retries are left, and no handler is called`, async () => {
      const huey = testHuey();
      const { names } = record(huey);
      const handled: unknown[] = [];
      const handler = huey.task("handler", (error: Error) => void handled.push(error));
      const task = huey.task({ name: "task", retries: 2 }, () => {
        throw new CancelExecution(options);
      });
      const result = await huey.enqueue(task.s().onError(handler));
      expect(await huey.drain()).toHaveLength(1);
      expect([names, handled]).toEqual([["enqueued", "executing", "canceled"], []]);
      const error = await failure(result.get({ blocking: true })) as TaskException;
      expect([error.metadata.outcome, (error.cause as Error).name]).toEqual(["canceled", "CancelExecution"]);
      expect((await result.state()).state).toBe("canceled");
    });
  }

  test("retry true: even if none is left", async () => {
    const huey = testHuey();
    let runs = 0;
    const result = await huey.task("task", () => {
      if (++runs < 4) throw new CancelExecution({ retry: true });
      return "done";
    })();
    expect(await huey.drain()).toHaveLength(4);
    result.reset();
    expect(await result.get()).toBe("done");
  });

  test("carries a message", () => {
    expect(new CancelExecution("why", { retry: true })).toMatchObject({ message: "why", retry: true });
    expect(new CancelExecution().retry).toBeUndefined();
  });
});

describe("CancelExecution from a hook", () => {
  test("ends the task: a blocking get rejects at once", async () => {
    const huey = testHuey();
    huey.preExecute("no", () => {
      throw new CancelExecution("Closed");
    });
    const result = await huey.task({ name: "task", retries: 2 }, () => 1)();
    expect(await huey.drain()).toHaveLength(1);
    const error = await failure(result.get({ blocking: true }));
    expect(error).toBeInstanceOf(TaskException);
    expect((error as TaskException).metadata.outcome).toBe("canceled");
    expect(await result.state()).toMatchObject({ state: "canceled" });
  });

  test("stops the steps that follow, and calls no error handler", async () => {
    const huey = testHuey();
    const runs: string[] = [];
    const task = huey.task("task", () => void runs.push("task"));
    const next = huey.task("next", () => void runs.push("next"));
    const handler = huey.task("handler", (error: Error) => void runs.push(error.name));
    huey.preExecute("no", ({ name }) => {
      if (name === "task") throw new CancelExecution();
    });
    await huey.enqueue(task.s().onError(handler).andThen(next));
    await huey.drain();
    expect(runs).toEqual([]);
  });

  test("may be asynchronous", async () => {
    const huey = testHuey();
    let runs = 0;
    huey.preExecute("no", async () => {
      await Promise.resolve();
      throw new CancelExecution();
    });
    await huey.task("task", () => ++runs)();
    await huey.drain();
    expect(runs).toBe(0);
  });
});
