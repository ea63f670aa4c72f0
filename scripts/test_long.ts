/**
 * What takes too long for every change: all tests on Bun, on Deno and on Node, those of kills, faults, the model and the browser at
 * length; the snippets on Node, the types of the tests as Deno sees them, and the soaks. Run it before a release. The last line is `N passed, N failed`; the exit code is 0 only if nothing failed.
 *
 * Usage: npm run test:long [-- part of a title]
 *
 * It sets HUEY_LONG, by which the tests know how much to do: `tests/sizes.ts`.
 * @module
 */
import process from "node:process";
import { withSnippets } from "./docs/snippet_files.ts";
import { snippetJobs } from "./docs/snippet_jobs.ts";
import { projectRoot, sources, tool } from "./project.ts";
import { killAll } from "./testing/command.ts";
import { commandJob, type Job, testJobs } from "./testing/jobs.ts";
import { runtimes } from "./testing/outcome.ts";
import { runJobs } from "./testing/pool.ts";
import { countLine, failureText } from "./testing/report.ts";

const hourMs = 3_600_000;
/** How long all of it may take. */
const totalLimitMs = 4 * hourMs;

process.env["HUEY_LONG"] = "1";
// Of tests/faults/files.test.ts.
process.env["HUEY_HOSTILE"] ??= "400000";
// The limit of a single test, for those that name none.
process.env["TEST_LIMIT_MS"] = String(hourMs);

/** Every command of the documentation, in a project that has the package. What runs it makes no difference. */
const commands = "tests/scripts/doc_commands.test.ts";

function soak(...args: string[]): Job {
  return commandJob(`soak ${args.join(" ")}`, [tool("bun"), "scripts/soak.ts", ...args], undefined, hourMs);
}

const all: Job[] = [
  // The usual run leaves the types of the tests to tsc.
  commandJob("deno check", [tool("deno"), "check", "--quiet", ...sources(projectRoot)]),
  ...runtimes.flatMap((runtime) => testJobs(runtime, (file) => runtime === "bun" || file !== commands, hourMs)),
  soak("--storage", "memory", "--tasks", "1000000"),
  soak("--storage", "sqlite", "--tasks", "300000"),
  soak("--storage", "sqlite", "--kills", "60"),
  soak("--storage", "file", "--kills", "60"),
];

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  process.on(signal, () => {
    killAll();
    process.exit(code);
  });
}

const filter = process.argv[2] ?? "";
const outcomes = await withSnippets((snippets) => {
  const jobs = [...all, ...snippetJobs(snippets, ["node"])].filter(({ title }) => title.includes(filter));
  return runJobs(jobs, performance.now() + totalLimitMs);
});
const failures = outcomes.length === 0 ? `No title has "${filter}" in it` : failureText(outcomes);
if (failures !== "") console.log(failures);
console.log(countLine(outcomes));
process.exitCode = failures === "" ? 0 : 1;
