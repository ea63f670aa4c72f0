/**
 * The folder of one queue. Every change on the disk, but for the bells, is made by a method of this class.
 *
 *     log-00000001        the commands of a generation, see log.ts; there are two for a moment when the next one begins
 *     bad-00000001        a log with something in it that nobody has an explanation for, kept to be looked at
 *     large/ab/cd/<hash>  large values, see large.ts
 *     bell, done          see ../bell.ts
 *     temp-<random>       a file that is not complete yet
 *
 * Whoever may write here can run any task. Nobody else may make us read, write or wait elsewhere: what is no plain file, and a
 * folder that is a link, is refused.
 * @module
 */
import fs from "node:fs";
import { dirname } from "node:path";
import { StorageError } from "../../lib/errors.ts";
import { nodeCrypto } from "../../lib/primitives/builtin.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { closeFile } from "../close_file.ts";

const { O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
/** On a folder: what is made in it gets its group. */
const SET_GROUP = 0o2000;
const LOG = /^log-(\d{8})$/;
const BAD = /^bad-\d{8}$/;
const TEMPORARY = /^temp-/;
/** So many logs with something bad are kept. */
const MOST_BAD = 10;
/** A temporary file that is older was left behind by somebody who was killed. */
const LEFT_BEHIND_MS = 3_600_000;

/** How to use a folder. */
export interface FolderOptions {
  /** Absolute path. */
  readonly path: string;
  /** Mode of the folder, if it is made. */
  readonly mode: number;
  /** Wait until data is on the disk. */
  readonly fsync: boolean;
}

/** One folder, which may vanish at any time. */
export class Folder {
  readonly path: string;
  readonly fsync: boolean;
  #mode: number;

  constructor({ path, mode, fsync }: FolderOptions) {
    this.path = path;
    this.#mode = mode;
    this.fsync = fsync;
  }

  /** Makes the folder if it is missing. @throws {StorageError} If something else is there */
  make(): void {
    this.makeFolder(".");
    this.#mode = fs.lstatSync(this.path).mode & 0o777;
  }

  /** Makes a folder below, whose parent is there. @throws {StorageError} If something else is there */
  makeFolder(name: string): void {
    const path = this.at(name);
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) return;
    if (stat !== undefined) throw new StorageError(`${path} should be a folder, and is a link or a file; remove it`);
    try {
      fs.mkdirSync(path, { recursive: name === ".", mode: this.#mode });
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    // The mask of the process must not close a folder that a group shares, and what is made in it belongs to that group as before.
    fs.chmodSync(path, this.#mode | fs.lstatSync(path).mode & SET_GROUP);
    if (this.fsync) flush(fs.openSync(path, "r"));
  }

  /** Opens a plain file, for reading and appending. @returns `undefined` if it is not there */
  open(name: string): number | undefined {
    try {
      return plain(fs.openSync(this.at(name), O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK), this.at(name));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      if (codeOf(error) === "ELOOP") throw noFile(this.at(name));
      throw error;
    }
  }

  /** Makes an empty file if there is none. */
  touch(name: string): void {
    if (!this.hasFile(name)) this.link(this.prepare(() => {}), name);
  }

  /** Makes a file that has no name yet. @param fill Writes into the open file. @returns what `link` takes */
  prepare(fill: (file: number) => void): string {
    const name = `temp-${nodeCrypto().randomBytes(8).toString("hex")}`;
    const file = fs.openSync(this.at(name), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        fs.fchmodSync(file, this.#mode & 0o666);
        fill(file);
      } finally {
        fs.closeSync(file);
      }
      return name;
    } catch (error) {
      this.remove(name);
      throw error;
    }
  }

  /** Gives a file that was prepared its name. @returns `false` if there is something of that name; it stays as it is */
  link(prepared: string, name: string): boolean {
    try {
      fs.linkSync(this.at(prepared), this.at(name));
      if (this.fsync) flush(fs.openSync(dirname(this.at(name)), "r"));
      return true;
    } catch (error) {
      if (codeOf(error) === "EEXIST") return false;
      throw error;
    } finally {
      this.remove(prepared);
    }
  }

  /** Gives a file that was prepared its name, in place of what has it. */
  replace(prepared: string, name: string): void {
    try {
      fs.renameSync(this.at(prepared), this.at(name));
    } catch (error) {
      this.remove(prepared);
      throw error;
    }
    if (this.fsync) flush(fs.openSync(dirname(this.at(name)), "r"));
  }

  /** Appends to an open file, in one piece. @throws {StorageError} If there was no room for all of it */
  append(file: number, bytes: Uint8Array): void {
    const written = fs.writeSync(file, bytes);
    if (written < bytes.length) {
      throw new StorageError(`only ${written} of ${bytes.length} bytes were written; the disk may be full`);
    }
    if (this.fsync) fs.fdatasyncSync(file);
  }

  /** Writes a file of any length, that nobody else knows yet. @param waits Until it is on the disk, whatever the option says. */
  write(file: number, pieces: Iterable<Uint8Array>, waits: boolean = this.fsync): void {
    for (const piece of pieces) {
      for (let written = 0; written < piece.length;) written += fs.writeSync(file, piece, written);
    }
    if (waits) fs.fsyncSync(file);
  }

  /** Makes a file as young as if it had just been written. @returns `false` if it is not there any more, or belongs to another user */
  renew(name: string): boolean {
    const now = systemClock.now() / 1000;
    try {
      fs.utimesSync(this.at(name), now, now);
      return true;
    } catch (error) {
      // The time of a file is only for its owner to set, however wide a group shares the folder.
      if (["ENOENT", "EPERM", "EACCES"].includes(codeOf(error) ?? "")) return false;
      throw error;
    }
  }

  /** Removes a file, if it is there. One that cannot be removed is in nobody's way: `tidy` tries again. */
  remove(name: string): void {
    try {
      fs.rmSync(this.at(name), { force: true });
    } catch {
      // For instance one of another user, in a folder in which each may remove only what is his.
    }
  }

  /** Keeps a log that nobody reads any more, in which something was bad. */
  setAside(generation: number): void {
    const name = logName(generation);
    try {
      fs.renameSync(this.at(name), this.at(name.replace("log", "bad")));
    } catch {
      // Something else has the name. What matters is that the log goes.
      fs.rmSync(this.at(name), { force: true });
    }
    const kept = this.#list().filter((entry) => entry.isFile() && BAD.test(entry.name)).map((entry) => entry.name).sort();
    for (const name of kept.slice(0, -MOST_BAD)) this.remove(name);
  }

  /** Removes what nobody needs: logs before the last but one, and what was left behind by processes that were killed. */
  tidy(newest: number): void {
    const nowMs = systemClock.now();
    for (const { name } of this.#list().filter((entry) => entry.isFile())) {
      const isOver = Number(LOG.exec(name)?.[1] ?? newest) < newest - 1;
      if (isOver || TEMPORARY.test(name) && this.modifiedMs(name) < nowMs - LEFT_BEHIND_MS) this.remove(name);
    }
  }

  /** The newest generation; `undefined` if there is none. */
  newest(): number | undefined {
    // A name that is made while one reads a folder may be missed: two looks must agree.
    for (let newest = this.#newest();;) {
      const again = this.#newest();
      if (again === newest) return newest;
      newest = again;
    }
  }

  /** Whether there is a file of this name. @throws {StorageError} If it is no plain file */
  hasFile(name: string): boolean {
    const stat = fs.lstatSync(this.at(name), { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isFile()) throw noFile(this.at(name));
    return stat !== undefined;
  }

  /** Whether there is a folder of this name. */
  hasFolder(name: string): boolean {
    return fs.lstatSync(this.at(name), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  /** Whether an open file is the one of this name, and has at least so many bytes. */
  isSame(file: number, name: string, size: number): boolean {
    const here = fs.fstatSync(file);
    const there = fs.lstatSync(this.at(name), { throwIfNoEntry: false });
    return here.ino === there?.ino && here.dev === there.dev && here.size >= size;
  }

  /** When a file was written last; `Infinity` if it is not there. */
  modifiedMs(name: string): number {
    return fs.lstatSync(this.at(name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  }

  /** Absolute path of something below. */
  at(name: string): string {
    return name === "." ? this.path : `${this.path}/${name}`;
  }

  #newest(): number | undefined {
    const generations = this.#list().filter((entry) => entry.isFile()).map(({ name }) => Number(LOG.exec(name)?.[1] ?? NaN));
    return generations.filter((generation) => generation > 0).sort((left, right) => left - right).at(-1);
  }

  #list(): fs.Dirent[] {
    try {
      return fs.readdirSync(this.path, { withFileTypes: true });
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  }
}

/** The name of the log of a generation. */
export function logName(generation: number): string {
  return `log-${String(generation).padStart(8, "0")}`;
}

/** The code of a failed system call, such as `"ENOENT"`; `undefined` for other errors. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

function plain(file: number, path: string): number {
  try {
    if (fs.fstatSync(file).isFile()) return file;
    throw noFile(path);
  } catch (error) {
    closeFile(file);
    throw error;
  }
}

function noFile(path: string): StorageError {
  return new StorageError(`${path} should be a file, and is something else; remove it`);
}

function flush(file: number): void {
  try {
    fs.fsyncSync(file);
  } finally {
    closeFile(file);
  }
}
