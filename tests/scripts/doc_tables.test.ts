/** Tables of the documentation that list what the code has: nothing is missing, and nothing is there that is gone. @module */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMAND_KEYS, type Option, OPTIONS, ruleOf } from "../../consumer/options/options.ts";
import { COMMANDS } from "../../consumer/commands/commands.ts";
import { COMMAND_OPTIONS } from "../../consumer/commands/arguments.ts";
import * as signals from "../../lib/observe/signals.ts";
import { TASK_RULES } from "../../lib/task/options.ts";
import * as library from "../../mod.ts";
import { findFiles, projectRoot } from "../../scripts/project.ts";

const HEAD = ["Option", "In a program", "Takes", "Default", "Meaning"];

/** The row that documents an option, cell by cell. */
function rowOf(option: Option): string[] {
  const { long, short, key, kind, value, help } = option;
  const names = short === undefined ? `\`--${long}\`` : `\`-${short}\`, \`--${long}\``;
  const inProgram = COMMAND_KEYS.has(key) ? "" : kind === "flag" ? `\`${key}: ${value}\`` : `\`${key}\``;
  const takes = kind === "flag" ? "" : ruleOf(option);
  return [names, inProgram, takes, String(option.default ?? ""), help];
}

function cellsOf(table: string): string[][] {
  return table.trim().split("\n").map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The tables of a page, cell by cell. */
function tablesOf(page: string): string[][][] {
  const text = readFileSync(join(projectRoot, "docs", page), "utf8");
  return text.split(/\n\n+/).filter((block) => block.startsWith("|")).map(cellsOf);
}

/** The names in the first column of a table, which has this at its head. */
function namesIn(page: string, head: string): string[] {
  const [, , ...rows] = tablesOf(page).find(([first]) => first!.join() === head)!;
  return rows.flatMap(([cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}

test("the consumer's page has every option, as it is", () => {
  const table = tablesOf("consumer.md").find(([head]) => head!.join() === HEAD.join());
  expect(table?.slice(2)).toEqual(OPTIONS.map(rowOf));
});

test("the guide has every option of a task", () => {
  expect(namesIn("guide.md", "Option,Default,Meaning").toSorted()).toEqual(Object.keys(TASK_RULES).toSorted());
});

test("the page of signals has each, and the package exports it", () => {
  const exported = Object.entries(library).filter(([name]) => name.startsWith("SIGNAL_")).map(([, value]) => value as string);
  const all = Object.entries(signals).filter(([name]) => name.startsWith("SIGNAL_")).map(([, value]) => value as string);
  expect(namesIn("resources.md", "Signal,When,Third argument").toSorted()).toEqual(all.toSorted());
  expect(exported.toSorted()).toEqual(all.toSorted());
});

test("the page of the command line has every command and each of its options", () => {
  const forms = [...namesIn("command_line.md", "Command,What it tells"), ...namesIn("command_line.md", "Command,What it does")];
  const named = new Set(forms.filter((form) => form.includes(" APP")).map((form) => form.split(" ")[0]));
  expect([...named].toSorted()).toEqual([...COMMANDS.map(({ name }) => name), "health"].toSorted());
  const page = readFileSync(join(projectRoot, "docs/command_line.md"), "utf8");
  expect(COMMAND_OPTIONS.map(({ long }) => `--${long}`).filter((option) => !page.includes(option))).toEqual([]);
});

test("the README leads to every page", () => {
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const pages = findFiles(projectRoot, "docs", ".md").filter((file) => !file.includes("/decisions/"));
  expect(pages.length).toBeGreaterThan(25);
  expect(pages.filter((page) => !readme.includes(`(${page})`))).toEqual([]);
});

/** A row of a path through the code: what is called, and the file that it is in. */
const STEP = /^ *(\S.*?) {2,}((?:lib|consumer|storage)\/[\w/]+\.ts)\b/gm;

test("the paths through the code in ARCHITECTURE.md name what is there, where it is", () => {
  const steps = [...readFileSync(join(projectRoot, "ARCHITECTURE.md"), "utf8").matchAll(STEP)];
  const wrong = steps.flatMap(([, called, file]) => {
    const source = existsSync(join(projectRoot, file!)) ? readFileSync(join(projectRoot, file!), "utf8") : "";
    // Of a chain the last one is in the file; words such as `claim` are in any.
    const name = called!.match(/\b[a-z]+[A-Z]\w*|\b[A-Z]\w+/g)?.at(-1) ?? "";
    return source !== "" && source.includes(name) ? [] : [`${name} in ${file}`];
  });
  expect(steps.length).toBeGreaterThan(25);
  expect(wrong).toEqual([]);
});

test("the notes of the newest version stand in groups, and each once", () => {
  const [, newest = ""] = readFileSync(join(projectRoot, "CHANGELOG.md"), "utf8").split(/^## /m);
  const parts = newest.split(/^### (?=Added|Changed|Fixed)/m).slice(1);
  expect(parts.length).toBe(3);
  for (const part of parts) expect(part.split(/^\*\*/m)[0]).not.toContain("\n- ");
  // Merges put lines together, and the first line of a note tells it.
  const notes = newest.split("\n").filter((line) => line.startsWith("- "));
  expect(notes.filter((note, index) => notes.indexOf(note) !== index)).toEqual([]);
});
