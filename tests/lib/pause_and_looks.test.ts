/** Pausing a queue, and looking at it while it works. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Consumer } from "../../consumer/consumer.ts";
import { crontab } from "../../lib/periodic/crontab.ts";
import { every } from "../../lib/periodic/every.ts";
import { chord } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import process from "node:process";
import { TestHuey } from "../../testing/mod.ts";
import type { Place } from "../faults/storages.ts";
import { begin, failure, logbook, memory, OWNER, promote, record, refusal, silent, waitUntil, work } from "../helpers.ts";
import { on, STORAGES } from "../operated.ts";

/** Resolves when a task is told to go on. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: resolve };
}

describe.each(STORAGES)("%s", (_name, open) => {
  let place: Place;
  let huey: Huey;
  let consumer: Consumer | undefined;
  beforeEach(async () => {
    place = await open();
    huey = on(place);
  });
  afterEach(async () => {
    await consumer?.stop({ graceful: false, grace: 0 });
    consumer = undefined;
    await place.end();
  });

  async function consume(options: ConstructorParameters<typeof Consumer>[1] = {}): Promise<Consumer> {
    consumer = new Consumer(huey, options);
    await consumer.start();
    return consumer;
  }

  test("what has ended while it was listed is left out without a word", async () => {
    const { logger, lines } = logbook();
    huey = on(place, { logger });
    const member = huey.task("member", () => 1);
    const callback = huey.task("callback", (values: number[]) => values.length);
    await huey.enqueue(chord([member.s()], callback));
    const first = await begin(huey);
    await first.done;
    const listed = await huey.storage.pending();
    await work(huey);
    Object.assign(huey.storage, { pending: () => Promise.resolve(listed) });
    expect(await huey.pending()).toEqual([]);
    expect(lines.filter(({ level }) => level === "warn")).toEqual([]);
  });

  test("a paused consumer finishes what runs, claims nothing, and starts at once when it is resumed", async () => {
    const running = gate();
    const release = gate();
    const ran: string[] = [];
    const task = huey.task("task", async (name: string) => {
      if (name === "first") {
        running.open();
        await release.promise;
      }
      ran.push(name);
    });
    await consume();
    const first = await task("first");
    await running.promise;
    await huey.pause();
    const second = await task("second");
    release.open();
    await first.get({ blocking: true });
    await consumer!.waitFor("idle");
    expect([ran, await huey.isPaused(), (await second.state()).state]).toEqual([["first"], true, "waiting"]);
    expect([await huey.resume(), await huey.resume(), await huey.isPaused()]).toEqual([true, false, false]);
    await second.get({ blocking: true, timeout: 5 });
    expect(ran).toEqual(["first", "second"]);
  });

  test("a pause with an end ends by itself, and work goes on without anybody's help", async () => {
    const task = huey.task("task", () => Date.now());
    await consume();
    const endMs = Date.now() + 300;
    await huey.pause({ until: 0.3 });
    const ranMs = await (await task()).get({ blocking: true, timeout: 20 });
    // The server may have another idea of the time, if only by a little.
    expect(ranMs).toBeGreaterThanOrEqual(endMs - 20);
    expect([await huey.isPaused(), await huey.resume()]).toEqual([false, false]);
  });

  test("a second pause replaces the first, a flush leaves it", async () => {
    const ran: number[] = [];
    await huey.pause({ until: { hours: 1 } });
    await huey.pause();
    await huey.flush();
    expect(await huey.isPaused()).toBe(true);
    await huey.task("task", () => void ran.push(Date.now()))();
    expect(await work(huey)).toBe(0);
    const endMs = Date.now() + 200;
    await huey.pause({ until: new Date(endMs) });
    await waitUntil(async () => await work(huey) === 1);
    expect([ran.length, ran[0]! >= endMs - 20]).toEqual([1, true]);
  });

  test("what runs is told with its worker, its consumer and since when, longest first", async () => {
    const release = gate();
    const task = huey.task({ name: "task", retries: 1 }, async (_n: number) => await release.promise);
    const results = [await task(1), await task(2)];
    const before = Date.now();
    const begun = [await begin(huey), await begin(huey)];
    const [first, second] = await huey.running();
    expect(first).toMatchObject({
      id: results[0]!.id,
      name: "task",
      args: [1],
      deliveries: 1,
      attempt: 1,
      retries: 1,
      ...OWNER,
    });
    expect(second).toMatchObject({ id: results[1]!.id });
    expect(Math.abs(first!.startedAt.getTime() - before)).toBeLessThan(5000);
    expect((await huey.running(1)).length).toBe(1);
    release.open();
    for (const { done } of begun) await done;
    expect(await huey.running()).toEqual([]);
  });

  test("a scheduled task runs now, under its id and before its time; a second time there is nothing to move", async () => {
    const task = huey.task("task", (name: string) => name);
    const [soon, later] = [
      await task.schedule({ args: ["soon"], delay: 60 }),
      await task.schedule({ args: ["later"], delay: 600 }),
    ];
    const { names } = record(huey);
    expect([await huey.runNow(later.id), await huey.runNow(later.id), await huey.runNow("nobody")]).toEqual([
      true,
      false,
      false,
    ]);
    expect([await huey.pendingCount(), await huey.scheduledCount(), names]).toEqual([1, 1, ["enqueued"]]);
    expect(await work(huey)).toBe(1);
    expect(await later.get({ blocking: true })).toBe("later");
    expect((await soon.state()).state).toBe("scheduled");
  });

  test("one that was to run now and has to be tried again is not put back either", async () => {
    let runs = 0;
    const task = huey.task({ name: "task", retries: 1 }, () => {
      if (++runs === 1) throw new Error("once");
      return "done";
    });
    const result = await task.schedule({ delay: 600 });
    await huey.runNow(result.id);
    await work(huey);
    expect([await result.get({ blocking: true, timeout: 5 }), runs]).toEqual(["done", 2]);
  });

  test("the latency is the age of the oldest that waits", async () => {
    const task = huey.task("task", () => 1);
    expect(await huey.latency()).toBe(0);
    await task();
    const first = await huey.latency();
    expect(first).toBeGreaterThanOrEqual(0);
    await waitUntil(async () => await huey.latency() > first);
    expect(await huey.latency()).toBeLessThan(5);
    await work(huey);
    expect(await huey.latency()).toBe(0);
  });

  test("a consumer tells what it is and what it does", async () => {
    const running = gate();
    const release = gate();
    const task = huey.task("task", async () => {
      running.open();
      await release.promise;
    });
    await consume({ workers: 2, concurrency: 3, lease: 0.3 });
    await task();
    await running.promise;
    await waitUntil(async () => (await huey.consumers())[0]!.busy > 0);
    const [info] = await huey.consumers();
    expect(info).toMatchObject({
      pid: process.pid,
      silent: false,
      workerType: "greenlet",
      slots: 6,
    });
    expect(info!.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(info!.runtime).toMatch(/^(bun|deno|node) \d+\.\d+\.\d+/);
    expect([info!.busy, info!.memoryBytes > 1e6, info!.host.includes("/")]).toEqual([1, true, false]);
    expect(Math.abs(Date.now() - info!.startedAt.getTime())).toBeLessThan(20_000);
    expect(info!.expiresAt.getTime()).toBeGreaterThan(Date.now());
    expect((await huey.running())[0]!.consumer).toBe(info!.id);
    release.open();
    await consumer!.stop();
    expect(await huey.consumers()).toEqual([]);
  });

  test("what a lease says may be anything", async () => {
    const lease = { ttlMs: 60_000, host: "a/b/c", pid: 1 };
    for (const [index, about] of [undefined, "", "{", "null", "[]", "5", '{"slots":"many","startedMs":1e300}'].entries()) {
      await huey.storage.renewLease({ ...lease, consumer: `c${index}`, about });
    }
    const infos = await huey.consumers();
    expect(infos.length).toBe(7);
    for (const info of infos) {
      expect(info).toMatchObject({
        host: "a",
        version: "",
        runtime: "",
        workerType: "greenlet",
        slots: 0,
        busy: 0,
        memoryBytes: 0,
      });
    }
  });
});

test("wrong ends of a pause are refused", async () => {
  const huey = memory();
  expect(await failure(huey.pause({ until: new Date(Date.now() - 1) }))).toBeInstanceOf(RangeError);
  for (const until of [0, -1, new Date(0), { epochMilliseconds: 0 }, { seconds: 0 }, new Date(NaN), "soon", 1e300]) {
    await refusal(() => huey.pause({ until: until as never }), "until");
  }
  await refusal(() => huey.pause({ util: 5 } as never), "until");
  await refusal(() => huey.pause(5 as never), "pause");
  expect(await huey.isPaused()).toBe(false);
});

test("a pause holds up neither the schedule nor periodic tasks nor immediate mode", async () => {
  const huey = memory();
  const task = huey.task("task", () => 1);
  const later = await task.schedule({ delay: 0.01 });
  await huey.pause();
  await waitUntil(async () => await promote(huey) === 1);
  expect([await huey.pendingCount(), (await later.state()).state]).toEqual([1, "waiting"]);
  const immediate = memory({ immediate: true });
  await immediate.pause();
  expect(await (await immediate.task("task", () => 1)()).get()).toBe(1);
});

test("in immediate mode a scheduled task that is to run now runs in the call", async () => {
  const huey = memory({ immediate: true });
  const result = await huey.task("task", () => "done").schedule({ delay: 600 });
  expect([await result.get(), await huey.runNow(result.id), await result.get()] as unknown[]).toEqual([
    undefined,
    true,
    "done",
  ]);
});

test("a task that a worker was given too early by the clock of the storage is put back all the same", async () => {
  const huey = memory();
  const task = huey.task("task", () => 1);
  const result = await task.schedule({ delay: 600 });
  await huey.storage.promote(result.id);
  await work(huey);
  expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 1]);
});

test("periodic tasks are told with their schedule in words, their next and last time, and whether they are revoked", async () => {
  const huey = new TestHuey({ now: new Date("2030-05-14T12:00:30Z") });
  huey.periodicTask("berlin", crontab("*/5 * * * *", { timeZone: "Europe/Berlin" }), () => {});
  huey.periodicTask("nightly", crontab.daily({ hour: " 3 , 4", dayOfWeek: "MON-FRI" }), () => {});
  const pulse = huey.periodicTask("pulse", every({ seconds: 30 }), () => {});
  huey.periodicTask("asked", () => false, () => {});
  const hostile = Object.assign(() => true, {
    next: () => new Date(NaN),
    describe: () => {
      throw new Error("no");
    },
  });
  huey.periodicTask("hostile", hostile, () => {});
  huey.task("plain", () => {});
  await pulse.revoke();
  const [berlin, nightly, pulsing, asked, odd, ...others] = await huey.periodic();
  expect(others).toEqual([]);
  expect(berlin).toEqual({
    name: "berlin",
    schedule: "*/5 * * * * (Europe/Berlin)",
    next: new Date("2030-05-14T12:05:00Z"),
    last: undefined,
    revoked: false,
  });
  expect(nightly).toMatchObject({ schedule: "0 3,4 * * MON-FRI (UTC)", next: new Date("2030-05-15T03:00:00Z") });
  expect(pulsing).toMatchObject({ schedule: "every 30 s", next: new Date("2030-05-14T12:01:00Z"), revoked: true });
  expect(asked).toMatchObject({ schedule: "a function", next: undefined });
  expect(odd).toMatchObject({ schedule: "a function", next: undefined });
  huey.storage.close();
});

test("the last time that any consumer has enqueued a periodic task for is on record", async () => {
  const huey = new TestHuey({ now: new Date("2030-05-14T12:00:30Z") });
  huey.periodicTask("pulse", every({ minutes: 1 }), () => {});
  await huey.advance({ minutes: 2 });
  expect((await huey.periodic())[0]).toMatchObject({
    last: new Date("2030-05-14T12:02:00Z"),
    next: new Date("2030-05-14T12:03:00Z"),
  });
  await huey.close();
});

test("a local zone is named where the Huey does not count in UTC", async () => {
  const huey = memory({ utc: false });
  huey.periodicTask("daily", crontab("0 3 * * *"), () => {});
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  expect((await huey.periodic())[0]!.schedule).toBe(`0 3 * * * (${timeZone})`);
});

test("a pause, what waits and what is kept go by the clock of the Huey", async () => {
  const huey = new TestHuey({ now: new Date("2030-01-01T00:00:00Z"), logger: silent });
  const task = huey.task("task", () => 1);
  await huey.pause({ until: 60 });
  await task();
  expect([await huey.drain(), await huey.latency()]).toEqual([[], 0]);
  expect([await huey.advance(30), await huey.latency()]).toEqual([[], 30]);
  expect((await huey.advance(120)).map(({ at }) => at)).toEqual([new Date("2030-01-01T00:01:00Z")]);
  const later = await task.schedule({ delay: 100 });
  expect([await huey.runNow(later.id), (await huey.drain()).length]).toEqual([true, 1]);
  const fail = huey.task("fail", () => {
    throw new Error("no");
  });
  await fail();
  await huey.drain();
  const before = (await huey.deadLetters())[0]!.id;
  await huey.advance({ days: 8 });
  await fail();
  await huey.drain();
  const letters = await huey.deadLetters();
  expect([letters.length, letters[0]!.id === before]).toEqual([1, false]);
  await huey.close();
});
