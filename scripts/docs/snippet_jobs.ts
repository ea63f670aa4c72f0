/**
 * The jobs that run snippets: many of them in one process, since loading the library takes longer than most of them.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { projectRoot, tool } from "../project.ts";
import { runCommand } from "../testing/command.ts";
import { type Job, variablesOf } from "../testing/jobs.ts";
import { judgeSnippets, type Outcome, type Runtime } from "../testing/outcome.ts";
import type { Snippet } from "./snippet_files.ts";

/** How long one snippet may run when it has a process of its own; run_snippets.ts has the same for one among several. */
const snippetLimitMs = 30_000;

/** How many share a process: few enough that the lanes end together. */
const batchSize = 16;

/**
 * What a snippet needs a process of its own for: it is loaded by another one or loads it, asks how it was started, or changes what the whole
 * process has (the application's one Huey, the log, traces).
 */
const needsOwnProcess =
  /\bfrom "\.|import\("\.|\bimport\.meta\b|\bprocess\b|\b(?:Deno|Bun)\.|\bglobalThis\b|\/huey\/app"|"@logtape|"@opentelemetry/;

/**
 * Makes the jobs that run snippets, each in an empty folder of its own.
 * @param snippets What to run; those that are only checked are left out.
 * @param runtimes What to run them on.
 * @returns Jobs that have one outcome for each snippet.
 */
export function snippetJobs(snippets: readonly Snippet[], runtimes: readonly Runtime[]): Job[] {
  const wanted = snippets.filter((snippet) => snippet.mode === "run");
  const isAlone = ({ code, isNamed }: Snippet): boolean => isNamed || needsOwnProcess.test(code);
  const { alone = [], shared = [] } = Object.groupBy(wanted, (snippet) => isAlone(snippet) ? "alone" : "shared");
  const batches = Array.from(
    { length: Math.ceil(shared.length / batchSize) },
    (_, index) => shared.slice(index * batchSize, (index + 1) * batchSize),
  );
  return runtimes.flatMap((runtime) => [...alone.map((one) => [one]), ...batches].map((some) => snippetJob(runtime, some)));
}

function snippetJob(runtime: Runtime, snippets: readonly Snippet[]): Job {
  const titles = snippets.map((snippet) => `${runtime.padEnd(4)} ${snippet.source}`);
  const run = async (limitMs: number): Promise<Outcome[]> => {
    const endMs = performance.now() + Math.min(limitMs, snippetLimitMs * snippets.length);
    const outcomes: Outcome[] = [];
    while (outcomes.length < snippets.length) {
      const left = snippets.slice(outcomes.length);
      const ended = await runInFolder(runtime, left, Math.max(1, endMs - performance.now()));
      outcomes.push(...judgeSnippets(left.map(({ path }) => path), titles.slice(outcomes.length), ended));
    }
    return outcomes;
  };
  return { title: titles.join(" "), run };
}

async function runInFolder(
  runtime: Runtime,
  snippets: readonly Snippet[],
  limitMs: number,
): Promise<Awaited<ReturnType<typeof runCommand>>> {
  const cwd = mkdtempSync(join(tmpdir(), "huey-snippet-"));
  try {
    return await runCommand({ argv: commandOf(runtime, snippets), cwd, limitMs, env: variablesOf(runtime) });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** One snippet is started as a reader would start it. */
function commandOf(runtime: Runtime, snippets: readonly Snippet[]): [string, ...string[]] {
  const paths = snippets.map(({ path }) => path);
  const programs = paths.length === 1 ? paths : [join(projectRoot, "scripts/docs/run_snippets.ts"), ...paths];
  if (runtime !== "deno") return [tool(runtime), ...programs];
  const config = join(dirname(dirname(paths[0]!)), "deno.json");
  return [tool("deno"), "run", "-A", "--no-check", "--config", config, ...programs];
}
