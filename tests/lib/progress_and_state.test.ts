import { describe, expect, test } from "bun:test";
import { CancelExecution } from "../../lib/errors.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { begin, claim, failure, idle, NOON, refusal, run, testHuey } from "../helpers.ts";

describe("progress", () => {
  test("the last value that the task reported", async () => {
    const huey = testHuey();
    const seen: unknown[] = [];
    const task = huey.task({ name: "task", context: true }, async (context: TaskContext) => {
      for (const part of [0.5, { done: 3, of: 4 }, null]) {
        await context.setProgress(part);
        seen.push(await result.progress());
      }
    });
    const result = await task();
    expect(await result.progress()).toBeUndefined();
    await huey.drain();
    expect(seen).toEqual([0.5, { done: 3, of: 4 }, null]);
  });

  test("updates come one after another and end with the task", async () => {
    const huey = testHuey();
    const gates = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const task = huey.task({ name: "task", context: true }, async (context: TaskContext) => {
      for (const [index, gate] of gates.entries()) {
        await gate.promise;
        await context.setProgress(index);
      }
    });
    const result = await task();
    const { done } = await begin(huey);
    const updates = result.progressUpdates();
    const seen: unknown[] = [];
    for (const gate of gates) {
      const next = updates.next();
      gate.resolve();
      seen.push((await next).value);
    }
    await done;
    expect(seen).toEqual([0, 1, 2]);
    expect((await updates.next()).done).toBe(true);
  });

  test("updates of a task that has ended end at once", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => "value")();
    await huey.drain();
    const seen: unknown[] = [];
    for await (const value of result.progressUpdates()) seen.push(value);
    expect(seen).toEqual([]);
  });

  test("updates of a task that fails end too, and do not throw", async () => {
    const huey = testHuey();
    const result = await huey.task("fails", () => {
      throw new Error("no");
    })();
    const updates = result.progressUpdates();
    const next = updates.next();
    await huey.drain();
    expect((await next).done).toBe(true);
  });

  test("a reader may stop early", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", context: true }, async (context: TaskContext) => {
      await context.setProgress(1);
      await gate.promise;
    });
    const gate = Promise.withResolvers<void>();
    const result = await task();
    const updates = result.progressUpdates();
    const first = updates.next();
    const { done } = await begin(huey);
    expect((await first).value).toBe(1);
    await updates.return?.();
    expect((await updates.next()).done).toBe(true);
    gate.resolve();
    await done;
  });

  test("each of many quick reports arrives", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", context: true, retries: 1 }, async (context: TaskContext) => {
      for (let n = 1; n <= 5; n++) await context.setProgress(10 * context.attempt + n);
      if (context.attempt === 1) throw new Error("again");
    });
    const result = await task();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const value of result.progressUpdates()) seen.push(value);
    })();
    await huey.drain();
    await reading;
    expect(seen).toEqual([11, 12, 13, 14, 15, 21, 22, 23, 24, 25]);
  });

  test("each value from the call on, even if it is read later", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", context: true, retries: 1 }, async (context: TaskContext) => {
      for (let n = 1; n <= 3; n++) await context.setProgress(10 * context.attempt + n);
      if (context.attempt === 1) throw new Error("again");
    });
    const result = await task();
    await run(huey, (await claim(huey)).claims[0]!);
    const updates = result.progressUpdates();
    await huey.drain();
    const seen: unknown[] = [];
    for await (const value of updates) seen.push(value);
    expect(seen).toEqual([21, 22, 23]);
  });

  test("reports that the task did not wait for are there when it has ended", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", context: true }, (context: TaskContext) => {
      for (let n = 1; n <= 5; n++) void context.setProgress(n);
    });
    const result = await task();
    await huey.drain();
    expect(await result.progress()).toBe(5);
  });

  test("updates of a task of which nothing is known any more end", async () => {
    const huey = testHuey({ completionTtl: 10 });
    const result = await huey.task("task", () => {})();
    await huey.drain();
    idle(huey, 60);
    expect((await result.progressUpdates().next()).done).toBe(true);
  });

  test("updates end also without trackState", async () => {
    const huey = testHuey({ trackState: false });
    const result = await huey.task("task", () => 1)();
    const next = result.progressUpdates().next();
    await huey.drain();
    expect((await next).done).toBe(true);
  });

  test("what cannot be stored is refused", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", context: true }, async (context: TaskContext) => {
      await context.setProgress({ bad: () => {} });
    });
    const result = await task();
    await huey.drain();
    expect((await failure(result.get())).message).toContain("bad");
  });
});

describe("state", () => {
  test("waiting, running with its worker, complete", async () => {
    const huey = testHuey();
    const gate = Promise.withResolvers<void>();
    const task = huey.task("task", async () => await gate.promise.then(() => 1));
    const result = await task();
    const enqueuedAt = new Date(NOON);
    expect(await result.state()).toEqual({ state: "waiting", ended: false, attempts: 0, enqueuedAt });
    idle(huey, 5);
    const { done } = await begin(huey);
    const since = new Date(NOON + 5000);
    const running = {
      state: "running" as const,
      ended: false,
      worker: "worker-1",
      since,
      startedAt: since,
      attempts: 1,
      enqueuedAt,
    };
    expect(await result.state()).toEqual(running);
    gate.resolve();
    await done;
    for (const { startedAt, ...complete } of [await result.state(), await huey.state(result.id)]) {
      expect(complete).toEqual({ state: "complete", ended: true, attempts: 1, enqueuedAt, endedAt: since });
      expect(startedAt).toBeInstanceOf(Date);
    }
  });

  test("scheduled, then waiting", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1).schedule({ delay: 10 });
    expect(await result.state()).toMatchObject({ state: "scheduled" });
    idle(huey, 10);
    await huey.storage.promoteDue(1);
    expect(await result.state()).toMatchObject({ state: "waiting" });
  });

  test("retrying, failed", async () => {
    const huey = testHuey();
    const fails = huey.task({ name: "fails", retries: 1, retryDelay: 10 }, () => {
      throw new Error("no");
    });
    const result = await fails();
    await huey.drain();
    expect(await result.state()).toMatchObject({ state: "retrying" });
    await huey.advance(10);
    expect(await result.state()).toMatchObject({ state: "failed" });
    const atOnce = await fails.with({ retryDelay: 0 })();
    await huey.drain({ limit: 1 });
    expect(await atOnce.state()).toMatchObject({ state: "retrying" });
  });

  test("revoked, expired, canceled", async () => {
    const huey = testHuey();
    huey.preExecute("no", ({ args }) => {
      if (args[0] === "cancel") throw new CancelExecution();
    });
    const task = huey.task("task", (_text: string) => 1);
    const results = [await task("a"), await task.with({ expires: new Date(NOON - 1) })("b"), await task("cancel")];
    await results[0]!.revoke();
    await huey.drain();
    const states = [];
    for (const result of results) states.push((await result.state()).state);
    expect(states).toEqual(["revoked", "expired", "canceled"]);
  });

  test.each([true, false])(
    "tells by the id alone that its task is revoked, wherever it is (trackState: %p)",
    async (trackState) => {
      const huey = testHuey({ trackState });
      const gate = Promise.withResolvers<void>();
      const task = huey.task({ name: "task", concurrency: 1 }, () => gate.promise);
      const running = await task();
      const { done } = await begin(huey);
      const all = [running, await task(), await task.schedule({ delay: 60 }), await task.with({ concurrency: 2 })()];
      const told = async (): Promise<unknown[]> => {
        return await Promise.all(all.map(async ({ id }) => (await huey.handle(id).state()).revoked));
      };
      expect((await Promise.all(all.map(({ id }) => huey.storage.state(id)))).map((stored) => stored?.state)).toEqual(
        trackState ? ["running", "waiting", "scheduled", "blocked"] : Array(4).fill(undefined),
      );
      expect(await told()).toEqual(Array(4).fill(undefined));
      await huey.revokeAll(task);
      expect(await told()).toEqual([true, true, true, true]);
      await huey.revokeAll(task, { once: true });
      // Where nothing tells that it runs, it may be the next one.
      const whenRunning = trackState ? undefined : true;
      expect(await told()).toEqual([whenRunning, true, true, true]);
      expect((await running.state()).revoked).toBe(whenRunning);
      gate.resolve();
      await done;
    },
  );

  test("unknown for what nobody knows", async () => {
    const huey = testHuey();
    expect(await huey.state("nobody")).toEqual({ state: "unknown", ended: false });
  });

  test("an ended task is known while its result or its notice is there", async () => {
    const huey = testHuey({ completionTtl: 60 });
    const task = huey.task("task", (value: number | undefined) => value);
    const [kept, none] = [await task(1), await task(undefined)];
    await huey.drain();
    idle(huey, 59);
    expect([(await kept.state()).state, (await none.state()).state]).toEqual(["complete", "complete"]);
    idle(huey, 2);
    expect([(await kept.state()).state, (await none.state()).state]).toEqual(["complete", "unknown"]);
    await kept.get();
    idle(huey, 61);
    expect(await kept.state()).toMatchObject({ state: "unknown" });
  });

  test("a claim that was put back waits again", async () => {
    const huey = testHuey();
    const result = await huey.task("task", () => 1)();
    const { claims } = await claim(huey);
    await huey.storage.release(claims);
    expect(await result.state()).toMatchObject({ state: "waiting" });
  });

  test("without trackState only the end is known", async () => {
    const huey = testHuey({ trackState: false });
    const result = await huey.task("task", () => 1)();
    expect(await result.state()).toMatchObject({ state: "unknown" });
    await huey.drain();
    expect(await result.get({ blocking: true })).toBe(1);
  });

  test("wrong ids are refused", async () => {
    const huey = testHuey();
    await refusal(() => huey.state(""));
    await refusal(() => huey.state(undefined as never), "undefined");
  });
});
