import { afterEach, describe, expect, test } from "bun:test";
import { Consumer } from "../../consumer/consumer.ts";
import { HealthServer } from "../../consumer/health/server.ts";
import { KeptLoop } from "../../consumer/loop/loop.ts";
import type { Loop } from "../../consumer/loop/loop.ts";
import { Pulse } from "../../consumer/loop/pulse.ts";
import { vitalsOf } from "../../consumer/consumer_health.ts";
import { logbook, memory, silent, startClock, stopClock } from "../helpers.ts";

const ends: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A loop that does what the test says. */
class FakeLoop implements Loop {
  readonly pulse: Pulse;
  readonly done: PromiseWithResolvers<void> = Promise.withResolvers();
  stopped = false;

  constructor(limitMs: number) {
    this.pulse = new Pulse(limitMs);
  }

  start(): void {
    void this.pulse.run(() => this.done.promise);
  }

  stop(): Promise<void> {
    this.stopped = true;
    return this.done.promise;
  }
}

function keep(limitMs: number, logger = silent): { kept: KeptLoop<FakeLoop>; loops: FakeLoop[] } {
  const loops: FakeLoop[] = [];
  const make = (): FakeLoop => {
    loops.push(new FakeLoop(limitMs));
    return loops.at(-1)!;
  };
  const kept = new KeptLoop("The loop", make, logger);
  kept.start();
  return { kept, loops };
}

/** Lets a promise that has been resolved be heard. */
const heard = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("KeptLoop", () => {
  test("replaces a loop that has ended, at once, and says why", async () => {
    const { logger, lines } = logbook();
    const { kept, loops } = keep(60_000, logger);
    kept.check();
    expect([loops.length, kept.isTurning]).toEqual([1, true]);
    loops[0]!.done.reject(new Error("a bug"));
    await heard();
    expect(kept.isTurning).toBe(false);
    kept.check();
    expect(loops.length).toBe(2);
    expect(lines).toMatchObject([{ level: "error", message: "The loop has ended: another takes its place" }]);
    expect((lines[0]!.properties!.error as Error).message).toBe("a bug");
  });

  test("replaces a loop that hangs at the second look, and stops it", () => {
    const { kept, loops } = keep(0);
    kept.check();
    expect(loops.length).toBe(1);
    kept.check();
    expect(loops.length).toBe(2);
    expect(loops[0]!.stopped).toBe(true);
    kept.check();
    kept.check();
    expect(loops.length).toBe(3);
  });

  test("trusts a new loop when it has come round", async () => {
    const { kept, loops } = keep(60_000);
    loops[0]!.done.resolve();
    await heard();
    kept.check();
    loops[1]!.pulse.beat();
    expect(kept.isTurning).toBe(false);
    loops[1]!.pulse.beat();
    expect(kept.isTurning).toBe(true);
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
    const { promoteDue } = storage;
    const late = Promise.withResolvers<void>();
    storage.promoteDue = async (nowMs, limit) => {
      if (lines.every(({ level }) => level !== "error")) await new Promise(() => {});
      await late.promise;
      return await promoteDue.call(storage, nowMs, limit);
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
    expect(vitalsOf(consumer)!.turns).toBe(false);
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
    const { promoteDue } = storage;
    const returned = Promise.withResolvers<void>();
    let calls = 0;
    storage.promoteDue = async (nowMs, limit) => {
      const first = ++calls === 1;
      if (first) await gate.promise;
      const moved = await promoteDue.call(storage, nowMs, limit);
      if (first) returned.resolve();
      return moved;
    };
    let runs = 0;
    const ran = Promise.withResolvers<void>();
    huey.periodicTask("often", () => true, () => {
      runs++;
      ran.resolve();
    });
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
