/** Signals that come before the consumer has started. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Folder, LIBRARY, terminated } from "./_folder.ts";
import type { Program } from "./_program.ts";

const SLOW = 60_000;
let folder: Folder;

beforeEach(() => {
  folder = new Folder();
  folder.module("app.js", `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });`);
  folder.module(
    "slow.js",
    `import { existsSync, writeFileSync } from "node:fs";
     console.log("loading");
     while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
     export { huey } from "./app.js";`,
  );
});
afterEach(() => folder.end());

/** Waits until a process reacts to SIGTERM itself. */
async function catchesSigterm(program: Program): Promise<void> {
  const BIT = 1n << 14n;
  for (;;) {
    const status = readFileSync(`/proc/${program.pid}/status`, "utf8");
    const caught = BigInt(`0x${/^SigCgt:\s*(\S+)/m.exec(status)![1]}`);
    const begun = readFileSync(`/proc/${program.pid}/cmdline`, "utf8").includes("consumer.ts");
    if (begun && (caught & BIT) !== 0n) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a consumer that is still loading", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`ends with 0 at ${signal}`, async () => {
      const program = folder.run(["slow.js"]);
      await program.says("loading");
      program.kill(signal);
      expect(await program.exited).toEqual({ code: 0, signal: null });
    }, SLOW);
  }

  test("ends with 0 at SIGTERM from its first moments on", async () => {
    const program = folder.run(["app.js"]);
    // Deno and Node catch it before they run the program, and other operating systems do not tell.
    if (process.platform === "linux" && "Bun" in globalThis) await catchesSigterm(program);
    else await program.says("Consumer started");
    expect(await terminated(program)).toBe(0);
  }, SLOW);

  test("has loaded next to nothing before it reacts", () => {
    const importsOf = (path: string): string[] => {
      const text = readFileSync(join(LIBRARY, path), "utf8");
      return [...text.matchAll(/^import .* from "(.*)";$/gm)].map(([, module]) => module!);
    };
    expect(importsOf("consumer.ts")).toEqual(["node:process", "./consumer/cli/early_signals.ts"]);
    expect(importsOf("consumer/cli/early_signals.ts")).toEqual(["node:process", "../platform/environment.ts"]);
    expect(importsOf("consumer/platform/environment.ts")).toEqual(["node:process"]);
  });

  test("starts anew at SIGHUP when it has loaded, and goes on at SIGUSR1", async () => {
    const program = folder.run(["slow.js"]);
    await program.says("loading");
    program.kill("SIGUSR1");
    program.kill("SIGHUP");
    folder.module("go", "");
    await program.says("Restarting");
    await program.says("Consumer started");
    expect(await terminated(program)).toBe(0);
  }, SLOW);

  for (const type of ["thread", "process"]) {
    test(`says that a ${type} worker goes on loading, and ends with 0 at SIGINT`, async () => {
      folder.module(
        "hangs.js",
        `import { existsSync, writeFileSync } from "node:fs";
         if (existsSync("imported")) await new Promise(() => {});
         writeFileSync("imported", "");
         export { huey } from "./app.js";`,
      );
      const program = folder.run(["-k", type, "hangs.js"]);
      await program.says("Worker-1 still starting after 5 s");
      program.kill("SIGINT");
      await program.says("Worker-1 has ended");
      expect(await program.exited).toEqual({ code: 0, signal: null });
    }, SLOW);
  }

  test("says that a startup hook goes on beside the tasks, and ends with 0 at SIGTERM", async () => {
    folder.module(
      "stuck.js",
      `export const huey = new library.MemoryHuey("shop");
       huey.onStartup("stuck", () => new Promise(() => {}));`,
    );
    const program = folder.run(["-k", "greenlet", "--grace", "0", "stuck.js"]);
    await program.says("Worker-1 still starting after 5 s: a startup hook does not end");
    expect(await terminated(program)).toBe(0);
  }, SLOW);

  for (const command of [["health", "slow.js"], ["retry", "slow.js", "--all"]]) {
    test(`does not say that it has done what ${command[0]} is for when that is ended`, async () => {
      const program = folder.run(command);
      await program.says("loading");
      program.kill("SIGTERM");
      expect((await program.exited).code).not.toBe(0);
    }, SLOW);
  }
});

describe("a consumer that restarts", () => {
  test("ends with 0 at a SIGTERM that comes between the old and the new one", async () => {
    const program = folder.run(["app.js"]);
    await program.says("Consumer started");
    program.kill("SIGHUP");
    await program.says("Exiting");
    expect(await terminated(program)).toBe(0);
  }, SLOW);

  test("ends with 0 at a SIGTERM that the new one does not read any more, since it exits to start again", async () => {
    folder.module(
      "lingers.js",
      `import { existsSync, writeSync } from "node:fs";
       process.on("exit", () => {
         writeSync(1, "lingering");
         while (!existsSync("go"));
       });
       export { huey } from "./app.js";`,
    );
    const program = folder.run(["lingers.js"]);
    await program.says("Consumer started");
    program.kill("SIGHUP");
    await program.says("Restarting");
    await program.says("Consumer started");
    program.kill("SIGHUP");
    await program.says("lingering");
    program.kill("SIGTERM");
    folder.module("go", "");
    expect((await program.exited).code).toBe(0);
  }, SLOW);

  for (const when of ["while the new one is loading", "when the new one has loaded"]) {
    test(`leaves nothing behind when it is killed ${when}`, async () => {
      const go = folder.module("go", "");
      // What it does while it cannot hear anything.
      folder.module(
        "deaf.js",
        `import { existsSync } from "node:fs";
         console.log("loading");
         while (!existsSync("go")) ${when.includes("while") ? "await new Promise((resolve) => setTimeout(resolve, 10))" : ""};
         export { huey } from "./app.js";`,
      );
      const program = folder.run(["deaf.js"]);
      await program.says("Consumer started");
      rmSync(go);
      program.kill("SIGHUP");
      await program.says("loading");
      program.kill("SIGKILL");
      if (!when.includes("while")) folder.module("go", "");
      // The pipes of its output end with the last process that holds them.
      expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
    }, SLOW);
  }

  test("ends with 0 at a SIGTERM while the new one is loading", async () => {
    folder.module("go", "");
    const program = folder.run(["slow.js"]);
    await program.says("Consumer started");
    program.kill("SIGHUP");
    await program.says("loading");
    expect(await terminated(program)).toBe(0);
  }, SLOW);
});
