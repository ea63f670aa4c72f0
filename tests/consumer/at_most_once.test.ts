/** Tasks that may run at most once, and whose worker ends before they do. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type TaskException, TaskTimeout, WorkerLostError } from "../../lib/errors.ts";
import { chord } from "../../lib/composition/group.ts";
import { failure } from "../helpers.ts";
import { Stage } from "./_program.ts";
import type { Program } from "./_program.ts";
import { LOCK_OF_ONCE, traceFile } from "./_tasks.ts";

const SLOW = 60_000;
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.end());

/** What ran, and what the error handlers were told, line by line. */
function trace(): string[] {
  return readFileSync(traceFile(stage.file), "utf8").trim().split("\n");
}

async function errorOf(result: { get(options: { blocking: true }): Promise<unknown> }): Promise<TaskException> {
  return await failure(result.get({ blocking: true })) as TaskException;
}

/** The consumer goes on, and nothing is left that could run again, nor a lock. */
async function expectNothingLeft(program: Program): Promise<void> {
  expect(await stage.huey.isLocked(LOCK_OF_ONCE)).toBe(false);
  expect(await (await stage.tasks.add(1, 2)).get({ blocking: true })).toBe(3);
  program.kill("SIGINT");
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect([await stage.huey.pendingCount(), await stage.huey.scheduledCount()]).toEqual([0, 0]);
}

for (const type of ["thread", "process"]) {
  describe(`a task that runs at most once, with workers of type ${type},`, () => {
    for (const how of type === "process" ? ["exit", "kill"] as const : ["exit"] as const) {
      test(`fails when its worker dies (${how}), and all learn of it`, async () => {
        const { once, add, list, note } = stage.tasks;
        const program = stage.consume("-k", type);
        const handle = await stage.huey.enqueue(chord([once.s(how).onError(note), add.s(1, 2)], list));
        expect(await handle.get({ blocking: true })).toEqual(["WorkerLostError", "3"]);
        await expectNothingLeft(program);
        expect(trace()).toEqual([how, "WorkerLostError"]);
        expect(program.text).toContain("signal error");
        expect(program.text).toContain("may run at most once, and its worker died while it ran");
      }, SLOW);
    }

    test("fails with TaskTimeout when it overran its timeout and did not yield", async () => {
      const program = stage.consume("-k", type);
      const result = await stage.tasks.once.with({ timeout: 0.1 })("loop");
      const error = await errorOf(result);
      expect(error.cause).toBeInstanceOf(TaskTimeout);
      expect((await result.state()).state).toBe("failed");
      await expectNothingLeft(program);
      expect(trace()).toEqual(["loop"]);
      expect(program.text).toContain("signal timeout");
    }, SLOW);

    test("ends as revoked when it is revoked and does not yield", async () => {
      const program = stage.consume("-k", type, "--grace", "0.2");
      const result = await stage.tasks.once("loop");
      await program.says("once begins");
      await result.revoke();
      expect((await errorOf(result)).metadata.outcome).toBe("revoked");
      expect((await result.state()).state).toBe("revoked");
      await expectNothingLeft(program);
      expect(trace()).toEqual(["loop"]);
      expect(program.text).toContain("signal revoked");
    }, SLOW);
  });
}

for (const [type, how] of [["greenlet", "wait"], ["thread", "wait"], ["thread", "loop"], ["process", "loop"]] as const) {
  test(`a task that runs at most once fails at a forced stop: ${type}, ${how}`, async () => {
    const program = stage.consume("-k", type, "--grace", "0");
    const result = await stage.tasks.once(how);
    await program.says("once begins");
    program.kill("SIGTERM");
    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect((await errorOf(result)).cause).toBeInstanceOf(WorkerLostError);
    expect(await stage.huey.pendingCount()).toBe(0);
    expect(await stage.huey.isLocked(LOCK_OF_ONCE)).toBe(false);
    expect(program.text).not.toContain("interrupted once");
    expect(trace()).toEqual([how]);
  }, SLOW);
}
