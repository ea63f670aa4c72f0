/**
 * Finds figures in the documentation that claim a measurement, and checks that their section names the command that gave them:
 *
 *     Measured with `bun scripts/bench/bench.ts throughput sqlite`: ...
 *
 * A figure is a number with a unit of speed, size or share (`0.6 ms`, `58 MB`, `12 us`, `3 %`, `5.7 times`, `92k`), or a table with such a
 * unit in its head. A length in seconds is a setting and no figure.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findFiles } from "../project.ts";
import { linesOutside } from "./fences.ts";

const unit = "(?:us|µs|ms|milliseconds?|microseconds?|kB|KB|MB|GB|%|tasks/s|per second|a second|times)";
const figure = new RegExp(String.raw`(?<![\w.])\d[\d.,]*(?:-\d[\d.,]*)?(?:k(?!\w)|[  ]?${unit}(?![\w%]))`, "g");
const head = /^\|.*[ (](?:us|ms|kB|MB|GB|%)[ ),|]/;
/** Words that claim a speed without a number. */
const words = /\bwithin (?:a millisecond|milliseconds|microseconds)\b/g;
const origin = /Measured with\s+((?:`[^`]+`(?:,|\s+and)?\s*)+)/g;

/** Numbers that are limits or settings of the library, by document: they were chosen, not measured. */
const chosen: Readonly<Record<string, readonly string[]>> = {
  "docs/dashboard.md": ["2 kB"], // the cut of an argument
  "docs/operating.md": ["10 kB"], // the history of a task
  "docs/scheduling.md": ["100,000 times"], // how many missed times are made up for
  "docs/security.md": ["8 kB"], // the size of a request
  "docs/storages.md": ["4 kB"], // from which size a value has a file of its own
};

/**
 * Checks the figures of a project's documents.
 * @param root The project's folder.
 * @returns One line for each problem.
 */
export function checkFigures(root: string): string[] {
  const documents = [...findFiles(root, "README.md", ".md"), ...findFiles(root, "docs", ".md")]
    .filter((document) => !document.startsWith("docs/decisions/"));
  return documents.flatMap((document) => {
    const lines = linesOutside(readFileSync(join(root, document), "utf8"));
    const found = new Set<string>();
    const problems = sectionsOf(lines).flatMap((section) => sectionProblems(root, document, section, found));
    const stale = (chosen[document] ?? []).filter((text) => !found.has(text));
    return [...problems, ...stale.map((text) => `${document}: ${text} is listed in scripts/docs/figures.ts, and is not there`)];
  });
}

interface Section {
  /** Number of its first line, from 1. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** From one heading to the next. */
function sectionsOf(lines: readonly string[]): Section[] {
  const starts = [0, ...lines.flatMap((line, index) => index > 0 && /^#+ /.test(line) ? [index] : [])];
  return starts.map((start, index) => ({ first: start + 1, lines: lines.slice(start, starts[index + 1]) }));
}

function sectionProblems(root: string, document: string, { first, lines }: Section, found: Set<string>): string[] {
  const commands = [...lines.join("\n").matchAll(origin)].flatMap(([, spans = ""]) =>
    [...spans.matchAll(/`([^`]+)`/g)].map(([, command = ""]) => command)
  );
  const lost = commands.filter((command) => !namesScript(root, command)).map((command) =>
    `${document}:${first}: Measured with ${command}: there is no such script`
  );
  const bare = lines.flatMap((line, index) =>
    figuresOf(line, lines[index + 1] ?? "").flatMap((text) => {
      found.add(text);
      const excused = commands.length > 0 || chosen[document]?.includes(text) || isLinked(line, lines[index + 1]);
      return excused
        ? []
        : [`${document}:${first + index}: ${text}: name the command: Measured with \`...\`, or list it as a limit`];
    })
  );
  return [...lost, ...bare.slice(0, 1)]; // one line of the section mends all of them
}

function figuresOf(line: string, next: string): string[] {
  const plain = line.replace(/`[^`]*`/g, "");
  const tables = head.test(plain) && /^\| ?-/.test(next) ? [plain.trim()] : [];
  return [...plain.matchAll(figure), ...plain.matchAll(words)].map(([text]) => text).concat(tables);
}

/** A sentence may link to the page of the measurements in its place. */
function isLinked(line: string, next = ""): boolean {
  return /\]\((?:docs\/)?benchmarks\.md[^)]*\)/.test(`${line}\n${next}`);
}

function namesScript(root: string, command: string): boolean {
  const script = /\bscripts\/[\w/]+\.ts\b/.exec(command)?.[0];
  return script !== undefined && existsSync(join(root, script));
}
