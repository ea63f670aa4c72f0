import { describe, expect, test } from "bun:test";
import { MemoryHuey } from "../../storage/memory/huey.ts";
import { perform, TestHuey, waitForState } from "../../testing/mod.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe("perform", () => {
  test("runs one attempt as a worker would, and leaves nothing", async () => {
    const huey = new MemoryHuey({ logger: silent });
    const seen: string[] = [];
    huey.preExecute((task) => void seen.push(`before ${task.name}`));
    huey.signal("complete", (signal) => void seen.push(signal));
    const greet = huey.task({ name: "greet", context: true }, (context, name: Date) => [context.attempt, name]);
    const at = new Date(0);
    const ran = await perform(greet, at);
    expect([ran.outcome, ran.value, ran.error]).toEqual(["complete", [1, at], undefined]);
    expect(seen).toEqual(["before greet", "complete"]);
    expect([await huey.pendingCount(), await huey.resultCount()]).toEqual([0, 0]);
  });

  test("tells of failures and retries, and takes options of a call", async () => {
    const huey = new TestHuey({ logger: silent });
    const fail = huey.task({ name: "fail", retries: 1 }, () => {
      throw new RangeError("no");
    });
    const ran = await perform(fail);
    expect([ran.outcome, ran.error]).toEqual(["retrying", new RangeError("no")]);
    expect((await perform(fail.with({ retries: 0 }))).outcome).toBe("failed");
    expect(await huey.scheduledCount() + await huey.pendingCount()).toBe(0);
  });

  test("heeds revocations, locks and expiry of its Huey", async () => {
    const huey = new TestHuey({ logger: silent });
    const task = huey.task({ name: "task", lock: "door", expires: 60 }, () => "ran");
    const held = await huey.lockTask("door").acquire();
    expect((await perform(task)).outcome).toBe("failed");
    await held.release();
    expect((await perform(task)).value).toBe("ran");
    expect(await huey.isLocked("door")).toBe(false);
    await task.revoke();
    expect((await perform(task)).outcome).toBe("revoked");
  });

  test("counts for the rate limits of its Huey, and heeds an expiry that has passed", async () => {
    const huey = new TestHuey({ logger: silent, now: new Date("2026-01-05T12:00:00Z") });
    for (const algorithm of ["fixed", "sliding", "token-bucket"] as const) {
      const limited = huey.task({ name: algorithm, rateLimit: { limit: 1, per: { minutes: 1 }, algorithm } }, () => "ran");
      await limited();
      await huey.drain();
      const ran = await perform(limited);
      expect([ran.outcome, ran.error]).toEqual(["retrying", undefined]);
      await huey.advance({ minutes: 3 });
      expect((await perform(limited)).outcome).toBe("complete");
      expect((await perform(limited)).outcome).toBe("retrying");
    }
    const task = huey.task("task", () => "ran");
    expect((await perform(task.with({ expires: new Date("2026-01-05T11:59:59Z") }))).outcome).toBe("expired");
    expect((await perform(task.with({ expires: 60 }))).outcome).toBe("complete");
  });

  test("tells of a task that nobody can run", async () => {
    const huey = new TestHuey({ logger: silent });
    const gone = huey.task("gone", (n: number) => n);
    gone.unregister();
    const ran = await perform(gone, 1);
    expect([ran.outcome, ran.error?.name, ran.task.name, ran.task.args]).toEqual(["dead", "UnknownTaskError", "gone", [1]]);
    expect([await huey.deadLetterCount(), await huey.scheduledCount()]).toEqual([0, 0]);
  });

  test("goes on when the clock moves, where a task waits for its own timeout", async () => {
    const huey = new TestHuey({ logger: silent });
    const hang = huey.task(
      { name: "hang", timeout: 60, context: true },
      ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const started = Promise.withResolvers<void>();
    huey.preExecute(() => started.resolve());
    const performed = perform(hang);
    await started.promise;
    // The hook is called just before the task.
    while (!await huey.advance(60).then(() => Promise.race([performed, undefined])));
    expect([(await performed).outcome, (await performed).error?.name]).toEqual(["failed", "TaskTimeout"]);
  });

  test("refuses arguments that could not be stored, and what is no task", async () => {
    const huey = new TestHuey();
    const task = huey.task("task", (value: unknown) => value);
    await expect(perform(task, () => {})).rejects.toThrow("args[0]");
    await expect(perform((() => {}) as never)).rejects.toThrow("perform takes a task");
  });
});

describe("waitForState", () => {
  test("resolves when the task is in the state, or comes to it", async () => {
    const huey = new TestHuey();
    const task = huey.task("task", () => {});
    const { id } = await task();
    expect((await waitForState(huey, id, "waiting")).state).toBe("waiting");
    const waiting = waitForState(huey, id, "complete");
    await huey.drain();
    expect((await waiting).state).toBe("complete");
  });

  test("rejects at once when the task has ended in another state, and after its timeout", async () => {
    const huey = new TestHuey();
    const task = huey.task("task", () => {});
    const { id } = await task();
    await expect(waitForState(huey, id, "running", { timeout: 0 })).rejects.toThrow("is waiting, not running, after 0 s");
    await huey.drain();
    await expect(waitForState(huey, id, "failed")).rejects.toThrow(`task ${id} is complete and will not be failed`);
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const other = new TestHuey({ logger: silent });
    const broken = await other.task("broken", () => {
      throw new RangeError("no such page");
    })();
    await other.drain();
    await expect(waitForState(other, broken.id, "complete")).rejects.toThrow(
      /is failed and will not be complete: .*no such page/,
    );
    await expect(waitForState(huey, id, "done" as never)).rejects.toThrow("state must be one of");
  });
});
