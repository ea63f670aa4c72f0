import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LogFile } from "../../consumer/log/file.ts";
import { Folder } from "./_folder.ts";

const SLOW = 60_000;
let folder: Folder;
let path: string;

beforeEach(() => {
  folder = new Folder();
  path = join(folder.path, "huey.log");
});
afterEach(() => folder.end());

/** What may stand in the place of the log, and must not be written to. */
const OTHERS: Record<string, () => void> = {
  "a symbolic link to a file": () => {
    writeFileSync(join(folder.path, "victim"), "mine");
    symlinkSync(join(folder.path, "victim"), path);
  },
  "a symbolic link to nothing": () => symlinkSync(join(folder.path, "victim"), path),
  "a symbolic link to a device": () => symlinkSync("/dev/null", path),
  "a pipe": () => void execFileSync("mkfifo", [path]),
  "a folder": () => mkdirSync(path),
};

describe("a log file", () => {
  test("that is new is for its owner only, and one that is there keeps its mode", () => {
    new LogFile(path).write("one\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const other = join(folder.path, "other.log");
    writeFileSync(other, "zero\n", { mode: 0o640 });
    new LogFile(other).write("one\n");
    expect(readFileSync(other, "utf8")).toBe("zero\none\n");
    expect(statSync(other).mode & 0o777).toBe(0o640);
  });

  for (const [what, make] of Object.entries(OTHERS)) {
    test(`is refused where ${what} stands in its place`, () => {
      make();
      expect(() => new LogFile(path)).toThrow(`The log file ${path} must be a plain file`);
      if (what.includes("to a file")) expect(readFileSync(join(folder.path, "victim"), "utf8")).toBe("mine");
    });

    test(`goes on in the old one where ${what} takes its place`, () => {
      const log = new LogFile(path);
      const old = `${path}.1`;
      renameSync(path, old);
      make();
      expect(() => log.reopen()).toThrow("must be a plain file");
      log.write("still here\n");
      expect(readFileSync(old, "utf8")).toBe("still here\n");
    });
  }

  test("that is a device is refused", () => {
    expect(() => new LogFile("/dev/null")).toThrow("must be a plain file");
  });

  test("that cannot be opened is named", () => {
    const nowhere = join(folder.path, "nowhere", "huey.log");
    expect(() => new LogFile(nowhere)).toThrow(`The log file ${nowhere} cannot be opened: `);
  });

  test("that is refused ends the command line with one sentence", async () => {
    folder.module("app.js", `export const huey = new library.MemoryHuey("shop");`);
    execFileSync("mkfifo", [path]);
    const program = folder.run(["-k", "greenlet", "-l", path, "app.js"]);
    expect((await program.exited).code).toBe(1);
    expect(program.text).toMatch(/^The log file \S+ must be a plain file[^\n]*\n$/);
  }, SLOW);
});
