import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Stage } from "./_program.ts";
import { traceFile } from "./_tasks.ts";

const SLOW = 60_000;
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
      frozen.kill("SIGSTOP");
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
