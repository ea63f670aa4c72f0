/**
 * What the test run prints.
 * @module
 */
import type { Outcome } from "./outcome.ts";

/** What the runners print of a test that passed. */
const PASSED = /^\(pass\) | \.\.\. .*ok.* \(\d+m?s\)$/;

/** What they print of one that failed, with its name. */
const FAILED = /^\(fail\) (.*?)(?: \[[\d.]+ms\])?$|^(.*) \.\.\. .*FAILED.* \(\d+m?s\)$/;

/**
 * One line of progress: how many tests ran, or how many of them failed. Only the closing line says "passed" and "failed".
 * @param outcome What has just ended.
 * @returns The line.
 */
export function progressLine(outcome: Outcome): string {
  const { title, passed, failed, skipped, durationMs } = outcome;
  const counts = `${failed > 0 ? `${failed} of ` : ""}${passed + failed}${skipped > 0 ? ` (${skipped} skipped)` : ""}`;
  return `${failed > 0 ? "FAIL" : "ok  "}  ${title.padEnd(56)} ${counts.padStart(16)} ${
    (durationMs / 1000).toFixed(1).padStart(7)
  } s`;
}

/**
 * The closing line.
 * @param outcomes All that ran.
 * @returns `N passed, N failed`, and `, N skipped` when there are any.
 */
export function countLine(outcomes: readonly Outcome[]): string {
  const sum = (key: "passed" | "failed" | "skipped"): number => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * The failures in full, without the tests that passed.
 * @param outcomes All that ran.
 * @returns The text; empty when nothing failed.
 */
export function failureText(outcomes: readonly Outcome[]): string {
  return outcomes.filter((outcome) => outcome.failed > 0).map((outcome) => {
    return `\n=== FAILED: ${outcome.title}\n${failureLines(outcome).join("\n")}\n`;
  }).join("");
}

/**
 * The beginning of a failure, to be read while the rest still runs.
 * @param outcome What has just ended.
 * @param limit The most lines to give; 30 by default.
 * @returns The text, indented; empty when nothing failed.
 */
export function failureExcerpt(outcome: Outcome, limit: number = 30): string {
  if (outcome.failed === 0) return "";
  return failureLines(outcome).filter((line) => line.trim() !== "").slice(0, limit).map((line) => `\n      ${line}`).join("");
}

/**
 * The names of what failed, a line each, to be read where only the end of the output is kept.
 * @param outcomes All that ran.
 * @returns The text; empty when nothing failed.
 */
export function failureNames(outcomes: readonly Outcome[]): string {
  return outcomes.filter((outcome) => outcome.failed > 0).map(({ title, reason, output }) => {
    const names = output.split("\n").map((line) => FAILED.exec(line)?.slice(1).join("")).filter((name) => name !== undefined);
    const told = reason === "" ? names : [reason, ...names];
    return `FAIL  ${title}${told.map((name) => `\n        ${name}`).join("")}`;
  }).join("\n");
}

function failureLines({ reason, output }: Outcome): string[] {
  const lines = output.trimEnd().split("\n").filter((line) => !PASSED.test(line));
  return reason === "" ? lines : [reason, ...lines];
}
