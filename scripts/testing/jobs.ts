/**
 * The jobs of the test run: the checks, and each test file on each runtime.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { findFiles, projectRoot, sources, tool } from "../project.ts";
import { runCommand } from "./command.ts";
import { judgeCommand, judgeTests, type Outcome, type Runtime } from "./outcome.ts";

/** Something to run that has one outcome. */
export interface Job {
  readonly title: string;
  /** Runs it, for at most so many milliseconds. */
  run(limitMs: number): Promise<Outcome>;
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
  const run = async (limitMs: number): Promise<Outcome> =>
    judgeCommand(title, await runCommand({ argv, cwd, limitMs: Math.min(limitMs, mostMs) }));
  return { title, run };
}

/**
 * The checks, each of which counts as one test.
 * @returns One job for each.
 */
export function checkJobs(): Job[] {
  const [bun, deno] = [tool("bun"), tool("deno")];
  return [
    commandJob("deno fmt", [deno, "fmt", "--check"]),
    commandJob("deno lint", [deno, "lint"]),
    commandJob("deno check", [deno, "check", "--quiet", ...sources(projectRoot)]),
    commandJob("tsc", [tool("tsc"), "--noEmit", "-p", "tsconfig.json"]),
    commandJob("house rules", [bun, "scripts/check_house.ts"]),
    commandJob("versions", [bun, "scripts/check_versions.ts"]),
    commandJob("docs", [bun, "scripts/check_docs.ts", "--no-run"]),
    commandJob("deno doc, no gap", [deno, "doc", "--lint", "--quiet", ...entryPoints()]),
    commandJob("deno publish, dry run", [deno, "publish", "--dry-run", "--allow-dirty"]),
  ];
}

/** What the package exports. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync(join(projectRoot, "deno.json"), "utf8")) as { exports: Record<string, string> };
  return Object.values(exports);
}

/**
 * The test files, each in a process of its own, so that a crash or a hang is charged to the file that caused it.
 * @param runtime What to run them on.
 * @param isWanted Says of each file whether it is run.
 * @param mostMs How long one file may take.
 * @returns One job for each file.
 */
export function testJobs(runtime: Runtime, isWanted: (file: string) => boolean, mostMs: number = jobLimitMs): Job[] {
  return findFiles(projectRoot, "tests", ".test.ts").filter(isWanted).map((file) => testJob(runtime, file, mostMs));
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
  return [tool("node"), join(projectRoot, "tests/_node_run.ts"), file];
}

/**
 * What a program of the project finds in its environment.
 * @param runtime What it runs on.
 * @returns For Node, which has no import map, what stands in for it.
 */
export function variablesOf(runtime: Runtime): Record<string, string> {
  if (runtime !== "node") return {};
  return { NODE_OPTIONS: `--import=${pathToFileURL(join(projectRoot, "tests/_node.ts"))}` };
}

function testJob(runtime: Runtime, file: string, mostMs: number): Job {
  const limit = process.env[limitVariable] ?? String(testLimitMs);
  const title = `${runtime.padEnd(4)} ${file}`;
  const argv = testCommand(runtime, file, limit);
  const run = async (limitMs: number): Promise<Outcome> => {
    const env = { TEST_TIMEOUT_MS: limit, ...variablesOf(runtime) };
    const ended = await runCommand({ argv, cwd: projectRoot, limitMs: Math.min(limitMs, mostMs), env });
    return judgeTests(title, runtime, ended);
  };
  return { title, run };
}
