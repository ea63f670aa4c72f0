/**
 * A bell: a file of one byte that is written in place whenever something has changed, and watched by those who wait. It carries
 * no news; who hears it looks again. A ring may get lost (a network file system, a container without notifications, a watch that
 * has just begun), so whoever listens also looks now and then by himself.
 * @module
 */
import fs, { type FSWatcher } from "node:fs";
import { type Clock, systemClock, type Timer } from "../lib/primitives/clock.ts";
import { closeFile } from "./close_file.ts";

/** How long a watch outlives its last listener; starting one costs more than keeping it. */
const LINGER_MS = 1000;

const ONE_BYTE = new Uint8Array(1);

/** How to make a bell. */
export interface BellOptions {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** A file or folder whose mode the bell takes, without the right to execute. Default: what the system gives. */
  readonly like?: string;
}

/** Wakes other isolates and processes through a file. Opens nothing until it is used, and never keeps the process alive. */
export class Bell {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #like: string | undefined;
  readonly #listeners = new Set<() => void>();
  #file: number | undefined;
  #watcher: FSWatcher | undefined;
  #linger: Timer | undefined;
  #closed = false;

  /** @param path Path of the file; it is made if missing, its folder is not. */
  constructor(path: string, { clock = systemClock, like }: BellOptions = {}) {
    this.#path = path;
    this.#clock = clock;
    this.#like = like;
  }

  /**
   * Wakes everybody who listens, in this isolate and elsewhere. Call it after the change can be seen by others. It never throws:
   * the change is done, and who is not woken will look later.
   */
  ring(): void {
    if (this.#closed) return;
    try {
      this.#file ??= openForWriting(this.#path, this.#like);
      fs.writeSync(this.#file, ONE_BYTE, 0, 1, 0);
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
    this.#linger?.stop();
    this.#watcher ??= this.#watch();
    return () => {
      if (this.#listeners.delete(onRing) && this.#listeners.size === 0) this.#lingerAwhile();
    };
  }

  /** Forgets the listeners and closes the file. Idempotent; later calls of the other methods do nothing. */
  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#linger?.stop();
    this.#dropWatcher();
    this.#dropFile();
  }

  #watch(): FSWatcher | undefined {
    try {
      this.#file ??= openForWriting(this.#path, this.#like);
      const watcher = fs.watch(this.#path, { persistent: false }, () => {
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
    this.#linger?.stop();
    this.#linger = this.#clock.startTimer(LINGER_MS, () => this.#dropWatcher(), { background: true });
  }

  #dropWatcher(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #dropFile(): void {
    if (this.#file !== undefined) closeFile(this.#file);
    this.#file = undefined;
  }
}

/**
 * Without truncating, so that the file is never replaced and a ring is one small write. Somebody else may have put something in its
 * place: a link would be written through to what it points to, and a pipe would keep us waiting.
 */
function openForWriting(path: string, like: string | undefined): number {
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) throw notFile(path);
  const { O_CREAT, O_WRONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  const mode = like === undefined ? 0o666 : fs.statSync(like).mode & 0o666;
  const file = fs.openSync(path, O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, mode);
  try {
    // With a second name it is a file of somebody else.
    const stat = fs.fstatSync(file);
    if (!stat.isFile() || stat.nlink > 1) throw notFile(path);
    return file;
  } catch (error) {
    closeFile(file);
    throw error;
  }
}

function notFile(path: string): Error {
  return new Error(`What should be a bell is no file: ${path}`);
}
