/**
 * Which entries end when: an empty file for each, in folders by time, so that finding what has ended never reads what has not.
 * @module
 */
import { type Disk, pauseAt } from "./disk.ts";
import { sortableTime, timeOf } from "./layout.ts";

/** Span of one folder. */
const SPAN_MS = 2 ** 14;

/** An index of endings. */
export class Expiry {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /**
   * Notes the ending of an entry; to be called before the entry is written, so that none is forgotten.
   *
   * @param entry Folder and hash.
   */
  note(entry: { readonly space: string; readonly hash: string }, expiresMs: number): void {
    const span = sortableTime(Math.floor(expiresMs / SPAN_MS));
    this.#disk.create(`expiry/${span}/${sortableTime(expiresMs)}~${entry.space}~${entry.hash}`);
  }

  /**
   * Removes what has ended.
   *
   * @param limit How many at most.
   * @param drop Removes an entry if it has ended (it may have been replaced by one that has not).
   */
  async prune(limit: number, drop: (space: string, hash: string) => Promise<void>): Promise<void> {
    const nowMs = Date.now();
    let count = 0;
    for (const span of this.#disk.list("expiry")) {
      if (timeOf(span) * SPAN_MS > nowMs) return;
      for (const name of this.#disk.list(`expiry/${span}`)) {
        const [time = "", space = "", hash = ""] = name.split("~");
        if (timeOf(time) > nowMs || count >= limit) return;
        await drop(space, hash);
        this.#disk.remove(`expiry/${span}/${name}`);
        await pauseAt(count++);
      }
      this.#disk.removeEmpty(`expiry/${span}`);
    }
  }
}
