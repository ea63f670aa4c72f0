/**
 * A bell: a file of one byte that is written in place whenever something has changed, and watched by those who wait. It carries
 * no news; who hears it looks again. A ring may get lost (a network file system, a container without notifications, a watch that
 * has just begun), so whoever listens also looks now and then by himself.
 * @module
 */
import { closeSync, constants, type FSWatcher, openSync, watch, writeSync } from "node:fs";

/** How long a watch outlives its last listener; starting one costs more than keeping it. */
const LINGER_MS = 1000;

const ONE_BYTE = new Uint8Array(1);

/** Wakes other isolates and processes through a file. Opens nothing until it is used, and never keeps the process alive. */
export class Bell {
  readonly #path: string;
  readonly #listeners = new Set<() => void>();
  #file: number | undefined;
  #watcher: FSWatcher | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param path Path of the file; it is made if missing, its folder is not. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Wakes everybody who listens, in this isolate and elsewhere. Call it after the change can be seen by others. It never throws:
   * the change is done, and who is not woken will look later.
   */
  ring(): void {
    if (this.#closed) return;
    try {
      this.#file ??= openForWriting(this.#path);
      writeSync(this.#file, ONE_BYTE, 0, 1, 0);
    } catch {
      // Tried anew at the next ring; until then listeners find out by looking.
      this.#dropFile();
    }
  }

  /**
   * Calls `onRing` after each ring; several rings may give one call, and one ring several. Look once after listening has begun.
   *
   * @param onRing Must not throw.
   * @returns Ends the listening.
   */
  listen(onRing: () => void): () => void {
    if (this.#closed) return () => {};
    this.#listeners.add(onRing);
    clearTimeout(this.#linger);
    this.#watcher ??= this.#watch();
    return () => {
      if (this.#listeners.delete(onRing) && this.#listeners.size === 0) this.#lingerAwhile();
    };
  }

  /** Forgets the listeners and closes the file. Idempotent; later calls of the other methods do nothing. */
  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    clearTimeout(this.#linger);
    this.#dropWatcher();
    this.#dropFile();
  }

  #watch(): FSWatcher | undefined {
    try {
      this.#file ??= openForWriting(this.#path);
      const watcher = watch(this.#path, { persistent: false }, () => {
        // Deno ignores `persistent`, and forgets an unref at each event.
        queueMicrotask(() => watcher.unref());
        for (const onRing of [...this.#listeners]) onRing();
      });
      watcher.unref();
      watcher.on("error", () => this.#dropWatcher());
      return watcher;
    } catch {
      // No notifications here: listeners find out by looking, and the next one tries again.
      return undefined;
    }
  }

  #lingerAwhile(): void {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#dropWatcher(), LINGER_MS);
    this.#linger.unref();
  }

  #dropWatcher(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #dropFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Without truncating, so that the file is never replaced and a ring is one small write. */
function openForWriting(path: string): number {
  return openSync(path, constants.O_CREAT | constants.O_WRONLY, 0o666);
}
