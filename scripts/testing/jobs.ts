/**
 * The jobs of the test run: the checks, and each test file on each runtime.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { findFiles, projectRoot, tool } from "../project.ts";
import { type Ended, runCommand } from "./command.ts";
import { judgeBatch, judgeBunBatch, judgeCommand, judgeTests, type Outcome, type Runtime } from "./outcome.ts";

/** Something to run. */
export interface Job {
  readonly title: string;
  /** Runs it, for at most so many milliseconds. Several test files in one process have an outcome each. */
  run(limitMs: number): Promise<Outcome[]>;
}

/** How long one file or check may take, unless it is told. */
const jobLimitMs = 12 * 60_000;

/** How long one test or hook may take that names no limit of its own: long, since machines may be slow and busy. */
const testLimitMs = 60_000;
/** What the long run says in its place. */
const limitVariable = "TEST_LIMIT_MS";

/**
 * A command that passes or fails as one test.
 * @param title What it is called in the output.
 * @param argv The program and its arguments.
 * @param cwd The folder to run in; the project by default.
 * @param mostMs How long it may take.
 * @returns The job.
 */
export function commandJob(
  title: string,
  argv: readonly [string, ...string[]],
  cwd: string = projectRoot,
  mostMs: number = jobLimitMs,
): Job {
  const run = async (
    limitMs: number,
  ): Promise<Outcome[]> => [judgeCommand(title, await runCommand({ argv, cwd, limitMs: Math.min(limitMs, mostMs) }))];
  return { title, run };
}

/**
 * The checks, each of which counts as one test.
 * @returns One job for each.
 */
export function checkJobs(): Job[] {
  const [bun, deno] = [tool("bun"), tool("deno")];
  return [
    // First, since it takes longest: the documentation, and with it the types of all but the tests as Deno sees them.
    commandJob("docs, deno check", [bun, "scripts/check_docs.ts", "--no-run"]),
    commandJob("tsc", [tool("tsc"), "--noEmit", "-p", "tsconfig.json"]),
    commandJob("deno fmt", [deno, "fmt", "--check"]),
    commandJob("deno lint", [deno, "lint"]),
    commandJob("house rules", [bun, "scripts/check_house.ts"]),
    commandJob("versions", [bun, "scripts/check_versions.ts"]),
    commandJob("deno doc, no gap", [deno, "doc", "--lint", "--quiet", ...entryPoints()]),
    commandJob("deno publish, dry run", [deno, "publish", "--dry-run", "--allow-dirty", "--no-check"]),
  ];
}

/** What the package exports. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync(join(projectRoot, "deno.json"), "utf8")) as { exports: Record<string, string> };
  return Object.values(exports);
}

/**
 * Files that may share a process, since starting one and loading the library takes longer than most of them: those that start no program and
 * leave nothing behind.
 */
const mayShare =
  /^tests\/(lib|testing|dashboard|app|otel|storage)\/(?!browser|discovery|runners|application|deno_own|file|redis|sqlite\.|sqlite_processes)/;

/** How many files share a process: few enough that the lanes end together. */
const batchSize = 12;

/**
 * The test files. Each has a process of its own, so that a crash or a hang is charged to the file that caused it, or shares one with a few
 * others; then the runner tells them apart, and those behind a crash run in another process.
 * @param runtime What to run them on.
 * @param isWanted Says of each file whether it is run.
 * @param mostMs How long one job may take.
 * @returns The jobs.
 */
export function testJobs(runtime: Runtime, isWanted: (file: string) => boolean, mostMs: number = jobLimitMs): Job[] {
  const files = findFiles(projectRoot, "tests", ".test.ts").filter(isWanted);
  const shared = files.filter((file) => mayShare.test(file));
  const batches = Array.from(
    { length: Math.ceil(shared.length / batchSize) },
    (_, index) => batchJob(runtime, shared.slice(index * batchSize, (index + 1) * batchSize), mostMs),
  );
  return [...files.filter((file) => !mayShare.test(file)).map((file) => testJob(runtime, file, mostMs)), ...batches];
}

/**
 * The command that runs a test file.
 * @param runtime What to run it on.
 * @param file The file.
 * @param limit How many milliseconds a test may take, for a runner that is told by an argument.
 * @returns The program and its arguments.
 */
export function testCommand(runtime: Runtime, file: string, limit: string = String(testLimitMs)): [string, ...string[]] {
  if (runtime === "deno") return [tool("deno"), "test", "-A", "--no-check", file];
  return batchCommand(runtime, [file], limit);
}

/**
 * The command that runs several test files in one process.
 * @param runtime What to run them on.
 * @param files The files.
 * @param limit How many milliseconds a test may take, for a runner that is told by an argument.
 * @returns The program and its arguments.
 */
export function batchCommand(
  runtime: Runtime,
  files: readonly string[],
  limit: string = String(testLimitMs),
): [string, ...string[]] {
  if (runtime === "bun") return [tool("bun"), "test", `--timeout=${limit}`, ...files.map((file) => `./${file}`)];
  const run = join(projectRoot, "tests/_run.ts");
  if (runtime === "node") return [tool("node"), run, ...files];
  return [tool("deno"), "run", "-A", "--no-check", "--config", join(projectRoot, "deno.json"), run, ...files];
}

/**
 * What a program of the project finds in its environment.
 * @param runtime What it runs on.
 * @returns For Node, what stands in for an import map, and where it keeps the TypeScript that it has compiled: for each of the programs
 * that tests start, it would compile the library anew.
 */
export function variablesOf(runtime: Runtime): Record<string, string> {
  if (runtime !== "node") return {};
  return {
    NODE_OPTIONS: `--import=${pathToFileURL(join(projectRoot, "tests/_node.ts"))}`,
    NODE_COMPILE_CACHE: join(projectRoot, "node_modules/.cache/node"),
  };
}

/** What a test file finds in its environment. */
function testVariables(runtime: Runtime): Record<string, string> {
  return { TEST_TIMEOUT_MS: testLimit(), ...variablesOf(runtime) };
}

function testLimit(): string {
  return process.env[limitVariable] ?? String(testLimitMs);
}

function titleOf(runtime: Runtime, file: string): string {
  return `${runtime.padEnd(4)} ${file}`;
}

function testJob(runtime: Runtime, file: string, mostMs: number): Job {
  const title = titleOf(runtime, file);
  const argv = testCommand(runtime, file, testLimit());
  const run = async (limitMs: number): Promise<Outcome[]> => {
    const command = { argv, cwd: projectRoot, limitMs: Math.min(limitMs, mostMs), env: testVariables(runtime) };
    return [judgeTests(title, runtime, await runCommand(command))];
  };
  return { title, run };
}

function batchJob(runtime: Runtime, files: readonly string[], mostMs: number): Job {
  const run = runtime === "bun" ? runBunBatch : runBatch;
  return { title: `${runtime.padEnd(4)} ${files.join(" ")}`, run: (limitMs) => run(runtime, files, Math.min(limitMs, mostMs)) };
}

async function runBatch(runtime: Runtime, files: readonly string[], limitMs: number): Promise<Outcome[]> {
  const endMs = performance.now() + limitMs;
  const outcomes: Outcome[] = [];
  while (outcomes.length < files.length) {
    const left = files.slice(outcomes.length);
    const ended = await runFiles(runtime, left, Math.max(1, endMs - performance.now()));
    outcomes.push(...judgeBatch(left, (file) => titleOf(runtime, file), ended));
  }
  return outcomes;
}

/** Its runner has one summary for all files. Only where that tells of no failure the files are not run again, each by itself. */
async function runBunBatch(runtime: Runtime, files: readonly string[], limitMs: number): Promise<Outcome[]> {
  const endMs = performance.now() + limitMs;
  const together = await runFiles(runtime, files, limitMs);
  const good = judgeBunBatch(files, (file) => titleOf(runtime, file), together);
  if (good !== undefined) return good;
  const outcomes: Outcome[] = [];
  for (const file of files) outcomes.push(...await testJob(runtime, file, Math.max(1, endMs - performance.now())).run(limitMs));
  // What fails only beside others has failed.
  const isFound = outcomes.some(({ failed }) => failed > 0);
  return isFound ? outcomes : [...outcomes, judgeTests(titleOf(runtime, files.join(" ")), runtime, together)];
}

async function runFiles(runtime: Runtime, files: readonly string[], limitMs: number): Promise<Ended> {
  const argv = batchCommand(runtime, files, testLimit());
  return await runCommand({ argv, cwd: projectRoot, limitMs, env: testVariables(runtime) });
}
