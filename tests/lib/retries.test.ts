import { describe, expect, test } from "bun:test";
import { RetryTask, TaskException } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import type { RanTask } from "../../testing/mod.ts";
import { failure, NOON, record, refusal, testHuey } from "../helpers.ts";

/** Seconds until the next attempt. */
async function wait(huey: Huey): Promise<number> {
  const [next] = await huey.scheduled(1);
  return (next!.eta!.getTime() - NOON) / 1000;
}

/** When each attempt ran, in seconds since noon. */
function secondsOf(ran: readonly RanTask[]): number[] {
  return ran.map(({ at }) => (at.getTime() - NOON) / 1000);
}

const fail = (): never => {
  throw new Error("failing!");
};

describe("retries", () => {
  test("without a delay: at once, as often as told", async () => {
    const huey = testHuey();
    let runs = 0;
    const flaky = huey.task({ name: "flaky", retries: 2 }, () => {
      if (++runs < 3) throw new Error("failing!");
      return "OK";
    });
    const result = await flaky();
    expect(await huey.drain()).toHaveLength(3);
    expect(await result.get()).toBe("OK");
  });

  test("end after the last one", async () => {
    const huey = testHuey();
    const result = await huey.task({ name: "fails", retries: 2 }, fail)();
    expect(await huey.drain()).toHaveLength(3);
    expect(await failure(result.get())).toBeInstanceOf(TaskException);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
  });

  test("the guide's story: error, reset, value", async () => {
    const huey = testHuey({ storeIntermediateErrors: true });
    let runs = 0;
    const flaky = huey.task({ name: "flaky", retries: 2 }, () => runs++ === 0 ? fail() : "OK");
    const result = await flaky();
    await huey.drain({ limit: 1 });
    expect((await failure(result.get())).message).toContain("failing!");
    await huey.drain();
    expect(await failure(result.get())).toBeInstanceOf(TaskException); // the handle keeps what it has read
    result.reset();
    expect(await result.get()).toBe("OK");
  });

  test("keep id, arguments, priority and options", async () => {
    const huey = testHuey();
    const fails = huey.task({ name: "fails", retries: 3, retryDelay: 5, priority: 7, timeout: 60 }, (_text: string) => fail());
    const result = await fails("x");
    await huey.drain();
    const [waiting] = await huey.scheduled();
    expect(waiting).toMatchObject({ id: result.id, name: "fails", retries: 2, retryDelay: 5, priority: 7, timeout: 60 });
    expect([...waiting!.args]).toEqual(["x"]);
    expect(waiting!.eta).toEqual(new Date(NOON + 5000));
  });

  test("the context counts attempts", async () => {
    const huey = testHuey();
    const seen: number[][] = [];
    const fails = huey.task({ name: "fails", retries: 2, context: true }, ({ attempt, retries, deliveries }: TaskContext) => {
      seen.push([attempt, retries, deliveries]);
      fail();
    });
    await fails();
    await huey.drain();
    expect(seen).toEqual([[1, 2, 1], [2, 1, 1], [3, 0, 1]]);
  });

  test("the signals of a task that succeeds at the third attempt", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    let runs = 0;
    await huey.task({ name: "flaky", retries: 2 }, () => ++runs < 3 ? fail() : 1)();
    await huey.drain();
    const again = ["executing", "error", "retrying", "enqueued"];
    expect(names).toEqual(["enqueued", ...again, ...again, "executing", "complete"]);
  });
});

describe("retry delays", () => {
  test("the same wait each time", async () => {
    const huey = testHuey();
    const result = await huey.task({ name: "fails", retries: 2, retryDelay: { minutes: 1 } }, fail)();
    expect(secondsOf(await huey.advance(59))).toEqual([0]);
    expect(secondsOf(await huey.advance(1))).toEqual([60]);
    expect(secondsOf(await huey.advance({ hours: 1 }))).toEqual([120]);
    expect(await huey.scheduledCount()).toBe(0);
    expect(await result.state()).toMatchObject({ state: "failed" });
  });

  test("backoff multiplies, without a cap", async () => {
    const huey = testHuey();
    await huey.task({ name: "fails", retries: 4, retryDelay: 2, retryBackoff: 2 }, fail)();
    // 2, 4, 8 and 16 seconds apart.
    expect(secondsOf(await huey.advance({ hours: 1 }))).toEqual([0, 2, 6, 14, 30]);
  });

  test("a factor below 1 shrinks", async () => {
    const huey = testHuey();
    await huey.task({ name: "fails", retries: 2, retryDelay: 8, retryBackoff: 0.5 }, fail)();
    expect(secondsOf(await huey.advance({ hours: 1 }))).toEqual([0, 8, 12]);
  });

  test("backoff without a delay does nothing", async () => {
    const huey = testHuey();
    await huey.task({ name: "fails", retries: 2, retryBackoff: 2 }, fail)();
    expect(await huey.drain()).toHaveLength(3);
  });

  test("a cap", async () => {
    const huey = testHuey();
    await huey.task({ name: "fails", retries: 4, retryDelay: 2, retryBackoff: 3, retryMaxDelay: 10 }, fail)();
    // 2, 6, 10 and 10 seconds apart.
    expect(secondsOf(await huey.advance({ hours: 1 }))).toEqual([0, 2, 8, 18, 28]);
  });

  test("jitter makes a share of the delay random", async () => {
    const huey = testHuey();
    const fails = huey.task({ name: "fails", retries: 1, retryDelay: 100, retryJitter: 0.5 }, fail);
    await fails.map(Array.from({ length: 50 }, () => []));
    await huey.drain();
    const waits = (await huey.scheduled()).map(({ eta }) => (eta!.getTime() - NOON) / 1000);
    expect(waits.length).toBe(50);
    expect(Math.max(...waits)).toBeLessThanOrEqual(150);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(50);
    expect(new Set(waits).size).toBeGreaterThan(10);
  });

  test("jitter never exceeds the cap, and does not change the delay that follows", async () => {
    const huey = testHuey();
    const options = { name: "fails", retries: 2, retryDelay: 100, retryBackoff: 2, retryJitter: 1, retryMaxDelay: 100 };
    await huey.task(options, fail).map(Array.from({ length: 50 }, () => []));
    await huey.drain();
    const waiting = await huey.scheduled();
    expect(Math.max(...waiting.map(({ eta }) => eta!.getTime() - NOON))).toBeLessThanOrEqual(100_000);
    expect(Math.min(...waiting.map(({ eta }) => eta!.getTime() - NOON))).toBeGreaterThanOrEqual(0);
  });

  test("jitter 0 is none", async () => {
    const huey = testHuey();
    await huey.task({ name: "fails", retries: 1, retryDelay: 7, retryJitter: 0 }, fail)();
    expect(secondsOf(await huey.advance({ hours: 1 }))).toEqual([0, 7]);
  });
});

describe("RetryTask", () => {
  test("retries without using up the retries, for ever", async () => {
    const huey = testHuey();
    const seen: number[] = [];
    const again = huey.task({ name: "again", retries: 1, context: true }, ({ retries, attempt }: TaskContext) => {
      seen.push(retries);
      if (attempt < 5) throw new RetryTask();
      return "done";
    });
    const result = await again();
    expect(await huey.drain()).toHaveLength(5);
    result.reset();
    expect([seen, await result.get()]).toEqual([[1, 1, 1, 1, 1], "done"]);
  });

  test("retries a task that was declared without retries", async () => {
    const huey = testHuey();
    let runs = 0;
    const result = await huey.task("again", () => {
      if (runs++ === 0) throw new RetryTask("not yet");
      return runs;
    })();
    await huey.drain();
    expect(await result.get()).toBe(2);
  });

  test("after a delay of 0: at once, whatever the task's own delay", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    let runs = 0;
    await huey.task({ name: "again", retryDelay: 100 }, () => {
      if (runs++ === 0) throw new RetryTask({ delay: 0 });
    })();
    await huey.drain();
    expect(names).toEqual(["enqueued", "executing", "retrying", "enqueued", "executing", "complete"]);
  });

  test("at a time or after a delay, whatever the task's own delay", async () => {
    const huey = testHuey();
    const options = { name: "again", retries: 1, retryDelay: 100, retryBackoff: 3 };
    const again = huey.task(options, (delay: number | undefined) => {
      throw delay === undefined ? new RetryTask({ eta: new Date(NOON + 33_000) }) : new RetryTask({ delay });
    });
    await again(5);
    await huey.drain();
    expect(await wait(huey)).toBe(5);
    expect((await huey.scheduled())[0]).toMatchObject({ retries: 1, retryDelay: 100 });
    await huey.flush();
    await again(undefined);
    await huey.drain();
    expect(await wait(huey)).toBe(33);
  });

  test("without a time, the task's own delay counts", async () => {
    const huey = testHuey();
    await huey.task({ name: "again", retryDelay: 9 }, () => {
      throw new RetryTask();
    })();
    await huey.drain();
    expect(await wait(huey)).toBe(9);
  });

  test("takes a delay or an eta, never both", async () => {
    expect(await failure(() => new RetryTask({ delay: 1, eta: new Date() } as never))).toBeInstanceOf(Error);
    expect(new RetryTask("why", { delay: 3 })).toMatchObject({ message: "why", delay: 3, eta: undefined });
    await refusal(() => new RetryTask({ delay: "1" } as never), "delay");
  });

  test("after ten tries at once there is a pause of a second before each", async () => {
    const huey = testHuey();
    let runs = 0;
    const again = huey.task("again", () => {
      runs++;
      throw new RetryTask();
    });
    await again();
    await huey.drain();
    expect([runs, (await huey.scheduled()).map(({ eta }) => eta)]).toEqual([11, [new Date(NOON + 1000)]]);
    await huey.advance(1);
    expect([runs, await huey.scheduledCount()]).toEqual([12, 1]);
  });

  test("a pause in between lets it be tried at once again; in immediate mode it ends the call", async () => {
    const huey = testHuey({ immediate: true });
    let runs = 0;
    const again = huey.task("again", () => {
      runs++;
      throw new RetryTask();
    });
    await again();
    expect([runs, await huey.scheduledCount()]).toEqual([11, 1]);
  });

  test("is no error: nothing is stored or handed on, whatever the option says", async () => {
    const huey = testHuey({ storeIntermediateErrors: true });
    const seen: string[] = [];
    const handler = huey.task("handler", (error: Error) => void seen.push(error.name));
    const again = huey.task("again", () => {
      throw new RetryTask({ delay: 10 });
    });
    const result = await huey.enqueue(again.s().onError(handler));
    await huey.drain();
    expect([await result.get(), seen]).toEqual([undefined, []]);
  });
});
