import { describe, expect, test } from "bun:test";
import { type TaskException, TaskTimeout } from "../../lib/errors.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { failure, idle, memory, record, testHuey, work } from "../helpers.ts";

/** Never settles by itself; rejects when the signal is aborted. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

const BRIEF = { milliseconds: 3 };

describe("a timeout", () => {
  test("aborts the signal; the task ends with TaskTimeout", async () => {
    const huey = memory();
    const { names, seen } = record(huey);
    let reason: unknown;
    const slow = huey.task({ name: "slow", context: true, timeout: BRIEF }, async ({ signal }: TaskContext) => {
      await untilAborted(signal).catch((error) => {
        reason = error;
        throw error;
      });
    });
    const result = await slow();
    await work(huey);
    expect(names).toEqual(["enqueued", "executing", "timeout"]);
    expect(seen.at(-1)!.error).toBeInstanceOf(TaskTimeout);
    expect(reason).toBeInstanceOf(TaskTimeout);
    const error = await failure(result.get()) as TaskException;
    expect(error.metadata.error).toContain("TaskTimeout");
    expect(error.cause).toBeInstanceOf(TaskTimeout);
  });

  test("makes no circle of causes, whatever the task makes of the reason", async () => {
    const huey = memory();
    const slow = huey.task({ name: "slow", context: true, timeout: BRIEF }, async ({ signal }: TaskContext) => {
      await untilAborted(signal).catch((reason) => {
        throw new Error("download failed", { cause: new AggregateError([new Error("mirror"), reason]) });
      });
    });
    const result = await slow();
    const { seen } = record(huey);
    await work(huey);
    const { error } = seen.at(-1)!;
    expect(error).toBeInstanceOf(TaskTimeout);
    expect((error!.cause as Error).message).toBe("download failed");
    expect((error!.cause as Error).cause).toBeUndefined();
    expect((await failure(result.get()) as TaskException).metadata.error).toContain("TaskTimeout");
  });

  test("ends a task that does not look at its signal", async () => {
    const huey = memory();
    const { names } = record(huey);
    const stuck = huey.task({ name: "stuck", timeout: BRIEF }, () => new Promise<never>(() => {}));
    await stuck();
    await work(huey);
    expect(names).toEqual(["enqueued", "executing", "timeout"]);
  });

  test("an AbortError that the signal caused counts as the timeout", async () => {
    const huey = memory();
    const { names } = record(huey);
    const slow = huey.task({ name: "slow", context: true, timeout: BRIEF }, async ({ signal }: TaskContext) => {
      await untilAborted(signal).catch(() => {
        throw new DOMException("This operation was aborted", "AbortError");
      });
    });
    await slow();
    await work(huey);
    expect(names).toEqual(["enqueued", "executing", "timeout"]);
  });

  test("is retried like any failure, with a timeout of its own for each attempt", async () => {
    const huey = memory();
    const { names } = record(huey);
    const options = { name: "slow", context: true, timeout: BRIEF, retries: 1 } as const;
    const slow = huey.task(options, async ({ signal, attempt }: TaskContext) => {
      if (attempt === 1) await untilAborted(signal);
      return signal.aborted;
    });
    const result = await slow();
    await work(huey);
    expect(await result.get()).toBe(false);
    const again = ["executing", "timeout", "retrying", "enqueued"];
    expect(names).toEqual(["enqueued", ...again, "executing", "complete"]);
  });

  test("checkTimeout throws once the time is over", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const seen: unknown[] = [];
    const slow = huey.task({ name: "slow", context: true, timeout: BRIEF }, (context: TaskContext) => {
      context.checkTimeout();
      seen.push(context.isTimedOut, context.timeRemaining > 0, context.timeRemaining <= 0.003);
      idle(huey, 0.004); // a task that never yields
      seen.push(context.isTimedOut, context.timeRemaining);
      context.checkTimeout();
      seen.push("not reached");
    });
    await slow();
    await huey.drain();
    expect(seen).toEqual([false, true, true, true, 0]);
    expect(names.at(-1)).toBe("timeout");
  });

  test.each([[undefined], [0]])("%p is none", async (timeout) => {
    const huey = memory();
    const task = huey.task({ name: "task", context: true, timeout: timeout! }, (context: TaskContext) => {
      context.checkTimeout();
      return [context.timeRemaining, context.isTimedOut, context.signal.aborted];
    });
    const result = await task();
    await work(huey);
    expect(await result.get()).toEqual([Infinity, false, false]);
  });

  test("0 in a call switches the task's own off", async () => {
    const huey = memory();
    const task = huey.task({ name: "task", context: true, timeout: BRIEF }, ({ timeRemaining }: TaskContext) => timeRemaining);
    const result = await task.with({ timeout: 0 })();
    await work(huey);
    expect(await result.get()).toBe(Infinity);
  });

  test("is not raised for a task that ends in time", async () => {
    const huey = memory();
    const { names } = record(huey);
    const task = huey.task({ name: "task", timeout: { hours: 1 } }, async () => await Promise.resolve("quick"));
    const result = await task();
    await work(huey);
    expect([await result.get(), names.at(-1)]).toEqual(["quick", "complete"]);
  });

  test("a TaskTimeout that a task throws itself counts as one", async () => {
    const huey = memory();
    const { names } = record(huey);
    await huey.task("task", () => {
      throw new TaskTimeout("my own");
    })();
    await work(huey);
    expect(names.at(-1)).toBe("timeout");
  });
});
