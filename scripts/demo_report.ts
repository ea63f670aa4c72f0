/**
 * What the demo shows: a progress bar and a table.
 * @module
 */
import process from "node:process";
import type { Rated } from "./demo_tasks.ts";

const BAR_WIDTH = 40;
const SHOWN = 25;

/** The line of a progress bar. */
export function progressBar(done: number, total: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.round(BAR_WIDTH * done / total);
  return `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}] ${done}/${total} files`;
}

/** Shows the bar in place on a terminal; elsewhere one line for each tenth. */
export function showProgress(done: number, total: number): void {
  const { stdout } = process;
  if (stdout.isTTY) stdout.write(`\r${progressBar(done, total)}${done === total ? "\n" : ""}`);
  else if (done === total || done % Math.ceil(total / 10) === 0) stdout.write(`${progressBar(done, total)}\n`);
}

/** The table of the largest files, and the sum of all. */
export function table(files: readonly Rated[]): string {
  const largest = [...files].sort((a, b) => b.bytes - a.bytes).slice(0, SHOWN);
  const rows = [HEAD, ...largest.map(row), totalRow(files)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells) => cells.map((cell, column) => align(cell, widths[column]!, column)).join("  "));
  const rule = "-".repeat(lines[0]!.length);
  const more = files.length > SHOWN ? [`(the ${SHOWN} largest of ${files.length})`] : [];
  return [lines[0], rule, ...lines.slice(1, -1), rule, lines.at(-1), ...more].join("\n");
}

const HEAD = ["file", "sha-256", "lines", "bytes", "gzip", "saved"];

function row(file: Rated): string[] {
  const path = file.path.length > 48 ? `...${file.path.slice(-45)}` : file.path;
  return [path, file.sha256.slice(0, 12), `${file.lines}`, `${file.bytes}`, `${file.compressed}`, `${file.saved} %`];
}

function totalRow(files: readonly Rated[]): string[] {
  const sum = (key: "lines" | "bytes" | "compressed"): number => files.reduce((total, file) => total + file[key], 0);
  const bytes = sum("bytes");
  const saved = bytes === 0 ? 0 : Math.round(100 * (1 - sum("compressed") / bytes));
  return [`all ${files.length} files`, "", `${sum("lines")}`, `${bytes}`, `${sum("compressed")}`, `${saved} %`];
}

/** Text to the left, numbers to the right. */
function align(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}
