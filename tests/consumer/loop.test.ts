import { afterEach, describe, expect, test } from "bun:test";
import { Consumer, healthOf } from "../../consumer/consumer.ts";
import { HealthServer } from "../../consumer/health/server.ts";
import { Loop } from "../../consumer/loop/loop.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { logbook, memory, silent, waitUntil } from "../helpers.ts";
import { startClock, stopClock } from "../stopped_clock.ts";

const ends: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A loop whose turns the test ends; each is listed with the run that it belongs to. */
function begin(stuckAfterMs: number, logger = silent) {
  const turns: { readonly make: number; readonly signal: AbortSignal; readonly end: PromiseWithResolvers<number> }[] = [];
  let made = 0;
  let broken = false;
  const loop = new Loop({
    name: "The loop",
    work: "Looping",
    make: () => {
      if (broken) throw new Error("a bug");
      const make = ++made;
      return {
        turn: ({ signal }) => {
          const end = Promise.withResolvers<number>();
          turns.push({ make, signal, end });
          return end.promise;
        },
      };
    },
    longestPauseMs: stuckAfterMs - 1,
    poll: { initialMs: 1, backoff: 1, maxMs: 1 },
    patienceMs: 0,
    logger,
    clock: systemClock,
  });
  ends.push(() => {
    const stopped = loop.stop();
    for (const { end } of turns) end.resolve(0);
    return stopped;
  });
  return { loop, turns, made: () => made, breakIt: (value: boolean) => void (broken = value) };
}

/** Lets a promise that has been resolved be heard. */
const heard = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Loop", () => {
  test("is replaced when it has ended, at once, and says why", async () => {
    const { logger, lines } = logbook();
    const { loop, turns, breakIt } = begin(60_000, logger);
    breakIt(true);
    loop.start();
    await heard();
    expect([turns.length, loop.isAlive]).toEqual([0, false]);
    breakIt(false);
    loop.restartIfStuck();
    expect(turns.length).toBe(1);
    expect(lines).toMatchObject([{ level: "error", message: "The loop has ended: another takes its place" }]);
    expect((lines[0]!.properties!.error as Error).message).toBe("a bug");
  });

  test("is replaced when it hangs at the second look, and what hangs does nothing more", async () => {
    const { loop, turns, made } = begin(0);
    loop.start();
    loop.restartIfStuck();
    expect(made()).toBe(1);
    loop.restartIfStuck();
    expect(made()).toBe(2);
    expect(turns.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    turns[0]!.end.resolve(0);
    await heard();
    expect(turns.length).toBe(2);
    loop.restartIfStuck();
    loop.restartIfStuck();
    expect(made()).toBe(3);
  });

  test("is trusted after a replacement when it has come round", async () => {
    const { loop, turns, breakIt } = begin(60_000);
    breakIt(true);
    loop.start();
    await heard();
    breakIt(false);
    loop.restartIfStuck();
    expect(loop.isAlive).toBe(false);
    turns[0]!.end.resolve(60_000);
    await heard();
    expect(loop.isAlive).toBe(true);
  });

  test("repeats a turn that fails, and says once that it failed and once that it works again", async () => {
    const { logger, lines } = logbook();
    const { loop, turns } = begin(60_000, logger);
    loop.start();
    for (let index = 0; index < 3; index++) {
      await waitUntil(() => turns.length > index);
      turns[index]!.end.reject(new Error("no storage"));
    }
    await waitUntil(() => turns.length > 3);
    turns[3]!.end.resolve(60_000);
    await waitUntil(() => lines.some(({ level }) => level === "info"));
    expect(lines.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
      "Looping failed and is tried again until it works",
    ]);
    expect(turns.map(({ make }) => make)).toEqual([1, 1, 1, 1]);
  });

  test("may be stopped twice, and before it is started", async () => {
    const { loop, turns } = begin(60_000);
    await loop.stop();
    await loop.stop();
    loop.start();
    loop.restartIfStuck();
    expect([turns.length, loop.isAlive]).toEqual([0, true]);
  });
});

describe("Consumer", () => {
  test("replaces a scheduler whose storage never answers, and its health says so meanwhile", async () => {
    const replaced = Promise.withResolvers<void>();
    const { logger: { debug, info, warn }, lines } = logbook();
    const error = (message: string): void => {
      lines.push({ level: "error", message, properties: undefined });
      replaced.resolve();
    };
    const huey = memory({ logger: { debug, info, warn, error } });
    const { storage } = huey;
    const { dueMs } = storage;
    const late = Promise.withResolvers<void>();
    storage.dueMs = async () => {
      if (lines.every(({ level }) => level !== "error")) await new Promise(() => {});
      await late.promise;
      return await dueMs.call(storage);
    };
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add.schedule({ args: [1, 2], delay: { milliseconds: 1 } });
    const consumer = new Consumer(huey, { healthCheckInterval: 0.1, maxDelay: 0.001, initialDelay: 0.001 });
    await consumer.start();
    ends.push(() => consumer.stop());
    const server = new HealthServer([consumer], silent);
    const url = await server.start({ host: "127.0.0.1", port: 0 });
    ends.push(() => server.close());
    expect((await fetch(`${url}/live`)).status).toBe(200);
    await replaced.promise;
    // The new one has not shown yet that it fares better.
    expect(healthOf(consumer)!.alive).toBe(false);
    expect(await (await fetch(`${url}/live`)).json()).toEqual({ live: false });
    late.resolve();
    expect(await result.get({ blocking: true })).toBe(3);
    expect((await fetch(`${url}/live`)).status).toBe(200);
    expect(lines.find(({ level }) => level === "error")!.message).toMatch(
      /^The scheduler has hung for \d+\.\d s: another takes its place$/,
    );
  }, 60_000);

  test("enqueues a periodic task once, although a scheduler that was given up comes back", async () => {
    const gate = Promise.withResolvers<void>();
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    const { storage } = huey;
    const { dueMs } = storage;
    const returned = Promise.withResolvers<void>();
    let calls = 0;
    storage.dueMs = async () => {
      const first = ++calls === 1;
      if (first) await gate.promise;
      const due = await dueMs.call(storage);
      if (first) returned.resolve();
      return due;
    };
    let runs = 0;
    const ran = Promise.withResolvers<void>();
    huey.periodicTask("often", () => true, () => {
      runs++;
      ran.resolve();
    });
    // Health checks and delays of the consumer go on in real time, while no second slot of the periodic task may come.
    stopClock();
    ends.push(startClock);
    const consumer = new Consumer(huey, { healthCheckInterval: 0.1, maxDelay: 0.001, initialDelay: 0.001 });
    await consumer.start();
    ends.push(() => consumer.stop());
    await ran.promise;
    expect(lines.some(({ message }) => message.startsWith("The scheduler has hung"))).toBe(true);
    gate.resolve();
    await returned.promise;
    await heard();
    await consumer.waitFor("idle");
    expect(runs).toBe(1);
    expect(lines.filter(({ message }) => message.startsWith("Enqueued periodic")).length).toBe(1);
  }, 60_000);

  for (const checkWorkerHealth of [true, false]) {
    test(`checks at the interval that it is told, unless told not to: ${checkWorkerHealth}`, async () => {
      const { setTimeout } = globalThis;
      const timers: { readonly run: () => void; readonly ms: number }[] = [];
      globalThis.setTimeout = ((run: () => void, ms: number) => {
        timers.push({ run, ms });
        return setTimeout(run, ms);
      }) as never;
      ends.push(() => void (globalThis.setTimeout = setTimeout));
      const { logger, lines } = logbook();
      const consumer = new Consumer(memory({ logger }), { healthCheckInterval: 123, checkWorkerHealth });
      await consumer.start();
      ends.push(() => consumer.stop());
      const found = timers.filter(({ ms }) => ms === 123_000);
      for (const { run } of found) run();
      const checks = lines.filter(({ message }) => message === "Checking workers and scheduler");
      expect([found.length, checks.length]).toEqual(checkWorkerHealth ? [1, 1] : [0, 0]);
    });
  }
});
