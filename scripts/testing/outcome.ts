/**
 * What one job of the test run came to, and how the runners' summaries are read.
 * @module
 */
import type { Ended } from "./command.ts";

/** The runtimes that test files run on. */
export const runtimes = ["bun", "deno", "node"] as const;

/** Name of a runtime. */
export type Runtime = (typeof runtimes)[number];

/** What one job came to. */
export interface Outcome {
  readonly title: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why it failed, when the output does not say so itself; empty otherwise. */
  readonly reason: string;
  readonly output: string;
  readonly durationMs: number;
}

/** Counted tests, as a runner reports them. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Reads the closing summary of `bun test` run on one file.
 * @param output All that it printed.
 * @returns The counts, or undefined when it ended without a summary.
 */
export function readBunSummary(output: string): Counts | undefined {
  const end = output.lastIndexOf("\nRan ");
  if (end === -1 || !/^\nRan \d+ tests? across/.test(output.slice(end))) return undefined;
  const lines = output.slice(0, end).split("\n").slice(-8);
  const count = (word: string): number =>
    Number(lines.findLast((line) => line.endsWith(` ${word}`) && /^ *\d+ \w+$/.test(line))?.trim().split(" ")[0] ?? 0);
  return { passed: count("pass"), failed: count("fail"), skipped: count("skip") + count("todo") };
}

/**
 * Reads the closing summary of `deno test`, and of the tests' own runner on Node.
 * @param output All that it printed.
 * @returns The counts, or undefined when it ended without a summary.
 */
export function readDenoSummary(output: string): Counts | undefined {
  const line = output.split("\n").findLast((line) => /^(ok|FAILED) \| \d+ passed/.test(line));
  if (line === undefined) return undefined;
  const count = (word: string): number => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
}

const readSummary = { bun: readBunSummary, deno: readDenoSummary, node: readDenoSummary } as const;

/**
 * Judges a run of one test file.
 * @param title What the outcome is called.
 * @param runtime Whose summary to read.
 * @param ended How the runner ended.
 * @returns The outcome; a runner that crashed, hung, or ran no test has failed.
 */
export function judgeTests(title: string, runtime: Runtime, ended: Ended): Outcome {
  const counts = readSummary[runtime](ended.output);
  const { passed, failed, skipped } = counts ?? { passed: 0, failed: 0, skipped: 0 };
  const reason = testsReason(ended, counts);
  return { title, passed, failed: reason === "" ? failed : Math.max(1, failed), skipped, reason, ...rest(ended) };
}

/**
 * Judges a run of several test files in one process. After a crash or at the time limit those that had not begun are left out.
 * @param files What was run, in order.
 * @param titleOf What the outcome of a file is called.
 * @param ended How the runner ended.
 * @returns The outcomes of those that began; at least one.
 */
export function judgeBatch(files: readonly string[], titleOf: (file: string) => string, ended: Ended): Outcome[] {
  const parts = files.map((file) => ended.output.indexOf(`--- ${file}\n`));
  const begun = Math.max(1, parts.filter((at) => at !== -1).length);
  return files.slice(0, begun).map((file, index) => {
    const isLast = index === begun - 1;
    const output = ended.output.slice(Math.max(0, parts[index]!), isLast ? undefined : parts[index + 1]);
    const [, word, ms] = /^(ok|FAILED) \|.*\((\d+)ms\)$/m.exec(output) ?? [];
    const took = Number(ms ?? ended.durationMs);
    // A file that came to its summary did not end the process; the last that began may still have.
    const code = word === undefined || (isLast && begun < files.length) ? ended.code : word === "ok" ? 0 : 1;
    const timedOut = ended.timedOut && isLast;
    return judgeTests(titleOf(file), "deno", { ...ended, output, code, timedOut, durationMs: took });
  });
}

/**
 * Judges a run of several test files by `bun test`, which has one summary for all of them.
 * @param files What was run.
 * @param titleOf What the outcome of a file is called.
 * @param ended How the runner ended.
 * @returns The outcomes; undefined unless all files are there, each with tests, and the summary counts the same and no failure.
 */
export function judgeBunBatch(
  files: readonly string[],
  titleOf: (file: string) => string,
  ended: Ended,
): Outcome[] | undefined {
  const counts = readBunSummary(ended.output);
  if (ended.code !== 0 || ended.timedOut || counts === undefined || counts.failed > 0) return undefined;
  const starts = files.map((file) => ended.output.indexOf(`\n${file}:\n`));
  const outcomes = files.map((file, index) => {
    const start = starts[index]!;
    const next = starts.filter((at) => at > start);
    const output = ended.output.slice(start, next.length === 0 ? undefined : Math.min(...next));
    const count = (word: string): number => output.match(new RegExp(`^\\(${word}\\) `, "gm"))?.length ?? 0;
    const took = output.matchAll(/^\(\w+\) .* \[([\d.]+)ms\]$/gm).reduce((sum, [, ms]) => sum + Number(ms), 0);
    const [passed, skipped] = [count("pass"), count("skip") + count("todo")];
    return { title: titleOf(file), passed, failed: 0, skipped, reason: "", output, durationMs: took };
  });
  const sum = (key: "passed" | "skipped"): number => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  const isWhole = starts.every((at) => at !== -1) && outcomes.every(({ passed, skipped }) => passed + skipped > 0);
  return isWhole && sum("passed") === counts.passed && sum("skipped") === counts.skipped ? outcomes : undefined;
}

/**
 * Judges a command that counts as one test.
 * @param title What the outcome is called.
 * @param ended How the command ended.
 * @returns The outcome: passed when the command exited with code 0 in time.
 */
export function judgeCommand(title: string, ended: Ended): Outcome {
  const ok = ended.code === 0 && !ended.timedOut;
  const reason = ok ? "" : ended.timedOut ? timedOut(ended) : `Exit code ${ended.code}`;
  return { title, passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, reason, ...rest(ended) };
}

/**
 * Judges a run of several snippets in one process. After one that failed or ended the process, those behind it are left out.
 * @param paths What was run, in order.
 * @param titles What the outcome of each is called.
 * @param ended How the process ended.
 * @returns The outcomes of those that began; at least one.
 */
export function judgeSnippets(paths: readonly string[], titles: readonly string[], ended: Ended): Outcome[] {
  if (paths.length === 1) return [judgeCommand(titles[0]!, ended)];
  const parts = paths.map((path) => ended.output.indexOf(`--- ${path}\n`));
  const begun = Math.max(1, parts.filter((at) => at !== -1).length);
  return titles.slice(0, begun).map((title, index) => {
    const isLast = index === begun - 1;
    const output = ended.output.slice(Math.max(0, parts[index]!), isLast ? undefined : parts[index + 1]);
    const ms = /^--- ended in (\d+) ms$/m.exec(output)?.[1];
    const durationMs = Number(ms ?? ended.durationMs);
    // The next one begins only when the one before it has ended well.
    const [code, timedOut] = isLast ? [ended.code, ended.timedOut] : [0, false];
    return judgeCommand(title, { ...ended, output, code, timedOut, durationMs });
  });
}

function testsReason(ended: Ended, counts: Counts | undefined): string {
  if (ended.timedOut) return timedOut(ended);
  if (counts === undefined) {
    return `The runner ended with code ${ended.code} and without a summary: it crashed, or a test ended it`;
  }
  if (counts.passed + counts.failed + counts.skipped === 0) return "The file has no test";
  if (ended.code !== 0 && counts.failed === 0) return `No test failed, but the runner ended with code ${ended.code}`;
  return "";
}

function timedOut(ended: Ended): string {
  return `Killed because it had not ended after ${Math.round(ended.durationMs / 1000)} s`;
}

function rest(ended: Ended): Pick<Outcome, "output" | "durationMs"> {
  return { output: ended.output, durationMs: ended.durationMs };
}
