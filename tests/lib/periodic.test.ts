import { describe, expect, test } from "bun:test";
import type { Core } from "../../lib/core/core.ts";
import { crontab } from "../../lib/periodic/crontab.ts";
import { localTimeZone } from "../../lib/periodic/cron_zone.ts";
import { every } from "../../lib/periodic/every.ts";
import { enqueuePeriodic, type PeriodicLook, type PeriodicOutcome } from "../../lib/periodic/due.ts";
import { type Definition, type Periodic, Registry } from "../../lib/task/registry.ts";
import type { Item } from "../../lib/storage.ts";
import type { Schedule } from "../../lib/types/definition.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Noon, UTC. */
const NOON = Date.UTC(2026, 0, 5, 12);

/** What all consumers share. */
interface Medium {
  readonly meta: Map<string, Uint8Array>;
  /** Life of each key, as asked for. */
  readonly lives: Map<string, number>;
  readonly queue: Item[];
  fail: Error | undefined;
}

function newMedium(): Medium {
  return { meta: new Map(), lives: new Map(), queue: [], fail: undefined };
}

function periodic(schedule: Schedule, missed: Periodic["missed"] = "skip", missedWindowMs: number = DAY): Periodic {
  return { schedule, missed, missedWindowMs };
}

/** One consumer on the medium, with these tasks by name. */
class Consumer {
  readonly logs: unknown[] = [];
  readonly #core: Core;
  #lookedMs: number | undefined;

  constructor(medium: Medium, tasks: Record<string, Periodic>, utc: boolean = true) {
    const registry = new Registry();
    for (const [name, value] of Object.entries(tasks)) registry.add({ name, periodic: value } as Definition);
    const meta = {
      peekMany: (keys: string[]) => Promise.resolve(keys.map((key) => medium.meta.get(key))),
      put: (key: string, value: Uint8Array) => Promise.resolve(void medium.meta.set(key, value)),
    };
    const enqueueOnce = (key: string, ttlMs: number, item: Item): Promise<boolean> => {
      if (medium.fail !== undefined) return Promise.reject(medium.fail);
      if (medium.meta.has(key)) return Promise.resolve(false);
      medium.meta.set(key, new Uint8Array());
      medium.lives.set(key, ttlMs);
      medium.queue.push(item);
      return Promise.resolve(true);
    };
    const log = (message: string, properties: unknown) => this.logs.push([message, properties]);
    const logger = { error: log, warn: log };
    this.#core = { registry, logger, settings: { utc }, storage: { meta, enqueueOnce } } as unknown as Core;
  }

  async look(toMs: number, makeItem: PeriodicLook["makeItem"] = item): Promise<PeriodicOutcome> {
    const outcome = await enqueuePeriodic(this.#core, { fromMs: this.#lookedMs, toMs, makeItem });
    this.#lookedMs = toMs;
    return outcome;
  }
}

function item(definition: Definition, slotMs: number): Item {
  return {
    id: `${definition.name}@${new Date(slotMs).toISOString().slice(11, 19)}`,
    data: new Uint8Array(),
    priority: 0,
    track: false,
  };
}

const idsOf = (medium: Medium): string[] => medium.queue.map(({ id }) => id);

describe("enqueuePeriodic", () => {
  test("enqueues each slot once and says when to look again", async () => {
    const medium = newMedium();
    const consumer = new Consumer(medium, { minutely: periodic(crontab("* * * * *")), fast: periodic(every(20)) });
    expect((await consumer.look(NOON + 5 * SECOND)).nextMs).toBe(NOON + 20 * SECOND);
    expect(idsOf(medium)).toEqual([]);
    await consumer.look(NOON + 20 * SECOND);
    await consumer.look(NOON + 40 * SECOND);
    const { enqueued, nextMs } = await consumer.look(NOON + MINUTE);
    expect(enqueued.map(({ definition, slotMs }) => [definition.name, slotMs])).toEqual([
      ["minutely", NOON + MINUTE],
      ["fast", NOON + MINUTE],
    ]);
    expect(nextMs).toBe(NOON + 80 * SECOND);
    expect(idsOf(medium)).toEqual(["fast@12:00:20", "fast@12:00:40", "minutely@12:01:00", "fast@12:01:00"]);
  });

  test("however many consumers look, and however often they restart", async () => {
    const medium = newMedium();
    const tasks = { minutely: periodic(crontab("* * * * *")), once: periodic(crontab("* * * * *"), "once") };
    const consumers = Array.from({ length: 5 }, () => new Consumer(medium, tasks));
    for (const at of [-SECOND, 0, 100]) await Promise.all(consumers.map((consumer) => consumer.look(NOON + at)));
    for (const at of [200, 300, 900]) await new Consumer(medium, tasks).look(NOON + at);
    expect(idsOf(medium)).toEqual(["minutely@12:00:00", "once@12:00:00"]);
  });

  test("no periodic task: nothing to look for", async () => {
    expect(await new Consumer(newMedium(), {}).look(NOON)).toEqual({ enqueued: [], nextMs: undefined });
  });

  test("the key of a slot outlives the window", async () => {
    const medium = newMedium();
    const consumer = new Consumer(medium, { short: periodic(every(60), "skip", 0), long: periodic(every(60), "all", 3 * DAY) });
    await consumer.look(NOON);
    expect([...medium.lives.values()]).toEqual([2 * HOUR, 3 * DAY + HOUR]);
  });

  test("plain predicates get UTC, or the local zone", async () => {
    const zones: unknown[] = [];
    const schedule: Schedule = (_date, zone) => zones.push(zone) < 0;
    await new Consumer(newMedium(), { task: periodic(schedule) }).look(NOON);
    await new Consumer(newMedium(), { task: periodic(schedule) }, false).look(NOON);
    expect(zones).toEqual(["UTC", localTimeZone()]);
  });

  test("a clock that is set back repeats no slot", async () => {
    const medium = newMedium();
    const consumer = new Consumer(medium, { minutely: periodic(crontab("* * * * *")) });
    for (const at of [-1, 0, 1, -30, 0, 1]) await consumer.look(NOON + at * MINUTE);
    expect(idsOf(medium)).toEqual(["minutely@11:59:00", "minutely@12:00:00", "minutely@12:01:00"]);
  });
});

describe("missed slots", () => {
  const hourly = crontab.hourly();

  test("skip: a slot that began before the consumer started does not run, but for a second", async () => {
    const medium = newMedium();
    await new Consumer(medium, { late: periodic(hourly) }).look(NOON + 1001);
    expect(idsOf(medium)).toEqual([]);
    await new Consumer(medium, { late: periodic(hourly) }).look(NOON + 999);
    expect(idsOf(medium)).toEqual(["late@12:00:00"]);
  });

  test("skip: after a standstill the latest slot runs, if it is at most a minute old", async () => {
    const medium = newMedium();
    const consumer = new Consumer(medium, {
      hourly: periodic(hourly),
      fast: periodic(every(10)),
      minutely: periodic(crontab("* * * * *")),
    });
    await consumer.look(NOON - 10 * MINUTE - 5 * SECOND);
    await consumer.look(NOON + MINUTE);
    expect(idsOf(medium)).toEqual(["hourly@12:00:00", "fast@12:01:00", "minutely@12:01:00"]);
    await consumer.look(NOON + HOUR + 61 * SECOND);
    expect(idsOf(medium).slice(3)).toEqual(["fast@13:01:00", "minutely@13:01:00"]);
  });

  test("once: one run for all missed since the last slot, also after a standstill", async () => {
    const medium = newMedium();
    const tasks = { report: periodic(hourly, "once") };
    const first = new Consumer(medium, tasks);
    await first.look(NOON - 30 * MINUTE);
    await first.look(NOON);
    await new Consumer(medium, tasks).look(NOON + 3.5 * HOUR);
    await new Consumer(medium, tasks).look(NOON + 3.6 * HOUR);
    expect(idsOf(medium)).toEqual(["report@12:00:00", "report@15:00:00"]);
    await first.look(NOON + 5.5 * HOUR);
    expect(idsOf(medium).slice(2)).toEqual(["report@17:00:00"]);
  });

  test("all: each missed slot, in order", async () => {
    const medium = newMedium();
    const tasks = { report: periodic(hourly, "all") };
    await new Consumer(medium, tasks).look(NOON);
    await new Consumer(medium, tasks).look(NOON + 3.5 * HOUR);
    expect(idsOf(medium)).toEqual(["report@12:00:00", "report@13:00:00", "report@14:00:00", "report@15:00:00"]);
  });

  test("nothing was missed before the first start, but what follows it is, without any run", async () => {
    const medium = newMedium();
    const tasks = { once: periodic(hourly, "once"), all: periodic(hourly, "all") };
    await new Consumer(medium, tasks).look(NOON + 30 * MINUTE);
    expect(idsOf(medium)).toEqual([]);
    await new Consumer(medium, tasks).look(NOON + 2.5 * HOUR);
    expect(idsOf(medium).sort()).toEqual(["all@13:00:00", "all@14:00:00", "once@14:00:00"]);
  });

  test("only within the window", async () => {
    const medium = newMedium();
    const tasks = { report: periodic(hourly, "all", 2 * HOUR) };
    await new Consumer(medium, tasks).look(NOON);
    await new Consumer(medium, tasks).look(NOON + 5.5 * HOUR);
    expect(idsOf(medium)).toEqual(["report@12:00:00", "report@16:00:00", "report@17:00:00"]);
  });

  test("only within the window, also when the machine slept between two looks of one consumer", async () => {
    const medium = newMedium();
    const tasks = { all: periodic(hourly, "all", 2 * HOUR), once: periodic(hourly, "once", 10 * MINUTE) };
    const consumer = new Consumer(medium, tasks);
    await consumer.look(NOON);
    await consumer.look(NOON + 5.5 * HOUR);
    expect(idsOf(medium).sort()).toEqual(["all@12:00:00", "all@16:00:00", "all@17:00:00", "once@12:00:00"]);
  });

  test("no more than a hundred thousand at once, the latest, and says so", async () => {
    const medium = newMedium();
    const consumer = new Consumer(medium, { beat: periodic(every(1), "all", 100_000 * SECOND + HOUR) });
    await consumer.look(NOON);
    await consumer.look(NOON + DAY * 365);
    expect(medium.queue.length).toBe(1 + 100_000);
    expect(consumer.logs).toEqual([["Periodic task beat missed more than 100000 runs: the oldest are left out", undefined]]);
  });

  test("a record that cannot be read counts as none", async () => {
    const medium = newMedium();
    medium.meta.set("periodic:report", new TextEncoder().encode("x"));
    const consumer = new Consumer(medium, { report: periodic(hourly, "all") });
    await consumer.look(NOON + 30 * MINUTE);
    expect(idsOf(medium)).toEqual([]);
  });
});

describe("failures", () => {
  const broken: Schedule = () => {
    throw new Error("no calendar");
  };

  test("a predicate that throws is logged and skipped, the others run", async () => {
    const medium = newMedium();
    const consumer = new Consumer(medium, { broken: periodic(broken), good: periodic(every(60)) });
    const { nextMs } = await consumer.look(NOON);
    expect(idsOf(medium)).toEqual(["good@12:00:00"]);
    expect(nextMs).toBe(NOON + MINUTE);
    expect(consumer.logs).toEqual([
      ["The schedule of periodic task broken failed", { task: "broken", error: new Error("no calendar") }],
    ]);
  });

  test("so is a next that throws", async () => {
    const next = Object.assign(() => true, { next: broken as never });
    const consumer = new Consumer(newMedium(), { next: periodic(next) });
    expect((await consumer.look(NOON)).nextMs).toBe(NOON + MINUTE);
    expect(consumer.logs.length).toBe(2);
  });

  test("an item that cannot be made is logged, the others run", async () => {
    const medium = newMedium();
    const consumer = new Consumer(medium, { bad: periodic(every(60)), good: periodic(every(60)) });
    const makeItem = (definition: Definition, slotMs: number): Item => {
      if (definition.name === "bad") throw new TypeError("no");
      return item(definition, slotMs);
    };
    await consumer.look(NOON, makeItem);
    expect(idsOf(medium)).toEqual(["good@12:00:00"]);
    expect(consumer.logs).toEqual([["The message of periodic task bad failed", { task: "bad", error: new TypeError("no") }]]);
  });

  test("a storage that fails rejects, and the same look may be repeated", async () => {
    const medium = newMedium();
    const consumer = new Consumer(medium, { task: periodic(every(60)), other: periodic(every(60), "once") });
    await consumer.look(NOON - SECOND);
    medium.fail = new Error("gone");
    await expect(consumer.look(NOON)).rejects.toThrow("gone");
    medium.fail = undefined;
    await consumer.look(NOON + SECOND);
    expect(idsOf(medium)).toEqual(["task@12:00:00", "other@12:00:00"]);
  });
});
