import { describe, expect, test } from "bun:test";
import { TaskException, TaskTimeout } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, memory, record, work } from "../helpers.ts";

function failing(huey: Huey, message = "no") {
  return huey.task("fails", (): number => {
    throw new RangeError(message);
  });
}

/** A handler that keeps what it got. */
function keeping(huey: Huey) {
  const got: unknown[][] = [];
  const handler = huey.task("handler", (...values: unknown[]) => void got.push(values));
  return { got, handler };
}

describe("an error handler", () => {
  test("gets the arguments given, then the error as an Error", async () => {
    const huey = memory();
    const { got, handler } = keeping(huey);
    await huey.enqueue(failing(huey).s().onError(handler, "given", 5));
    await work(huey);
    const [values] = got;
    expect(values!.slice(0, 2)).toEqual(["given", 5]);
    expect(values![2]).toBeInstanceOf(RangeError);
    expect((values![2] as Error).message).toBe("no");
    expect(got.length).toBe(1);
  });

  test("is not called when the task succeeds", async () => {
    const huey = memory();
    const { got, handler } = keeping(huey);
    await huey.enqueue(huey.task("fine", () => 1).s().onError(handler));
    await work(huey);
    expect(got).toEqual([]);
  });

  test("does not hide the failure", async () => {
    const huey = memory();
    const { handler } = keeping(huey);
    const result = await huey.enqueue(failing(huey).s().onError(handler));
    expect(result.kind).toBe("result");
    await work(huey);
    expect(await failure(result.get())).toBeInstanceOf(TaskException);
  });

  test("a second handler handles the failure of the first", async () => {
    const huey = memory();
    const got: string[] = [];
    const first = huey.task("first", (error: Error) => {
      got.push(`first: ${error.message}`);
      throw new Error("handler failed");
    });
    const second = huey.task("second", (error: Error) => void got.push(`second: ${error.message}`));
    await huey.enqueue(failing(huey).s().onError(first).onError(second));
    await work(huey);
    expect(got).toEqual(["first: no", "second: handler failed"]);
  });

  test("a second handler is not called when the first does its work", async () => {
    const huey = memory();
    const got: string[] = [];
    const first = huey.task("first", (_error: Error) => void got.push("first"));
    const second = huey.task("second", (_error: Error) => void got.push("second"));
    await huey.enqueue(failing(huey).s().onError(first).onError(second));
    await work(huey);
    expect(got).toEqual(["first"]);
  });

  test("is called for each failed attempt", async () => {
    const huey = memory({ storeIntermediateErrors: true });
    const { got, handler } = keeping(huey);
    let runs = 0;
    const fails = huey.task({ name: "fails", retries: 2 }, () => {
      throw new Error(`failure ${++runs}`);
    });
    await huey.enqueue(fails.s().onError(handler));
    await work(huey);
    expect(got.map(([error]) => (error as Error).message)).toEqual(["failure 1", "failure 2", "failure 3"]);
  });

  test("errors of the library keep their class and fields", async () => {
    const huey = memory();
    const { got, handler } = keeping(huey);
    const slow = huey.task("slow", () => {
      throw new TaskTimeout("slow");
    });
    const locked = huey.task({ name: "locked", lock: "taken" }, () => 1);
    await huey.lockTask("taken").acquire();
    await huey.enqueue(slow.s().onError(handler));
    await huey.enqueue(locked.s().onError(handler));
    await work(huey);
    expect(got.map(([error]) => (error as Error).name).sort()).toEqual(["TaskLockedException", "TaskTimeout"]);
    const lockError = got.find(([error]) => (error as Error).name === "TaskLockedException")![0] as { lockName: string };
    expect(lockError.lockName).toBe("taken");
  });

  test("is not called for a revoked task", async () => {
    const huey = memory();
    const { got, handler } = keeping(huey);
    const result = await huey.enqueue(failing(huey).s().onError(handler));
    await result.revoke();
    await work(huey);
    expect(got).toEqual([]);
  });

  test("carries options of its own", async () => {
    const huey = memory();
    const { handler } = keeping(huey);
    await huey.enqueue(failing(huey).s().onError(handler.with({ priority: 9, retries: 4 }), "x"));
    await work(huey, { limit: 1 });
    expect((await huey.pending())[0]).toMatchObject({ name: "handler", priority: 9, retries: 4 });
  });
});

describe("the handler of a pipeline", () => {
  test("handles the failure of any step so far", async () => {
    for (const failingStep of [0, 1, 2]) {
      const huey = memory();
      const { got, handler } = keeping(huey);
      const step = huey.task("step", (index: number, _value?: number) => {
        if (index === failingStep) throw new Error(`step ${index}`);
        return index;
      });
      const pipeline = step.s(0).andThen(step, 1).andThen(step, 2).onError(handler);
      const results = await huey.enqueue(pipeline);
      await work(huey);
      expect(got.map(([error]) => (error as Error).message)).toEqual([`step ${failingStep}`]);
      expect((await failure(results.get())).message).toContain(`step ${failingStep}`);
    }
  });

  test("not of steps that are added later", async () => {
    const huey = memory();
    const { got, handler } = keeping(huey);
    const fine = huey.task("fine", () => 1);
    const bad = huey.task("bad", (_n: number) => {
      throw new Error("later");
    });
    await huey.enqueue(fine.s().onError(handler).andThen(bad));
    await work(huey);
    expect(got).toEqual([]);
  });

  test("steps and the pipeline may have handlers, each for its own", async () => {
    const huey = memory();
    const names: string[] = [];
    const { seen } = record(huey);
    const report = huey.task("report", (error: Error) => void names.push(error.message));
    const bad = huey.task("bad", (n: number): number => {
      throw new Error(`bad ${n}`);
    });
    const fine = huey.task("fine", () => 4);
    await huey.enqueue(fine.s().andThen(bad).onError(report));
    await work(huey);
    expect(names).toEqual(["bad 4"]);
    expect(seen.filter(({ signal }) => signal === "error").length).toBe(1);
  });
});
