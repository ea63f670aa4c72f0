/** Tasks that go on after their attempt has ended. */
import { expect, test } from "bun:test";
import type { TaskContext } from "../../lib/types/context.ts";
import { failure, memory, OWNER, record, waitUntil, work } from "../helpers.ts";

const BRIEF = { milliseconds: 3 };

for (const [kind, take] of [["of its definition", false], ["that it took itself", true]] as const) {
  test(`a lock ${kind} stays after a timeout until the function has ended`, async () => {
    const huey = memory();
    const { names } = record(huey);
    const gate = Promise.withResolvers<void>();
    const fn = async (): Promise<void> => {
      if (take) await huey.lockTask("lock").acquire();
      await gate.promise;
    };
    await huey.task(take ? { name: "stuck", timeout: BRIEF } : { name: "stuck", lock: "lock", timeout: BRIEF }, fn)();
    await work(huey);
    expect([names.at(-1), await huey.isLocked("lock")]).toEqual(["timeout", true]);
    gate.resolve();
    await waitUntil(async () => !await huey.isLocked("lock"));
  });
}

test("a lock of a function that goes on is freed with its worker", async () => {
  const huey = memory();
  await huey.task({ name: "stuck", lock: "lock", timeout: BRIEF }, () => new Promise<never>(() => {}))();
  await work(huey);
  expect(await huey.isLocked("lock")).toBe(true);
  await huey.storage.recover(OWNER);
  expect(await huey.isLocked("lock")).toBe(false);
});

test("what goes on after a timeout takes no lock and passes no limit any more", async () => {
  const huey = memory();
  const gate = Promise.withResolvers<void>();
  const refused: Promise<string>[] = [];
  await huey.task({ name: "late", timeout: BRIEF }, async () => {
    await gate.promise;
    refused.push(failure(huey.lockTask("lock").acquire()).then(({ name }) => name));
    refused.push(failure(huey.rateLimit("limit", { limit: 1, per: 60 }).acquire()).then(({ name }) => name));
  })();
  await work(huey);
  gate.resolve();
  await waitUntil(() => refused.length === 2);
  expect(await Promise.all(refused)).toEqual(["TaskTimeout", "TaskTimeout"]);
  expect(await huey.isLocked("lock")).toBe(false);
});

test("what a task returns after its timeout is ignored", async () => {
  const huey = memory();
  const gate = Promise.withResolvers<void>();
  const { names } = record(huey);
  const late = huey.task({ name: "late", timeout: BRIEF }, async () => {
    await gate.promise;
    return "late";
  });
  const result = await late();
  await work(huey);
  gate.resolve();
  await Promise.resolve();
  await result.get().then(() => expect("read").toBe("rejected"), (error) => expect(error.message).toContain("TaskTimeout"));
  expect(names).toEqual(["enqueued", "executing", "timeout"]);
});

test("an error after the timeout does not bring the process down", async () => {
  const huey = memory();
  const gate = Promise.withResolvers<void>();
  await huey.task({ name: "late", timeout: BRIEF }, async () => {
    await gate.promise;
    throw new Error("too late");
  })();
  await work(huey);
  gate.resolve();
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await huey.pendingCount()).toBe(0);
});

test("the signal is not aborted when a task ends well", async () => {
  const huey = memory();
  const signals: AbortSignal[] = [];
  const task = huey.task({ name: "task", context: true, timeout: { milliseconds: 5 } }, ({ signal }: TaskContext) => {
    signals.push(signal);
  });
  await task();
  await work(huey);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test("the context may be used after the end without harm", async () => {
  const huey = memory();
  const contexts: TaskContext[] = [];
  const task = huey.task({ name: "task", context: true }, (context: TaskContext) => void contexts.push(context));
  await task();
  await work(huey);
  contexts[0]!.checkTimeout();
  expect([contexts[0]!.isTimedOut, contexts[0]!.timeRemaining]).toEqual([false, Infinity]);
});
