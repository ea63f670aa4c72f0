import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkDocs } from "../../scripts/check_docs.ts";
import { readExports } from "../../scripts/docs/deno_doc.ts";
import { findMissing } from "../../scripts/docs/missing.ts";
import { projectRoot, tool } from "../../scripts/project.ts";
import { runCommand } from "../../scripts/testing/command.ts";
import { type Files, withProject } from "./_fixture.ts";

const read = (name: string): string => readFileSync(join(projectRoot, name), "utf8");
const settings: Files = {
  // What is linked for development is not in these projects.
  "deno.json": JSON.stringify({ ...JSON.parse(read("deno.json")), links: undefined }),
  "package.json": read("package.json"),
  "tsconfig.json": read("tsconfig.json"),
};
const check = (files: Files): Promise<string[]> =>
  withProject({ ...settings, ...files }, async (root) => findMissing(await readExports(root, "mod.ts")));
const checkAll = (files: Files): Promise<string[]> => withProject({ ...settings, ...files }, (root) => checkDocs(root, true));

const moduleDoc = "/**\n * A module.\n * @module\n */\n";
const fence = "```";
const example = (code: string): string => ` * @example\n * ${fence}ts\n * ${code}\n * ${fence}\n`;
const use = `import { twice } from "@hueyjs/huey"; if (twice(2) !== 4) throw new Error("wrong");`;
const twice = (tags: string): string =>
  `${moduleDoc}/**\n * Doubles.\n${tags} */\nexport function twice(value: number): number { return value * 2; }\n`;
const complete = ` * @param value What to double.\n * @returns Twice the value.\n${example(use)}`;

describe("missing documentation", () => {
  test("a complete module has no problems", async () => {
    expect(await check({ "mod.ts": twice(complete) })).toEqual([]);
  });

  test("a function needs a description, its parameters, what it returns, and an example", async () => {
    expect(await check({ "mod.ts": "export function twice(value: number): number { return value * 2; }" })).toEqual([
      "mod.ts:1 mod.ts: no module documentation",
      "mod.ts:1 twice: no description",
      "mod.ts:1 twice: no @example",
      "mod.ts:1 twice: no @param value",
      "mod.ts:1 twice: no @returns",
    ]);
  });

  test("a tag must say something", async () => {
    const tags = ` * @param value\n * @returns Twice the value.\n * @throws {Error}\n${example(use)}`;
    expect(await check({ "mod.ts": twice(tags) })).toEqual([
      "mod.ts:15 twice: @param value says nothing",
      "mod.ts:15 twice: @throws says nothing",
    ]);
  });

  test("overloads share their documentation, and the implementation needs none", async () => {
    const code =
      `/**\n * Doubles.\n * @param value What.\n * @returns Twice.\n${
        example(use)
      } */\nexport function twice(value: number): number;\n` +
      "export function twice(value: string): number;\nexport function twice(input: number | string): number { return Number(input) * 2; }";
    expect(await check({ "mod.ts": moduleDoc + code })).toEqual([]);
  });

  test("members of classes and interfaces are looked at, private ones are not", async () => {
    const code = `/**\n * A box.\n${example(`import { Box } from "@hueyjs/huey"; new Box(1);`)} */\n` +
      "export class Box {\n  #a = 1;\n  private b = 2;\n  constructor(value: number) { this.b = value; }\n" +
      "  open(key: string): Promise<void> { return Promise.resolve(void key); }\n  get size(): number { return this.#a + this.b; }\n" +
      "  [Symbol.dispose](): void {}\n}\n/** A lid. */\nexport interface Lid { shut(): void }\n";
    const problems = await check({ "mod.ts": moduleDoc + code });
    expect(problems.map((problem) => problem.replace(/^mod.ts:\d+ /, ""))).toEqual([
      "Box.constructor: no @param value",
      "Box.open: no description",
      "Box.open: no @param key",
      "Box.size: no description",
      "Lid.shut: no description",
    ]);
  });

  test("options are described, the properties of other records need not be", async () => {
    const code =
      "/** Settings. */\nexport interface BoxOptions { size: number }\n/** A lid. */\nexport type Lid = { size: number };\n";
    expect(await check({ "mod.ts": moduleDoc + code })).toEqual(["mod.ts:6 BoxOptions.size: no description"]);
  });

  test("a destructured parameter, and overloads with different names", async () => {
    const code = `/**\n * Opens.\n * @param box What.\n${example(`import { open } from "@hueyjs/huey"; open(1);`)} */\n` +
      "export function open(box: number): void;\nexport function open(lid: string, { hard }: { hard: boolean }): void;\n" +
      "export function open(..._all: unknown[]): void {}";
    expect((await check({ "mod.ts": moduleDoc + code })).map((problem) => problem.split(": ")[1])).toEqual([
      "no @param for the options",
    ]);
  });

  test("a class takes the documentation of the interface that it implements", async () => {
    const code = `/** A lid. */\nexport interface Lid {\n  /** Shuts it. */\n  shut(hard: boolean): void;\n}\n` +
      `/**\n * A box.\n${example(`import { Box } from "@hueyjs/huey"; new Box().shut(true);`)} */\n` +
      "export class Box implements Lid {\n  shut(_hard: boolean): void {}\n}\n";
    expect(await check({ "mod.ts": moduleDoc + code })).toEqual([]);
  });
});

describe("snippets", () => {
  const readme = (info: string, code: string): Files => ({
    "mod.ts": twice(complete),
    "README.md": `# Title\n\n${fence}${info}\n${code}\n${fence}\n`,
  });

  test("run on both runtimes", async () => {
    const files = readme("ts file=tasks.ts", `import { twice } from "@hueyjs/huey";\nexport const four = twice(2);`);
    const second = `\n${fence}ts\nimport { four } from "./tasks.ts";\nconsole.log(four);\n${fence}\n`;
    expect(await checkAll({ ...files, "README.md": files["README.md"] + second })).toEqual([]);
  }, 60_000);

  test("that share a process fail each for itself, and the others run in an empty folder of their own", async () => {
    const block = (code: string): string => `${fence}ts\n${code}\n${fence}\n`;
    const fs = `import { readdirSync, writeFileSync } from "node:fs";`;
    const blocks = [
      `${fs} writeFileSync("left.txt", ""); setTimeout(() => console.log(readdirSync(".").length === 1), 20);`,
      `throw new Error("on purpose");`,
      `${fs} if (readdirSync(".").length > 0) throw new Error("not empty");`,
      `setTimeout(() => { throw new Error("late"); }, 10);`,
      `void Promise.reject(new Error("of nobody"));`,
      `console.log("the last");`,
    ];
    const problems = await checkAll({ "mod.ts": twice(complete), "README.md": blocks.map(block).join("") });
    expect(problems.map((problem) => problem.split("\n")[0])).toEqual(
      ["bun ", "deno"].flatMap((runtime) => [5, 11, 14].map((line) => `${runtime} README.md:${line}: Exit code 1`)),
    );
    const words = ["on purpose", "late", "of nobody"];
    for (const [index, problem] of problems.entries()) {
      expect(words.filter((word) => problem.includes(word))).toEqual([words[index % 3]!]);
    }
  }, 60_000);

  test("that wait for what never comes have failed", async () => {
    const files = { "a.ts": "await new Promise(() => {});", "b.ts": "" };
    await withProject(files, async (root) => {
      const argv: [string, ...string[]] = [tool("bun"), join(projectRoot, "scripts/docs/run_snippets.ts")];
      argv.push(...Object.keys(files).map((name) => join(root, name)));
      const { code, output } = await runCommand({ argv, cwd: root, limitMs: 20_000 });
      expect([code, output]).toEqual([1, `--- ${root}/a.ts\nIt waits for something that never comes\n`]);
    });
  }, 60_000);

  test("fail when their types are wrong, and say where the snippet is", async () => {
    const problems = await checkAll(readme("ts no-run", `import { twice } from "@hueyjs/huey";\ntwice("2");`));
    expect(problems.length).toBe(2);
    for (const problem of problems) {
      expect(problem).toContain("TS2345");
      expect(problem).toContain("README.md/line_4.ts is README.md:4");
    }
  }, 60_000);

  test("are only checked, or only shown, when they say so", async () => {
    expect(await checkAll(readme("ts no-run", `throw new Error("on purpose");`))).toEqual([]);
    expect(await checkAll(readme("ts ignore: no code at all", "nonsense here"))).toEqual([]);
  }, 60_000);

  test("that are ignored say why", async () => {
    expect(await checkAll(readme("ts ignore", ""))).toEqual([
      "README.md: The ignored block at line 3 needs its reason: ```ts ignore: the reason",
    ]);
  });

  test("have a file name of their own", async () => {
    const files = readme("ts file=a.ts", "");
    expect(await checkAll({ ...files, "README.md": files["README.md"]!.repeat(2) })).toEqual([
      "README.md:9: the document has another block with this file name",
    ]);
  });
});
