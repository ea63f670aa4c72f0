import { describe, expect, test } from "bun:test";
import { crontab } from "../../lib/periodic/crontab.ts";
import { CancelExecution, RetryTask, TaskTimeout } from "../../lib/errors.ts";
import { every } from "../../lib/periodic/every.ts";
import { chord } from "../../lib/composition/group.ts";
import { type RanTask, TestHuey } from "../../testing/mod.ts";
import { LONG } from "../sizes.ts";

/** How long a test of many attempts may take; scripts/bench/testing_kit.ts says how long it does. */
const MANY_MS = 600_000;
const NOON = new Date("2026-01-05T12:00:00Z");

function testHuey(options: ConstructorParameters<typeof TestHuey>[0] = {}): TestHuey {
  return new TestHuey({ now: NOON, logger: silent, ...options });
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Name, outcome and time of day of each attempt. */
function told(ran: readonly RanTask[]): string[] {
  return ran.map(({ task, outcome, at }) => `${task.name} ${outcome} ${at.toISOString().slice(11, 19)}`);
}

describe("the clock", () => {
  test("stands still, starts where it is told, and moves as far as it is told", async () => {
    const huey = testHuey();
    expect(huey.clock.now()).toEqual(NOON);
    expect(await huey.advance({ minutes: 5 })).toEqual([]);
    expect(huey.clock.now()).toEqual(new Date("2026-01-05T12:05:00Z"));
    await huey.advanceTo(new Date("2026-01-06T00:00:00Z"));
    expect(huey.clock.now()).toEqual(new Date("2026-01-06T00:00:00Z"));
  });

  test("refuses to go back", async () => {
    const huey = testHuey();
    await expect(huey.advanceTo(new Date("2025-01-01"))).rejects.toThrow(RangeError);
    await expect(huey.advance(-1)).rejects.toThrow(RangeError);
  });

  test("starts at the present by default", () => {
    const before = Date.now();
    expect(new TestHuey().clock.now().getTime()).toBeGreaterThanOrEqual(before);
  });

  test("belongs to one Huey: several stand side by side", async () => {
    const [one, other] = [testHuey({ name: "one" }), testHuey({ name: "other" })];
    const task = one.task("task", () => 1);
    other.task("task", () => 2);
    await task.schedule({ delay: 60 });
    expect(await other.advance({ hours: 1 })).toEqual([]);
    expect((await one.advance({ hours: 1 })).map(({ value }) => value)).toEqual([1]);
  });
});

describe("drain", () => {
  test("runs what waits, and what follows from it; what is scheduled stays", async () => {
    const huey = testHuey();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const sum = huey.task("sum", (values: number[]) => values.reduce((a, b) => a + b, 0));
    await huey.enqueue(chord([add.s(1, 2), add.s(3, 4)], sum));
    await add.schedule({ args: [5, 6], delay: 10 });
    expect((await huey.drain()).map(({ value }) => value)).toEqual([3, 7, 10]);
    expect(await huey.scheduledCount()).toBe(1);
    expect(await huey.drain()).toEqual([]);
  });

  test("stops at its limit", async () => {
    const huey = testHuey();
    const task = huey.task("task", (n: number) => n);
    await task.map([1, 2, 3]);
    expect((await huey.drain({ limit: 2 })).map(({ value }) => value)).toEqual([1, 2]);
    expect(await huey.pendingCount()).toBe(1);
  });

  test("throws the first failure, if it is asked to", async () => {
    const huey = testHuey();
    const fail = huey.task("fail", (what: string) => {
      throw new RangeError(what);
    });
    await fail.map(["first", "second"]);
    await expect(huey.drain({ throwErrors: true })).rejects.toThrow(new RangeError("first"));
    await fail("third");
    expect((await huey.drain()).map(({ outcome, error }) => [outcome, error?.message])).toEqual([["failed", "third"]]);
  });

  test("waits for real work, and lets a task read what another one leaves", async () => {
    const huey = testHuey();
    const slow = huey.task("slow", async () => {
      await new Promise((resolve) => setTimeout(resolve, 120));
      return "slow";
    });
    const outer = huey.task("outer", async () => `got ${await (await slow()).get({ blocking: true })}`);
    await outer();
    expect((await huey.drain()).map(({ value }) => value)).toEqual(["slow", "got slow"]);
  });

  test("tells of messages that nobody can run", async () => {
    const huey = testHuey();
    const gone = huey.task("gone", () => {});
    await gone();
    gone.unregister();
    const ran = await huey.advance({ minutes: 1 });
    expect(ran.map(({ task, outcome, error }) => [task.name, outcome, error?.message.includes("gone")])).toEqual([[
      "gone",
      "dead",
      true,
    ]]);
    expect(await huey.deadLetterCount()).toBe(1);
  });

  test("of several calls at once each has its turn, and what it ran; a task may call too", async () => {
    const huey = testHuey();
    const task = huey.task("task", (n: number) => n);
    const outer = huey.task("outer", async () => {
      await task(5);
      return (await huey.drain()).map(({ value }) => value);
    });
    for (const minute of [1, 2, 3]) await task.schedule({ args: [minute], delay: { minutes: minute } });
    const ran = await Promise.all([huey.advance({ minutes: 1 }), huey.drain(), huey.advance({ minutes: 2 })]);
    expect(ran.map((part) => part.map(({ value }) => value))).toEqual([[1], [], [2, 3]]);
    expect(huey.clock.now()).toEqual(new Date("2026-01-05T12:03:00Z"));
    await outer();
    expect((await huey.drain()).map(({ value }) => value)).toEqual([[5]]);
  });

  test("refuses unknown options", async () => {
    await expect(testHuey().drain({ limits: 3 } as never)).rejects.toThrow('did you mean "limit"?');
    expect(() => new TestHuey({ patients: 3 } as never)).toThrow('did you mean "patience"?');
    await expect(testHuey().drain({ throwErrors: "yes" } as never)).rejects.toThrow("throwErrors must be true or false");
    expect(() => new TestHuey({ now: null } as never)).toThrow("now must be");
  });
});

describe("advance", () => {
  test("runs each thing at its own time, in order; what is due exactly at the end runs too", async () => {
    const huey = testHuey();
    const task = huey.task("task", (name: string) => name);
    await task.schedule({ args: ["last"], delay: { hours: 2 } });
    await task.schedule({ args: ["first"], delay: { minutes: 1 } });
    await task.schedule({ args: ["later"], delay: { hours: 2, seconds: 1 } });
    await task("now");
    const ran = await huey.advance({ hours: 2 });
    expect(ran.map(({ value, at }) => [value, at.toISOString().slice(11, 19)])).toEqual([
      ["now", "12:00:00"],
      ["first", "12:01:00"],
      ["last", "14:00:00"],
    ]);
  });

  test("retries with their delay and backoff", async () => {
    const huey = testHuey();
    const flaky = huey.task({ name: "flaky", retries: 3, retryDelay: 60, retryBackoff: 2 }, () => {
      throw new Error("no luck");
    });
    await flaky();
    expect(told(await huey.advance({ hours: 1 }))).toEqual([
      "flaky retrying 12:00:00",
      "flaky retrying 12:01:00",
      "flaky retrying 12:03:00",
      "flaky failed 12:07:00",
    ]);
  });

  test("RetryTask, locks and rate limits put a task off without an error", async () => {
    const huey = testHuey();
    let asked = 0;
    const again = huey.task("again", () => {
      if (++asked === 1) throw new RetryTask({ delay: 30 });
    });
    const limited = huey.task({ name: "limited", rateLimit: { limit: 1, per: { minutes: 1 } } }, () => {});
    await again();
    await limited.map([[], []]);
    const ran = await huey.advance({ minutes: 5 });
    expect(told(ran)).toEqual([
      "again retrying 12:00:00",
      "limited complete 12:00:00",
      "limited retrying 12:00:00",
      "again complete 12:00:30",
      "limited complete 12:01:00",
    ]);
    expect(ran.every(({ error }) => error === undefined)).toBe(true);
  });

  test("a lock with a ttl ends by the clock", async () => {
    const huey = testHuey();
    await huey.lockTask("door", { ttl: 60 }).acquire();
    await huey.advance(59);
    expect(await huey.isLocked("door")).toBe(true);
    await huey.advance(1);
    expect(await huey.isLocked("door")).toBe(false);
  });

  test("a task expires, is revoked until a time, or canceled, by the clock", async () => {
    const huey = testHuey();
    const brief = huey.task({ name: "brief", expires: 60 }, () => {});
    const quiet = huey.task("quiet", () => {});
    const stop = huey.task("stop", () => {
      throw new CancelExecution();
    });
    await quiet.revoke({ until: new Date(NOON.getTime() + 60_000) });
    await quiet();
    await quiet.schedule({ delay: 90 });
    await stop();
    await brief();
    const ran = await huey.advance(0);
    expect(told(ran)).toEqual(["quiet revoked 12:00:00", "stop canceled 12:00:00", "brief complete 12:00:00"]);
    const late = await brief.with({ expires: 60 }).s();
    await huey.enqueue(late);
    await brief.revoke({ until: new Date(NOON.getTime() + 30_000) });
    expect(told(await huey.advance({ minutes: 2 }))).toEqual(["brief revoked 12:00:00", "quiet complete 12:01:30"]);
  });

  test("a timeout strikes by the clock, while the task waits for something that does not come", async () => {
    const huey = testHuey();
    const hang = huey.task(
      { name: "hang", timeout: { hours: 1 }, context: true },
      (context) => new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason))),
    );
    await hang();
    const ran = await huey.advance({ hours: 2 });
    expect(told(ran)).toEqual(["hang failed 13:00:00"]);
    expect(ran[0]?.error).toBeInstanceOf(TaskTimeout);
  });

  test("results and notices go by the clock", async () => {
    const huey = testHuey({ resultTtl: { days: 1 }, completionTtl: 60 });
    const task = huey.task("task", () => "value");
    const empty = huey.task("empty", () => {});
    const [read, unread, nothing] = [await task(), await task(), await empty()];
    await huey.drain();
    expect(await read.get()).toBe("value");
    expect((await nothing.state()).state).toBe("complete");
    await huey.advance({ minutes: 2 });
    expect((await nothing.state()).state).toBe("unknown");
    await huey.advance({ days: 2 });
    expect(await unread.get()).toBe(undefined);
  });

  test("crontabs and intervals, over the change to summer time", async () => {
    const huey = testHuey({ now: new Date("2026-03-28T20:00:00Z") });
    huey.periodicTask("nightly", crontab({ minute: 30, hour: 2, timeZone: "Europe/Berlin" }), () => {});
    huey.periodicTask("half-day", every({ hours: 12 }), () => {});
    const ran = await huey.advance({ days: 2 });
    // On 29 March there is no 2:30 in Berlin.
    expect(ran.map(({ task, at }) => `${task.name} ${at.toISOString()}`)).toEqual([
      "half-day 2026-03-29T00:00:00.000Z",
      "half-day 2026-03-29T12:00:00.000Z",
      "half-day 2026-03-30T00:00:00.000Z",
      "nightly 2026-03-30T00:30:00.000Z",
      "half-day 2026-03-30T12:00:00.000Z",
    ]);
  });

  test("a periodic task that is registered between two advances runs from then on", async () => {
    const huey = testHuey();
    await huey.advance({ hours: 1 });
    huey.periodicTask("hourly", crontab({ minute: 0 }), () => {});
    expect(told(await huey.advance({ hours: 2 }))).toEqual(["hourly complete 14:00:00", "hourly complete 15:00:00"]);
  });

  // The long run goes through a whole year.
  const spans = LONG ? [{ month: 0, day: 1, days: 365 }] : [{ month: 2, day: 28, days: 3 }, { month: 9, day: 24, days: 3 }];
  test.each(spans)("an hourly crontab, over changes of the clocks: %j", async ({ month, day, days }) => {
    const huey = testHuey({ now: new Date(Date.UTC(2026, month, day, 0, -30)) });
    huey.periodicTask("hourly", crontab({ minute: 0, timeZone: "Europe/Berlin" }), () => {});
    const ran = await huey.advance({ days });
    const hours = Array.from({ length: days * 24 }, (_, hour) => Date.UTC(2026, month, day, hour));
    expect(ran.map(({ at }) => at.getTime())).toEqual(hours);
  }, MANY_MS);

  test("a thousand retries", async () => {
    const huey = testHuey();
    const flaky = huey.task({ name: "flaky", retries: 1000, retryDelay: 60 }, () => {
      throw new Error("no luck");
    });
    await flaky();
    const ran = await huey.advance({ days: 3 });
    expect(ran).toHaveLength(1001);
    expect(told(ran.slice(-2))).toEqual(["flaky retrying 04:39:00", "flaky failed 04:40:00"]);
  }, MANY_MS);

  test("what waits in a queue that is paused runs when the pause ends", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => {});
    await huey.pause({ until: new Date(NOON.getTime() + 60_000) });
    await task();
    await task.schedule({ delay: 30 });
    expect([await huey.drain(), await huey.advance(59)]).toEqual([[], []]);
    expect(told(await huey.advance({ hours: 1 }))).toEqual(["task complete 12:01:00", "task complete 12:01:00"]);
    await huey.pause();
    await task();
    expect(await huey.advance({ hours: 1 })).toEqual([]);
    await huey.resume();
    expect(told(await huey.drain())).toEqual(["task complete 14:00:59"]);
  });

  test("immediate mode has the same clock", async () => {
    const huey = testHuey({ patience: 5 });
    huey.immediate = true;
    const task = huey.task("task", () => huey.clock.now().toISOString());
    expect(await (await task()).get()).toBe("2026-01-05T12:00:00.000Z");
    const later = await task.schedule({ delay: { hours: 1 } });
    expect(told(await huey.advance({ hours: 2 }))).toEqual(["task complete 13:00:00"]);
    expect(await later.get()).toBe("2026-01-05T13:00:00.000Z");
  });

  test("gives tasks that wait for real work their patience before the clock moves on", async () => {
    const huey = testHuey({ patience: 5 });
    const read = huey.task("read", async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return huey.clock.now().toISOString();
    });
    await read();
    await read.schedule({ delay: 60 });
    const ran = await huey.advance({ hours: 1 });
    expect(ran.map(({ value }) => value)).toEqual(["2026-01-05T12:00:00.000Z", "2026-01-05T12:01:00.000Z"]);
  });
});

describe("several Hueys on one clock", () => {
  test("time passes for all of them, each thing in order, whichever is advanced", async () => {
    const shop = testHuey({ name: "shop" });
    const mail = new TestHuey({ name: "mail", beside: shop, logger: silent });
    const send = mail.task("send", (to: string) => to);
    const order = shop.task("order", async (to: string) => void await send(to));
    await order.schedule({ args: ["ada"], delay: 60 });
    await send.schedule({ args: ["first"], delay: 30 });
    expect(told(await mail.advance(90))).toEqual([
      "send complete 12:00:30",
      "order complete 12:01:00",
      "send complete 12:01:00",
    ]);
    expect(mail.clock.now()).toEqual(shop.clock.now());
    await mail.close();
    await order("bob").catch(() => {});
    expect((await shop.advance(1)).map(({ task }) => task.name)).toEqual(["order"]);
  });

  test("of one name have one queue: what one calls, the other runs", async () => {
    const caller = testHuey({ name: "shop" });
    const worker = new TestHuey({ name: "shop", beside: caller, logger: silent });
    const add = caller.remote<(a: number, b: number) => number>("add");
    worker.task("add", (a: number, b: number) => a + b);
    const result = await add(1, 2);
    expect((await worker.drain()).map(({ value }) => value)).toEqual([3]);
    expect(await result.get()).toBe(3);
  });

  test("wrong options are refused", () => {
    expect(() => testHuey({ beside: testHuey() })).toThrow("Give either now or beside");
    expect(() => new TestHuey({ beside: {} as never })).toThrow("beside must be a TestHuey");
  });
});

describe("jumpTo", () => {
  test("sets the clock forward: nothing runs, and what has become due runs late", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    await task.schedule({ delay: 60 });
    huey.periodicTask("minutely", crontab({ minute: "*" }), () => 2);
    await huey.jumpTo(new Date("2026-01-05T13:00:30Z"));
    expect(await huey.scheduledCount()).toBe(1);
    expect(told(await huey.advance(30))).toEqual(["task complete 13:00:30", "minutely complete 13:01:00"]);
  });

  test("sets the clock back: timers go on, and what is due at a time of day waits for it", async () => {
    const huey = testHuey();
    await huey.task({ name: "slow", timeout: 60 }, () => new Promise<void>(() => {}))();
    await huey.advance(10);
    await huey.task("task", () => 1).schedule({ delay: 10 });
    await huey.jumpTo(new Date("2026-01-05T11:00:00Z"));
    expect(told(await huey.advance(50))).toEqual(["slow failed 11:00:50"]);
    expect(told(await huey.advance(3600))).toEqual(["task complete 12:00:20"]);
    await expect(huey.jumpTo(new Date(NaN))).rejects.toThrow();
  });
});
