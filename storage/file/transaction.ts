/**
 * The changes that are collected during one hold of the lock, and the files as they will be after them.
 * @module
 */
import { joinBytes } from "../bytes.ts";
import type { Disk } from "./disk.ts";
import type { Change } from "./journal.ts";
import type { Counted, Counts, Hold } from "./lock.ts";
import { sortable } from "./names.ts";
import type { Topic } from "../../lib/storage.ts";

/** A file that will be there: its bytes, or where they are now. `undefined`: it will be gone. */
type Planned = Uint8Array | { readonly at: string } | undefined;

/** How far a transaction was at some moment. */
export interface Mark {
  readonly changes: number;
  readonly counts: Counts;
}

/** What the operations of one hold read and change. */
export class Transaction {
  readonly disk: Disk;
  readonly changes: Change[] = [];
  /** Who is to be woken when all is written. */
  readonly rings: Set<Topic> = new Set();
  /** Folders that may be empty now. */
  readonly emptied: string[] = [];
  /** Bytes of all changes. */
  size = 0;
  counts: Counts;
  readonly #number: number;
  readonly #nextIndex: () => number;
  readonly #recount: (what: Counted) => number;
  readonly #planned = new Map<string, Planned>();
  readonly #droppedTrees: string[] = [];
  /** Where the last change is that writes to a path, as long as it is the last one of that path. */
  readonly #writes = new Map<string, number>();
  /** What comes before belongs to earlier operations. */
  #marked = 0;

  /**
   * @param nextIndex Counts up within the hold.
   * @param recount Counts what is there, where nobody knows.
   */
  constructor(disk: Disk, hold: Hold, counts: Counts, nextIndex: () => number, recount: (what: Counted) => number) {
    this.disk = disk;
    this.counts = { ...counts };
    this.#recount = recount;
    this.#number = hold.number;
    this.#nextIndex = nextIndex;
  }

  /** Sorts behind everything that was given before, in this hold and in earlier ones. */
  newOrder(): string {
    return sortable(this.#number, 14) + sortable(this.#nextIndex(), 6);
  }

  /** The bytes of a file, as it will be. */
  read(path: string): Uint8Array | undefined {
    const planned = this.#planned.get(path);
    if (planned instanceof Uint8Array) return planned;
    if (planned !== undefined) return this.disk.read(planned.at);
    return this.#planned.has(path) || this.#isDropped(path) ? undefined : this.disk.read(path);
  }

  /** Whether a file will be there. */
  exists(path: string): boolean {
    if (this.#planned.has(path)) return this.#planned.get(path) !== undefined;
    return !this.#isDropped(path) && this.disk.exists(path);
  }

  /** Writes a file. @param how See {@linkcode Change} */
  put(path: string, bytes: Uint8Array, how: { readonly isNew?: boolean; readonly isWhole?: boolean } = {}): void {
    this.#write({ kind: "put", path, bytes, ...how }, bytes);
    this.#planned.set(path, bytes);
  }

  /** Writes at the end of a file. `read` does not see it before it is written. */
  append(path: string, bytes: Uint8Array): void {
    this.#write({ kind: "append", path, bytes }, bytes);
  }

  /** What will be written at the end of a file. */
  appendedTo(path: string): Uint8Array[] {
    return this.changes.flatMap((change) => change.kind === "append" && change.path === path ? [change.bytes] : []);
  }

  /** Moves a file. A name that was moved away is not used again within one hold. */
  move(from: string, to: string): void {
    const planned = this.#planned.has(from) ? this.#planned.get(from) : { at: from };
    this.#plan({ kind: "move", from, to });
    this.#writes.delete(from);
    this.#writes.delete(to);
    this.#planned.set(from, undefined);
    this.#planned.set(to, planned);
  }

  /** Removes a file. @param size Of a plain file, where that is known */
  remove(path: string, size?: number): void {
    this.#plan({ kind: "remove", path, ...size !== undefined && { size } });
    this.#writes.delete(path);
    this.#planned.set(path, undefined);
  }

  /** Removes a folder with all that is in it. */
  dropTree(path: string): void {
    if (!this.disk.exists(path) && ![...this.#planned.keys()].some((key) => key.startsWith(`${path}/`))) return;
    this.#plan({ kind: "move", from: path, to: `trash/${this.newOrder()}` });
    for (const key of this.#planned.keys()) if (key.startsWith(`${path}/`)) this.#planned.set(key, undefined);
    this.#writes.clear();
    this.#droppedTrees.push(`${path}/`);
  }

  /** Whether a folder was dropped, so that there is something to delete later. */
  get hasTrash(): boolean {
    return this.#droppedTrees.length > 0;
  }

  /** Counts up or down. */
  count(what: Counted, by: number): void {
    const count = this.counts[what];
    if (count !== undefined) this.counts[what] = Math.max(0, count + by);
  }

  /** How many there are. */
  total(what: Counted): number {
    return this.counts[what] ??= this.#recount(what);
  }

  /** How far it is. */
  mark(): Mark {
    this.#marked = this.changes.length;
    return { changes: this.changes.length, counts: { ...this.counts } };
  }

  /** Forgets what came after a mark. Nothing must be read any more after that. @returns whether there was something */
  rollBack({ changes, counts }: Mark): boolean {
    this.counts = counts;
    return this.changes.splice(changes).length > 0;
  }

  /** What one operation writes to a path several times is written once. */
  #write(change: Change & { readonly kind: "put" | "append" }, bytes: Uint8Array): void {
    const { path, kind } = change;
    const index = this.#writes.get(path) ?? -1;
    const before = index >= this.#marked ? this.changes[index] : undefined;
    if (before?.kind === "append" && kind === "append") {
      this.changes[index] = { ...before, bytes: joinBytes([before.bytes, bytes]) };
    } else if (before?.kind === "put" && kind === "put") this.changes[index] = { ...before, bytes };
    else {
      this.#writes.set(path, this.changes.length);
      this.#plan(change);
    }
    this.size += bytes.length;
  }

  #plan(change: Change): void {
    this.changes.push(change);
    this.size += 200;
  }

  #isDropped(path: string): boolean {
    return this.#droppedTrees.some((tree) => path.startsWith(tree));
  }
}
