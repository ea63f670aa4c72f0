import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Stage } from "./_program.ts";

const SLOW = 60_000;
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.end());

for (const type of ["greenlet", "thread", "process"]) {
  describe(`workers of type ${type}`, () => {
    test("with several tasks at once are replaced between tasks", async () => {
      const program = stage.consume("-k", type, "--concurrency", "3", "-M", "4");
      const calls = Array.from({ length: 10 }, (_, index): [number] => [index]);
      const results = await stage.tasks.freeze.map(calls);
      expect(await results.get({ blocking: true })).toEqual(calls.map(() => "delivery 1"));
      program.kill("SIGINT");
      expect(await program.exited).toEqual({ code: 0, signal: null });
      expect(program.text).toContain(
        type === "greenlet" ? "has done 4 tasks" : "Worker-1.2 has ended after its share of tasks",
      );
      expect(program.text).not.toContain("is gone");
    }, SLOW);

    test("in a loop end with a consumer that is killed", async () => {
      const program = stage.consume("-k", type);
      await stage.tasks.block();
      await program.says("block begins");
      program.kill("SIGKILL");
      // The pipes of its output end with the last process that holds them.
      expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
    }, SLOW);
  });
}
