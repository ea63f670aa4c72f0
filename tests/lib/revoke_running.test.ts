import { describe, expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { findRevokedAttempts, RevokedWhileRunning } from "../../lib/control/revocation.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { begin, failure, memory, record, work } from "../helpers.ts";

/** What a consumer does from time to time: aborts what was revoked meanwhile. */
async function look(huey: Huey): Promise<void> {
  const core = coreOf(huey)!;
  for (const { running } of await findRevokedAttempts(core, [...core.running.values()])) {
    running.abort(new RevokedWhileRunning(running.message.id));
  }
}

describe("a running task that is revoked", () => {
  test("is aborted and not retried", async () => {
    const huey = memory();
    const { names, seen } = record(huey);
    const started = Promise.withResolvers<void>();
    const task = huey.task({ name: "task", context: true, retries: 3 }, async ({ signal }: TaskContext) => {
      const aborted = new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      started.resolve();
      await aborted;
    });
    const result = await task();
    const { done } = await begin(huey);
    await started.promise;
    await result.revoke();
    await look(huey);
    await done;
    expect(names.includes("retrying")).toBe(false);
    expect([seen.at(-1)!.signal, seen.at(-1)!.error]).toEqual(["revoked", undefined]);
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
    expect(await failure(result.get({ blocking: true }))).toBeInstanceOf(Error);
    expect(await huey.isRevoked(result.id)).toBe(false);
  });

  test("stops its retries also when it does not look at its signal", async () => {
    const huey = memory();
    let runs = 0;
    const task = huey.task({ name: "task", retries: 3 }, async () => {
      runs++;
      await result.revoke();
      throw new Error("no");
    });
    const result = await task();
    await work(huey);
    expect(runs).toBe(1);
    expect([await huey.scheduledCount(), await huey.isRevoked(result.id)]).toEqual([0, false]);
  });

  test("that succeeds all the same keeps its value", async () => {
    const huey = memory();
    const task = huey.task({ name: "task", retries: 3 }, async () => {
      await result.revoke();
      return "done";
    });
    const result = await task();
    await work(huey);
    expect([await result.get(), await huey.isRevoked(result.id)]).toEqual(["done", false]);
  });

  test("revoking the whole task stops the retries as well", async () => {
    const huey = memory();
    let runs = 0;
    const task = huey.task({ name: "task", retries: 3 }, async () => {
      runs++;
      await task.revoke();
      throw new Error("no");
    });
    await task();
    await work(huey);
    expect(runs).toBe(1);
    expect(await task.isRevoked()).toBe(true);
  });
});
