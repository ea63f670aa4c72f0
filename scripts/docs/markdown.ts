/**
 * Finds the TypeScript code blocks in Markdown.
 *
 * After the language a block may say `file=NAME` (other blocks of the document can import it by that name), `no-run`
 * (type-checked only) or `ignore: REASON` (shown only; the reason is required).
 * @module
 */

/** A code block. */
export interface Block {
  /** Line of its first line of code in the text, from 1. */
  readonly line: number;
  readonly code: string;
  readonly mode: "run" | "no-run" | "ignore";
  /** The name that other blocks import it by. */
  readonly file?: string;
}

const fence = /^([ \t]*)(`{3,})(.*)$/;

/**
 * Finds the ts blocks of a text.
 * @param text Markdown.
 * @returns The blocks, in order.
 * @throws {Error} when a marker is unknown, an `ignore` has no reason, or a block has no end.
 */
export function findBlocks(text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const open = fence.exec(lines[index]!);
    if (open === null) continue;
    const [, indent = "", ticks = "", info = ""] = open;
    const end = lines.findIndex((line, at) => at > index && line.trim() === ticks);
    if (end === -1) throw new Error(`The code block at line ${index + 1} has no end`);
    const code = lines.slice(index + 1, end).map((line) => line.startsWith(indent) ? line.slice(indent.length) : line);
    const [language, ...markers] = info.trim().split(/\s+/);
    if (language === "ts") {
      blocks.push({ line: index + 2, code: code.join("\n"), ...readMarkers(markers.join(" "), index + 1) });
    }
    index = end;
  }
  return blocks;
}

function readMarkers(markers: string, line: number): Pick<Block, "mode" | "file"> {
  const ignore = /^ignore(?::\s*(.*))?$/.exec(markers);
  if (ignore?.[1]) return { mode: "ignore" };
  if (ignore !== null) throw new Error(`The ignored block at line ${line} needs its reason: \`\`\`ts ignore: the reason`);
  const words = markers.split(" ").filter((word) => word !== "");
  const unknown = words.find((word) => word !== "no-run" && !/^file=[\w.-]+\.ts$/.test(word));
  if (unknown !== undefined) throw new Error(`The block at line ${line} has an unknown marker "${unknown}"`);
  const file = words.find((word) => word.startsWith("file="))?.slice("file=".length);
  return { mode: words.includes("no-run") ? "no-run" : "run", ...(file === undefined ? {} : { file }) };
}
