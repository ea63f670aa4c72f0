/**
 * Finds the shell commands of the documentation: every line of a `sh` block, and every `command with arguments` in a text.
 *
 * One line is one command; what follows ` # ` is a remark. A remark holds no command of its own, since nobody would try it.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findFiles } from "../project.ts";
import { findFences, linesOutside } from "./fences.ts";

/** A command as a reader types it. */
export interface ShellCommand {
  /** Document and line. */
  readonly source: string;
  /** The line without its remark. */
  readonly text: string;
  /** The programs that it starts, each with its arguments: `a && b | c` are three. */
  readonly calls: readonly (readonly string[])[];
}

/** A `sh` block. */
export interface ShellBlock {
  readonly document: string;
  readonly commands: readonly ShellCommand[];
}

/** What is found in the documents of a project. */
export interface ShellTexts {
  readonly blocks: readonly ShellBlock[];
  /** Commands inside of sentences and tables. */
  readonly spans: readonly ShellCommand[];
  /** Options inside of sentences and tables: `--grace 30`. */
  readonly flags: readonly ShellCommand[];
  readonly problems: readonly string[];
}

const languages = new Set(["ts", "sh", "js", "py", "json", "text"]);
const program = /^(?:huey-consumer|bunx|npx|bun|deno|npm|node) \S/;
const hidden = /\b(?:bunx|npx|bun|deno|npm|node|huey-consumer) [\w./@-]*\w/;

/**
 * Reads the documents of a project.
 * @param root The project's folder.
 * @returns Their commands, and what is wrong with the form of them.
 */
export function readShell(root: string): ShellTexts {
  const texts: { blocks: ShellBlock[]; spans: ShellCommand[]; flags: ShellCommand[]; problems: string[] } = {
    blocks: [],
    spans: [],
    flags: [],
    problems: [],
  };
  for (const document of [...findFiles(root, "README.md", ".md"), ...findFiles(root, "docs", ".md")]) {
    const text = readFileSync(join(root, document), "utf8");
    for (const { line, language, code } of findFences(text)) {
      if (!languages.has(language)) {
        texts.problems.push(`${document}:${line}: the block needs a language: sh, json, text or ts`);
      }
      if (language === "sh") texts.blocks.push({ document, commands: commandsOf(document, line, code, texts.problems) });
    }
    for (const span of spansOf(document, linesOutside(text))) {
      if (program.test(span.text)) texts.spans.push(span);
      if (/^(?:--[a-z]|-[a-zA-Z](?: |$))/.test(span.text)) texts.flags.push(span);
    }
  }
  return texts;
}

function commandsOf(document: string, blockLine: number, code: string, problems: string[]): ShellCommand[] {
  return code.split("\n").flatMap((line, index) => {
    const source = `${document}:${blockLine + 1 + index}`;
    const at = / +# |^# /.exec(line)?.index ?? line.length;
    const [text, remark] = [line.slice(0, at).trim(), line.slice(at)];
    if (hidden.test(remark)) problems.push(`${source}: a command in a remark needs a line of its own:${remark}`);
    return text === "" ? [] : [{ source, text, calls: splitCommand(text) }];
  });
}

function spansOf(document: string, lines: readonly string[]): ShellCommand[] {
  return lines.flatMap((line, index) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => ({
      source: `${document}:${index + 1}`,
      text,
      calls: splitCommand(text),
    }))
  );
}

/**
 * Splits a command line into programs with their arguments, as a shell does with quotes, `&&`, `;` and `|`.
 * @param line The command line.
 * @returns One list of words for each program; settings of variables before a program are left out.
 */
export function splitCommand(line: string): string[][] {
  const calls: string[][] = [[]];
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    if (["&&", "|", ";", "||"].includes(word)) calls.push([]);
    else calls.at(-1)!.push(word.replace(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => single ?? double));
  }
  return calls.map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))));
}
