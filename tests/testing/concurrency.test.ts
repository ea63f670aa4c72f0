import { expect, test } from "bun:test";
import { assertEnqueued, perform, TestHuey, waitForState } from "../../testing/mod.ts";

test("drain and advance run what is blocked, when it has a place", async () => {
  const huey = new TestHuey();
  const order: number[] = [];
  const task = huey.task({ name: "task", concurrency: 1, retries: 1, retryDelay: 60 }, (n: number) => {
    order.push(n);
    if (n === 1 && order.length === 1) throw new Error("no");
  });
  const [, second] = [...await task.map([1, 2, 3])];
  expect((await waitForState(huey, second!.id, "blocked")).state).toBe("blocked");
  await assertEnqueued(huey, task, { count: 3 });
  expect((await huey.drain()).map(({ outcome }) => outcome)).toEqual(["retrying", "complete", "complete"]);
  await task.schedule({ args: [4], delay: 60 });
  expect((await huey.advance(60)).map(({ outcome }) => outcome)).toEqual(["complete", "complete"]);
  expect(order.slice(0, 3)).toEqual([1, 2, 3]);
});

test("perform runs a task whatever waits, and whatever holds its key", async () => {
  const huey = new TestHuey();
  const task = huey.task({ name: "task", unique: true, concurrency: { limit: 1, key: () => "a" } }, (n: number) => n);
  await task(1);
  expect((await perform(task, 1)).value).toBe(1);
  expect((await perform(task.with({ meta: { a: "b" } }), 2)).task.meta).toEqual({ a: "b" });
});
