import { describe, expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { StorageError } from "../../lib/errors.ts";
import { executeClaim } from "../../lib/execution/execute.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Storage } from "../../lib/storage.ts";
import { claim, failure, logbook, memory, OWNER, record, work } from "../helpers.ts";

/** Makes the next `times` calls of a method fail as a storage that is down would. */
function breakDown(huey: Huey, method: "settle" | "enqueue", times: number): () => number {
  const storage = huey.storage as Storage;
  const original = storage[method].bind(storage) as (...values: unknown[]) => Promise<unknown>;
  let failures = 0;
  Object.assign(storage, {
    [method]: async (...values: unknown[]): Promise<unknown> => {
      if (failures < times) {
        failures++;
        throw new StorageError("The server is down");
      }
      return await original(...values);
    },
  });
  return () => failures;
}

describe("a storage that is down", () => {
  test("when a task is called: the caller learns of it, nothing is left behind", async () => {
    const huey = memory();
    const task = huey.task("task", () => 1);
    breakDown(huey, "enqueue", 1);
    expect(await failure(task())).toBeInstanceOf(StorageError);
    expect(await huey.pendingCount()).toBe(0);
    const result = await task();
    await work(huey);
    expect(await result.get()).toBe(1);
  });

  test("when a task has run: the settlement is tried again, the body is not", async () => {
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    let runs = 0;
    const { names } = record(huey);
    const result = await huey.task("task", () => ++runs)();
    const failures = breakDown(huey, "settle", 1);
    const { claims } = await claim(huey);
    await executeClaim(coreOf(huey)!, claims[0]!, { owner: OWNER, revocations: false, stop: new AbortController().signal });
    expect([runs, failures(), await result.get()]).toEqual([1, 1, 1]);
    expect(names).toEqual(["enqueued", "executing", "complete"]);
    expect(lines.some(({ level }) => level === "error")).toBe(true);
  });

  test("until the consumer gives up: the claim stays, and the task runs again elsewhere", async () => {
    const huey = memory();
    let runs = 0;
    const { names } = record(huey);
    const result = await huey.task("task", () => ++runs)();
    breakDown(huey, "settle", 1);
    const { claims } = await claim(huey);
    const stop = AbortSignal.abort();
    const running = executeClaim(coreOf(huey)!, claims[0]!, { owner: OWNER, revocations: false, stop });
    expect(await failure(running)).toBeInstanceOf(StorageError);
    expect(names).toEqual(["enqueued", "executing"]);
    expect((await huey.storage.claimed({ consumer: "consumer-1" })).length).toBe(1);
    await huey.storage.recover({ consumer: "consumer-1" });
    await work(huey);
    expect([runs, await result.get()]).toEqual([2, 2]);
  });

  test("an attempt whose settlement failed is no longer running here", async () => {
    const huey = memory();
    await huey.task("task", () => 1)();
    breakDown(huey, "settle", 1);
    const { claims } = await claim(huey);
    await failure(executeClaim(coreOf(huey)!, claims[0]!, { owner: OWNER, revocations: false, stop: AbortSignal.abort() }));
    expect(coreOf(huey)!.running.size).toBe(0);
  });
});

describe("signals tell the truth", () => {
  test("complete comes after the settlement", async () => {
    const huey = memory();
    const seen: unknown[] = [];
    huey.signal("complete", async (_signal, task) => {
      seen.push(
        await huey.result(task.id, { preserve: true }),
        (await huey.storage.claimed({ consumer: "consumer-1" })).length,
      );
    });
    await huey.task("task", () => "value")();
    await work(huey);
    expect(seen).toEqual(["value", 0]);
  });

  test("a retry is in the queue when its signal comes", async () => {
    const huey = memory();
    const counts: number[] = [];
    huey.signal("retrying", async () => {
      counts.push(await huey.pendingCount());
    });
    await huey.task({ name: "fails", retries: 1 }, () => {
      throw new Error("no");
    })();
    await work(huey, { limit: 1 });
    expect(counts).toEqual([1]);
  });
});
