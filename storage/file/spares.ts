/**
 * Applies changes, and uses files again instead of removing and making them: on many file systems those two are by far the
 * dearest things that can be done to a file. Files that are not needed any more are called `spare/0`, `spare/1`, ...
 * @module
 */
import type { Disk } from "./disk.ts";
import type { Change } from "./journal.ts";
import type { Counts } from "./lock.ts";

/** So many files are kept. */
const MOST_SPARES = 1000;
/** A larger file is removed, since it would keep its room. */
const MOST_BYTES = 16_384;

/** The files of a queue that can be used again. */
export class Spares {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Does what a change says. Doing it again leads to the same. */
  apply(change: Change, counts: Counts): void {
    if (change.kind === "move") this.#disk.move(change.from, change.to);
    else if (change.kind === "append") this.#disk.append(change.path, change.bytes);
    else if (change.kind === "put") this.#put(change, counts);
    else this.#remove(change, counts);
  }

  #put({ path, bytes, isNew }: Change & { readonly kind: "put" }, counts: Counts): void {
    if (!isNew && this.#disk.exists(path) && this.#disk.overwrite(path, bytes)) return;
    const count = this.#count(counts);
    // It is complete before it gets its name. Some file systems are also much slower at making files in a folder that is new.
    counts.spare = Math.max(0, count - 1);
    const spare = `spare/${counts.spare}`;
    if (count === 0 || !this.#disk.overwrite(spare, bytes)) {
      // It may have a second name, which somebody else has given it.
      if (count > 0) this.#disk.remove(spare);
      this.#disk.write(spare, bytes);
    }
    this.#disk.move(spare, path);
  }

  #remove({ path, size }: Change & { readonly kind: "remove" }, counts: Counts): void {
    const count = this.#count(counts);
    const isUseful = count < MOST_SPARES && (size ?? this.#disk.size(path) ?? Infinity) <= MOST_BYTES;
    if (!isUseful) return void this.#disk.remove(path);
    if (this.#disk.move(path, `spare/${count}`)) counts.spare = count + 1;
  }

  #count(counts: Counts): number {
    return counts.spare ??= this.#disk.list("spare").reduce((most, name) => Math.max(most, Number(name) + 1 || 0), 0);
  }
}
