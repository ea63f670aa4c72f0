import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SqliteHuey } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { pairs } from "../sizes.ts";
import { closeWhenOpen } from "../../consumer/log/rotation.ts";
import { Folder, LIBRARY, terminated } from "./_folder.ts";

const SLOW = 60_000;
const SECRET = "correct-horse";
let folder: Folder;
let log: string;

beforeEach(() => {
  folder = new Folder();
  log = join(folder.path, "huey.log");
  folder.module(
    "app.js",
    `import { getLogger } from "${LIBRARY}/node_modules/@logtape/logtape/dist/mod.js";
     export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
     const logger = getLogger(["shop"]);
     huey.task("note", async (text) => {
       logger.info("first " + text);
       await new Promise((resolve) => setTimeout(resolve, 1));
       logger.warn("then " + text);
     });
     huey.task("leak", () => { throw new Error("no route to redis://me:${SECRET}@host:6379/1"); });`,
  );
});
afterEach(() => folder.end());

/** Calls the tasks of the application from here. */
async function call<T>(
  use: (tasks: Record<"note" | "leak", (...args: unknown[]) => Promise<T>>) => Promise<void>,
): Promise<void> {
  const huey = new SqliteHuey("shop", { filename: join(folder.data, "shop.db"), logger: silent });
  const [note, leak] = [huey.task("note", (_text: string) => {}), huey.task("leak", () => {})];
  await use({ note, leak } as never);
  await huey.close();
}

async function note(text: string): Promise<string> {
  let id = "";
  await call<{ id: string; get(options: object): Promise<void> }>(async (tasks) => {
    const result = await tasks.note(text);
    await result.get({ blocking: true });
    id = result.id;
  });
  return id;
}

const read = (file: string): string => existsSync(file) ? readFileSync(file, "utf8") : "";

async function untilIn(file: string, text: string): Promise<void> {
  while (!read(file).includes(text)) await pause(10);
}

/** Renames the log, as a rotation does, and waits until the consumer has noticed the signal. */
async function rotate(send: (signal: "SIGUSR2") => void, to: string): Promise<void> {
  renameSync(log, to);
  send("SIGUSR2");
  await untilIn(log, "Received SIGUSR2");
}

for (const type of ["greenlet", "thread", "process"]) {
  describe(`the log file with workers of type ${type}`, () => {
    test("goes on in a new file after SIGUSR2", async () => {
      const program = folder.run(["-k", type, "-l", log, "app.js"]);
      await untilIn(log, "Consumer started");
      await note("one");
      expect(read(log)).toContain("then one");
      const old = `${log}.1`;
      await rotate((signal) => program.kill(signal), old);
      const size = read(old).length;
      // Messages to a worker keep their order, but the signal and the task come by different ways: the second lands safely.
      await note("two");
      await note("three");
      expect(read(log)).toContain("then three");
      expect(read(old)).not.toContain("three");
      expect(size).toBeGreaterThan(0);
      expect(await terminated(program)).toBe(0);
      expect(read(log)).toContain("Exiting");
      expect(program.text).toBe("");
    }, SLOW);

    test("shows task id and name with what a task logs", async () => {
      const program = folder.run(["-k", type, "--json", "-l", log, "app.js"]);
      const id = await note("one");
      expect(await terminated(program)).toBe(0);
      const lines = read(log).trim().split("\n").map((line) => JSON.parse(line));
      const own = lines.filter(({ logger }) => logger === "shop");
      expect(own.map(({ message, taskId, taskName }) => ({ message, taskId, taskName }))).toEqual([
        { message: "first one", taskId: id, taskName: "note" },
        { message: "then one", taskId: id, taskName: "note" },
      ]);
      expect(lines.find(({ message }) => message.startsWith("Consumer started")).taskId).toBeUndefined();
    }, SLOW);
  });
}

for (const [type, format] of pairs(["greenlet", "thread", "process"], ["", "--json", "--simple"])) {
  test(`the log hides passwords of URLs, with workers of type ${type} ${format}`, async () => {
    const args = ["-k", type, "-v", ...(format === "" ? [] : [format]), "app.js"];
    const program = folder.run(args);
    await call<{ get(options: object): Promise<void> }>(async ({ leak }) => {
      await (await leak()).get({ blocking: true }).catch(() => {});
    });
    await program.says("no route to");
    expect(await terminated(program)).toBe(0);
    expect(program.text).toContain("no route to redis://me:***@host:6379/1");
    expect(program.text).not.toContain(SECRET);
  }, SLOW);
}

describe("the debugger that Deno opens at SIGUSR1", () => {
  test("is closed as soon as it is open", async () => {
    const said: string[] = [];
    let looks = 0;
    const url = (): string | undefined => ++looks > 2 ? "ws://127.0.0.1:9229" : undefined;
    expect(await closeWhenOpen({ url, close: () => said.push("closed") })).toBe(true);
    expect([looks, ...said]).toEqual([3, "closed"]);
  });

  test("need not open", async () => {
    expect(await closeWhenOpen({ url: () => undefined, close: () => {} })).toBe(false);
  });
});

describe("SIGUSR1 and SIGUSR2", () => {
  test("without a log file end nothing", async () => {
    const program = folder.run(["app.js"]);
    await program.says("Consumer started");
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
      program.kill(signal);
      await program.says(`Received ${signal}`);
    }
    expect(await terminated(program)).toBe(0);
  }, SLOW);

  test("reaches the successor of a consumer that was restarted", async () => {
    const program = folder.run(["-l", log, "app.js"]);
    await untilIn(log, "Consumer started");
    program.kill("SIGHUP");
    await untilIn(log, "Restarting");
    while (read(log).split("Consumer started").length < 3) await pause(10);
    await rotate((signal) => program.kill(signal), `${log}.1`);
    while (read(log).split("Received SIGUSR2").length < 3) await pause(10);
    expect(await terminated(program)).toBe(0);
    expect(read(log)).toContain("All workers have stopped");
  }, SLOW);

  test("keeps the old file when the new one cannot be opened", async () => {
    const program = folder.run(["-l", join(folder.data, "inner.log"), "app.js"]);
    const inner = join(folder.data, "inner.log");
    await untilIn(inner, "Consumer started");
    const moved = join(folder.path, "elsewhere");
    renameSync(folder.data, moved);
    program.kill("SIGUSR2");
    await untilIn(join(moved, "inner.log"), "The log file could not be opened again");
    renameSync(moved, folder.data);
    expect(await terminated(program)).toBe(0);
  }, SLOW);
});

describe("passwords of the storage", () => {
  test("are not printed by a consumer that cannot reach it", async () => {
    folder.module(
      "redis.js",
      `export const huey = new library.RedisHuey("shop", { url: "redis://me:${SECRET}@127.0.0.1:1/0" });`,
    );
    const programs = ["--json", "--verbose"].map((format) => folder.run(["-k", "greenlet", format, "redis.js"]));
    for (const program of programs) {
      await program.says("cannot be reached");
      expect((await program.exited).code).toBe(1);
      expect(program.text).not.toContain(SECRET);
    }
  }, SLOW);
});
