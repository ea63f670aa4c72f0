/**
 * Runs everything: the checks, each test file on Bun and on Deno, most of them on Node, and each snippet of the documentation.
 * The last line is `N passed, N failed`; the exit code is 0 only if nothing failed.
 *
 * Usage: npm test [-- [--bun] [--deno] [--node] [--checks] [part of a path]]
 *
 * A part of a path runs only the test files and documents that match it, `--bun`, `--deno` and `--node` only one runtime,
 * `--checks` only the checks.
 * @module
 */
import { parseArgs } from "node:util";
import { killAll } from "./testing/command.ts";
import { checkJobs, type Job, testJobs } from "./testing/jobs.ts";
import { type Outcome, type Runtime, runtimes } from "./testing/outcome.ts";
import { runJobs } from "./testing/pool.ts";
import { countLine, failureNames, failureText } from "./testing/report.ts";
import { withSnippets } from "./docs/snippet_files.ts";
import { snippetJobs } from "./docs/snippet_jobs.ts";

/** What the command line asked for. */
interface Wish {
  readonly checks: boolean;
  readonly runtimes: readonly Runtime[];
  readonly filter: string;
  /** Nothing was chosen. */
  readonly all: boolean;
}

/**
 * What runs on Node too when everything runs: the library, the contract of the storages, the consumer. All of the rest, and the snippets,
 * run there in the long run.
 */
const onNode = /^tests\/(lib|testing|otel|consumer)\/|^tests\/storage\/(memory|sqlite|file|redis)\.test\.ts$/;
/**
 * What says little more on Node, whose engine is that of Deno: arithmetic, texts and formats, what is drawn at random for long, tests that
 * start Deno or read files, and consumers that do what others do that run there.
 */
const notOnNode = new RegExp(
  [
    /lib\/(crontab_next|serializer_(hostile|bounds)|composition_model|failed_tasks)\.|testing\/endless\./,
    /consumer\/(at_most_once|commands\w*|dashboard_option|failures_in_logs|faulty_storage|forged_lines|frozen|health_\w+)\./,
    /consumer\/(arguments|deploy_files|log_\w+|metrics|monitoring_files|pause|permissions|place|queues|several_consumers)\./,
    /consumer\/(clocks_differ|printed_secrets|refused_ends|strange_messages|supervisor|task_lines|worker_faults)\./,
  ].map(({ source }) => source).join("|"),
);

/**
 * What runs on Bun alone when everything runs: the scripts, which Bun runs everywhere, a browser in front of the same pages, tests that
 * start other runtimes themselves or read files, kills and consumers that do what others do that run on Deno too, damaged messages, which
 * reach the same code from every medium, and what a server of Redis does, whoever asks it. The long run has them on the others.
 */
const onlyOnBun = new RegExp(
  [
    /^tests\/(scripts\/|chaos\/(redis|file)\.|examples\/map_|model\/memory\.|otel\/deno_own\.|testing\/runners\.)/,
    /^tests\/dashboard\/(actions|addresses|attacks|attempts|browser\w*|history|hostile|numbers|operator|parts|stored_attacks)\./,
    /^tests\/faults\/(decoding|disk_full_together|envelopes|gates_and_steps|messages|random_faults|unanswered)\./,
    /^tests\/storage\/redis_(acl|beside_memory|claims|full|gates|hostile|library|refusal|replies|secrets)\./,
    /^tests\/consumer\/(arguments|command_tables|commands_\w+|deploy_files|forged_lines|monitoring_files|permissions)\./,
    /^tests\/consumer\/(refused_ends|several_consumers|supervisor|task_lines)\./,
  ].map(({ source }) => source).join("|"),
);

/** What takes minutes and is for the long run: every command of the documentation. */
const onlyLong = /^tests\/scripts\/doc_commands\./;

/** How long all of it may take. */
const totalLimitMs = 60 * 60_000;

function readWish(args: string[]): Wish {
  const flag = { type: "boolean", default: false } as const;
  const { values, positionals } = parseArgs({
    args,
    options: { bun: flag, deno: flag, node: flag, checks: flag },
    allowPositionals: true,
  });
  const filter = positionals[0] ?? "";
  if (positionals.length > 1) throw new Error(`One part of a path is allowed, got ${positionals.join(" ")}`);
  const chosen = runtimes.filter((runtime) => values[runtime]);
  const all = filter === "" && chosen.length === 0;
  return { checks: values.checks || all, runtimes: chosen.length > 0 ? chosen : values.checks ? [] : runtimes, filter, all };
}

/** Whether a test file runs there when everything runs. */
function isUsual(runtime: Runtime, file: string): boolean {
  if (onlyLong.test(file)) return false;
  if (runtime === "bun") return true;
  if (onlyOnBun.test(file)) return false;
  return runtime === "deno" || (onNode.test(file) && !notOnNode.test(file));
}

async function runAll(wish: Wish): Promise<Outcome[]> {
  const deadlineMs = performance.now() + totalLimitMs;
  const isWanted = (runtime: Runtime) => (file: string): boolean =>
    file.includes(wish.filter) && (!wish.all || isUsual(runtime, file));
  const jobs: Job[] = wish.runtimes.flatMap((runtime) => testJobs(runtime, isWanted(runtime)));
  const outcomes = await runJobs([...(wish.checks ? checkJobs() : []), ...jobs], deadlineMs);
  return [...outcomes, ...await runSnippets(wish, deadlineMs)];
}

/** The snippets come last, when the check of the documentation no longer needs the processor. */
async function runSnippets(wish: Wish, deadlineMs: number): Promise<Outcome[]> {
  if (wish.runtimes.length === 0) return [];
  try {
    return await withSnippets((snippets) => {
      const chosen = snippets.filter((snippet) => snippet.source.includes(wish.filter));
      const runtimes = wish.runtimes.filter((runtime) => !wish.all || runtime !== "node");
      return runJobs(snippetJobs(chosen, runtimes), deadlineMs);
    });
  } catch (error) {
    const reason = `The snippets could not be read: ${(error as Error).message}`;
    return [{ title: "snippets", passed: 0, failed: 1, skipped: 0, reason, output: "", durationMs: 0 }];
  }
}

async function main(args: string[]): Promise<number> {
  const wish = readWish(args);
  const outcomes = await runAll(wish);
  if (outcomes.length === 0) {
    console.error(`No test file or document has "${wish.filter}" in its path`);
    return 1;
  }
  const failures = failureText(outcomes);
  if (failures !== "") console.log(`${failures}\n${failureNames(outcomes)}\n`);
  console.log(countLine(outcomes));
  return failures === "" ? 0 : 1;
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  process.on(signal, () => {
    killAll();
    process.exit(code);
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  killAll();
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
