/**
 * How several changes of files happen together or not at all, also when the process is killed at any moment.
 *
 * 1. The changes are written to a journal, one record with a checksum. If we die now, the record is whole or torn.
 * 2. The changes are applied one after the other. If we die now, whoever takes the lock next finds whose lock it was, and a whole
 *    journal of that hold: it applies all changes again, in their order. That leads to the same files, since what was moved is not
 *    there to be moved twice. A torn journal is dropped, since nothing was applied.
 * 3. The journal is marked as done.
 *
 * A holder that stood still for so long that it was replaced looks at the lock before it writes the journal, after it, and before
 * each change. Its journal is named after its isolate and carries the number of its hold, so it disturbs no other.
 * @module
 */
import { joinBytes } from "../bytes.ts";
import type { Disk } from "./disk.ts";
import { ownIsolate } from "./isolate.ts";
import type { JournalName } from "./lock.ts";
import { decodeWhole, encodeRecord } from "./record.ts";

/** One change. */
export type Change =
  | {
    readonly kind: "put";
    readonly path: string;
    readonly bytes: Uint8Array;
    /** The name was never used before. */
    readonly isNew?: boolean;
    /** As many bytes as before are written into a file. */
    readonly isWhole?: boolean;
  }
  /** A line at the end of a file; that it may stand there twice does no harm. */
  | { readonly kind: "append"; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: "move"; readonly from: string; readonly to: string }
  /** `size`: of a plain file, where that is known. */
  | { readonly kind: "remove"; readonly path: string; readonly size?: number };

const DONE = new Uint8Array(4);
/** Paths as this driver makes them: no step leads out of the folder. */
const PATH = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[a-z0-9_%~.-]+(?:\/[a-z0-9_%~.-]+)*$/;

/** Where an isolate writes its journal. */
export function journalPath(isolate: string): string {
  return `journals/${isolate}`;
}

/** The journal of this isolate. Its file stays open, since it is written at nearly every hold of the lock. */
export class OwnJournal {
  readonly #disk: Disk;
  readonly #path: string = journalPath(ownIsolate().id);
  #file: number | undefined;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Writes what is about to happen. */
  write(number: number, changes: readonly Change[]): void {
    const steps = changes.map((change) => {
      if ("bytes" in change) return [change.kind, change.path, change.bytes.length];
      return change.kind === "move" ? ["move", change.from, change.to] : ["remove", change.path];
    });
    const blobs = changes.flatMap((change) => "bytes" in change ? [change.bytes] : []);
    this.#put(encodeRecord({ number, steps }, joinBytes(blobs)));
    this.#disk.sync();
  }

  /** Marks it as done. */
  end(): void {
    this.#disk.writeFile(this.#file!, DONE);
  }

  /** Gives up the file. @param isLeft Somebody has to finish it yet */
  close(isLeft: boolean): void {
    if (this.#file !== undefined) this.#disk.closeFile(this.#file);
    this.#file = undefined;
    if (!isLeft) this.#disk.remove(this.#path);
  }

  #put(bytes: Uint8Array): void {
    if (this.#file === undefined || !this.#disk.exists(this.#path)) {
      if (this.#file !== undefined) this.#disk.closeFile(this.#file);
      this.#file = undefined;
      this.#disk.write(this.#path, DONE);
      this.#file = this.#disk.openFile(this.#path);
    }
    this.#disk.writeFile(this.#file, bytes);
  }
}

/** Removes the journal of an isolate that has ended, or marks the own one as done. */
export function dropJournal(disk: Disk, isolate: string): void {
  if (isolate !== ownIsolate().id || !disk.overwrite(journalPath(isolate), DONE)) disk.remove(journalPath(isolate));
}

/**
 * Reads what somebody has left.
 *
 * @param name `number` 0: whatever its number.
 * @returns The changes; `undefined` if the journal is torn, done, not there, or of an earlier hold.
 */
export function readJournal(disk: Disk, { number, isolate }: JournalName): Change[] | undefined {
  const record = decodeWhole(disk.read(journalPath(isolate)));
  const steps: unknown = record?.about["steps"];
  if (record === undefined || !Array.isArray(steps)) return undefined;
  if (number !== 0 && record.about["number"] !== number) return undefined;
  const changes: Change[] = [];
  let start = 0;
  for (const step of steps as unknown[]) {
    const [kind, path, last] = Array.isArray(step) ? step as unknown[] : [];
    if (!isPath(path)) return undefined;
    if ((kind === "put" || kind === "append") && typeof last === "number") {
      changes.push({ kind, path, bytes: record.data.slice(start, start += last) });
    } else if (kind === "move" && isPath(last)) changes.push({ kind, from: path, to: last });
    else if (kind === "remove") changes.push({ kind, path });
    else return undefined;
  }
  return changes;
}

function isPath(path: unknown): path is string {
  return typeof path === "string" && PATH.test(path) && !path.startsWith("lock/");
}
