import { describe, expect, test } from "bun:test";
import { RateLimitExceeded, type TaskException } from "../../lib/errors.ts";
import type { RateLimit } from "../../lib/types/limits.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { TestHuey } from "../../testing/mod.ts";
import { failure, idle, NOON, promote, record, refusal, silent, testHuey, work } from "../helpers.ts";

/** How many of `tries` get through now. */
async function through(limit: RateLimit, tries: number): Promise<number> {
  let count = 0;
  for (let n = 0; n < tries; n++) {
    await limit.acquire().then(() => count++, (error) => expect(error).toBeInstanceOf(RateLimitExceeded));
  }
  return count;
}

describe("fixed windows", () => {
  test("are aligned to the clock", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 3, per: 60 });
    await huey.jumpTo(new Date(NOON + 50_000));
    expect(await through(limit, 5)).toBe(3);
    idle(huey, 9.999);
    expect(await through(limit, 5)).toBe(0);
    idle(huey, 0.001);
    expect(await through(limit, 5)).toBe(3);
    idle(huey, 60);
    expect(await through(limit, 2)).toBe(2);
    expect(await through(limit, 2)).toBe(1);
  });

  test("a refusal tells the name and the seconds until the next window", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 1, per: { minutes: 1 } });
    await huey.jumpTo(new Date(NOON + 18_500));
    await limit.acquire();
    const error = await failure(limit.acquire()) as RateLimitExceeded;
    expect(error).toBeInstanceOf(RateLimitExceeded);
    expect([error.key, error.delay, error.retry]).toEqual(["api", 41.5, true]);
  });

  test("0 lets none through", async () => {
    const huey = testHuey();
    for (const algorithm of ["fixed", "sliding", "token-bucket"] as const) {
      const limit = huey.rateLimit(algorithm, { limit: 0, per: 60, algorithm });
      expect(await through(limit, 3)).toBe(0);
      idle(huey, 3600);
      const error = await failure(limit.acquire()) as RateLimitExceeded;
      expect(Number.isFinite(error.delay)).toBe(true);
    }
  });

  test("several that try at once", async () => {
    const huey = testHuey();
    for (const algorithm of ["fixed", "sliding", "token-bucket"] as const) {
      const limit = huey.rateLimit(algorithm, { limit: 4, per: 60, algorithm });
      const tries = await Promise.allSettled(Array.from({ length: 20 }, () => limit.acquire()));
      expect(tries.filter(({ status }) => status === "fulfilled").length).toBe(4);
    }
  });

  test("limits of one name share their count; other names do not", async () => {
    const huey = testHuey();
    const options = { limit: 2, per: 60 };
    await huey.rateLimit("shared", options).acquire();
    expect(await through(huey.rateLimit("shared", options), 5)).toBe(1);
    expect(await through(huey.rateLimit("other", options), 5)).toBe(2);
  });
});

describe("sliding windows", () => {
  test("never let more than the limit through in any span of that length", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 3, per: 60, algorithm: "sliding" });
    await huey.jumpTo(new Date(NOON + 50_000));
    const passed: number[] = [];
    for (let second = 0; second < 300; second += 7) {
      await huey.jumpTo(new Date(NOON + 50_000 + second * 1000));
      for (let n = await through(limit, 2); n > 0; n--) passed.push(second);
    }
    for (const start of passed) {
      expect(passed.filter((at) => at >= start && at < start + 60).length).toBeLessThanOrEqual(3);
    }
    expect(passed.length).toBeGreaterThan(8);
  });

  test("do not let twice the limit through around an edge", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 3, per: 60, algorithm: "sliding" });
    await huey.jumpTo(new Date(NOON + 59_000));
    expect(await through(limit, 5)).toBe(3);
    idle(huey, 2);
    expect(await through(limit, 5)).toBe(0);
    idle(huey, 120);
    expect(await through(limit, 5)).toBe(3);
  });

  test("the delay is when a try makes sense", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 2, per: 60, algorithm: "sliding" });
    await through(limit, 2);
    const { delay } = await failure(limit.acquire()) as RateLimitExceeded;
    expect(delay).toBeGreaterThan(0);
    idle(huey, delay);
    expect(await through(limit, 1)).toBe(1);
  });
});

describe("token buckets", () => {
  test("start full and fill steadily", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 6, per: 60, algorithm: "token-bucket" });
    expect(await through(limit, 10)).toBe(6);
    idle(huey, 9.999);
    expect(await through(limit, 1)).toBe(0);
    idle(huey, 0.001);
    expect(await through(limit, 3)).toBe(1);
    idle(huey, 30);
    expect(await through(limit, 10)).toBe(3);
    idle(huey, 100_000);
    expect(await through(limit, 10)).toBe(6);
  });

  test("the delay is until the next token", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 6, per: 60, algorithm: "token-bucket" });
    await through(limit, 6);
    idle(huey, 4);
    expect(((await failure(limit.acquire())) as RateLimitExceeded).delay).toBeCloseTo(6, 5);
  });
});

for (const algorithm of ["sliding", "token-bucket"] as const) {
  for (const apartSeconds of [10, 500]) {
    test(`${algorithm}: hosts whose clocks are ${apartSeconds} s apart get no more together`, async () => {
      const huey = testHuey();
      const limit = huey.rateLimit("api", { limit: 10, per: 60, algorithm });
      let admitted = 0;
      for (let n = 0; n < 400; n++) {
        await huey.jumpTo(new Date(NOON + n * 10 + (n % 2) * apartSeconds * 1000));
        admitted += await through(limit, 1);
      }
      // The clock of the other host is ahead once, which may fill the limit once more.
      expect(admitted).toBeLessThanOrEqual(apartSeconds === 10 ? 12 : 20);
    });
  }
}

describe.each(["sliding", "token-bucket"] as const)("%s", (algorithm) => {
  test("a clock that was years ahead for a moment holds nobody up for years", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 2, per: 60, algorithm });
    await huey.jumpTo(new Date(NOON + 20 * 365 * 86_400_000));
    expect(await through(limit, 3)).toBe(2);
    await huey.jumpTo(new Date(NOON));
    expect(await through(limit, 3)).toBe(2);
    expect(await limit.currentUsage()).toBe(2);
    expect((await failure(limit.acquire()) as RateLimitExceeded).delay).toBeLessThanOrEqual(60);
  });

  test("of a clock that is hours ahead a call waits no longer than the limit says, and asks again", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 2, per: 60, algorithm });
    await huey.jumpTo(new Date(NOON + 3 * 3_600_000));
    expect(await through(limit, 3)).toBe(2);
    await huey.jumpTo(new Date(NOON));
    expect((await failure(limit.acquire()) as RateLimitExceeded).delay).toBeLessThanOrEqual(60);
  });

  test("a state that is none counts as none", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 2, per: 60, algorithm });
    await through(limit, 1);
    const [key] = [...(await huey.storage.meta.entries()).keys()];
    for (const broken of ["{", "null", "5", '{"tokens":"many"}', '["soon"]']) {
      await huey.storage.meta.put(key!, new TextEncoder().encode(broken));
      expect(await limit.currentUsage()).toBe(0);
      expect(await through(limit, 3)).toBe(2);
    }
  });
});

describe("the other members", () => {
  test("run, wrap, currentUsage, reset", async () => {
    const huey = testHuey();
    for (const algorithm of ["fixed", "sliding", "token-bucket"] as const) {
      const limit = huey.rateLimit(algorithm, { limit: 2, per: 60, algorithm });
      expect([limit.name, await limit.currentUsage()]).toEqual([algorithm, 0]);
      expect(await limit.run(() => Promise.resolve("ran"))).toBe("ran");
      expect(await limit.currentUsage()).toBe(1);
      const double = limit.wrap((n: number) => n * 2);
      expect(await double(4)).toBe(8);
      expect(await failure(double(4))).toBeInstanceOf(RateLimitExceeded);
      expect(await failure(limit.run(() => "not run"))).toBeInstanceOf(RateLimitExceeded);
      await limit.reset();
      expect([await limit.currentUsage(), await double(5)]).toEqual([0, 10]);
    }
  });

  test("a call that is refused does not count", async () => {
    const huey = testHuey();
    for (const algorithm of ["fixed", "sliding", "token-bucket"] as const) {
      const limit = huey.rateLimit(algorithm, { limit: 2, per: 60, algorithm });
      expect(await through(limit, 5)).toBe(2);
      expect(await limit.currentUsage()).toBe(2);
    }
  });

  test("currentUsage is not stale in a new window", async () => {
    const huey = testHuey();
    for (const algorithm of ["fixed", "sliding", "token-bucket"] as const) {
      const limit = huey.rateLimit(algorithm, { limit: 2, per: 60, algorithm });
      await limit.acquire();
      idle(huey, 180);
      expect(await limit.currentUsage()).toBe(0);
    }
  });

  test("the function's failure still counts as a call", async () => {
    const huey = testHuey();
    const limit = huey.rateLimit("api", { limit: 1, per: 60 });
    expect((await failure(limit.run(() => Promise.reject(new Error("no"))))).message).toBe("no");
    expect(await failure(limit.acquire())).toBeInstanceOf(RateLimitExceeded);
  });

  test("wrong arguments are refused", async () => {
    const huey = testHuey();
    await refusal(() => huey.rateLimit("", { limit: 1, per: 1 }));
    await refusal(() => huey.rateLimit("a", { limit: -1, per: 1 }), "limit", "-1");
    await refusal(() => huey.rateLimit("a", { limit: 1.5, per: 1 }), "limit", "1.5");
    await refusal(() => huey.rateLimit("a", { limit: 1, per: 0 }), "per");
    await refusal(() => huey.rateLimit("a", { limit: 1 } as never), "per");
    await refusal(() => huey.rateLimit("a", { limit: 1, per: 1, retry: "no" } as never), "retry", "no");
    await refusal(() => huey.rateLimit("a", { limit: 1, per: 1, algorithm: "leaky" } as never), "leaky", "sliding");
    await refusal(() => huey.rateLimit("a", { limit: 1, per: 1 }).run(5 as never), "5");
    await refusal(() => huey.rateLimit("a", undefined as never), "undefined");
  });
});

describe("a rate limited task", () => {
  test("retries in the next window without using up its retries", async () => {
    const huey = new TestHuey({ now: new Date(NOON + 10_000), logger: silent });
    const task = huey.task({ name: "task", rateLimit: { limit: 1, per: 60 } }, (n: number) => n);
    const results = await task.map([1, 2, 3]);
    await huey.drain();
    const waiting = (await huey.scheduled()).map(({ eta, retries }) => [eta!.getTime() - NOON, retries]);
    expect(waiting).toEqual([[60_000, 0], [60_000, 0]]);
    const ran = await huey.advance(110);
    expect(ran.map(({ outcome, at }) => [outcome, at.getTime() - NOON])).toEqual([
      ["complete", 60_000],
      ["retrying", 60_000],
      ["complete", 120_000],
    ]);
    for (const result of results) result.reset();
    expect(await results.get()).toEqual([1, 2, 3]);
  });

  test("the limit's name defaults to the task's, and may be shared", async () => {
    const huey = testHuey();
    const own = huey.task({ name: "own", rateLimit: { limit: 5, per: 60 } }, () => 1);
    await own();
    await work(huey);
    expect(await huey.rateLimit("own", { limit: 5, per: 60 }).currentUsage()).toBe(1);
    const shared = { name: "api", limit: 1, per: 60 };
    const a = huey.task({ name: "a", rateLimit: shared }, () => 1);
    const b = huey.task({ name: "b", rateLimit: shared }, () => 1);
    await a();
    await b();
    await work(huey);
    expect((await huey.scheduled()).map(({ name }) => name)).toEqual(["b"]);
  });

  test("waits for the limit, whatever the delay of its retries, and a postponement is no attempt", async () => {
    const huey = new TestHuey({ now: new Date(NOON), logger: silent });
    const attempts: number[] = [];
    const options = { name: "task", context: true, retries: 2, rateLimit: { limit: 1, per: 60 } } as const;
    const task = huey.task(options, ({ attempt }: TaskContext) => void attempts.push(attempt));
    await task();
    await task.with({ retryDelay: 7, retryBackoff: 3 })();
    await task.with({ retryDelay: 700 })();
    await huey.drain();
    const waiting = await huey.scheduled();
    expect(waiting.map(({ eta, retries }) => [eta, retries])).toEqual(Array(2).fill([new Date(NOON + 60_000), 2]));
    await huey.advance(120);
    expect(attempts).toEqual([1, 1, 1]);
  });

  test("in immediate mode it waits in the schedule, its retries kept", async () => {
    const huey = testHuey({ immediate: true });
    const task = huey.task({ name: "task", retries: 1, retryDelay: 1, rateLimit: { limit: 0, per: 60 } }, () => 1);
    await task();
    expect(await huey.scheduled()).toMatchObject([{ eta: new Date(NOON + 60_000), retries: 1 }]);
  });

  test("retry false uses up the retries, then it has failed", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const task = huey.task({ name: "task", retries: 1, rateLimit: { limit: 0, per: 60, retry: false } }, () => 1);
    const result = await task();
    await work(huey);
    expect((await huey.scheduled())[0]).toMatchObject({ retries: 0, eta: new Date(NOON + 60_000) });
    await huey.advance(60);
    expect(names.filter((name) => name === "rate-limited").length).toBe(2);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
    result.reset();
    const error = await failure(result.get()) as TaskException;
    expect(error.cause).toBeInstanceOf(RateLimitExceeded);
  });

  test("RateLimitExceeded thrown by the body counts the same", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => {
      throw new RateLimitExceeded("remote", 30);
    });
    await task();
    await work(huey);
    expect((await huey.scheduled())[0]!.eta).toEqual(new Date(NOON + 30_000));
    idle(huey, 30);
    expect(await promote(huey)).toBe(1);
  });
});
