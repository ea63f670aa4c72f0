import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { checkHouses } from "../../scripts/check_house.ts";
import { type Files, withProject } from "./_fixture.ts";

/** Checks several projects in one pass: a linter for each would take longer than all that it finds. */
const checkAll = (projects: readonly Files[]): Promise<string[][]> => {
  const files = projects.flatMap((project, index) =>
    Object.entries(project).map(([path, text]) => [`${index}/${path}`, text] as const)
  );
  return withProject(Object.fromEntries(files), (root) => checkHouses(projects.map((_, index) => join(root, String(index)))));
};
const comments = (count: number): string => "// line\n\n".repeat(count);
const code = (count: number): string => "call();\n".repeat(count);
const longFunction = (count: number, head: string, tail: string): string =>
  `${head}\n${"  // line\n".repeat(count - 2)}${tail}\n`;

/** In two pieces, because the rule looks at this file too. */
const ignore = ["deno-lint", "ignore"].join("-");

/** Each rule: projects that keep it, and projects that break it with what is then said. */
const cases: [rule: string, good: Files, bad: Files, problem: string][] = [
  [
    "lib imports nobody",
    { "lib/a.ts": `import "./b.ts"; import "node:fs"; export * from "./types/c.ts";` },
    { "lib/a.ts": `import "../storage/b.ts";` },
    "lib/a.ts:1 lib must not import storage (house/imports)",
  ],
  [
    "storage imports lib",
    { "storage/a.ts": `import { b } from "../lib/b.ts"; import "./c.ts"; export { b };` },
    { "storage/a.ts": `export const load = () => import("../consumer/b.ts");` },
    "storage/a.ts:1 storage must not import consumer (house/imports)",
  ],
  [
    "consumer imports lib",
    { "consumer/a.ts": `export { b } from "../lib/b.ts";` },
    { "consumer/pool/a.ts": `export { b } from "../../storage/b.ts";` },
    "consumer/pool/a.ts:1 consumer must not import storage (house/imports)",
  ],
  [
    "a room of lib imports only the rooms below it",
    {
      "lib/attempt/a.ts": `import "../core/b.ts"; import "./c.ts"; import "../storage.ts";`,
      "lib/core/b.ts": `import "../errors.ts";`,
    },
    { "lib/core/b.ts": `import type { A } from "../attempt/a.ts"; export type B = A;` },
    "lib/core/b.ts:1 lib/core must not import lib/attempt, which is above it (house/imports)",
  ],
  [
    "so does a room of consumer",
    { "consumer/cli/a.ts": `import "../consumer.ts"; import "../pool/b.ts";` },
    { "consumer/pool/a.ts": `import "../engine.ts";` },
    "consumer/pool/a.ts:1 consumer/pool must not import consumer/., which is above it (house/imports)",
  ],
  [
    "a room has to be known",
    { "lib/task/a.ts": `import "../errors.ts";` },
    { "lib/drawer/a.ts": `import "../errors.ts";` },
    "lib/drawer/a.ts:1 lib/drawer is no room: house_floors.ts has those there are (house/imports)",
  ],
  [
    "mod.ts imports the rooms",
    { "mod.ts": `export { a } from "./lib/a.ts"; export { b } from "./storage/b.ts"; export { c } from "./consumer/c.ts";` },
    { "mod.ts": `export { a } from "./scripts/a.ts";` },
    "mod.ts:1 mod.ts must not import scripts (house/imports)",
  ],
  [
    "app imports lib and storage",
    { "app/databases/a.ts": `export { b } from "../../lib/b.ts"; import "../../storage/c.ts"; import "../d.ts";` },
    { "app/a.ts": `import { b } from "../consumer/b.ts"; export { b };` },
    "app/a.ts:1 app must not import consumer (house/imports)",
  ],
  [
    "app may know the types of the consumer, which does not know app",
    { "app/a.ts": `import type { B } from "../consumer/b.ts"; export type { C } from "../consumer/c.ts"; export type A = B;` },
    { "consumer/a.ts": `import type { B } from "../app/b.ts"; export type A = B;` },
    "consumer/a.ts:1 consumer must not import app (house/imports)",
  ],
  [
    "lib and storage do not know app",
    { "app/a.ts": `import "../storage/b.ts";` },
    { "storage/a.ts": `import "../app/b.ts";` },
    "storage/a.ts:1 storage must not import app (house/imports)",
  ],
  [
    "no room imports a client library of applications, not even its types",
    { "tests/a.ts": `import "kysely"; import "drizzle-orm/bun-sqlite"; import "pg"; import "postgres";` },
    { "app/a.ts": `export type { A } from "drizzle-orm/pg-core";` },
    "app/a.ts:1 app must not import drizzle-orm/pg-core, which is the application's (house/imports)",
  ],
  [
    "consumer.ts imports the consumer and the application",
    { "consumer.ts": `import "./consumer/cli.ts"; import("./app/discover.ts");` },
    { "consumer.ts": `import "./lib/a.ts";` },
    "consumer.ts:1 consumer.ts must not import lib (house/imports)",
  ],
  [
    "only tests, scripts and examples import mod.ts",
    {
      "tests/a.test.ts": `import "../mod.ts";`,
      "examples/a.ts": `import "@hueyjs/huey";`,
      "scripts/a.ts": `import "../mod.ts";`,
    },
    { "consumer/a.ts": `import "../mod.ts";` },
    "consumer/a.ts:1 consumer must not import mod.ts (house/imports)",
  ],
  [
    "nor by the package's name",
    { "examples/a.ts": `import "@hueyjs/huey";` },
    { "lib/a.ts": `import "@hueyjs/huey";` },
    "lib/a.ts:1 lib must not import the front door (house/imports)",
  ],
  [
    "drivers are loaded on first use",
    {
      "storage/a.ts":
        `import type { createClient } from "redis"; export const load = () => import("redis"); export type C = typeof createClient;`,
    },
    { "storage/a.ts": `import { createClient } from "redis"; export { createClient };` },
    `storage/a.ts:1 redis must be imported on first use, with await import("redis") (house/imports)`,
  ],
  [
    "lib knows no driver",
    { "storage/a.ts": `import type {} from "node:sqlite";` },
    { "lib/a.ts": `import type {} from "node:sqlite";` },
    "lib/a.ts:1 lib must not know the driver node:sqlite (house/imports)",
  ],
  [
    "files are short",
    { "tests/a.test.ts": `${comments(400)}${code(350)}\n/* one\n\n   two */ // three\n${comments(3)}` },
    { "tests/a.test.ts": code(351) },
    "tests/a.test.ts:1 The file has 351 lines of code; 350 are allowed (house/file-length)",
  ],
  [
    "a line that ends with a comment is one of code, also where a string looks like a comment",
    { "tests/a.test.ts": `${code(349)}call("// no comment"); // a comment\n` },
    { "tests/a.test.ts": `${code(350)}call(\`\n/* no comment */\`);\n` },
    "tests/a.test.ts:1 The file has 352 lines of code; 350 are allowed (house/file-length)",
  ],
  [
    "functions are short",
    { "lib/a.ts": longFunction(50, "export function a(): void {", "}") },
    { "lib/a.ts": longFunction(51, "export function a(): void {", "}") },
    "lib/a.ts:1 The function has 51 lines; 50 are allowed (house/function-length)",
  ],
  [
    "methods are short",
    { "lib/a.ts": `export class A {\n${longFunction(50, "a(): void {", "}")}\n}` },
    { "lib/a.ts": `export class A {\n${longFunction(51, "a(): void {", "}")}\n}` },
    "lib/a.ts:2 The function has 51 lines; 50 are allowed (house/function-length)",
  ],
  [
    "suites of tests may be long, tests may not",
    { "tests/a.test.ts": longFunction(99, "describe.each([])('suite', () => {", "});") },
    { "tests/a.test.ts": longFunction(99, "test('a test', () => {", "});") },
    "tests/a.test.ts:1 The function has 99 lines; 50 are allowed (house/function-length)",
  ],
  [
    "no class is a thenable",
    { "lib/a.ts": "export class A { andThen(): void { Promise.resolve().then(() => {}).catch(() => {}); } }" },
    { "lib/a.ts": "export class A { then(): void {} }" },
    `lib/a.ts:1 A member called "then" makes the object look like a promise (house/thenable)`,
  ],
  [
    "no interface is a thenable",
    { "lib/a.ts": "export interface A { onError: () => void }" },
    { "lib/a.ts": "export interface A { catch: () => void }" },
    `lib/a.ts:1 A member called "catch" makes the object look like a promise (house/thenable)`,
  ],
  [
    "no object is a thenable",
    { "tests/a.ts": "export const a = { then: 1 };" },
    { "lib/a.ts": "export const a = { finally() {} };" },
    `lib/a.ts:1 A member called "finally" makes the object look like a promise (house/thenable)`,
  ],
  [
    "exports do not say any",
    {
      "lib/a.ts":
        "export class A { #a: any; a(): void { const b: any = 1; void b; } }\nfunction c(d: any): void { void d; }\nvoid c;",
    },
    { "lib/a.ts": "export function a(b: any[]): void { void b; }" },
    "lib/a.ts:1 An exported signature must not say any (house/exported-any)",
  ],
  [
    "lib names no runtime",
    { "storage/a.ts": `export const a = "Bun" in globalThis;` },
    { "lib/a.ts": "export const a = typeof Deno;" },
    "lib/a.ts:1 lib must not name the runtime Deno (house/runtime-names)",
  ],
  [
    "docstrings say what is thrown",
    {
      "lib/a.ts": "/** A.\n * @throws {Error} always */\nexport function a(): void { throw new Error(); }",
      "lib/b.ts": "/** B. */\nexport class B { /** B. */ b(): void { try { throw new Error(); } catch (e) { void e; } }\n" +
        "/** C. */ #c(): void { throw new Error(); } }\n/** D. */\nfunction d(): void { throw new Error(); }\nvoid d;",
    },
    { "lib/a.ts": "/** A. */\nexport class A {\n/** A. */\na(): void { if (this) throw new Error(); }\n}" },
    "lib/a.ts:4 The docstring of what throws here has no @throws (house/throws)",
  ],
  [
    "one file reads the time",
    {
      "lib/primitives/clock.ts": "export const now = (): number => Date.now() + performance.now();",
      "lib/a.ts": "export const a = (ms: number): number => new Date(ms).getTime();",
      "tests/a.ts": "export const a = Date.now();",
    },
    { "storage/a.ts": "export const a = Date.now();" },
    "storage/a.ts:1 Date.now is for lib/primitives/clock.ts alone: take a clock (house/clocks)",
  ],
  [
    "nobody else measures with the runtime's clock",
    { "scripts/a.ts": "export const a = performance.now();" },
    { "consumer/a.ts": "export const a = performance.now();" },
    "consumer/a.ts:1 performance.now is for lib/primitives/clock.ts alone: take a clock (house/clocks)",
  ],
  [
    "nobody else asks for today",
    { "lib/a.ts": "export const a = new Date(0);" },
    { "app/a.ts": "export const a = new Date();" },
    "app/a.ts:1 new Date() is for lib/primitives/clock.ts alone: take a clock (house/clocks)",
  ],
  [
    "one file sets timers",
    { "lib/primitives/clock.ts": "setTimeout(() => {}, 1);", "lib/a.ts": "export { startTimer } from './b.ts';" },
    { "testing/a.ts": "globalThis.setTimeout(() => {}, 1);" },
    "testing/a.ts:1 setTimeout is for lib/primitives/clock.ts alone: take a clock (house/clocks)",
  ],
  [
    "nor does anybody else set intervals",
    { "tests/a.ts": "setInterval(() => {}, 1);" },
    { "lib/primitives/a.ts": "setInterval(() => {}, 1);" },
    "lib/primitives/a.ts:1 setInterval is for lib/primitives/clock.ts alone: take a clock (house/clocks)",
  ],
  [
    "test files are where they are found",
    { "tests/lib/a.test.ts": "", "tests/types/b_test.ts": "" },
    { "tests/lib/a_test.ts": "" },
    "tests/lib/a_test.ts: a test file must be in tests/ and its name must end with .test.ts",
  ],
  [
    "the rules know no exceptions",
    { "lib/a.ts": `// ${ignore}-file no-empty -- a reason\n` },
    { "lib/a.ts": `// ${ignore} house/thenable\nexport const a = { then: 1 };` },
    "lib/a.ts: a deno-lint-ignore comment must name rules, and no house rule",
  ],
];

describe("checkHouses", () => {
  let found: Promise<string[][]> | undefined;
  const problemsOf = async (index: number): Promise<string[]> => {
    found ??= checkAll([...cases.flatMap(([, good, bad]) => [good, bad]), unreadable]);
    return (await found)[index]!;
  };
  const unreadable: Files = { "lib/a.ts": "export const = 1;" };

  for (const [index, [rule, , , problem]] of cases.entries()) {
    test(`${rule}: kept`, async () => {
      expect(await problemsOf(2 * index)).toEqual([]);
    });
    test(`${rule}: broken`, async () => {
      expect(await problemsOf(2 * index + 1)).toEqual([problem]);
    });
  }

  test("a file that cannot be parsed is a problem", async () => {
    const problems = await problemsOf(2 * cases.length);
    expect(problems.length).toBe(1);
    expect(problems[0]).toMatch(/^lib\/a\.ts: /);
  });
});
