/** Where a consumer refuses to start, and where it finds its files. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { checkPlace } from "../../consumer/options/requirements.ts";
import { Consumer } from "../../consumer/consumer.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import { SqliteHuey } from "../../mod.ts";
import { failure, memory, silent } from "../helpers.ts";
import { DENO, NODE } from "./_program.ts";
import { Folder, LIBRARY, terminated } from "./_folder.ts";

const SLOW = 60_000;
let folder: Folder;

beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.end());

describe("start() in a worker of a consumer", () => {
  for (const type of ["thread", "process"]) {
    for (const inner of ["greenlet", type]) {
      test(`is refused with a word about import.meta.main: ${inner} in ${type}`, async () => {
        const path = folder.module(
          "main.js",
          `import process from "node:process";
           export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
           const workerType = import.meta.main ? "${type}" : "${inner}";
           const consumer = new library.Consumer(huey, { workerType, module: import.meta.url });
           try {
             await consumer.start();
           } catch (error) {
             if (!import.meta.main) throw error;
             console.log("refused: " + error.message);
             process.exit(0);
           }`,
        );
        expect(await outputOf(path)).toMatch(/refused: .*consumer of queue "shop" cannot be started here.*import\.meta\.main/s);
      }, SLOW);
    }
  }

  /** Runs a program to its end. @returns what it wrote */
  function outputOf(path: string): Promise<string> {
    const flags = DENO ? ["run", "-A", "--no-check", "--config", join(LIBRARY, "deno.json")] : [];
    const child = spawn(process.execPath, [...flags, path], { cwd: folder.path, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout!.on("data", (data: unknown) => text += String(data));
    return new Promise((resolve) => child.on("close", () => resolve(text)));
  }
});

describe("a runtime that lacks something", () => {
  const worker = globalThis.Worker;
  const { any } = AbortSignal;
  afterEach(() => {
    globalThis.Worker = worker;
    AbortSignal.any = any;
  });

  /** Takes away something without which no consumer works. */
  function lack(): void {
    if (NODE) AbortSignal.any = undefined as never;
    else globalThis.Worker = undefined as never;
  }

  test("is named before anything is claimed, and no task fails for it", async () => {
    const huey = new SqliteHuey("shop", { filename: join(folder.data, "shop.db"), logger: silent });
    const result = await huey.task("add", () => 1)();
    lack();
    const error = await failure(new Consumer(huey).start());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/queue "shop" cannot run on (Bun|Deno|Node) \S+, which lacks (Web Workers|AbortSignal.any)/);
    expect((await result.state())?.state).toBe("waiting");
    await huey.close();
  });

  test("may run what it can: a storage of this isolate needs no other", async () => {
    globalThis.Worker = undefined as never;
    const huey = memory();
    const result = await huey.task("add", () => 1)();
    await using consumer = new Consumer(huey);
    await consumer.start();
    expect(await result.get({ blocking: true })).toBe(1);
  });

  test("is told each thing that it lacks", () => {
    const { withResolvers } = Promise;
    try {
      Promise.withResolvers = undefined as never;
      lack();
      const plan = { queue: "q", workerType: "greenlet", shared: true } as const;
      expect(() => checkPlace(plan)).toThrow(`lacks Promise.withResolvers and ${NODE ? "AbortSignal.any" : "Web Workers"}`);
    } finally {
      Promise.withResolvers = withResolvers;
    }
  });
});

describe("an application that changes its folder", () => {
  for (const type of ["greenlet", "thread", "process"]) {
    test(`finds its modules and its log again, also after SIGHUP, with workers of type ${type}`, async () => {
      const elsewhere = join(folder.path, "elsewhere");
      mkdirSync(elsewhere);
      folder.module(
        "app.js",
        `import process from "node:process";
         // Web Workers of some runtimes have no folder of their own.
         try { process.chdir(${JSON.stringify(elsewhere)}); } catch { /* that of the process */ }
         export const huey = new library.SqliteHuey("shop", { filename: "../data/shop.db" });
         huey.task("where", () => process.cwd());`,
      );
      const program = folder.run(["-k", type, "-l", "huey.log", "./app.js"]);
      const log = join(folder.path, "huey.log");
      await untilIn(log, "Consumer started", 1);
      program.kill("SIGHUP");
      await untilIn(log, "Consumer started", 2);
      const huey = new SqliteHuey("shop", { filename: join(folder.data, "shop.db"), logger: silent });
      const where = await (await huey.task("where", () => "")()).get({ blocking: true });
      expect(where).toBe(elsewhere);
      await huey.close();
      expect(await terminated(program)).toBe(0);
      expect(existsSync(join(elsewhere, "huey.log"))).toBe(false);
      expect(program.text).toBe("");
    }, SLOW);
  }

  async function untilIn(file: string, text: string, times: number): Promise<void> {
    while (!existsSync(file) || readFileSync(file, "utf8").split(text).length <= times) await pause(10);
  }
});
