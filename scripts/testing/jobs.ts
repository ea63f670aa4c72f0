/**
 * The jobs of the test run: the checks, and each test file on each runtime.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { findFiles, projectRoot, tool } from "../project.ts";
import { runCommand } from "./command.ts";
import { judgeBatch, judgeCommand, judgeTests, type Outcome, type Runtime } from "./outcome.ts";

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
 * Files that may share a process on Deno and Node, where starting one and loading the library takes longer than most of them: those that
 * start no program and leave nothing behind.
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
  if (runtime === "bun") return files.map((file) => testJob(runtime, file, mostMs));
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
  if (runtime === "bun") return [tool("bun"), "test", `--timeout=${limit}`, `./${file}`];
  if (runtime === "deno") return [tool("deno"), "test", "-A", "--no-check", file];
  return batchCommand(runtime, [file]);
}

/**
 * The command that runs several test files in one process.
 * @param runtime What to run them on; Bun starts so soon that it needs none.
 * @param files The files.
 * @returns The program and its arguments.
 */
export function batchCommand(runtime: Exclude<Runtime, "bun">, files: readonly string[]): [string, ...string[]] {
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

function batchJob(runtime: Exclude<Runtime, "bun">, files: readonly string[], mostMs: number): Job {
  const run = async (limitMs: number): Promise<Outcome[]> => {
    const endMs = performance.now() + Math.min(limitMs, mostMs);
    const outcomes: Outcome[] = [];
    while (outcomes.length < files.length) {
      const left = files.slice(outcomes.length);
      const limitMs = Math.max(1, endMs - performance.now());
      const argv = batchCommand(runtime, left);
      const ended = await runCommand({ argv, cwd: projectRoot, limitMs, env: testVariables(runtime) });
      outcomes.push(...judgeBatch(left, (file) => titleOf(runtime, file), ended));
    }
    return outcomes;
  };
  return { title: `${runtime.padEnd(4)} ${files.join(" ")}`, run };
}
