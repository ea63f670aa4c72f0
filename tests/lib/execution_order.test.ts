import { describe, expect, test } from "bun:test";
import { CancelExecution, RateLimitExceeded, RetryTask, TaskLockedException, TaskTimeout } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { idle, jump, record, testHuey, work } from "../helpers.ts";

/** Signals, hooks and bodies in the order in which they happen. */
function follow(huey: Huey): string[] {
  const steps: string[] = [];
  huey.signal((signal) => void steps.push(signal));
  huey.preExecute("pre", () => void steps.push("pre"));
  huey.postExecute("post", () => void steps.push("post"));
  return steps;
}

describe("signals and hooks in order", () => {
  test("success", async () => {
    const huey = testHuey();
    const steps = follow(huey);
    await huey.task("task", () => void steps.push("body"))();
    await work(huey);
    expect(steps).toEqual(["enqueued", "executing", "pre", "body", "post", "complete"]);
  });

  test("success of a step enqueues the next one last", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => {});
    const steps = follow(huey);
    await huey.enqueue(task.s().andThen(task));
    await work(huey, { limit: 1 });
    expect(steps).toEqual(["enqueued", "executing", "pre", "post", "complete", "enqueued"]);
  });

  test("failure with a retry at once: handler before retry", async () => {
    const huey = testHuey({ storeIntermediateErrors: true });
    const names: string[] = [];
    const fails = huey.task({ name: "fails", retries: 1 }, () => {
      throw new Error("no");
    });
    const handler = huey.task("handler", (error: Error) => error.message);
    huey.signal((signal, task) => void names.push(`${signal} ${task.name}`));
    huey.postExecute("post", () => void names.push("post"));
    await huey.enqueue(fails.s().onError(handler));
    await work(huey, { limit: 1 });
    expect(names).toEqual([
      "enqueued fails",
      "executing fails",
      "error fails",
      "post",
      "enqueued handler",
      "retrying fails",
      "enqueued fails",
    ]);
  });

  test("failure with a later retry", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    await huey.task({ name: "fails", retries: 1, retryDelay: 5 }, () => {
      throw new Error("no");
    })();
    await work(huey);
    expect(names.slice(0, 4)).toEqual(["enqueued", "executing", "error", "retrying"]);
    expect(names.at(-1)).toBe("scheduled");
  });

  test("final failure", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    await huey.task("fails", () => {
      throw new Error("no");
    })();
    await work(huey);
    expect(names).toEqual(["enqueued", "executing", "error"]);
  });

  test("RetryTask: no error", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    await huey.task("again", () => {
      throw new RetryTask();
    })();
    await work(huey, { limit: 1 });
    expect(names).toEqual(["enqueued", "executing", "retrying", "enqueued"]);
  });

  const failures: [string, () => Error, string][] = [
    ["locked", () => new TaskLockedException("lock"), "locked"],
    ["timeout", () => new TaskTimeout("slow"), "timeout"],
    ["canceled", () => new CancelExecution(), "canceled"],
    ["anything else", () => new TypeError("no"), "error"],
  ];
  test.each(failures)("%s has its own signal", async (_name, make, signal) => {
    const huey = testHuey();
    const { names } = record(huey);
    await huey.task("fails", () => {
      throw make();
    })();
    await work(huey);
    expect(names).toEqual(["enqueued", "executing", signal]);
  });

  test("rate limited: its own signal, then a later retry", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    await huey.task("limited", () => {
      throw new RateLimitExceeded("api", 5);
    })();
    await work(huey);
    expect(names.slice(0, 4)).toEqual(["enqueued", "executing", "rate-limited", "retrying"]);
    expect(names.at(-1)).toBe("scheduled");
  });

  test("the four failures carry their error, the others nothing", async () => {
    const huey = testHuey();
    const { seen } = record(huey);
    const errors: Error[] = [
      new TaskLockedException("l"),
      new TaskTimeout("t"),
      new RateLimitExceeded("r", 1, false),
      new Error("e"),
      new CancelExecution("c"),
    ];
    const fails = huey.task("fails", (index: number) => {
      throw errors[index];
    });
    await fails.map([0, 1, 2, 3, 4]);
    await work(huey);
    expect(seen.at(-1)!.signal).toBe("canceled");
    const carried = seen.filter(({ error }) => error !== undefined).map(({ signal, error }) => [signal, error]);
    expect(carried).toEqual([["locked", errors[0]], ["timeout", errors[1]], ["rate-limited", errors[2]], ["error", errors[3]]]);
  });
});

describe("tasks that do not run", () => {
  test("revoked: at the time when it would run, no hooks", async () => {
    const huey = testHuey();
    const steps = follow(huey);
    const result = await huey.task("task", () => void steps.push("body"))();
    await result.revoke();
    expect(steps).toEqual(["enqueued"]);
    await work(huey);
    expect(steps).toEqual(["enqueued", "revoked"]);
    expect(await huey.resultCount()).toBe(0);
  });

  test("expired: no hooks", async () => {
    const huey = testHuey();
    const steps = follow(huey);
    await huey.task({ name: "task", expires: 5 }, () => void steps.push("body"))();
    idle(huey, 6);
    await work(huey);
    expect(steps).toEqual(["enqueued", "expired"]);
  });

  test("revoked wins over expired", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const result = await huey.task({ name: "task", expires: 5 }, () => {})();
    await result.revoke();
    idle(huey, 6);
    await work(huey);
    expect(names).toEqual(["enqueued", "revoked"]);
    expect(await huey.isRevoked(result.id)).toBe(false);
  });

  test("not due wins over revoked: the revocation stays", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => {});
    const result = await task.schedule({ delay: 10 });
    await result.revoke();
    idle(huey, 10); // the clock of a scheduler is ahead
    await huey.storage.promoteDue(1);
    await jump(huey, -10);
    const { names } = record(huey);
    await work(huey);
    expect(names).toEqual(["scheduled"]);
    expect(await result.isRevoked()).toBe(true);
    await huey.advance(10);
    expect(names.at(-1)).toBe("revoked");
  });

  test("canceled by a hook: the rest of the hooks is skipped", async () => {
    const huey = testHuey();
    const steps = follow(huey);
    huey.preExecute("sunday", () => {
      throw new CancelExecution("No work on Sunday");
    });
    huey.preExecute("after", () => void steps.push("after"));
    await huey.task({ name: "task", retries: 3 }, () => void steps.push("body"))();
    await work(huey);
    expect(steps).toEqual(["enqueued", "executing", "pre", "canceled"]);
    expect([await huey.resultCount(), await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0, 0]);
  });
});

describe("hooks around the body", () => {
  test("postExecute sees the value, after it was stored", async () => {
    const huey = testHuey();
    const seen: unknown[] = [];
    huey.postExecute("post", async (task, value, error) => {
      seen.push(task.name, value, error, await huey.result(task.id, { preserve: true }));
    });
    await huey.task("task", () => 42)();
    await work(huey);
    expect(seen).toEqual(["task", 42, undefined, 42]);
  });

  test("postExecute sees every kind of failure", async () => {
    const huey = testHuey();
    const seen: unknown[] = [];
    huey.postExecute("post", (_task, value, error) => void seen.push([value, error?.name]));
    const errors = [new TaskLockedException("l"), new TaskTimeout("t"), new CancelExecution(), new RangeError("e")];
    const fails = huey.task("fails", (index: number) => {
      throw errors[index];
    });
    await fails.map([0, 1, 2, 3]);
    await work(huey);
    expect(seen).toEqual([
      [undefined, "TaskLockedException"],
      [undefined, "TaskTimeout"],
      [undefined, "CancelExecution"],
      [undefined, "RangeError"],
    ]);
  });

  test("a failing preExecute hook neither stops the task nor the next hook", async () => {
    const huey = testHuey();
    const steps: string[] = [];
    huey.preExecute("bad", () => {
      throw new Error("hook");
    });
    huey.preExecute("good", () => void steps.push("good"));
    const result = await huey.task("task", () => "done")();
    await work(huey);
    expect([steps, await result.get()]).toEqual([["good"], "done"]);
  });

  test("a failing postExecute hook changes nothing", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    huey.postExecute("bad", () => {
      throw new Error("hook");
    });
    const result = await huey.task("task", () => "done")();
    await work(huey);
    expect(await result.get()).toBe("done");
    expect(names).toEqual(["enqueued", "executing", "complete"]);
  });
});
