import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { failure } from "../helpers.ts";
import { APP, DENO, NODE, Stage } from "./_program.ts";

const SLOW = 60_000;
let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});
afterEach(() => stage.end());

async function stopped(program: ReturnType<Stage["run"]>): Promise<void> {
  program.kill("SIGINT");
  expect(await program.exited).toEqual({ code: 0, signal: null });
}

describe("the command line", () => {
  test("prints help and version", async () => {
    const [help, version] = [stage.run("--help"), stage.run("--version")];
    expect(await help.exited).toEqual({ code: 0, signal: null });
    expect(help.text).toContain("--scheduler-interval");
    expect((await version.exited).code).toBe(0);
    expect(version.text).toMatch(/^\d+\.\d+\.\d+\n$/);
  }, SLOW);

  test("ends with 2 and a short usage for wrong options", async () => {
    const program = stage.consume("-w", "none");
    expect((await program.exited).code).toBe(2);
    expect(program.text).toContain('-w, --workers must be a whole number, from 1 to 100000: "none"\n\nUsage: ');
    // What is wrong must still be on the screen.
    expect(program.text.split("\n").length).toBeLessThan(10);
  }, SLOW);

  test("ends with 1 and one message for a module that cannot be used", async () => {
    writeFileSync(join(stage.folder, "broken.js"), `throw new Error("at redis://me:secret@host");`);
    const [missing, broken] = [stage.run("missing.ts"), stage.run("broken.js")];
    expect((await missing.exited).code).toBe(1);
    expect(missing.text).toContain("missing.ts does not exist\n");
    expect((await broken.exited).code).toBe(1);
    expect(broken.text).toContain("cannot be imported: at redis://me:***@host");
    expect(broken.text).not.toContain("secret");
  }, SLOW);

  test("prints all of a long list, however slowly somebody reads it, and no more than somebody reads", async () => {
    await stage.tasks.add.map(Array.from({ length: 3000 }, (_, index) => [index, index]));
    const list = ["list", APP, "waiting", "--json", "--limit", "10000"];
    // A shell reads byte by byte.
    const slow = stage.shell(`"$0" "$@" | while read -r line; do echo line; done | wc -l`, ...list);
    const first = stage.shell(`{ "$0" "$@"; echo "code $?" >&2; } | head -n 1 | wc -l`, ...list);
    await Promise.all([slow.exited, first.exited]);
    expect(slow.text.trim()).toBe("3000");
    expect(first.text.split("\n").map((line) => line.trim()).sort()).toEqual(["", "1", "code 0"]);
  }, SLOW);

  test("says that a module goes on loading", async () => {
    writeFileSync(join(stage.folder, "waits.js"), "await new Promise((resolve) => setTimeout(resolve, 3_600_000));");
    const program = stage.run("waits.js");
    await program.says("Still loading waits.js after 5 s");
    program.kill("SIGKILL");
    await program.exited;
  }, SLOW);

  test("says that a module has ended the process", async () => {
    writeFileSync(join(stage.folder, "exits.js"), "process.exit(3);");
    const program = stage.run("exits.js");
    expect(await program.exited).toEqual({ code: 3, signal: null });
    expect(program.text).toBe("The process ended with exit code 3 while exits.js was loading\n");
  }, SLOW);

  test("warns that no task is registered", async () => {
    const mod = new URL("../../mod.ts", import.meta.url).href;
    writeFileSync(join(stage.folder, "none.ts"), `import { MemoryHuey } from "${mod}"; export const huey = new MemoryHuey();`);
    const program = stage.run("-q", "-k", "greenlet", "none.ts");
    await program.says("No tasks are registered: ");
    await stopped(program);
  }, SLOW);

  test("names the place of a mistake in the syntax", async () => {
    writeFileSync(join(stage.folder, "several.ts"), "export const = 1;");
    writeFileSync(join(stage.folder, "one.ts"), "export const a = 1;\nconst b = ];");
    const programs = [stage.run("several.ts"), stage.run("one.ts")];
    for (const { exited } of programs) expect((await exited).code).toBe(1);
    // Node names the line, and points at the column.
    expect(programs[0]!.text).toContain(NODE ? "several.ts:1\n" : "several.ts:1:14");
    expect(programs[1]!.text).toContain(NODE ? "one.ts:2\n" : "one.ts:2:11");
  }, SLOW);

  test("says once, without a stack, that the storage keeps it from starting", async () => {
    const mod = new URL("../../mod.ts", import.meta.url).href;
    const app = `import { SqliteHuey } from "${mod}"; export default new SqliteHuey("no", { filename: import.meta.dirname });`;
    writeFileSync(join(stage.folder, "no.ts"), app);
    const file = join(stage.folder, "log.txt");
    const [here, there] = [stage.run("-k", "greenlet", "no.ts"), stage.run("-k", "greenlet", "-l", file, "no.ts")];
    expect([(await here.exited).code, (await there.exited).code]).toEqual([1, 1]);
    for (const log of [here.text, readFileSync(file, "utf8")]) {
      expect(log).toMatch(/^.* ERROR:huey.consumer:MainThread:The consumer could not start\n {2}StorageError: .*\n$/);
    }
    expect(there.text).toMatch(/^.+\n$/);
    expect(here.text).toContain(`\n  StorageError: ${there.text}`);
  }, SLOW);

  test("logs to a file, as JSON", async () => {
    const file = join(stage.folder, "log.txt");
    const program = stage.consume("-k", "thread", "--json", "-l", file);
    await program.says("startup hook");
    const result = await stage.tasks.add(1, 2);
    expect(await result.get({ blocking: true })).toBe(3);
    await stopped(program);
    const lines = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
    expect(lines.some(({ logger, who }) => logger === "huey.consumer" && who === "MainThread")).toBe(true);
    expect(lines.find(({ taskId }) => taskId === result.id) ?? lines.find(({ message }) => message.includes(result.id)))
      .toBeDefined();
    expect(program.text).toBe("startup hook\nshutdown hook\n");
  }, SLOW);

  test("logs warnings only when quiet", async () => {
    const program = stage.consume("-k", "greenlet", "-q");
    await program.says("startup hook");
    await stopped(program);
    expect(program.text).toBe("startup hook\nshutdown hook\n");
  }, SLOW);
});

for (const type of ["greenlet", "thread", "process"]) {
  describe(`workers of type ${type}`, () => {
    test("run tasks and stop at SIGINT", async () => {
      const program = stage.consume("-k", type, "-w", "2");
      await program.says(`Consumer started with 2 ${type} workers`);
      const results = await stage.tasks.add.map([[1, 2], [3, 4], [5, 6]]);
      expect(await results.get({ blocking: true })).toEqual([3, 7, 11]);
      expect((await failure((await stage.tasks.fail()).get({ blocking: true }))).message).toContain("on purpose");
      await stopped(program);
      expect(program.text).toContain("shutdown hook");
      expect(await stage.huey.storage.leases()).toEqual([]);
    }, SLOW);

    test("outlive rejections and exceptions that nobody handles", async () => {
      const program = stage.consume("-k", type);
      const late = await stage.tasks.late();
      const timer = await stage.tasks.timer();
      expect(await late.get({ blocking: true })).toBe("late");
      expect(await timer.get({ blocking: true })).toBe("timer");
      expect(await (await stage.tasks.add(1, 2)).get({ blocking: true })).toBe(3);
      await stopped(program);
      expect(program.text).toContain("An unhandled rejection outside of any task");
      expect(program.text).toContain("An uncaught exception outside of any task");
    }, SLOW);

    test("give running tasks the grace time at SIGTERM", async () => {
      const program = stage.consume("-k", type, "--grace", "0.2");
      await stage.tasks.wait();
      await program.says("wait begins, delivery 1");
      program.kill("SIGTERM");
      await program.says("Running tasks get the grace time");
      expect(await program.exited).toEqual({ code: 0, signal: null });
      expect(program.text).toContain("interrupted wait");
      expect(await stage.huey.pendingCount()).toBe(1);
    }, SLOW);

    test("give up running tasks at a second SIGINT", async () => {
      const program = stage.consume("-k", type);
      await stage.tasks.wait();
      await program.says("wait begins, delivery 1");
      program.kill("SIGINT");
      await program.says("Waiting for running tasks");
      program.kill("SIGINT");
      await program.says("Running tasks go back to the queue at once");
      expect(await program.exited).toEqual({ code: 130, signal: null });
      expect(await stage.huey.pendingCount()).toBe(1);
    }, SLOW);

    test("leave nothing behind when the consumer is killed, and the next one takes over at once", async () => {
      const program = stage.consume("-k", type, "-w", "2");
      const result = await stage.tasks.wait();
      await program.says("wait begins, delivery 1");
      program.kill("SIGKILL");
      // The pipes of its output end with the last process that holds them.
      expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
      const next = stage.consume("-k", type);
      expect(await result.get({ blocking: true })).toBe("waited");
      await stopped(next);
    }, SLOW);
  });
}

for (const type of ["thread", "process"]) {
  describe(`workers of type ${type}`, () => {
    test("are replaced when a task calls process.exit", async () => {
      const program = stage.consume("-k", type);
      expect(await (await stage.tasks.exit()).get({ blocking: true })).toBe("survived");
      await stopped(program);
      expect(program.text).toContain("Worker-1 is gone");
    }, SLOW);

    test("are ended when a task overruns its timeout without yielding", async () => {
      const program = stage.consume("-k", type);
      const looping = await stage.tasks.loop();
      const adding = await stage.tasks.add(1, 2);
      expect((await failure(looping.get({ blocking: true }))).message).toContain("ran longer than its timeout of 0.1 s");
      expect(await adding.get({ blocking: true })).toBe(3);
      await stopped(program);
      const abandoned = program.text.includes("cannot be killed by this runtime");
      expect(abandoned).toBe(DENO && type === "thread");
    }, SLOW);

    test("are killed at a forced stop when they do not yield", async () => {
      const program = stage.consume("-k", type, "--grace", "0");
      await stage.tasks.block();
      await program.says("block begins");
      program.kill("SIGTERM");
      expect(await program.exited).toEqual({ code: 0, signal: null });
      expect(program.text).toContain("interrupted block");
      expect(await stage.huey.pendingCount()).toBe(1);
    }, SLOW);

    test("are replaced after their share of tasks", async () => {
      const program = stage.consume("-k", type, "-M", "2");
      const results = await stage.tasks.add.map([[1, 2], [3, 4], [5, 6]]);
      expect(await program.during(results.get({ blocking: true }))).toEqual([3, 7, 11]);
      await stopped(program);
      expect(program.text).toContain("Worker-1 has ended after its share of tasks");
    }, SLOW);
  });
}

describe("a worker process", () => {
  test("ends with its consumer even in a loop", async () => {
    const program = stage.consume("-k", "process");
    await stage.tasks.block();
    await program.says("block begins");
    program.kill("SIGKILL");
    expect((await program.exited).signal).toBe("SIGKILL");
  }, SLOW);
});

describe("SIGHUP", () => {
  test("starts the consumer anew under the same process id, as often as it comes", async () => {
    const program = stage.consume("-k", "greenlet");
    await program.says(`PID ${program.pid}`);
    for (let times = 0; times < 2; times++) {
      program.kill("SIGHUP");
      await program.says("Restarting");
      await program.says("Consumer started");
    }
    expect(await (await stage.tasks.add(1, 2)).get({ blocking: true })).toBe(3);
    await stopped(program);
    expect(() => process.kill(program.pid, 0)).toThrow();
  }, SLOW);

  test("gives way to SIGINT while it waits", async () => {
    const program = stage.consume("-k", "greenlet");
    await stage.tasks.wait();
    await program.says("wait begins");
    program.kill("SIGHUP");
    await program.says("Received SIGHUP");
    program.kill("SIGINT");
    await program.says("Received SIGINT");
    program.kill("SIGINT");
    expect((await program.exited).code).toBe(130);
    expect(program.text).not.toContain("Restarting");
  }, SLOW);
});
