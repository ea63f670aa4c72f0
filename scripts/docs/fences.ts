/**
 * The fenced code blocks of Markdown, whatever their language.
 * @module
 */

/** A fenced block. */
export interface Fence {
  /** Line of its opening fence in the text, from 1. */
  readonly line: number;
  /** The first word behind the fence; empty if there is none. */
  readonly language: string;
  /** What follows the language. */
  readonly info: string;
  readonly code: string;
}

const opening = /^([ \t]*)(`{3,})(.*)$/;

/**
 * Finds the fenced blocks of a text.
 * @param text Markdown.
 * @returns The blocks, in order.
 * @throws {Error} when a block has no end.
 */
export function findFences(text: string): Fence[] {
  const lines = text.split("\n");
  const fences: Fence[] = [];
  for (let index = 0; index < lines.length; index++) {
    const open = opening.exec(lines[index]!);
    if (open === null) continue;
    const [, indent = "", ticks = "", rest = ""] = open;
    const end = lines.findIndex((line, at) => at > index && line.trim() === ticks);
    if (end === -1) throw new Error(`The code block at line ${index + 1} has no end`);
    const code = lines.slice(index + 1, end).map((line) => line.startsWith(indent) ? line.slice(indent.length) : line);
    const [language = "", ...info] = rest.trim().split(/\s+/);
    fences.push({ line: index + 1, language, info: info.join(" "), code: code.join("\n") });
    index = end;
  }
  return fences;
}

/**
 * A text without its fenced blocks: their lines are left empty, so that lines keep their numbers.
 * @param text Markdown.
 * @returns The lines.
 */
export function linesOutside(text: string): string[] {
  const lines = text.split("\n");
  for (const { line, code } of findFences(text)) lines.fill("", line - 1, line + 1 + code.split("\n").length);
  return lines;
}
