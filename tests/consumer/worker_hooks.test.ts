import { describe, expect, test } from "bun:test";
import { Worker } from "../../consumer/worker/worker.ts";
import { coreOf } from "../../lib/core/core.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import { logbook, memory, OWNER } from "../helpers.ts";

function makeWorker(huey: Huey): Worker {
  const poll = { initialMs: 1, backoff: 1, maxMs: 1 };
  return new Worker(coreOf(huey)!, { slots: 1, owner: OWNER, poll, logger: coreOf(huey)!.logger });
}

describe("the hooks of a worker", () => {
  test("a forced stop waits for the shutdown hooks when the time of all else is over", async () => {
    const steps: string[] = [];
    const clock: Clock = { ...systemClock, startTimer: (ms, strike) => systemClock.startTimer(ms < 10_000 ? 0 : ms, strike) };
    const huey = memory({ clock });
    huey.onStartup("first", () => void steps.push("startup"));
    huey.onShutdown("last", async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      steps.push("shutdown");
    });
    const worker = makeWorker(huey);
    await worker.start();
    await worker.stop(0);
    expect(steps).toEqual(["startup", "shutdown"]);
    expect(await worker.ended).toBe("stopped");
  });

  test("a forced stop does not wait for a shutdown hook without end", async () => {
    const { logger, lines } = logbook();
    const clock: Clock = { ...systemClock, startTimer: (_, strike) => systemClock.startTimer(0, strike) };
    const huey = memory({ clock, logger });
    huey.onShutdown("stuck", () => new Promise(() => {}));
    const worker = makeWorker(huey);
    await worker.start();
    await worker.stop(0);
    expect(lines.map(({ message }) => message)).toContain("A shutdown hook has not ended within 10 s: it is not waited for");
  });
});
