import { describe, expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { type TaskException, WorkerLostError } from "../../lib/errors.ts";
import { executeClaim } from "../../lib/execution/execute.ts";
import { chord } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { announceRecovered, failClaim, interruptAttempts } from "../../lib/execution/end_claims.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { begin, claim, failure, logbook, OWNER, record, run, testHuey, work } from "../helpers.ts";

/** Takes an item as a consumer that dies. */
async function die(huey: Huey, times = 1): Promise<void> {
  for (let n = 0; n < times; n++) {
    const { claims } = await claim(huey, 1, { consumer: "dead", worker: "w" });
    if (claims.length !== 1) throw new Error("Nothing to claim");
    await huey.storage.recover({ consumer: "dead" });
  }
}

describe("at least once", () => {
  test("a task whose worker died runs again and tells how often it was handed out", async () => {
    const huey = testHuey();
    const seen: number[][] = [];
    const task = huey.task({ name: "task", context: true }, ({ deliveries, attempt }: TaskContext) => {
      seen.push([deliveries, attempt]);
    });
    await task();
    await die(huey, 2);
    await work(huey);
    expect(seen).toEqual([[3, 1]]);
    expect(await huey.pendingCount()).toBe(0);
  });

  test("the count starts anew with each retry", async () => {
    const huey = testHuey();
    const seen: number[][] = [];
    const task = huey.task({ name: "task", context: true, retries: 1 }, ({ deliveries, attempt }: TaskContext) => {
      seen.push([deliveries, attempt]);
      throw new Error("no");
    });
    await task();
    await die(huey);
    await work(huey);
    expect(seen).toEqual([[2, 1], [1, 2]]);
  });

  test("the outcome of a worker that lost its claim is dropped whole", async () => {
    const huey = testHuey();
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const task = huey.task("task", async () => {
      const run = ++runs;
      if (run === 1) await gate.promise;
      return `run ${run}`;
    });
    const next = huey.task("next", (value: string) => value);
    const results = await huey.enqueue(task.s().andThen(next));
    const { done } = await begin(huey);
    await huey.storage.recover({ consumer: OWNER.consumer });
    await work(huey);
    const { names } = record(huey);
    gate.resolve();
    await done;
    expect(names.filter((name) => name === "complete" || name === "enqueued")).toEqual([]);
    expect(await results.get()).toEqual(["run 2", "run 2"]);
    expect(await huey.pendingCount()).toBe(0);
  });
});

describe("maxDeliveries", () => {
  test("beyond it the task fails with WorkerLostError and does not run", async () => {
    const huey = testHuey({ maxDeliveries: 3 });
    let runs = 0;
    const { names, seen } = record(huey);
    const task = huey.task({ name: "task", retries: 5 }, () => ++runs);
    const result = await task();
    await die(huey, 3);
    await work(huey);
    expect([runs, names.at(-1)]).toEqual([0, "error"]);
    expect(seen.at(-1)!.error).toBeInstanceOf(WorkerLostError);
    const error = await failure(result.get({ blocking: true })) as TaskException;
    expect(error.cause).toBeInstanceOf(WorkerLostError);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
  });

  test("as often as it says the task still runs", async () => {
    const huey = testHuey({ maxDeliveries: 3 });
    let runs = 0;
    await huey.task("task", () => ++runs)();
    await die(huey, 2);
    await work(huey);
    expect(runs).toBe(1);
  });

  test("is 5 unless told", async () => {
    const huey = testHuey();
    let runs = 0;
    const task = huey.task("task", () => ++runs);
    await task();
    await die(huey, 4);
    await work(huey);
    expect(runs).toBe(1);
    await task();
    await die(huey, 5);
    await work(huey);
    expect(runs).toBe(1);
  });

  test("calls the error handler and tells the chord", async () => {
    const huey = testHuey({ maxDeliveries: 1 });
    const got: string[] = [];
    const handler = huey.task("handler", (error: Error) => void got.push(error.name));
    const task = huey.task("task", (n: number): number | Error => n);
    const list = huey.task(
      "list",
      (values: (number | Error)[]) => values.map((value) => value instanceof Error ? value.name : value),
    );
    const handle = await huey.enqueue(chord([task.s(1).onError(handler), task.s(2)], list));
    await die(huey);
    await work(huey);
    expect(await handle.get()).toEqual(["WorkerLostError", 2]);
    expect(got).toEqual(["WorkerLostError"]);
  });
});

describe("at most once", () => {
  test("a task that had begun when its worker died does not run again: it fails, and tells its chord and its handler", async () => {
    const huey = testHuey();
    const started = Promise.withResolvers<void>();
    let runs = 0;
    const got: string[] = [];
    const handler = huey.task("handler", (error: Error) => void got.push(error.name));
    const task = huey.task({ name: "task", delivery: "at-most-once", retries: 3 }, async (): Promise<Error> => {
      runs++;
      await huey.lockTask("kept").acquire();
      started.resolve();
      return await new Promise(() => {});
    });
    const list = huey.task("list", (values: Error[]) => values.map(({ name }) => name));
    const handle = await huey.enqueue(chord([task.s().onError(handler)], list));
    const { names } = record(huey);
    await begin(huey); // and never ends
    await started.promise;
    expect((await huey.storage.claimed({ consumer: OWNER.consumer })).length).toBe(1);
    await huey.storage.recover({ consumer: OWNER.consumer });
    expect([await work(huey), runs]).toEqual([3, 1]);
    expect([await handle.get(), got, await huey.isLocked("kept")]).toEqual([["WorkerLostError"], ["WorkerLostError"], false]);
    expect(names.filter((name) => name === "error")).toEqual(["error"]);
  });

  test("one that was claimed and had not begun runs elsewhere", async () => {
    const huey = testHuey({ delivery: "at-most-once" });
    let runs = 0;
    await huey.task("task", () => ++runs)();
    await die(huey);
    expect([await work(huey), runs]).toEqual([1, 1]);
  });

  test("value, follow-ups and retries are as usual", async () => {
    const huey = testHuey({ delivery: "at-most-once" });
    let runs = 0;
    const flaky = huey.task({ name: "flaky", retries: 1 }, () => {
      if (runs++ === 0) throw new Error("first");
      return 5;
    });
    const inc = huey.task("inc", (n: number) => n + 1);
    const list = huey.task("list", (values: number[]) => values);
    const handle = await huey.enqueue(chord([flaky.s().andThen(inc)], list));
    await work(huey);
    expect(await handle.get()).toEqual([6]);
    expect(await handle.callback.state()).toMatchObject({ state: "complete" });
  });

  test("a claim that was taken over before the start does not run", async () => {
    const huey = testHuey();
    let runs = 0;
    await huey.task({ name: "task", delivery: "at-most-once" }, () => ++runs)();
    const { claims } = await claim(huey);
    await huey.storage.recover({ consumer: OWNER.consumer });
    await run(huey, claims[0]!);
    expect(runs).toBe(0);
    await work(huey);
    expect(runs).toBe(1);
  });
});

describe("what a consumer does about a task that runs at most once", () => {
  test("interrupt fails it instead of giving it back, and ignores what it still returns", async () => {
    const huey = testHuey();
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const handler = huey.task("handler", (error: Error) => error.name);
    const task = huey.task({ name: "task", delivery: "at-most-once", retries: 3 }, async () => {
      begun.resolve();
      await gate.promise;
      return "late";
    });
    const result = await huey.enqueue(task.s().onError(handler));
    const { done } = await begin(huey);
    await begun.promise;
    const { names } = record(huey);
    const core = coreOf(huey)!;
    await interruptAttempts(core, core.running.values());
    gate.resolve();
    await done;
    expect(names).toEqual(["error", "enqueued"]);
    expect((await failure(result.get()) as TaskException).cause).toBeInstanceOf(WorkerLostError);
    expect((await huey.pending()).map(({ name }) => name)).toEqual(["handler"]);
  });
});

describe("what a consumer does at the end of a worker", () => {
  test("interrupt gives running tasks back and emits interrupted", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const started = Promise.withResolvers<void>();
    let runs = 0;
    const task = huey.task({ name: "task", context: true }, async ({ signal }: TaskContext) => {
      if (++runs > 1) return "second";
      started.resolve();
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const result = await task();
    const { done } = await begin(huey);
    await started.promise;
    const core = coreOf(huey)!;
    await interruptAttempts(core, core.running.values());
    await done;
    expect(names).toEqual(["enqueued", "executing", "interrupted"]);
    expect(await huey.pendingCount()).toBe(1);
    await work(huey);
    expect(await result.get()).toBe("second");
  });

  test("failClaim ends a claim with an error, retries included", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const task = huey.task({ name: "task", retries: 1 }, () => "second");
    const result = await task();
    const { claims } = await claim(huey);
    expect(await failClaim(coreOf(huey)!, claims[0]!, new WorkerLostError("killed"))).toBe(true);
    expect(names.slice(1)).toEqual(["error", "retrying", "enqueued"]);
    expect(await failClaim(coreOf(huey)!, claims[0]!, new WorkerLostError("killed"))).toBe(false);
    await work(huey);
    expect(await result.get()).toBe("second");
  });

  test("announceRecovered emits recovered with the task", async () => {
    const { logger, lines } = logbook();
    const huey = testHuey({ logger });
    const { seen } = record(huey);
    const result = await huey.task("task", (n: number) => n)(5);
    const { claims } = await claim(huey);
    await announceRecovered(coreOf(huey)!, await huey.storage.recover({ consumer: OWNER.consumer }));
    await announceRecovered(coreOf(huey)!, [{ ...claims[0]!, data: new Uint8Array([1]) }]);
    const names = [`task: ${result.id}`, result.id];
    expect(lines.map(({ message }) => message)).toEqual(
      names.map((name) => `Task ${name} was taken over from a worker that is gone`),
    );
    expect(seen.map(({ signal, task }) => [signal, task.id])).toEqual([["enqueued", result.id], ["recovered", result.id]]);
  });

  test("execute tells when the function starts", async () => {
    const huey = testHuey();
    const steps: string[] = [];
    await huey.task("task", () => void steps.push("body"))();
    const { claims } = await claim(huey);
    const onStart = () => void steps.push("start");
    await executeClaim(coreOf(huey)!, claims[0]!, { owner: OWNER, revocations: false, onStart });
    expect(steps).toEqual(["start", "body"]);
    expect(coreOf(huey)!.running.size).toBe(0);
  });
});
