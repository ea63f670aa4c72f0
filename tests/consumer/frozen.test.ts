import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { Stage } from "./_program.ts";
import { traceFile } from "./_tasks.ts";

const SLOW = 60_000;

/** A process that is frozen in the middle of a write keeps SQLite's lock, whatever others do: freeze it at another moment. */
async function freezeOutsideOfWrites(program: { kill(signal: "SIGSTOP" | "SIGCONT"): void }, file: string): Promise<void> {
  for (;;) {
    program.kill("SIGSTOP");
    if (canWrite(file)) return;
    program.kill("SIGCONT");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function canWrite(file: string): boolean {
  const database = openDatabase(file);
  try {
    database.exec("begin immediate");
    database.exec("rollback");
    return true;
  } catch {
    // Locked by the one that was just frozen.
    return false;
  } finally {
    database.close();
  }
}
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.end());

for (const type of ["greenlet", "thread", "process"]) {
  describe(`a consumer that is frozen for longer than its lease, with workers of type ${type}`, () => {
    test("loses its tasks to another one, settles nothing twice, and goes on", async () => {
      const { freeze, trace, add } = stage.tasks;
      const frozen = stage.consume("-k", type, "--lease", "0.5");
      const results = await stage.huey.enqueue(freeze.s(3000).andThen(trace));
      await frozen.says("freeze begins, delivery 1");
      await freezeOutsideOfWrites(frozen, stage.file);
      const other = stage.consume("-k", type, "--lease", "0.5");
      await other.says("freeze begins, delivery 2");
      expect(await results.get({ blocking: true })).toEqual(["delivery 2", 1]);
      frozen.kill("SIGCONT");
      await frozen.says("was taken over by another worker meanwhile: its outcome here is dropped");
      other.kill("SIGINT");
      expect((await other.exited).code).toBe(0);
      expect(await (await add(1, 2)).get({ blocking: true })).toBe(3);
      frozen.kill("SIGINT");
      expect((await frozen.exited).code).toBe(0);
      expect(readFileSync(traceFile(stage.file), "utf8")).toBe("delivery 2\n");
      expect(await stage.huey.storage.data.size()).toBe(0);
    }, SLOW);
  });
}

describe("worker processes of a consumer that is frozen", () => {
  test("claim nothing once its lease may have run out, so that nothing is run twice", async () => {
    const { busy, add } = stage.tasks;
    const frozen = stage.consume("-k", "process", "-w", "2", "--lease", "3");
    await frozen.says("Consumer started");
    await freezeOutsideOfWrites(frozen, stage.file);
    // On a machine under load they may have been silent for a moment before.
    const times = (text: string): number => frozen.text.split(text).length - 1;
    while (times("The consumer is silent") - times("this worker claims again") < 2) await frozen.says("The consumer is silent");
    const results = await busy.map([[1], [2], [3]]);
    const other = stage.consume("-k", "process", "--lease", "3");
    expect(await results.get({ blocking: true })).toEqual(["delivery 1", "delivery 1", "delivery 1"]);
    frozen.kill("SIGCONT");
    for (let workers = 0; workers < 2; workers++) await frozen.says("this worker claims again");
    other.kill("SIGINT");
    expect((await other.exited).code).toBe(0);
    expect(await (await add(1, 2)).get({ blocking: true })).toBe(3);
    frozen.kill("SIGINT");
    expect((await frozen.exited).code).toBe(0);
    // What they wrote is complete now.
    expect(other.text.split("busy begins").length - 1).toBe(3);
    expect(frozen.text).not.toContain("busy begins");
  }, SLOW);
});
