/**
 * Notes that a task has ended, in folders by the time until which they are kept: removing the old ones reads nothing, and
 * looking one up asks only for as many folders as there are minutes left.
 * @module
 */
import type { Ending } from "../../lib/storage.ts";
import { type Disk, pauseAt } from "./disk.ts";
import { hashOf, sortableTime, timeOf } from "./layout.ts";
import { decodeWhole, encodeRecord } from "./record.ts";

/** Span of one folder, about a minute. */
const SPAN_MS = 2 ** 16;
const NOTHING = new Uint8Array();

/** How a task ended, and until when that is remembered. */
export interface Ended {
  readonly ending: Ending;
  readonly untilMs: number;
  readonly ttlMs: number;
  /** Of an at-most-once task that was begun. */
  readonly worker?: string | undefined;
  readonly sinceMs?: number | undefined;
}

/** All notices. */
export class Notices {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The bytes of a notice. */
  encode(ended: Ended): Uint8Array {
    return encodeRecord({ ended }, NOTHING);
  }

  /** Where a notice belongs. */
  path(hash: string, untilMs: number): string {
    return `notices/${sortableTime(Math.floor(untilMs / SPAN_MS))}/${hash}`;
  }

  /** Writes a notice. */
  put(hash: string, ended: Ended): void {
    if (ended.untilMs <= Date.now()) return;
    const staged = this.#disk.stagedPath();
    this.#disk.write(staged, this.encode(ended));
    this.#disk.move(staged, this.path(hash, ended.untilMs));
  }

  /** Removes the notices of a task that runs again. */
  forget(hash: string): void {
    for (const span of this.#disk.list("notices")) {
      if (this.#disk.exists(`notices/${span}/${hash}`)) this.#disk.remove(`notices/${span}/${hash}`);
    }
  }

  /** The newest notice of a task. */
  find(id: string): Ended | undefined {
    const hash = hashOf(id);
    for (const span of this.#disk.list("notices").reverse()) {
      if (!this.#disk.exists(`notices/${span}/${hash}`)) continue;
      const ended = decodeWhole(this.#disk.read(`notices/${span}/${hash}`))?.about["ended"] as Ended | undefined;
      if (ended && ended.untilMs > Date.now()) return ended;
    }
    return undefined;
  }

  /** Removes the oldest ones whose time is over. */
  async prune(limit: number): Promise<void> {
    let count = 0;
    for (const span of this.#disk.list("notices")) {
      if ((timeOf(span) + 1) * SPAN_MS > Date.now()) return;
      for (const hash of this.#disk.list(`notices/${span}`)) {
        if (count >= limit) return;
        this.#disk.remove(`notices/${span}/${hash}`);
        await pauseAt(count++);
      }
      this.#disk.removeEmpty(`notices/${span}`);
    }
  }
}
