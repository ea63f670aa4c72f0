/**
 * Checks the house rules: who may import whom, length of files and functions, no thenables, no `any` in exported
 * signatures, no runtime name in lib/, docstrings that say what is thrown, test files where they are found. The rules for
 * code are in house_lint.ts.
 *
 * Usage: bun scripts/check_house.ts [FOLDER]
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { findFiles, projectRoot, sources, tool } from "./project.ts";
import { runCommand } from "./testing/command.ts";

interface LintOutput {
  diagnostics: { filename: string; message: string; code: string; range: { start: { line: number } } }[];
  errors: { file_path: string; message: string }[];
}

/**
 * Checks projects, all in one pass of the linter.
 * @param roots Their folders.
 * @returns For each project one line for each broken rule; none when all are kept.
 * @throws {Error} when `deno lint` cannot run.
 */
export async function checkHouses(roots: readonly string[]): Promise<string[][]> {
  const config = fileURLToPath(new URL("house_lint.json", import.meta.url));
  const paths = roots.flatMap((root) => sources(root).map((name) => join(root, name)));
  const argv: [string, ...string[]] = [tool("deno"), "lint", "--json", "--config", config, ...paths];
  const env = { HOUSE_ROOTS: roots.join(delimiter) };
  const ended = await runCommand({ argv, cwd: roots[0]!, limitMs: 120_000, env });
  if (!ended.stdout.startsWith("{")) throw new Error(`deno lint failed:\n${ended.output}`);
  const { diagnostics, errors } = JSON.parse(ended.stdout) as LintOutput;
  const found = [
    ...errors.map(({ file_path, message }) => ({ path: file_path, text: `: ${message}` })),
    ...diagnostics.map(({ filename, range, message, code }) => ({
      path: fileURLToPath(filename),
      text: `:${range.start.line} ${message} (${code})`,
    })),
  ];
  // Where a folder is known by another name, the first project answers for what is found there.
  const rootOf = (path: string): string => roots.find((root) => path.startsWith(`${root}${sep}`)) ?? roots[0]!;
  return roots.map((root) => [
    ...found.filter(({ path }) => rootOf(path) === root).map(({ path, text }) => `${relative(root, path)}${text}`),
    ...findExcuses(root),
    ...findUnrunTests(root),
  ]);
}

/** `npm test` runs tests/**\/*.test.ts; what looks like a test and has another name or place would be forgotten. */
function findUnrunTests(root: string): string[] {
  const files = sources(root).flatMap((folder) => findFiles(root, folder, ".ts"));
  const forgotten = files.filter((file) => /[._](test|spec)\.ts$/.test(file) && !file.startsWith("tests/types/"))
    .filter((file) => !(file.startsWith("tests/") && file.endsWith(".test.ts")));
  return forgotten.map((file) => `${file}: a test file must be in tests/ and its name must end with .test.ts`);
}

/** The house rules know no exceptions, so nothing may tell the linter to overlook them. */
function findExcuses(root: string): string[] {
  const files = sources(root).flatMap((folder) => findFiles(root, folder, ".ts")).filter((file) =>
    existsSync(join(root, file))
  );
  const excuse = /deno-lint-ignore(-file)?\s.*\bhouse\/|deno-lint-ignore-file\s*(--|\*\/|$)/m;
  return files.filter((file) => excuse.test(readFileSync(join(root, file), "utf8")))
    .map((file) => `${file}: a deno-lint-ignore comment must name rules, and no house rule`);
}

if (import.meta.main) {
  const [problems = []] = await checkHouses([resolve(process.argv[2] ?? projectRoot)]);
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "The house is in order" : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
