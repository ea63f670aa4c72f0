/** Times that are very long, very short, or run backwards. */
import { describe, expect, test } from "bun:test";
import type { TaskContext } from "../../lib/types/context.ts";
import { idle, jump, NOON, record, refusal, testHuey, work } from "../helpers.ts";

/** A turn of the event loop, timers included. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3));
}

describe("longer than a timer can count (24.8 days)", () => {
  test("a timeout does not strike at once", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const task = huey.task({ name: "task", context: true, timeout: { days: 30 } }, async (context: TaskContext) => {
      await turn();
      return [context.signal.aborted, Math.round(context.timeRemaining / 86_400)];
    });
    const result = await task();
    await work(huey);
    expect(names.at(-1)).toBe("complete");
    expect(await result.get()).toEqual([false, 30]);
  });

  test("a blocking get waits on", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1)();
    let ended = false;
    const reading = result.get({ blocking: true, timeout: { days: 60 } }).finally(() => ended = true);
    await turn();
    expect(ended).toBe(false);
    await work(huey);
    expect(await reading).toBe(1);
  });

  test("a group and asCompleted wait on", async () => {
    const huey = testHuey();
    const results = await huey.task("task", (n: number) => n).map([1]);
    let ended = 0;
    const reading = results.get({ blocking: true, timeout: { days: 60 } }).finally(() => ended++);
    const next = results.asCompleted({ timeout: { days: 60 } }).next().finally(() => ended++);
    const both = Promise.allSettled([reading, next]);
    await turn();
    expect(ended).toBe(0);
    await work(huey);
    expect((await both).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
    expect([await reading, (await next).value]).toEqual([[1], 1]);
  });

  test("a delay of years", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1).schedule({ delay: { days: 3650 } });
    expect((await huey.advance(3650 * 86_400 - 1)).length).toBe(0);
    expect((await huey.advance(1)).length).toBe(1);
    expect(await result.get()).toBe(1);
  });
});

describe("beyond all dates", () => {
  test("is refused, nothing is stored", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    await refusal(() => task.schedule({ delay: 1e300 }), "delay");
    await refusal(() => task.schedule({ delay: { weeks: 1e12 } }), "delay");
    await refusal(() => task.schedule({ delay: Infinity }), "delay");
    await refusal(() => task.schedule({ eta: { epochMilliseconds: 1e20 } }), "eta");
    await refusal(() => task.with({ expires: 1e300 })(), "expires");
    await refusal(() => task.with({ timeout: Infinity })(), "timeout");
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
  });
});

describe("a clock that runs backwards", () => {
  test("does not lose what is scheduled", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1).schedule({ delay: 10 });
    await jump(huey, -3600);
    expect((await huey.advance(0)).length).toBe(0);
    expect((await huey.advance(3609)).length).toBe(0);
    expect((await huey.advance(1)).length).toBe(1);
    expect(await result.get()).toBe(1);
  });

  test("does not block a rate limit for longer than the step", async () => {
    const huey = testHuey();
    for (const algorithm of ["fixed", "sliding", "token-bucket"] as const) {
      await huey.jumpTo(new Date(NOON));
      const limit = huey.rateLimit(algorithm, { limit: 2, per: 60, algorithm });
      await limit.acquire();
      await limit.acquire();
      await jump(huey, -600);
      const usage = await limit.currentUsage();
      expect(usage >= 0 && usage <= 2).toBe(true);
      idle(huey, 600 + 120);
      await limit.acquire();
      await limit.acquire();
    }
  });
});

describe("what is kept for a while is gone afterwards", () => {
  test("progress, notices, states, rate limits", async () => {
    const huey = testHuey();
    const options = { name: "task", context: true, rateLimit: { limit: 10, per: 60, algorithm: "sliding" } } as const;
    const task = huey.task(options, async (context: TaskContext) => {
      await context.setProgress(0.5);
    });
    const result = await task();
    await work(huey);
    idle(huey, 30 * 86_400);
    expect([await huey.storage.data.size(), await huey.storage.meta.size()]).toEqual([0, 0]);
    expect(await result.state()).toMatchObject({ state: "unknown" });
    expect(await result.progress()).toBeUndefined();
  });
});

test("missing arguments stay missing, undefined stays undefined", async () => {
  const huey = testHuey();
  const task = huey.task("task", (...values: unknown[]) => [values.length, values[0] === undefined, values.at(-1)]);
  const results = [await task(), await task(undefined), await task(undefined, 1), await task(1, undefined)];
  await work(huey);
  const values = [];
  for (const result of results) values.push(await result.get());
  expect(values).toEqual([[0, true, undefined], [1, true, undefined], [2, true, 1], [2, false, undefined]]);
});
