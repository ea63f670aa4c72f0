/**
 * A short lock for the few operations that read a value and then write it. The lock is a second name for this isolate's own
 * identity file: made in one step, complete from the start, and readable by who waits for it.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Disk } from "./disk.ts";
import { hasEnded, isolateName } from "./isolate.ts";

/** Locks are held for less than a millisecond, because nothing is awaited meanwhile. */
const RETRY_MS = 1;
/** A holder that cannot be asked (on another host, or whose process id was given away anew) is given up after this. */
const GIVE_UP_MS = 30_000;

const decoder = new TextDecoder();

/** Locks by name. */
export class KeyLocks {
  readonly #disk: Disk;
  readonly #identity: string = `staged/${isolateName()}/identity`;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /**
   * Runs an action while nobody else, anywhere, runs one under the same name.
   *
   * @param name As a file's name.
   * @param action Must not wait for anything.
   */
  async hold<T>(name: string, action: () => T): Promise<T> {
    const path = `locks/${name}`;
    const startMs = performance.now();
    while (!this.#take(path)) {
      this.#breakStale(path, performance.now() - startMs > GIVE_UP_MS);
      await sleep(RETRY_MS);
    }
    try {
      return action();
    } finally {
      this.#disk.remove(path);
    }
  }

  #take(path: string): boolean {
    if (!this.#disk.exists(this.#identity)) this.#disk.write(this.#identity, isolateName());
    return this.#disk.link(this.#identity, path);
  }

  /** Under a lock of its own, so that nobody removes the lock of the next holder. */
  #breakStale(path: string, giveUp: boolean): void {
    if (!giveUp && !this.#isStale(path)) return;
    if (!this.#take(`${path}~break`)) {
      if (giveUp || this.#isStale(`${path}~break`)) this.#disk.remove(`${path}~break`);
      return;
    }
    if (giveUp || this.#isStale(path)) this.#disk.remove(path);
    this.#disk.remove(`${path}~break`);
  }

  #isStale(path: string): boolean {
    const holder = this.#disk.read(path);
    return holder !== undefined && hasEnded(decoder.decode(holder));
  }
}
