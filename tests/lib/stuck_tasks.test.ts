/** Tasks that go on after their attempt has ended. */
import { expect, test } from "bun:test";
import type { TaskContext } from "../../lib/types/results.ts";
import { memory, record, work } from "../helpers.ts";

const BRIEF = { milliseconds: 3 };

test("a stuck task whose timeout struck does not keep its lock", async () => {
  const huey = memory();
  const { names } = record(huey);
  await huey.task({ name: "stuck", lock: "lock", timeout: BRIEF }, () => new Promise<never>(() => {}))();
  await work(huey);
  expect([names.at(-1), await huey.isLocked("lock")]).toEqual(["timeout", false]);
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
