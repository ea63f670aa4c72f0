/**
 * Messages in the order of their names, folder by folder.
 * @module
 */
import type { Disk } from "./disk.ts";
import { endOfSlot } from "./layout.ts";

/** An empty slot stays this long after its time, so that it is not removed and made again for each message. */
const KEEP_SLOT_MS = 1000;
/** A walk is used at least so long, and at least so many times as long as its start took. */
const FRESH_MS = 100;
const FRESH_FACTOR = 20;

/**
 * The names of the files in the slots of a folder, in order. Reads one slot at a time, and removes those that are past and empty.
 *
 * @param isMessage Which names count.
 */
export function* walkSlots(disk: Disk, folder: string, isMessage: (name: string) => boolean): Generator<string> {
  for (const outer of disk.list(folder)) {
    const slots = disk.list(`${folder}/${outer}`);
    let left = slots.length;
    for (const inner of slots) {
      const names = disk.list(`${folder}/${outer}/${inner}`);
      yield* names.filter(isMessage);
      const isPast = endOfSlot(outer, inner) + KEEP_SLOT_MS < Date.now();
      if (names.length === 0 && isPast && disk.removeEmpty(`${folder}/${outer}/${inner}`)) left--;
    }
    if (left === 0 && endOfSlot(outer, "3ff") + KEEP_SLOT_MS < Date.now()) disk.removeEmpty(`${folder}/${outer}`);
  }
}

/**
 * A walk that is carried on from call to call, so that taking the first of many costs the same as taking the first of few. It
 * may hand out names that others have taken meanwhile, and it overlooks, for a moment, what was put in front of it.
 */
export class Cursor {
  readonly #start: () => Generator<string>;
  #walk: Generator<string> | undefined;
  #freshUntilMs = 0;
  #epoch = 0;

  /** @param start Begins a walk at the front. */
  constructor(start: () => Generator<string>) {
    this.#start = start;
  }

  /**
   * The next name; `undefined` if a walk from the front finds none.
   *
   * @param epoch Another number than the last time begins at the front.
   */
  next(epoch: number): string | undefined {
    if (epoch === this.#epoch && performance.now() < this.#freshUntilMs) {
      const name = this.#walk?.next();
      if (name && !name.done) return name.value;
    }
    return this.#restart(epoch);
  }

  /** Begins at the front the next time. */
  reset(): void {
    this.#freshUntilMs = 0;
  }

  #restart(epoch: number): string | undefined {
    const startMs = performance.now();
    this.#walk = this.#start();
    this.#epoch = epoch;
    const first = this.#walk.next();
    const nowMs = performance.now();
    this.#freshUntilMs = first.done ? 0 : nowMs + Math.max(FRESH_MS, FRESH_FACTOR * (nowMs - startMs));
    return first.done ? undefined : first.value;
  }
}
