import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { SqliteHuey } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { pairs } from "../sizes.ts";
import { Folder, LIBRARY, terminated } from "./_folder.ts";
import { DENO } from "./_program.ts";

const SLOW = 60_000;
let folder: Folder;

beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.end());

const APP = `
export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
huey.task("circle", () => {
  const error = new Error("circle failed");
  error.cause = error;
  throw error;
});
huey.task("several", () => Promise.any([Promise.reject(new Error("mirror one")), Promise.reject(new Error("mirror two"))]));
huey.task("hostile", () => {
  throw { toJSON() { throw new Error("json"); }, get message() { throw new Error("message"); } };
});
huey.task("stray", () => {
  const error = new Error("stray failed");
  error.cause = Object.create(null, { cause: { get() { throw new Error("cause"); } } });
  void Promise.reject(error);
});
huey.task("forge", () => {
  throw new Error("forged\\n[2026-11-27 12:00:00,000] INFO:huey:MainThread:Task pay: 4711 executed \\x1b[31m {error.stack}");
});
`;
const TASKS = ["circle", "several", "hostile", "stray", "forge"] as const;

/** Calls the tasks and waits until each has ended. */
async function callAll(): Promise<void> {
  const huey = new SqliteHuey("shop", { filename: join(folder.data, "shop.db"), logger: silent });
  for (const name of TASKS) {
    const result = await huey.task(name, () => {})();
    await result.get({ blocking: true }).catch(() => {});
  }
  await huey.close();
}

for (const [type, format] of pairs(["greenlet", "thread", "process"], ["", "--json", "--simple"])) {
  test(`every failure is a line, with workers of type ${type} ${format}`, async () => {
    folder.module("app.js", APP);
    const program = folder.run(["-k", type, "-v", ...(format === "" ? [] : [format]), "app.js"]);
    await program.during(callAll());
    expect(await terminated(program)).toBe(0);
    for (const text of ["circle failed", "mirror one", "mirror two", "stray failed"]) expect(program.text).toContain(text);
    for (const name of TASKS) expect(program.text).toContain(`Arguments of ${name}: `);
    expect(program.text).toMatch(/Task hostile: \S+ failed/);
    const lines = program.text.trim().split("\n");
    expect(lines.filter((line) => line.startsWith("[2026-11-27 12"))).toEqual([]);
    // deno-lint-ignore no-control-regex
    expect(program.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(program.text).toContain("{error.stack}");
    if (format === "--json") { for (const line of lines) expect(JSON.parse(line)).toHaveProperty("message"); }
  }, SLOW);
}

describe("a program that does not configure a log", () => {
  const PROGRAM = `
import process from "node:process";
const { Consumer } = library;
export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
export const fail = huey.task("fail", () => { throw new Error("task kaputt"); });
huey.postExecute(function hook() { throw new Error("hook kaputt"); });
huey.signal("error", function handler() { throw new Error("handler kaputt"); });
if (import.meta.main) {
  const consumer = new Consumer(huey, { workerType: process.argv[2], module: import.meta.url, healthCheckInterval: 0.1 });
  await consumer.start();
  await (await fail()).get({ blocking: true }).catch(() => {});
  await consumer.waitFor("idle");
  await consumer.stop();
  await huey.close();
  process.exit(0);
}`;

  /** Runs it. @returns what it wrote */
  function run(path: string, type: string): Promise<string> {
    const flags = DENO ? ["run", "-A", "--no-check", "--config", join(LIBRARY, "deno.json")] : [];
    const child = spawn(process.execPath, [...flags, path, type], { cwd: folder.path, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (data: unknown) => text += String(data));
    return new Promise((resolve) => child.on("close", () => resolve(text)));
  }

  for (const type of ["greenlet", "thread", "process"]) {
    test(`prints failures on the console, with workers of type ${type}`, async () => {
      const text = await run(folder.module("main.js", PROGRAM), type);
      expect(text).toMatch(/huey: Task fail: \S+ failed/);
      for (const what of ["task", "hook", "handler"]) expect(text).toContain(`${what} kaputt`);
      expect(text).not.toContain("Executing");
    }, SLOW);
  }
});
