import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
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

/** The same as JavaScript. */
const script = `
import { MemoryHuey } from "@hueyjs/huey";
import { defineConfig, task } from "@hueyjs/huey/app";
const huey = defineConfig(new MemoryHuey({ immediate: true }));
const add = task("add", (a, b) => a + b);
console.log("sum", await (await add(1, 2)).get());
await huey.close();
`;

const limitMs = 120_000;

/** A package that uses ours, as npm would have installed it. */
let app = "";
let installed = "";

const run = (argv: [string, ...string[]], cwd: string): Promise<Ended> => runCommand({ argv, cwd, limitMs });

/** Node as the package supports it; the machine's may be older, or missing. */
function supportedNode(): string[] {
  const found = spawnSync("node", ["--version"], { encoding: "utf8" }).stdout ?? "";
  return Number(/^v(\d+)/.exec(found)?.[1]) >= 24 ? ["node"] : [];
}

/** How each runtime runs JavaScript of the package. */
const runtimes: readonly (readonly [string, ...string[]])[] = [
  [tool("bun")],
  [tool("deno"), "run", "-A", "--quiet", "--node-modules-dir=manual"],
  ...supportedNode().map((node) => [node] as const),
];

afterAll(() => rmSync(app, { recursive: true, force: true }));

describe("the npm package", () => {
  test("is made by npm pack, which says what is missing before", async () => {
    app = mkdtempSync(join(tmpdir(), "huey-pack-"));
    installed = join(app, "node_modules/@hueyjs/huey");
    const copy = join(app, "copy");
    const { files } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { files: string[] };
    for (const name of [...files, "package.json", "tsconfig.json", "scripts"].filter((name) => name !== "dist")) {
      if (existsSync(join(projectRoot, name))) cpSync(join(projectRoot, name), join(copy, name), { recursive: true });
    }
    const early = await run(["npm", "pack", "--pack-destination", app], copy);
    expect([early.code === 0, early.output]).toEqual([false, expect.stringContaining("run npm ci first")]);
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

  test("has the files that its README links to", () => {
    const links = [...readFileSync(join(installed, "README.md"), "utf8").matchAll(/\]\(([^)#\s]+)/g)].map((match) => match[1]!);
    const here = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(here.length).toBeGreaterThan(5);
    expect(here.filter((link) => !existsSync(join(installed, link)))).toEqual([]);
  });

  test("runs on Bun, from its TypeScript", async () => {
    expect((await run([tool("bun"), "app.ts"], app)).output).toBe("sum 3\n");
  }, limitMs);

  test("runs on Deno, from its JavaScript, and its types fit", async () => {
    const ended = await run([tool("deno"), "run", "-A", "--check", "--quiet", "--node-modules-dir=manual", "app.ts"], app);
    expect(ended.output).toBe("sum 3\n");
  }, limitMs);

  test("runs on each runtime, from its JavaScript", async () => {
    writeFileSync(join(app, "app.mjs"), script);
    for (const runtime of runtimes) expect((await run([...runtime, "app.mjs"], app)).output).toBe("sum 3\n");
  }, limitMs);

  test("its command runs on each runtime", async () => {
    const { version, bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const command = join(installed, bin["huey-consumer"]);
    for (const runtime of runtimes) {
      const ended = await run([...runtime, command, "--version"], app);
      expect([ended.code, ended.output]).toEqual([0, expect.stringContaining(version)]);
    }
    // Who starts it with bunx, or in a script of Bun, means Bun, whatever the first line says.
    const asked = await runCommand({
      argv: ["node", command, "--version"],
      cwd: app,
      limitMs,
      env: { npm_config_user_agent: "bun/1.4.5", npm_execpath: tool("bun") },
    });
    expect([asked.code, asked.output]).toEqual([0, expect.stringContaining(version)]);
  }, limitMs);

  test("a runtime that is too old says so in one sentence", async () => {
    const script =
      `delete globalThis.AsyncDisposableStack; await import("@hueyjs/huey").catch(({ message }) => console.log(message));`;
    writeFileSync(join(app, "old.mjs"), script);
    for (const runtime of runtimes) {
      expect((await run([...runtime, "old.mjs"], app)).output).toMatch(
        /^Huey needs Bun 1.4, Deno 2.9, Node 24, or a later version of one of them: this is (Bun|Deno|Node) [\d.]+\n$/,
      );
    }
  }, limitMs);

  test.each([
    ["nodenext", "nodenext", []],
    ["esnext", "bundler", []],
    ["preserve", "bundler", ["--customConditions", "bun"]],
  ])("its types are checked whole: module %s, resolution %s, %j", async (module, resolution, more) => {
    const options = ["--noEmit", "--strict", "--target", "esnext", "--skipLibCheck", "false", "--types", "", ...more];
    const argv = [...options, "--module", module, "--moduleResolution", resolution, "--ignoreConfig", "app.ts"];
    expect((await run([tool("tsc"), ...argv], app)).output).toBe("");
  }, limitMs);
});
