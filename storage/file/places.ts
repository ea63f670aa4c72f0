/**
 * Where the messages of tracked tasks are: lines in 256 files by the hash of the task's id, each with the name under which a message
 * was put last. A line costs much less than a file for each task. Nothing is changed when a message is handed out or goes: the
 * place that a line names is looked at, and if the message is not there the line means nothing.
 *
 *     <first 16 digits of the hash> <what the name of the message begins with>
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Disk } from "./disk.ts";
import { hashOf } from "./names.ts";
import type { Transaction } from "./transaction.ts";

const LINE = /^([0-9a-f]{16}) ([0-9a-f-]{46,71})$/;
/** A file is looked through for lines that mean nothing after so many new ones, */
const LINES_PER_CHECK = 256;
/** if it is that large, and twice as large as what was left of it the last time. */
const SMALL_BYTES = 65_536;
const NOTHING = new Uint8Array();

/** The lines of one queue. */
export class Places {
  readonly #disk: Disk;
  readonly #isThere: (message: string) => boolean;
  readonly #newLines = new Map<string, number>();
  readonly #toCheck = new Set<string>();
  /** Bytes that were left. */
  readonly #left = new Map<string, number>();

  /** @param isThere Whether a message is still there, in any of its places. */
  constructor(disk: Disk, isThere: (message: string) => boolean) {
    this.#disk = disk;
    this.#isThere = isThere;
  }

  /** A message of a task was put somewhere. */
  note(transaction: Transaction, id: string, message: string): void {
    const hash = hashOf(id);
    const path = pathOf(hash);
    transaction.append(path, Buffer.from(`${hash.slice(0, 16)} ${message}\n`));
    const lines = (this.#newLines.get(path) ?? 0) + 1;
    this.#newLines.set(path, lines % LINES_PER_CHECK);
    if (lines === LINES_PER_CHECK) this.#toCheck.add(path);
  }

  /** The names under which messages of a task were put, the last first. They may be gone. */
  of(transaction: Transaction, id: string): string[] {
    const hash = hashOf(id);
    const mine = this.#lines(transaction, pathOf(hash)).filter(([prefix]) => prefix === hash.slice(0, 16));
    return mine.map(([, message]) => message).reverse();
  }

  /** Whether some file has grown. */
  get isDue(): boolean {
    return this.#toCheck.size > 0;
  }

  /** Removes lines that mean nothing any more. Nothing must be under way. */
  compact(transaction: Transaction): void {
    for (const path of this.#toCheck) {
      const size = this.#disk.size(path) ?? 0;
      if (size < Math.max(SMALL_BYTES, 2 * (this.#left.get(path) ?? 0))) continue;
      const text = this.#lines(transaction, path).filter(([, message]) => this.#isThere(message))
        .map((words) => `${words.join(" ")}\n`).join("");
      this.#left.set(path, text.length);
      // A file is written into without making it shorter, so this one is made anew.
      transaction.remove(path);
      transaction.append(path, Buffer.from(text));
    }
    this.#toCheck.clear();
  }

  #lines(transaction: Transaction, path: string): [string, string][] {
    const text = [transaction.read(path) ?? NOTHING, ...transaction.appendedTo(path)].map((bytes) =>
      Buffer.from(bytes).toString("latin1")
    );
    return text.join("").split("\n").flatMap((line) => {
      const match = LINE.exec(line);
      return match === null ? [] : [[match[1]!, match[2]!] as [string, string]];
    });
  }
}

function pathOf(hash: string): string {
  return `places/${hash.slice(0, 2)}`;
}
