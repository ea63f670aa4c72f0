import { afterAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot, tool } from "../../scripts/project.ts";
import { type Ended, runCommand } from "../../scripts/testing/command.ts";

const program = `
import { type Huey, MemoryHuey } from "@hueyjs/huey";
import { defineConfig, task } from "@hueyjs/huey/app";
const huey: Huey = defineConfig(new MemoryHuey({ immediate: true }));
const add = task("add", (a: number, b: number): number => a + b);
const result = await add(1, 2);
const value: number | undefined = await result.get();
console.log("sum", value);
await huey.close();
`;

const limitMs = 120_000;

/** A package that uses ours, as npm would have installed it. */
let app = "";
let installed = "";

const run = (argv: [string, ...string[]], cwd: string): Promise<Ended> => runCommand({ argv, cwd, limitMs });

afterAll(() => rmSync(app, { recursive: true, force: true }));

describe("the npm package", () => {
  test("is made by npm pack", async () => {
    app = mkdtempSync(join(tmpdir(), "huey-pack-"));
    installed = join(app, "node_modules/@hueyjs/huey");
    const copy = join(app, "copy");
    const { files } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { files: string[] };
    for (const name of [...files, "package.json", "tsconfig.json", "scripts"].filter((name) => name !== "dist")) {
      if (existsSync(join(projectRoot, name))) cpSync(join(projectRoot, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(projectRoot, "node_modules"), join(copy, "node_modules"));
    const packed = await run(["npm", "pack", "--pack-destination", app], copy);
    expect([packed.code, packed.output]).toEqual([0, expect.stringContaining(".tgz")]);
    mkdirSync(installed, { recursive: true });
    const tarball = readdirSync(app).find((name) => name.endsWith(".tgz")) ?? "";
    await run(["tar", "-xzf", join(app, tarball), "-C", installed, "--strip-components=1"], app);
    for (const name of ["@logtape", "deno-std"]) {
      symlinkSync(join(projectRoot, "node_modules", name), join(app, "node_modules", name));
    }
    writeFileSync(join(app, "package.json"), JSON.stringify({ type: "module", dependencies: { "@hueyjs/huey": "*" } }));
    writeFileSync(join(app, "app.ts"), program);
  }, limitMs);

  test("has what it says it has, and no more", () => {
    const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    for (const target of Object.values<Record<string, string>>(exports)) {
      for (const file of Object.values(target)) expect(existsSync(join(installed, file))).toBe(true);
    }
    for (const unwanted of ["tests", "scripts", "dist/tests", "dist/scripts", "dist/tsconfig.json"]) {
      expect(existsSync(join(installed, unwanted))).toBe(false);
    }
  });

  test("runs on Bun, from its TypeScript", async () => {
    expect((await run([tool("bun"), "app.ts"], app)).output).toBe("sum 3\n");
  }, limitMs);

  test("runs on Deno, from its JavaScript, and its types fit", async () => {
    const ended = await run([tool("deno"), "run", "-A", "--check", "--quiet", "--node-modules-dir=manual", "app.ts"], app);
    expect(ended.output).toBe("sum 3\n");
  }, limitMs);

  test("its types fit for a program that TypeScript checks without Bun's condition", async () => {
    const options = ["--noEmit", "--strict", "--target", "esnext", "--module", "nodenext", "--skipLibCheck", "--types", ""];
    expect((await run([tool("tsc"), ...options, "--ignoreConfig", "app.ts"], app)).output).toBe("");
  }, limitMs);
});
