import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Stage } from "./_program.ts";

const SLOW = 120_000;
const TASKS = new URL("./_tasks.ts", import.meta.url).href;
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.end());

/** Writes the application anew, with a task that tells which text it is from. */
function writeApplication(file: string, version: string): void {
  writeFileSync(
    file,
    `import { makeApplication } from ${JSON.stringify(TASKS)};
     export const { huey } = makeApplication(${JSON.stringify(stage.file)});
     huey.task("version", async (gate) => {
       console.log("version begins");
       const { existsSync } = await import("node:fs");
       while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 10));
       return ${JSON.stringify(version)};
     });`,
  );
}

for (const type of ["greenlet", "thread", "process"]) {
  describe(`SIGHUP, with workers of type ${type}`, () => {
    test("loads new code, and drops no task", async () => {
      const version = stage.huey.task("version", (_gate: string) => "");
      const [file, gate] = [join(stage.folder, "app.mjs"), join(stage.folder, "gate")];
      writeApplication(file, "old");
      const program = stage.run("-k", type, pathToFileURL(file).href);
      await program.says("Consumer started");
      const old = await version(gate);
      await program.says("version begins");
      writeApplication(file, "new");
      program.kill("SIGHUP");
      await program.says("Waiting for running tasks; then it starts again");
      const waiting = await stage.tasks.add.map([[1, 2], [3, 4]]);
      writeFileSync(gate, "");
      expect(await old.get({ blocking: true })).toBe("old");
      expect(await waiting.get({ blocking: true })).toEqual([3, 7]);
      await program.says("Restarting");
      expect(await (await version(gate)).get({ blocking: true })).toBe("new");
      program.kill("SIGINT");
      expect((await program.exited).code).toBe(0);
    }, SLOW);

    test("leaves nothing behind when the process that was started first is killed", async () => {
      const program = stage.consume("-k", type, "--grace", "0");
      await program.says("Consumer started");
      program.kill("SIGHUP");
      await program.says("Restarting");
      await program.says("Consumer started");
      const waiting = await stage.tasks.wait();
      await program.says("wait begins, delivery 1");
      program.kill("SIGKILL");
      // The pipes of its output end with the last process that holds them.
      expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
      expect(program.text).toContain("interrupted wait");
      expect(program.text).toContain("The process that was started first is gone");
      expect(program.text).not.toContain("Received SIGTERM");
      expect((await waiting.state()).state).toBe("waiting");
      expect(await stage.huey.storage.leases()).toEqual([]);
    }, SLOW);
  });
}
