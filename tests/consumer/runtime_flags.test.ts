import { describe, expect, test } from "bun:test";
import process from "node:process";
import { moduleArguments, otherModuleFlags, packageProgram, programArguments } from "../../consumer/platform/runtime_flags.ts";
import { DENO } from "./_program.ts";

describe("moduleArguments()", () => {
  test("starts a module with the rights of this process", () => {
    const args = moduleArguments("/other.ts");
    expect(args.at(-1)).toBe("/other.ts");
    expect(args.slice(0, -1)).toEqual(DENO ? ["run", "-A"] : process.execArgv);
  });
});

describe("otherModuleFlags()", () => {
  test.each([
    [["--smol", "--enable-source-maps"], ["--smol", "--enable-source-maps"]],
    [["--inspect=0", "--import", "./setup.mjs", "--inspect-brk"], ["--import", "./setup.mjs"]],
    [["--watch", "--watch-path", "./src", "--hot", "-r", "./a.cjs"], ["-r", "./a.cjs"]],
    [["--input-type=module", "-e", "-1", "--smol"], ["--smol"]],
    [["--eval=1", "-pe", "process.pid", "--test", "--test-name-pattern", "x"], []],
  ])("of %j leaves what is meant for any module", (given, kept) => {
    expect(otherModuleFlags(given)).toEqual(kept);
  });
});

describe("packageProgram()", () => {
  test.each([
    ["https://jsr.io/@hueyjs/huey/0.2.0/consumer.ts", "jsr:@hueyjs/huey@0.2.0/consumer"],
    ["file:///root/.cache/deno/npm/registry/@hueyjs/huey/1.0.0/bin/huey-consumer.js", "npm:@hueyjs/huey@1.0.0/huey-consumer"],
    ["file:///d/npm/registry/@hueyjs/huey/1.0.0/dist/consumer/child/process_entry.js", "npm:@hueyjs/huey@1.0.0/huey-consumer"],
    ["file:///app/node_modules/@hueyjs/huey/bin/huey-consumer.js", undefined],
    ["file:///app/npm/node_modules/.deno/x/node_modules/@hueyjs/huey/dist/consumer.js", undefined],
    ["file:///app/consumer.ts", undefined],
    ["https://example.com/app/main.ts", undefined],
  ])("of %s is %s", (module, program) => {
    expect(packageProgram(module)).toBe(program);
  });
});

describe("programArguments()", () => {
  test("ends with the arguments of this program", () => {
    const args = process.argv.slice(2);
    expect(programArguments().slice(args.length === 0 ? Infinity : -args.length)).toEqual(args);
  });
});
