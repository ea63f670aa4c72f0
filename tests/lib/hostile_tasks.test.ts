import { describe, expect, test } from "bun:test";
import { CancelExecution, RateLimitExceeded, RetryTask, TaskException } from "../../lib/errors.ts";
import { failure, idle, testHuey } from "../helpers.ts";

/** A proxy that throws at every touch. */
function untouchable(): object {
  const touch = (): never => {
    throw new Error("touched");
  };
  return new Proxy({}, { get: touch, has: touch, ownKeys: touch, getPrototypeOf: touch, getOwnPropertyDescriptor: touch });
}

const thrown: [string, () => unknown][] = [
  ["a RetryTask whose delay is text", () => Object.assign(new RetryTask(), { delay: "1" })],
  ["a RetryTask whose delay is NaN", () => Object.assign(new RetryTask(), { delay: NaN })],
  ["a RetryTask whose delay is beyond all dates", () => Object.assign(new RetryTask(), { delay: 1e300 })],
  ["a RetryTask whose eta is text", () => Object.assign(new RetryTask(), { eta: "tomorrow" })],
  ["a RetryTask whose eta is an invalid date", () => Object.assign(new RetryTask(), { eta: new Date(NaN) })],
  ["a RateLimitExceeded without a number", () => new RateLimitExceeded("api", NaN)],
  ["a RateLimitExceeded for ever", () => new RateLimitExceeded("api", Infinity)],
  ["an object that throws when it is touched", untouchable],
  ["an error whose message throws", () =>
    Object.defineProperty(new Error(), "message", {
      get: () => {
        throw new Error("touched");
      },
    })],
  ["an error whose cause is itself", () => {
    const error = new Error("round");
    error.cause = error;
    return error;
  }],
  ["an object without prototype", () => Object.create(null)],
  ["a promise", () => Promise.resolve(1)],
  ["a function", () => () => {}],
];

describe("whatever a task throws, the worker goes on", () => {
  test.each(thrown)("%s", async (_name, make) => {
    const huey = testHuey();
    const fails = huey.task("fails", () => {
      throw make();
    });
    const fine = huey.task("fine", () => "fine");
    await fails();
    const after = await fine();
    await huey.drain({ limit: 20 });
    expect(await after.get()).toBe("fine");
    const { claims } = await huey.storage.claimed({ consumer: "test" }).then((claims) => ({ claims }));
    expect(claims).toEqual([]);
  });
});

describe("whatever a task returns, the worker goes on", () => {
  const values: [string, () => unknown][] = [
    ["a function", () => () => {}],
    ["a symbol", () => Symbol("s")],
    ["a cycle", () => {
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      return cycle;
    }],
    ["an object that throws when it is touched", untouchable],
    ["a getter that throws", () => ({
      get value(): never {
        throw new Error("touched");
      },
    })],
    ["a thenable that rejects with nothing", () => ({ then: (_done: unknown, no: (reason?: unknown) => void) => no() })],
  ];
  test.each(values)("%s: the task fails", async (_name, make) => {
    const huey = testHuey();
    const odd = huey.task("odd", () => make());
    const result = await odd();
    await huey.drain({ limit: 5 });
    expect(await failure(result.get())).toBeInstanceOf(TaskException);
    expect(await huey.storage.claimed({ consumer: "test" })).toEqual([]);
  });
});

describe("arguments and names from outside", () => {
  test("prototype names are ordinary names", async () => {
    const huey = testHuey();
    const odd = huey.task("__proto__", (value: { constructor: string }) => value.constructor);
    const result = await odd(JSON.parse('{"constructor":"mine","__proto__":{"polluted":1}}'));
    await huey.drain();
    expect(await result.get()).toBe("mine");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    for (const name of ["constructor", "toString", "hasOwnProperty"]) huey.task(name, () => name);
    expect(await huey.get("constructor")).toBeUndefined();
    await huey.put("__proto__", { a: 1 });
    expect(await huey.get<{ a: number }>("__proto__")).toEqual({ a: 1 });
  });

  test("a handler of the wrong shape fails by itself only", async () => {
    const huey = testHuey();
    const fails = huey.task("fails", () => {
      throw new CancelExecution({ retry: "yes" as never });
    });
    await fails();
    expect((await huey.drain({ limit: 5 })).length).toBeGreaterThan(0);
    expect(await huey.storage.claimed({ consumer: "test" })).toEqual([]);
  });

  test("backoff beyond all dates does not lose the task", async () => {
    const huey = testHuey();
    const fails = huey.task({ name: "fails", retries: 3, retryDelay: 1e9, retryBackoff: 1e200 }, () => {
      throw new Error("no");
    });
    const result = await fails();
    for (let attempt = 0; attempt < 4; attempt++) {
      await huey.drain();
      idle(huey, (Math.min(8.64e15, await huey.storage.dueMs() ?? 0) - huey.clock.now().getTime()) / 1000);
      await huey.storage.promoteDue(10);
    }
    expect(await huey.storage.claimed({ consumer: "test" })).toEqual([]);
    const state = (await result.state()).state;
    expect(["failed", "retrying", "scheduled", "waiting"]).toContain(state);
  });
});
