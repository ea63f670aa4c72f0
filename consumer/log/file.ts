/**
 * Where log lines go: standard error, or a file that can be opened again after somebody has renamed it.
 * @module
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { writeAll } from "../platform/write_all.ts";

const STANDARD_ERROR = 2;
const listeners: Set<() => void> = new Set();
let file: LogFile | undefined;

/** An open log. */
export class LogFile {
  readonly #path: string | undefined;
  #output: number;

  /**
   * @param path File to append to; standard error if left out.
   * @throws Error If the file cannot be opened, or is no plain file.
   */
  constructor(path: string | undefined) {
    // The application may change the folder later.
    this.#path = path === undefined ? undefined : resolve(path);
    this.#output = this.#path === undefined ? STANDARD_ERROR : openPlain(this.#path);
  }

  /** Written at once, and by one call, so that the lines of several isolates do not mix and none is lost at the exit. */
  write(text: string): void {
    // What goes wrong (closed, disk full) must not end the tasks that only log.
    writeAll(this.#output, text);
  }

  /**
   * Goes on in a file of the same name, which is made if somebody has renamed the old one.
   * @throws Error If it cannot be opened, or is no plain file; the old one is then kept.
   */
  reopen(): void {
    if (this.#path === undefined) return;
    const old = this.#output;
    this.#output = openPlain(this.#path);
    closeSync(old);
  }
}

/** Makes a log the one that `reopenLog` opens again. */
export function useLogFile(log: LogFile): void {
  file = log;
}

/**
 * Opens the log of this isolate again, if the command line keeps one, and tells those who listen.
 * @returns what went wrong, if anything did; the old file is then kept
 */
export function reopenLog(): Error | undefined {
  for (const listener of listeners) listener();
  try {
    file?.reopen();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Calls back at each `reopenLog`, so that other isolates can do the same. @returns what ends that */
export function onLogReopened(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/**
 * Opens a file to append to, and makes it, for its owner only, where it is not there. A symbolic link is not followed, and nothing is
 * waited for: whoever can write to the folder must not choose another file, or hold up the consumer.
 */
function openPlain(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw notPlain(path);
}

function open(path: string, flags: number): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (["ELOOP", "EMLINK", "ENXIO", "EISDIR"].includes(code)) throw notPlain(path, error);
    throw new Error(`The log file ${path} cannot be opened: ${message}`, { cause: error });
  }
}

function notPlain(path: string, cause?: unknown): Error {
  return new Error(
    `The log file ${path} must be a plain file, not a symbolic link, a pipe or a device; without -l the log goes to standard error`,
    { cause },
  );
}
