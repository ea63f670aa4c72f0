/**
 * Text that is safe to print: whatever somebody else wrote stays on its line, and tells no secret. Nothing here throws, and
 * everything takes a time that is linear in the length of the text.
 * @module
 */
import { errorStack } from "./error_record.ts";
import type { StackOptions } from "./error_record.ts";
import { beginningOf, inspected, withoutSecrets } from "./secrets.ts";

/** C0, DEL, C1, the separators of lines and paragraphs, and what turns the direction of writing. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Longest text of a value that stands for itself. */
const LONGEST_VALUE = 10_000;

/**
 * One line: line breaks, escape sequences and other control characters are shown as `\n`, `\x1b`, and so on.
 *
 * @param text Any text.
 */
export function oneLine(text: string): string {
  return withoutSecrets(text).replace(CONTROLS, escaped);
}

/**
 * Lines for a terminal: as `oneLine`, but for the line breaks, which stay.
 *
 * @param text Any text.
 */
export function lines(text: string): string {
  return withoutSecrets(text).split("\n").map((line) => line.replace(CONTROLS, escaped)).join("\n");
}

/**
 * A thrown value with its stack and reasons, as lines that are indented, so that none can be taken for a line of the log.
 *
 * @param thrown Anything that was thrown.
 * @param options What to leave out.
 */
export function stackLines(thrown: unknown, options?: StackOptions): string {
  return withoutSecrets(errorStack(thrown, options)).split("\n").map((line) => `  ${line.replace(CONTROLS, escaped)}`).join(
    "\n",
  );
}

/**
 * Any value as text.
 *
 * @param value Anything, also what throws when it is looked at.
 * @param longest Where it is cut.
 */
export function showSafely(value: unknown, longest: number = LONGEST_VALUE): string {
  const given = typeof value === "string" ? value : valueText(value, longest);
  const text = beginningOf(given, longest + 1);
  return text.length > longest ? `${text.slice(0, longest)}... (${given.length} characters)` : text;
}

function valueText(value: unknown, longest: number): string {
  try {
    return inspected(value, longest, { depth: 3, maxArrayLength: 30 });
  } catch {
    return "[a value that cannot be shown]";
  }
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return SHORT[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`);
}
