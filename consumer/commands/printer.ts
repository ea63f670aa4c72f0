/**
 * What a command prints: tables for people, or JSON for programs.
 * @module
 */
import process from "node:process";
import { lines, oneLine } from "../../lib/primitives/log_text.ts";
import { plainCopy } from "../log/plain_copy.ts";
import { writeAll } from "../platform/write_all.ts";
import { cutText, textWidth } from "./text_width.ts";

/** A column of a table. */
export interface Column<R> {
  readonly title: string;
  readonly text: (row: R) => string;
  /** Numbers are. */
  readonly alignRight?: boolean;
  /** It is never cut: an id of which a part is missing is of no use. */
  readonly keep?: boolean;
  /** How the text looks on a terminal. */
  readonly tone?: (row: R) => Tone | undefined;
}

/** Looks of a text on a terminal. */
export type Tone = "dim" | "bold" | "red" | "green" | "yellow";

const CODES: Readonly<Record<Tone, number>> = { dim: 2, bold: 1, red: 31, green: 32, yellow: 33 };
const STANDARD_OUTPUT = 1;
const GAP = "  ";
/** A cell is not made narrower than this. */
const NARROWEST = 8;

/** Where the lines go. */
export interface PrinterOptions {
  readonly json: boolean;
  readonly write: (text: string) => void;
  /** Whether somebody reads it. Default: always. */
  readonly isRead?: () => boolean;
  /** Characters in a line of the terminal; `undefined` if it is none: then nothing is cut. */
  readonly width: number | undefined;
  readonly colors: boolean;
}

/** Options for the standard output of this process. */
export function standardOutput(json: boolean): PrinterOptions {
  const { isTTY, columns } = process.stdout;
  // A reader such as `head` ends when it has enough. What a command does is done all the same.
  let isRead = true;
  return {
    json,
    write(text) {
      // Streams forget at the exit what a slow reader has not taken.
      const error = isRead ? writeAll(STANDARD_OUTPUT, text) : undefined;
      if (error !== undefined && error.code !== "EPIPE") throw error;
      isRead &&= error === undefined;
    },
    isRead: () => isRead,
    width: isTTY ? columns : undefined,
    colors: isTTY === true && (process.env["NO_COLOR"] ?? "") === "",
  };
}

/** Prints rows and sentences. */
export class Printer {
  readonly #options: PrinterOptions;

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  /** Whether programs read it. */
  get json(): boolean {
    return this.#options.json;
  }

  /** Whether somebody reads it still. */
  get isRead(): boolean {
    return this.#options.isRead?.() ?? true;
  }

  /** A sentence for people, which a terminal wraps; programs read the exit code. */
  say(sentence: string, tone?: Tone): void {
    if (!this.json) this.#options.write(`${this.#toned(oneLine(sentence), tone)}\n`);
  }

  /** A value on a line of its own, in both forms. @param text For people. */
  value(value: unknown, text: string = String(value)): void {
    this.#options.write(this.json ? `${toJson(value)}\n` : `${oneLine(text)}\n`);
  }

  /** Lines that belong together, such as a stack. */
  block(text: string): void {
    if (!this.json) this.#options.write(`${lines(text).split("\n").map((line) => `  ${line}`).join("\n")}\n`);
  }

  /** Names and values, one on each line. Those that are `undefined` are left out. */
  facts(facts: readonly (readonly [string, string | undefined])[]): void {
    if (this.json) return;
    const known = facts.flatMap(([name, text]) => text === undefined ? [] : [[oneLine(name), text] as const]);
    const width = Math.max(0, ...known.map(([name]) => textWidth(name)));
    for (const [name, text] of known) {
      this.#options.write(
        `${this.#cell(name, width, false, "dim")}${GAP}${this.#cut(oneLine(text), width + GAP.length)}\n`,
      );
    }
  }

  /**
   * A table, or for programs each row as JSON on a line of its own.
   *
   * @param none What is said if there is no row.
   */
  table<R>(rows: readonly R[], columns: readonly Column<R>[], none: string): void {
    if (this.json) {
      for (const row of rows) this.#options.write(`${toJson(row)}\n`);
      return;
    }
    if (rows.length === 0) return this.say(none);
    const cells = rows.map((row) => columns.map(({ text }) => oneLine(text(row))));
    const widest = columns.map(({ title }, at) =>
      cells.reduce((most, row) => Math.max(most, textWidth(row[at]!)), title.length)
    );
    const widths = this.#fit(widest, columns.map(({ keep }) => keep === true));
    const line = (texts: readonly string[], tone: (at: number) => Tone | undefined): string =>
      texts.map((text, at) => this.#cell(text, widths[at]!, columns[at]!.alignRight === true, tone(at))).join(GAP).trimEnd();
    this.#options.write(`${line(columns.map(({ title }) => title), () => "dim")}\n`);
    for (const [at, row] of rows.entries()) {
      this.#options.write(`${line(cells[at]!, (column) => columns[column]!.tone?.(row))}\n`);
    }
  }

  /** Empties the terminal, before the same is printed anew. */
  clear(): void {
    if (this.#options.width !== undefined && !this.json) this.#options.write("\u001b[2J\u001b[H");
  }

  /** Makes the widest columns narrower until the line fits, or none can be made narrower: then the terminal wraps it. */
  #fit(widths: number[], kept: readonly boolean[]): number[] {
    const room = (this.#options.width ?? Infinity) - GAP.length * (widths.length - 1);
    let excess = widths.reduce((sum, width) => sum + width, 0) - room;
    while (excess > 0) {
      const widest = Math.max(...widths.filter((_, at) => !kept[at]), 0);
      if (widest <= NARROWEST) break;
      widths[widths.findIndex((width, at) => width === widest && !kept[at])]!--;
      excess--;
    }
    return widths;
  }

  #cell(text: string, width: number, alignRight: boolean, tone: Tone | undefined): string {
    const cut = cutText(text, width);
    const blanks = " ".repeat(Math.max(0, width - textWidth(cut)));
    return this.#toned(alignRight ? blanks + cut : cut + blanks, tone);
  }

  #cut(text: string, taken: number): string {
    const width = (this.#options.width ?? Infinity) - taken;
    return width > NARROWEST ? cutText(text, width) : text;
  }

  #toned(text: string, tone: Tone | undefined): string {
    return tone === undefined || !this.#options.colors ? text : `\u001b[${CODES[tone]}m${text}\u001b[0m`;
  }
}

/** Circles, big integers and errors are written as well; what is `undefined` is left out, or null where it is the whole. */
function toJson(value: unknown): string {
  return JSON.stringify(plainCopy(value)) ?? "null";
}
