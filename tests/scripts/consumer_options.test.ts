import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Option, OPTIONS, ruleOf } from "../../consumer/options/options.ts";
import { projectRoot } from "../../scripts/project.ts";

const HEAD = ["Option", "In a program", "Takes", "Default", "Meaning"];

/** Settings of the command line that `new Consumer` does not know. */
const COMMAND_ONLY = new Set(
  [
    ...["config", "autoload", "all", "logfile", "verbose", "quiet", "simple", "json", "version", "help"],
    ...["healthPort", "healthHost", "metricsPort", "dashboard", "dashboardToken"],
  ],
);

/** The row that documents an option, cell by cell. */
function rowOf(option: Option): string[] {
  const { long, short, key, kind, value, help } = option;
  const names = short === undefined ? `\`--${long}\`` : `\`-${short}\`, \`--${long}\``;
  const inProgram = COMMAND_ONLY.has(key) ? "" : kind === "flag" ? `\`${key}: ${value}\`` : `\`${key}\``;
  const takes = kind === "flag" ? "" : ruleOf(option);
  return [names, inProgram, takes, String(option.default ?? ""), help];
}

function cellsOf(table: string): string[][] {
  return table.trim().split("\n").map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

describe("the consumer's page", () => {
  test("has every option, as it is", () => {
    const text = readFileSync(join(projectRoot, "docs/consumer.md"), "utf8");
    const tables = text.split(/\n\n+/).filter((block) => block.startsWith("|")).map(cellsOf);
    const table = tables.find(([head]) => head!.join() === HEAD.join());
    expect(table?.slice(2)).toEqual(OPTIONS.map(rowOf));
  });
});
