import { describe, expect, test } from "bun:test";
import { ResultTimeout, TaskException } from "../../lib/errors.ts";
import { failure, memory, work } from "../helpers.ts";

describe("one handle, read several times at once", () => {
  test("every reader gets the value, and the handle keeps it", async () => {
    const huey = memory();
    const result = await huey.task("task", () => "value")();
    await work(huey);
    expect(await Promise.all([result.get(), result.get(), result.get()])).toEqual(["value", "value", "value"]);
    expect(await result.get()).toBe("value");
  });

  test("waiting readers too", async () => {
    const huey = memory();
    const result = await huey.task("task", () => "value")();
    const reading = Promise.all([result.get({ blocking: true }), result.get({ blocking: true })]);
    await work(huey);
    expect(await reading).toEqual(["value", "value"]);
    expect(await result.get()).toBe("value");
  });

  test("a failure as well", async () => {
    const huey = memory();
    const result = await huey.task("fails", () => {
      throw new Error("no");
    })();
    await work(huey);
    const errors = await Promise.all([failure(result.get()), failure(result.get())]);
    expect(errors.every((error) => error instanceof TaskException)).toBe(true);
    expect(await failure(result.get())).toBeInstanceOf(TaskException);
  });

  test("a look that finds nothing does not disturb a waiting reader", async () => {
    const huey = memory();
    const result = await huey.task("task", () => "value")();
    const reading = result.get({ blocking: true });
    expect(await result.get()).toBeUndefined();
    await work(huey);
    expect(await reading).toBe("value");
  });

  test("a wait that times out does not disturb a longer one", async () => {
    const huey = memory();
    const result = await huey.task("task", () => "value")();
    const long = result.get({ blocking: true });
    expect(await failure(result.get({ blocking: true, timeout: { milliseconds: 1 } }))).toBeInstanceOf(ResultTimeout);
    const controller = new AbortController();
    const aborted = failure(result.get({ blocking: true, signal: controller.signal }));
    controller.abort(new Error("enough"));
    expect((await aborted).message).toBe("enough");
    await work(huey);
    expect(await long).toBe("value");
  });

  test("reset while a read is under way does not lose the value", async () => {
    const huey = memory();
    const result = await huey.task("task", () => "value")();
    await work(huey);
    const reading = result.get({ preserve: true });
    result.reset();
    expect(await reading).toBe("value");
    expect(await result.get()).toBe("value");
  });
});

describe("groups", () => {
  test("asCompleted may be read twice, and get afterwards", async () => {
    const huey = memory();
    const double = huey.task("double", (n: number) => n * 2);
    const results = await double.map([1, 2, 3]);
    await work(huey);
    const read = async (): Promise<number> => {
      let sum = 0;
      for await (const value of results.asCompleted()) sum += value;
      return sum;
    };
    expect(await Promise.all([read(), read()])).toEqual([12, 12]);
    expect(await results.get()).toEqual([2, 4, 6]);
  });

  test("asCompleted gives up after its timeout", async () => {
    const huey = memory();
    const results = await huey.task("double", (n: number) => n * 2).map([1]);
    const read = async (): Promise<void> => {
      for await (const value of results.asCompleted({ timeout: { milliseconds: 2 } })) expect(value).toBe(-1);
    };
    expect(await failure(read())).toBeInstanceOf(ResultTimeout);
  });

  test("a blocking get of a group gives up after its timeout", async () => {
    const huey = memory();
    const results = await huey.task("double", (n: number) => n * 2).map([1, 2]);
    expect(await failure(results.get({ blocking: true, timeout: { milliseconds: 2 } }))).toBeInstanceOf(ResultTimeout);
    await work(huey);
    expect(await results.get({ blocking: true, timeout: 1 })).toEqual([2, 4]);
  });
});

test("closing the Huey ends those who wait", async () => {
  const huey = memory();
  const result = await huey.task("task", () => 1)();
  const reading = failure(result.get({ blocking: true }));
  const updates = result.progressUpdates().next().then(() => "ended", () => "ended");
  await huey.close();
  expect(await reading).toBeInstanceOf(Error);
  expect(await updates).toBe("ended");
});
