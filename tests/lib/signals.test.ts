import { describe, expect, test } from "bun:test";
import * as signals from "../../lib/observe/signals.ts";
import type { SignalHandler } from "../../lib/observe/signals.ts";
import { chord } from "../../lib/composition/group.ts";
import { idle, logbook, memory, pass, record, refusal, testHuey, work } from "../helpers.ts";

test("the constants have the names of the wire", () => {
  const values = Object.entries(signals).filter(([name]) => name.startsWith("SIGNAL_")).map(([, value]) => value as string);
  expect(values.toSorted()).toEqual([
    "blocked",
    "canceled",
    "complete",
    "enqueued",
    "error",
    "executing",
    "expired",
    "interrupted",
    "locked",
    "rate-limited",
    "recovered",
    "retrying",
    "revoked",
    "scheduled",
    "timeout",
  ]);
});

describe("a handler", () => {
  test("of all signals", async () => {
    const huey = memory();
    const seen: [string, string][] = [];
    huey.signal((signal, task) => void seen.push([signal, task.name]));
    await huey.task("task", () => 1)();
    await work(huey);
    expect(seen).toEqual([["enqueued", "task"], ["executing", "task"], ["complete", "task"]]);
  });

  test("of one signal, or of several", async () => {
    const huey = memory();
    const seen: string[] = [];
    huey.signal(signals.SIGNAL_COMPLETE, (signal) => void seen.push(`one ${signal}`));
    huey.signal(["executing", "complete"], (signal) => void seen.push(`two ${signal}`));
    await huey.task("task", () => 1)();
    await work(huey);
    expect(seen).toEqual(["two executing", "one complete", "two complete"]);
  });

  test("handlers of one signal run before handlers of all, each in the order of their connection", async () => {
    const huey = memory();
    const seen: string[] = [];
    huey.signal(() => void seen.push("all 1"));
    huey.signal("complete", () => void seen.push("one 1"));
    huey.signal(() => void seen.push("all 2"));
    huey.signal("complete", () => void seen.push("one 2"));
    await huey.task("task", () => 1)();
    seen.length = 0;
    await work(huey);
    expect(seen.slice(-4)).toEqual(["one 1", "one 2", "all 1", "all 2"]);
  });

  test("gets the same id in all signals of a task", async () => {
    const huey = memory();
    const { seen } = record(huey);
    const result = await huey.task({ name: "task", retries: 1 }, () => {
      throw new Error("no");
    })();
    await work(huey);
    expect(new Set(seen.map(({ task }) => task.id))).toEqual(new Set([result.id]));
  });

  test("that fails is logged and hides neither the others nor the task", async () => {
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    const seen: string[] = [];
    huey.signal("complete", () => {
      throw new Error("bad handler");
    });
    huey.signal("complete", () => Promise.reject(new Error("bad promise")));
    huey.signal("complete", () => void seen.push("good"));
    huey.signal((signal) => void seen.push(signal));
    const result = await huey.task("task", () => 1)();
    await work(huey);
    expect(seen).toEqual(["enqueued", "executing", "good", "complete"]);
    expect(await result.get()).toBe(1);
    expect(lines.filter(({ level }) => level === "error").length).toBe(2);
  });

  test("is awaited", async () => {
    const huey = memory();
    const seen: string[] = [];
    huey.signal("executing", async () => {
      await Promise.resolve();
      seen.push("handler");
    });
    await huey.task("task", () => void seen.push("body"))();
    await work(huey);
    expect(seen).toEqual(["handler", "body"]);
  });
});

describe("disconnecting", () => {
  test("by the function that signal returned", async () => {
    const huey = memory();
    const seen: string[] = [];
    const disconnect = huey.signal((signal) => void seen.push(signal));
    const task = huey.task("task", () => 1);
    await task();
    disconnect();
    disconnect();
    await task();
    expect(seen).toEqual(["enqueued"]);
  });

  test("a handler connected twice keeps its other connection", async () => {
    const huey = memory();
    const seen: string[] = [];
    const handler = (signal: string) => void seen.push(signal);
    const disconnect = huey.signal("complete", handler);
    huey.signal(["complete", "executing"], handler);
    disconnect();
    disconnect();
    await huey.task("task", () => 1)();
    await work(huey);
    expect(seen).toEqual(["executing", "complete"]);
    expect(huey.disconnectSignal(handler)).toBe(true);
  });

  test("from the signals named, or from all", async () => {
    const huey = memory();
    const seen: string[] = [];
    const handler: SignalHandler<"enqueued" | "executing" | "complete"> = (signal) => void seen.push(signal);
    huey.signal(["enqueued", "executing", "complete"], handler);
    expect([huey.disconnectSignal(handler, "executing"), huey.disconnectSignal(handler, "executing")]).toEqual([true, false]);
    const task = huey.task("task", () => 1);
    await task();
    await work(huey);
    expect(seen).toEqual(["enqueued", "complete"]);
    expect([huey.disconnectSignal(handler), huey.disconnectSignal(handler)]).toEqual([true, false]);
    await task();
    expect(seen.length).toBe(2);
  });

  test("of a handler of all, from one signal: it goes on to hear the others", async () => {
    const huey = memory();
    const seen: string[] = [];
    const handler = (signal: string) => void seen.push(signal);
    const disconnect = huey.signal(handler);
    expect(huey.disconnectSignal(handler, "executing")).toBe(true);
    expect(huey.disconnectSignal(handler, "executing")).toBe(false);
    const task = huey.task("task", () => 1);
    await task();
    await work(huey);
    expect(seen).toEqual(["enqueued", "complete"]);
    huey.signal("executing", handler);
    await task();
    await work(huey);
    expect(seen.slice(2)).toEqual(["enqueued", "executing", "complete"]);
    disconnect();
    expect([huey.disconnectSignal(handler), huey.disconnectSignal(handler)]).toEqual([true, false]);
  });

  test("a handler that nobody connected is no error", () => {
    const huey = memory();
    expect(huey.disconnectSignal(() => {}, "timeout")).toBe(false);
  });

  test("while signals are sent does not disturb them", async () => {
    const huey = memory();
    const seen: string[] = [];
    const disconnect = huey.signal("enqueued", () => {
      seen.push("first");
      disconnect();
    });
    huey.signal("enqueued", () => void seen.push("second"));
    const task = huey.task("task", () => 1);
    await task();
    await task();
    expect(seen).toEqual(["first", "second", "second"]);
  });
});

test("wrong arguments are refused", async () => {
  const huey = memory();
  const signal = huey.signal.bind(huey) as (...values: unknown[]) => unknown;
  await refusal(() => signal("finished", () => {}), "finished");
  await refusal(() => signal(["complete", "finished"], () => {}), "finished");
  await refusal(() => signal("complete"));
  await refusal(() => signal("complete", 5), "5");
  await refusal(() => signal(5), "5");
  await refusal(() => huey.disconnectSignal(5 as never), "5");
  await refusal(() => huey.disconnectSignal(() => {}, "finished" as never), "finished");
});

test("what was scheduled is told to be, also after a hook that took so long that it is due", async () => {
  const huey = testHuey();
  let runs = 0;
  const first = huey.task({ name: "first", retries: 1, retryDelay: 60 }, () => {
    if (++runs === 1) throw new Error("not yet");
  });
  const later = huey.task("later", (..._values: unknown[]) => {});
  huey.postExecute(() => idle(huey, 120));
  const { names } = record(huey);
  await huey.enqueue(first.s().andThen(later.with({ delay: 200 })));
  await work(huey);
  expect(names.splice(0)).toEqual(["enqueued", "executing", "error", "retrying", "scheduled"]);
  await pass(huey, 0);
  expect(names.splice(0)).toEqual(["executing", "complete", "scheduled"]);
  await pass(huey, 120);
  expect(names.splice(0)).toEqual(["executing", "complete"]);
  await huey.enqueue(chord([later.s(1)], later.with({ delay: 60 })));
  await work(huey);
  expect(names).toEqual(["enqueued", "executing", "complete", "scheduled"]);
});
