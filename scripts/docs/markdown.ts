/**
 * Finds the TypeScript code blocks in Markdown.
 *
 * After the language a block may say `file=NAME` (other blocks of the document can import it by that name), `no-run`
 * (type-checked only) or `ignore: REASON` (shown only; the reason is required).
 * @module
 */
import { findFences } from "./fences.ts";

/** A code block. */
export interface Block {
  /** Line of its first line of code in the text, from 1. */
  readonly line: number;
  readonly code: string;
  readonly mode: "run" | "no-run" | "ignore";
  /** The name that other blocks import it by. */
  readonly file?: string;
}

/**
 * Finds the ts blocks of a text.
 * @param text Markdown.
 * @returns The blocks, in order.
 * @throws {Error} when a marker is unknown, an `ignore` has no reason, or a block has no end.
 */
export function findBlocks(text: string): Block[] {
  return findFences(text).filter(({ language }) => language === "ts").map(({ line, info, code }) => ({
    line: line + 1,
    code,
    ...readMarkers(info, line),
  }));
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
