import { describe, expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, logbook, memory, refusal, work } from "../helpers.ts";

const KINDS = ["preExecute", "postExecute", "onStartup", "onShutdown"] as const;
type Kind = typeof KINDS[number];

/** Registers a hook of any kind. */
function register(huey: Huey, kind: Kind, ...values: unknown[]): () => boolean {
  return (huey[kind] as (...values: unknown[]) => () => boolean)(...values);
}

function unregister(huey: Huey, kind: Kind, nameOrHook: unknown): boolean {
  const method = `unregister${kind[0]!.toUpperCase()}${kind.slice(1)}` as "unregisterPreExecute";
  return huey[method](nameOrHook as string);
}

/** Makes the hooks of one kind run. */
async function fire(huey: Huey, kind: Kind): Promise<void> {
  if (kind === "onStartup" || kind === "onShutdown") {
    await coreOf(huey)!.hooks[kind === "onStartup" ? "startup" : "shutdown"].run(coreOf(huey)!.logger);
    return;
  }
  const task = huey.task(`task ${crypto.randomUUID()}`, () => "value");
  await task();
  await work(huey);
}

describe.each([...KINDS])("%s", (kind) => {
  test("hooks run in the order in which they were registered", async () => {
    const huey = memory();
    const order: string[] = [];
    register(huey, kind, "b", () => void order.push("b"));
    register(huey, kind, "a", () => void order.push("a"));
    register(huey, kind, function c() {
      order.push("c");
    });
    await fire(huey, kind);
    expect(order).toEqual(["b", "a", "c"]);
  });

  test("asynchronous hooks are awaited", async () => {
    const huey = memory();
    const order: string[] = [];
    register(huey, kind, "slow", async () => {
      await Promise.resolve();
      await Promise.resolve();
      order.push("slow");
    });
    register(huey, kind, "fast", () => void order.push("fast"));
    await fire(huey, kind);
    expect(order).toEqual(["slow", "fast"]);
  });

  test("a failing hook is logged and the next one runs", async () => {
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    const order: string[] = [];
    const failures = [() => Promise.reject(new Error("later")), () => {
      throw new Error("at once");
    }];
    failures.forEach((hook, index) => register(huey, kind, `bad ${index}`, hook));
    register(huey, kind, "good", () => void order.push("good"));
    await fire(huey, kind);
    expect(order).toEqual(["good"]);
    const errors = lines.filter(({ level }) => level === "error").map(({ message }) => message);
    expect(errors.filter((message) => message.includes("bad 0")).length).toBe(1);
    expect(errors.filter((message) => message.includes("bad 1")).length).toBe(1);
  });

  test("can be removed: by its remover, its name, or the function", async () => {
    const huey = memory();
    const order: string[] = [];
    const third = () => void order.push("third");
    const remove = register(huey, kind, "first", () => void order.push("first"));
    register(huey, kind, "second", () => void order.push("second"));
    register(huey, kind, "third", third);
    register(huey, kind, "fourth", () => void order.push("fourth"));
    expect([remove(), remove()]).toEqual([true, false]);
    expect([unregister(huey, kind, "second"), unregister(huey, kind, "second")]).toEqual([true, false]);
    expect([unregister(huey, kind, third), unregister(huey, kind, third)]).toEqual([true, false]);
    await fire(huey, kind);
    expect(order).toEqual(["fourth"]);
  });

  test("a name must be unique", async () => {
    const huey = memory();
    register(huey, kind, "same", () => {});
    const error = await failure(() => register(huey, kind, "same", () => {}));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("same");
    unregister(huey, kind, "same");
    register(huey, kind, "same", () => {});
  });

  test("the name of a function counts as well, in either order", async () => {
    const huey = memory();
    register(huey, kind, function mine() {});
    register(huey, kind, "yours", () => {});
    const second = [function mine() {}, function yours() {}];
    for (const hook of second) expect(await failure(() => register(huey, kind, hook))).toBeInstanceOf(ConfigurationError);
    expect(await failure(() => register(huey, kind, "mine", () => {}))).toBeInstanceOf(ConfigurationError);
    register(huey, kind, "another", second[0]);
  });

  test("other kinds may use the same name", () => {
    const huey = memory();
    for (const each of KINDS) register(huey, each, "same", () => {});
    for (const each of KINDS) expect(unregister(huey, each, "same")).toBe(true);
  });

  test("a named function has its own name", () => {
    const huey = memory();
    register(huey, kind, function mine() {});
    register(huey, kind, () => {});
    const removed = ["", "mine", "mine"].map((name) => unregister(huey, kind, name));
    expect(removed).toEqual([false, true, false]);
  });

  test("refuses what is no hook", async () => {
    const huey = memory();
    for (const values of [[], [5], ["name"], ["name", 5], ["", () => {}], [{ name: "x" }]]) {
      await refusal(() => register(huey, kind, ...values));
    }
    await refusal(() => unregister(huey, kind, 5));
  });
});

test("preExecute gets the task", async () => {
  const huey = memory();
  const seen: unknown[] = [];
  huey.preExecute((task) => void seen.push(task.id, task.name, [...task.args]));
  const result = await huey.task("task", (n: number) => n)(5);
  await work(huey);
  expect(seen).toEqual([result.id, "task", [5]]);
});

test("postExecute gets the task, the value and the error", async () => {
  const huey = memory();
  const seen: unknown[] = [];
  huey.postExecute((task, value, error) => void seen.push(task.name, value, error));
  const boom = new Error("boom");
  const task = huey.task("task", (fail: boolean) => {
    if (fail) throw boom;
    return { answer: 42 };
  });
  await task(false);
  await task(true);
  await work(huey);
  expect(seen).toEqual(["task", { answer: 42 }, undefined, "task", undefined, boom]);
});

test("startup and shutdown hooks get nothing", async () => {
  const huey = memory();
  const seen: unknown[][] = [];
  huey.onStartup((...values: unknown[]) => void seen.push(values));
  huey.onShutdown((...values: unknown[]) => void seen.push(values));
  await fire(huey, "onStartup");
  await fire(huey, "onShutdown");
  expect(seen).toEqual([[], []]);
});
