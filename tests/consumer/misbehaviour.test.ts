/** What tasks should not do, and what becomes of them, their worker and their consumer. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { failure } from "../helpers.ts";
import { APP, Stage } from "./_program.ts";
import type { Program } from "./_program.ts";

const SLOW = 60_000;
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.end());

async function expectWorking(program: Program): Promise<void> {
  expect(await (await stage.tasks.add(1, 2)).get({ blocking: true })).toBe(3);
  program.kill("SIGINT");
  expect(await program.exited).toEqual({ code: 0, signal: null });
}

for (const type of ["greenlet", "thread", "process"]) {
  describe(`with workers of type ${type}, a task`, () => {
    test("that throws, or rejects later, fails and is retried", async () => {
      const program = stage.consume("-k", type);
      const [now, later] = [await stage.tasks.fail(), await stage.tasks.rejectLater()];
      expect((await failure(now.get({ blocking: true }))).message).toContain("on purpose");
      while ((await later.state()).state !== "failed") await program.says("Task rejectLater");
      expect((await failure(later.get())).message).toContain("later");
      await expectWorking(program);
      expect(program.text).toContain("is tried again");
    }, SLOW);

    test("that prints where nobody reads takes no worker with it", async () => {
      const program = stage.shell(`mkfifo unread; : < unread & exec 3> unread; wait; exec "$0" "$@" >&3`, "-k", type, APP);
      for (let count = 0; count < 4; count++) {
        expect(await (await stage.tasks.print("unread\n")).get({ blocking: true })).toBe(true);
      }
      await expectWorking(program);
      expect(program.text).not.toContain("is replaced");
      expect(program.text.split("EPIPE").length).toBeLessThan(4);
    }, SLOW);

    test("that blocks for longer than the lease keeps its claim", async () => {
      const lease = ["--lease", "3"];
      const program = stage.consume("-k", type, ...lease);
      const busy = await stage.tasks.busy(4500);
      await program.says("busy begins, delivery 1");
      const rival = stage.consume("-k", type, ...lease);
      await rival.says("Consumer started");
      expect(await busy.get({ blocking: true })).toBe("delivery 1");
      expect(rival.text).not.toContain("busy begins");
      rival.kill("SIGINT");
      expect((await rival.exited).code).toBe(0);
      await expectWorking(program);
    }, SLOW);
  });
}

for (const type of ["greenlet", "thread"]) {
  test(`an application that replaces the global process has workers of type ${type}`, async () => {
    const file = join(stage.folder, "app.mjs");
    writeFileSync(
      file,
      `export { huey } from ${JSON.stringify(pathToFileURL(APP).href)}; globalThis.process = { browser: true };`,
    );
    const program = stage.run("-k", type, file);
    await expectWorking(program);
    expect(program.text).not.toContain("WARNING");
  }, SLOW);
}

describe("with workers of type greenlet, a task", () => {
  test("that calls process.exit fails, and the consumer goes on", async () => {
    const program = stage.consume("-k", "greenlet");
    const exiting = await stage.tasks.exit();
    expect((await failure(exiting.get({ blocking: true }))).message).toContain("called process.exit(3)");
    await expectWorking(program);
  }, SLOW);
});

for (const type of ["greenlet", "thread"]) {
  describe(`with workers of type ${type}, a task`, () => {
    test("that runs out of memory ends the consumer, and the next one hands it out again", async () => {
      const program = stage.consumeSmall("-k", type);
      const hog = await stage.tasks.hog();
      await program.says("hog begins");
      const { code, signal } = await program.exited;
      expect(code === 0).toBe(false);
      expect(code ?? signal).not.toBe(null);
      const next = stage.consume("-k", type);
      expect(await hog.get({ blocking: true })).toBe("survived");
      await expectWorking(next);
    }, SLOW);
  });
}

describe("with workers of type process, a task", () => {
  test("that runs out of memory takes only its process with it, and is handed out again", async () => {
    const program = stage.consumeSmall("-k", "process");
    const hog = await stage.tasks.hog();
    await program.says("hog begins");
    expect(await hog.get({ blocking: true })).toBe("survived");
    expect(program.text).toContain("Worker-1 is gone");
    await expectWorking(program);
  }, SLOW);

  test("whose process is killed is handed out again", async () => {
    const program = stage.consume("-k", "process");
    expect(await (await stage.tasks.killed()).get({ blocking: true })).toBe("survived");
    expect(program.text).toContain("Worker-1 is gone");
    await expectWorking(program);
  }, SLOW);
});
