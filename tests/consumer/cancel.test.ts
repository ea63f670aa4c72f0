import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { TaskException } from "../../lib/errors.ts";
import type { ResultHandle } from "../../lib/result/result.ts";
import { failure } from "../helpers.ts";
import { DENO, Stage } from "./_program.ts";

const SLOW = 60_000;
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.end());

async function expectRevoked(result: Pick<ResultHandle, "get" | "state">): Promise<void> {
  const error = await failure(result.get({ blocking: true }));
  expect(error).toBeInstanceOf(TaskException);
  expect((error as TaskException).metadata.outcome).toBe("revoked");
  expect((await result.state()).state).toBe("revoked");
}

async function expectNothingLeft(): Promise<void> {
  expect(await stage.huey.pendingCount()).toBe(0);
  expect(await stage.huey.scheduledCount()).toBe(0);
}

for (const type of ["thread", "process"]) {
  describe(`revoking a running task, with workers of type ${type}`, () => {
    test("ends the worker of a task that does not yield; its other tasks run again", async () => {
      const program = stage.consume("-k", type, "--concurrency", "2", "--grace", "0.2");
      const neighbour = await stage.tasks.wait();
      await program.says("wait begins, delivery 1");
      const looping = await stage.tasks.block();
      await program.says("block begins");
      await looping.revoke();
      await expectRevoked(looping as never);
      expect(await neighbour.get({ blocking: true })).toBe("waited");
      await expectNothingLeft();
      expect(program.text).toContain("Worker-1 is gone: it was ended because of what was revoked");
      expect(program.text.includes("cannot be killed by this runtime")).toBe(DENO && type === "thread");
    }, SLOW);

    test("ends the worker of a task that ignores its signal", async () => {
      const program = stage.consume("-k", type, "--grace", "0.2");
      const ignoring = await stage.tasks.ignore(60_000);
      await program.says("ignore begins");
      await ignoring.revoke();
      await program.says("ignore is aborted");
      await expectRevoked(ignoring as never);
      await expectNothingLeft();
      expect(program.text).not.toContain("cannot be killed");
      expect(await (await stage.tasks.add(1, 2)).get({ blocking: true })).toBe(3);
    }, SLOW);

    test("leaves the worker of a task alone that ends within the grace time", async () => {
      const program = stage.consume("-k", type, "--grace", "30");
      const obeying = await stage.tasks.obey();
      for await (const _ of obeying.progressUpdates()) break;
      await obeying.revoke();
      await expectRevoked(obeying as never);
      expect(await (await stage.tasks.add(1, 2)).get({ blocking: true })).toBe(3);
      expect(program.text).not.toContain("is gone");
    }, SLOW);
  });
}

describe("revoking a running task, with workers of type greenlet", () => {
  test("aborts the signal; what ignores it goes on to its end", async () => {
    const program = stage.consume("-k", "greenlet", "-w", "2", "--grace", "0");
    const ignoring = await stage.tasks.ignore(1500);
    await program.says("ignore begins");
    await ignoring.revoke();
    await program.says("ignore is aborted");
    expect(await ignoring.get({ blocking: true })).toBe("ignored");
    expect(program.text).not.toContain("is gone");
  }, SLOW);
});
