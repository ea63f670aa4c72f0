import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { schedulerLoop } from "../../consumer/loop/scheduler.ts";
import type { Loop } from "../../consumer/loop/loop.ts";
import type { SchedulerOptions } from "../../consumer/loop/scheduler.ts";
import { coreOf } from "../../lib/core/core.ts";
import { crontab } from "../../lib/periodic/crontab.ts";
import { StorageError } from "../../lib/errors.ts";
import { every } from "../../lib/periodic/every.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import { logbook, memory, NOON, record } from "../helpers.ts";
import { advance, startClock, stopClock } from "../stopped_clock.ts";

const POLL = { initialMs: 1, backoff: 1, maxMs: 1 };
const schedulers: Loop[] = [];

// The loop itself is the subject: it waits in real time, between failures too, while the time of day is that of the test.
beforeEach(() => stopClock());
afterEach(async () => {
  await Promise.all(schedulers.splice(0).map((scheduler) => scheduler.stop()));
  startClock();
});

function start(huey: Huey, options: Partial<SchedulerOptions> = {}): Loop {
  const core = coreOf(huey)!;
  const { logger } = core;
  const scheduler = schedulerLoop(core, {
    schedulerIntervalMs: 60_000,
    poll: POLL,
    patienceMs: 60_000,
    logger,
    periodic: true,
    ...options,
  });
  schedulers.push(scheduler);
  scheduler.start();
  return scheduler;
}

/** Resolves when a signal was emitted so often. */
function emitted(huey: Huey, signal: "enqueued", times: number): Promise<string[]> {
  const names: string[] = [];
  return new Promise((resolve) => {
    huey.signal(signal, (_, task) => {
      if (names.push(task.name) === times) resolve(names);
    });
  });
}

/** A Huey whose scheduler sleeps until it is woken, and how long it meant to sleep. */
function sleepless(): { huey: Huey; sleeps: number[]; slept: () => Promise<void>; wake: () => void } {
  const sleeps: number[] = [];
  let seen: (() => void) | undefined;
  let wake = (): void => {};
  const clock: Clock = {
    ...systemClock,
    elapsed: () => systemClock.now(),
    startTimer(ms, strike, options) {
      if (options?.background) return systemClock.startTimer(ms, strike, options);
      sleeps.push(ms);
      seen?.();
      wake = strike;
      return { stop: () => {} };
    },
  };
  return { huey: memory({ clock }), sleeps, slept: () => new Promise((resolve) => seen = resolve), wake: () => wake() };
}

describe("Scheduler", () => {
  test("moves what is due to the queue, in batches, and announces it", async () => {
    const huey = memory();
    const nothing = huey.task("nothing", () => {});
    for (let index = 0; index < 1203; index++) await nothing.schedule({ delay: 10 });
    await nothing.schedule({ delay: 1000 });
    advance(10);
    const all = emitted(huey, "enqueued", 1203);
    start(huey);
    await all;
    expect(await huey.pendingCount()).toBe(1203);
    expect(await huey.scheduledCount()).toBe(1);
  });

  test("wakes for a message that is scheduled while it sleeps", async () => {
    startClock();
    const huey = memory();
    const nothing = huey.task("nothing", () => {});
    start(huey);
    const moved = emitted(huey, "enqueued", 1);
    await nothing.schedule({ delay: { milliseconds: 5 } });
    await moved;
    expect(await huey.pendingCount()).toBe(1);
  });

  test("enqueues periodic tasks once for each minute", async () => {
    const { huey, sleeps, slept, wake } = sleepless();
    huey.periodicTask("minutely", crontab({ minute: "*" }), () => {});
    let asleep = slept();
    start(huey);
    await asleep;
    expect(await huey.pendingCount()).toBe(1);
    for (const seconds of [20, 20, 20]) {
      advance(seconds);
      asleep = slept();
      wake();
      await asleep;
    }
    expect((await huey.pending()).map(({ name }) => name)).toEqual(["minutely", "minutely"]);
    expect(sleeps).toEqual([60_000, 40_000, 20_000, 60_000]);
  });

  test("sleeps until an interval below a minute is over", async () => {
    const { huey, sleeps, slept } = sleepless();
    huey.periodicTask("often", every({ seconds: 15 }), () => {});
    const asleep = slept();
    stopClock(NOON + 1000);
    start(huey);
    await asleep;
    expect(sleeps).toEqual([14_000]);
  });

  test("looks once in an interval while nothing is scheduled, and asks a storage whose clock is ahead at each", async () => {
    const { huey, slept, wake } = sleepless();
    const { storage } = huey;
    const { dueMs, promoteDue } = storage;
    const calls: string[] = [];
    storage.dueMs = async () => {
      calls.push("look");
      const due = await dueMs.call(storage);
      // The storage has come an hour further than this clock.
      return due && due + 3_600_000;
    };
    storage.promoteDue = async (limit) => {
      calls.push("move");
      return await promoteDue.call(storage, limit);
    };
    const nothing = huey.task("nothing", () => {});
    const round = async (): Promise<string[]> => {
      const asleep = slept();
      advance(60);
      wake();
      await asleep;
      return calls.splice(0);
    };
    const asleep = slept();
    start(huey);
    await asleep;
    calls.splice(0);
    expect(await round()).toEqual(["look"]);
    const ring = slept();
    await nothing.schedule({ delay: 90 });
    await ring;
    calls.splice(0);
    expect(await round()).toEqual(["look", "move"]);
    expect([await huey.pendingCount(), await round()]).toEqual([0, ["look", "move"]]);
    expect([await huey.pendingCount(), await round()]).toEqual([1, ["look"]]);
  });

  test("announces periodic tasks, marked as such", async () => {
    const huey = memory();
    huey.periodicTask("minutely", crontab({ minute: "*" }), () => {});
    const announced = emitted(huey, "enqueued", 1);
    start(huey);
    expect(await announced).toEqual(["minutely"]);
  });

  test("leaves periodic tasks alone when told to", async () => {
    const { huey, slept } = sleepless();
    huey.periodicTask("minutely", crontab({ minute: "*" }), () => {});
    const asleep = slept();
    start(huey, { periodic: false });
    await asleep;
    expect(await huey.pendingCount()).toBe(0);
  });

  test("outlives failures of the storage and says so once", async () => {
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    const nothing = huey.task("nothing", () => {});
    await nothing.schedule({ delay: 10 });
    advance(10);
    const storage: Storage = huey.storage;
    const { promoteDue } = storage;
    let failures = 3;
    storage.promoteDue = (limit) => {
      return failures-- > 0 ? Promise.reject(new StorageError("no connection")) : promoteDue.call(storage, limit);
    };
    const moved = emitted(huey, "enqueued", 1);
    start(huey);
    await moved;
    const said = lines.filter(({ message }) => message.startsWith("Scheduling")).map(({ level }) => level);
    expect(said.slice(0, 3)).toEqual(["error", "debug", "debug"]);
  });

  test("outlives a storage that throws at the call, and a logger that throws", async () => {
    const huey = memory();
    const nothing = huey.task("nothing", () => {});
    await nothing.schedule({ delay: 10 });
    advance(10);
    const { storage } = huey;
    const { promoteDue } = storage;
    let failures = 3;
    storage.promoteDue = (limit) => {
      if (failures-- > 0) throw new TypeError("a bug");
      return promoteDue.call(storage, limit);
    };
    const moved = emitted(huey, "enqueued", 1);
    const fail = (): never => {
      throw new Error("The disk of the log is full");
    };
    const scheduler = start(huey, { logger: { debug: () => {}, info: fail, warn: fail, error: fail } });
    await moved;
    expect(failures).toBe(-1);
    expect(scheduler.isAlive).toBe(true);
  });

  test("moves a message that cannot be read like any other", async () => {
    const { huey, slept } = sleepless();
    record(huey);
    await huey.storage.enqueue([{ id: "x", data: new Uint8Array([1]), priority: 0, dueMs: NOON + 10, track: false }]);
    advance(1);
    const asleep = slept();
    start(huey);
    await asleep;
    expect(await huey.storage.pendingCount()).toBe(1);
  });

  test("stop() ends the sleep", async () => {
    const scheduler = start(memory());
    await Promise.resolve();
    await scheduler.stop();
    expect(await scheduler.stop()).toBeUndefined();
  });
});
