/** Tasks that hang, and tasks that follow each other for ever. @module */
import { describe, expect, test } from "bun:test";
import { every } from "../../lib/periodic/every.ts";
import { TestClock } from "../../testing/clock.ts";
import { type RanTask, TestHuey } from "../../testing/mod.ts";
import { Timeline } from "../../testing/timeline.ts";
import { ALL_CLASSES } from "../sizes.ts";

/** How long a test of many attempts may take. */
const MANY_MS = 600_000;

describe("what has no end", () => {
  test("names a task that hangs, and goes on without it when the clock moves", async () => {
    const huey = new TestHuey({ patience: 0.001 });
    huey.periodicTask("minutely", every({ minutes: 1 }), () => {});
    const hang = huey.task("hang", () => new Promise(() => {}));
    const { id } = await hang();
    await expect(huey.drain()).rejects.toThrow(`still running after 3 s without progress: hang: ${id}. Advance`);
    expect(await huey.advance({ hours: 1 })).toHaveLength(60);
  });

  test("waits once for several that hang, runs the others, and names ten", async () => {
    const huey = new TestHuey({ patience: 0.001 });
    const hang = huey.task("hang", (_n: number) => new Promise(() => {}));
    const quick = huey.task("quick", (n: number) => n);
    await hang.map(Array.from({ length: 12 }, (_, n) => n));
    const result = await quick(7);
    const startedMs = performance.now();
    await expect(huey.drain()).rejects.toThrow(/progress: (hang: [-\w]+, ){10}and 2 more\./);
    expect(performance.now() - startedMs).toBeLessThan(6 * 3000);
    expect(await result.get()).toBe(7);
  }, MANY_MS);

  // A hundred thousand attempts: arithmetic, which says little more on another engine.
  if (ALL_CLASSES) {
    test("of what goes on for ever rejects, names the task, and lets the timers of the test strike", async () => {
      const huey = new TestHuey({ stats: false });
      const again: { (): Promise<unknown> } = huey.task("again", () => void again().catch(() => {}));
      await again();
      let struck = false;
      const limited = huey.drain({ limit: 1000 });
      setTimeout(() => struck = true, 0);
      expect(await limited).toHaveLength(1000);
      expect(struck).toBe(true);
      await expect(huey.drain()).rejects.toThrow(/^100000 attempts, and no end.*task again: /);
    }, MANY_MS);
  }

  test("two that call each other for ever are told so", async () => {
    const timeline = new Timeline(new TestClock(0));
    for (const name of ["ping", "pong"]) {
      const fake = (told: (ran: RanTask) => void): unknown => ({
        beginAdvance: () => {},
        enqueueDue: () => Promise.resolve(),
        runWaiting: () => {
          told({ task: { name, id: "1" } } as RanTask);
          return Promise.resolve({ count: 40_000, unfinished: [] });
        },
      });
      timeline.add(fake as never);
    }
    await expect(timeline.advanceTo(1)).rejects.toThrow("The last one was of task pong: 1");
  });
});
