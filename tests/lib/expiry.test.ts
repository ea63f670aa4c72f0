import { describe, expect, test } from "bun:test";
import { TaskException } from "../../lib/errors.ts";
import { failure, idle, NOON, record, testHuey } from "../helpers.ts";

describe("expires", () => {
  test("a task that starts in time runs, also at the very moment", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", expires: 10 }, () => "ran");
    const result = await task();
    idle(huey, 10);
    await huey.drain();
    expect(await result.get()).toBe("ran");
  });

  test("a task that starts later is dropped", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    let runs = 0;
    const result = await huey.task({ name: "task", expires: 10 }, () => ++runs)();
    idle(huey, 10.001);
    await huey.drain();
    expect([runs, names]).toEqual([0, ["enqueued", "expired"]]);
    expect(await result.get()).toBeUndefined();
    const error = await failure(result.get({ blocking: true })) as TaskException;
    expect(error).toBeInstanceOf(TaskException);
    expect(error.metadata.outcome).toBe("expired");
    expect(await result.state()).toMatchObject({ state: "expired" });
  });

  test("seconds, parts of a duration, a Date, an instant", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    for (const expires of [90, { minutes: 1, seconds: 30 }, new Date(NOON + 90_000), { epochMilliseconds: NOON + 90_000 }]) {
      await task.with({ expires })();
    }
    const pending = await huey.pending();
    expect(pending.map(({ expiresAt }) => expiresAt)).toEqual(Array(4).fill(new Date(NOON + 90_000)));
    expect(pending.map(({ expires }) => expires)[0]).toBe(90);
  });

  test("a Temporal.Duration, which would travel as text", async () => {
    class Duration {
      get minutes(): number {
        return 1;
      }
      get seconds(): number {
        return 30;
      }
      toJSON(): string {
        return "PT1M30S";
      }
    }
    const huey = testHuey();
    const byTask = await huey.task({ name: "byTask", expires: new Duration() }, () => "ran")();
    const byCall = await huey.task("byCall", () => "ran").with({ expires: new Duration() })();
    const pending = await huey.pending();
    expect(pending.map(({ expiresAt }) => expiresAt)).toEqual(Array(2).fill(new Date(NOON + 90_000)));
    expect(pending.map(({ expires }) => expires)).toEqual(Array(2).fill({ minutes: 1, seconds: 30 }));
    await huey.drain();
    expect([await byTask.get(), await byCall.get(), await huey.deadLetterCount()]).toEqual(["ran", "ran", 0]);
  });

  test("0 is at once", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const task = huey.task({ name: "task", expires: 0 }, () => 1);
    await task();
    idle(huey, 0.001);
    await huey.drain();
    expect(names).toEqual(["enqueued", "expired"]);
  });

  test("a relative time counts from the eta", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", expires: 60 }, () => "ran");
    const result = await task.schedule({ delay: { hours: 1 } });
    expect((await huey.scheduled())[0]!.expiresAt).toEqual(new Date(NOON + 3_660_000));
    await huey.advance(3660);
    expect(await result.get()).toBe("ran");
  });

  test("the option of a call wins over the task's", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", expires: 10 }, () => "ran");
    const result = await task.with({ expires: 100 })();
    idle(huey, 50);
    await huey.drain();
    expect(await result.get()).toBe("ran");
  });

  test("an absolute time that is past drops at once", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    await huey.task("task", () => 1).with({ expires: new Date(NOON - 1) })();
    await huey.drain();
    expect(names).toEqual(["enqueued", "expired"]);
  });

  test("is fixed at the first enqueue: retries do not extend it", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const fails = huey.task({ name: "fails", retries: 5, retryDelay: 6, expires: 10 }, () => {
      throw new Error("no");
    });
    await fails();
    await huey.drain();
    expect((await huey.scheduled())[0]!.expiresAt).toEqual(new Date(NOON + 10_000));
    const ran = await huey.advance({ hours: 1 });
    expect(ran.map(({ outcome, at }) => [outcome, at.getTime() - NOON])).toEqual([["retrying", 6000], ["expired", 12_000]]);
    expect(names.filter((name) => name === "executing").length).toBe(2);
    expect(names.at(-1)).toBe("expired");
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
  });

  test("does not cost a task that is running its result", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", expires: 5 }, () => {
      idle(huey, 60);
      return "late";
    });
    const result = await task();
    await huey.drain();
    expect(await result.get()).toBe("late");
  });

  test("of a pipeline step counts from when it is enqueued", async () => {
    const huey = testHuey();
    const first = huey.task("first", () => {
      idle(huey, 100);
      return 1;
    });
    const second = huey.task({ name: "second", expires: 10 }, (n: number) => n + 1);
    const results = await huey.enqueue(first.s().andThen(second));
    idle(huey, 50);
    await huey.drain();
    expect(await results.get()).toEqual([1, 2]);
  });

  test("an expired step ends the pipeline without its handler", async () => {
    const huey = testHuey();
    const runs: string[] = [];
    const first = huey.task({ name: "first", expires: 5 }, () => void runs.push("first"));
    const second = huey.task("second", () => void runs.push("second"));
    const handler = huey.task("handler", (error: Error) => void runs.push(error.message));
    const results = await huey.enqueue(first.s().andThen(second).onError(handler));
    idle(huey, 6);
    await huey.drain();
    expect(runs).toEqual([]);
    expect((await failure(results.get({ blocking: true })) as TaskException).metadata.outcome).toBe("expired");
  });
});
