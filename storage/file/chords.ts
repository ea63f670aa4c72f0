/**
 * The values that the members of a chord reported: a file for each index.
 *
 * The callback is enqueued by the member whose value completes the set. A lock lets one member at a time look; whoever finds the
 * set complete first gives its callback file the second name `done`, and a replay sees by that name that it was the one.
 * @module
 */
import { type Disk, pauseAt } from "./disk.ts";
import type { KeyLocks } from "./key_lock.ts";
import { hashOf } from "./layout.ts";
import { decodeWhole } from "./record.ts";

const INDEX = /^\d+$/;

/** All chords. */
export class Chords {
  readonly #disk: Disk;

  readonly #locks: KeyLocks;

  constructor(disk: Disk, locks: KeyLocks) {
    this.#disk = disk;
    this.#locks = locks;
  }

  /** Gives a staged value its place; the first one of an index stays. */
  report(staged: string, chord: string, index: string): void {
    if (!this.#disk.exists(staged)) return;
    // Before the value, so that the count is never lower than the number of values.
    this.#disk.append(`chords/${chord}/count`);
    this.#disk.link(staged, `chords/${chord}/${index}`);
    this.#disk.remove(staged);
  }

  /**
   * Enqueues a staged callback if all values are there and no other callback was; else removes it.
   *
   * @param enqueue Moves it to the queue.
   */
  complete(staged: string, chord: string, size: number, enqueue: () => void): Promise<void> {
    return this.#locks.hold(`chord~${chord}`, () => {
      const done = `chords/${chord}/done`;
      if (!this.#disk.exists(staged)) return;
      const isFirst = this.#isFull(chord, size) && (this.#disk.link(staged, done) || this.#disk.isSame(staged, done));
      if (isFirst) enqueue();
      else this.#disk.remove(staged);
    });
  }

  /** The values by index. */
  async collect(id: string): Promise<(Uint8Array | undefined)[]> {
    const folder = `chords/${hashOf(id)}`;
    const values: (Uint8Array | undefined)[] = [];
    let count = 0;
    for (const name of this.#disk.list(folder).filter((name) => INDEX.test(name))) {
      const record = decodeWhole(this.#disk.read(`${folder}/${name}`));
      if (record === undefined) continue;
      values.length = Math.max(values.length, Number(record.about["size"]));
      values[Number(name)] = record.data;
      await pauseAt(count++);
    }
    return Array.from(values);
  }

  /** Forgets a chord. */
  drop(hash: string): Promise<void> {
    return this.#disk.removeTree(`chords/${hash}`);
  }

  #isFull(chord: string, size: number): boolean {
    // The count may be too high after a crash; it only spares reading the folder for each member of a large chord.
    if (this.#disk.size(`chords/${chord}/count`) < size) return false;
    return this.#disk.list(`chords/${chord}`).filter((name) => INDEX.test(name)).length >= size;
  }
}
