/**
 * The few things that this driver does to files, all below one folder. Synchronous, because one call takes some microseconds and a
 * turn through the runtime's thread pool takes several times as long.
 *
 * What is no plain file or no plain folder (a symbolic link, a pipe, a device) is never read, followed or written to. Where it
 * is in the way it is moved to `refused`.
 * @module
 */
import * as fs from "node:fs";
import { ownIsolate } from "./isolate.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = fs.constants;
/** How often something in the way is moved before a call is given up. */
const TRIES = 4;
/** So many folders are remembered to be plain ones. */
const MOST_KNOWN = 10_000;
/** No file of ours is larger. */
const MOST_BYTES = 2 ** 30;

/** How files are made. */
export interface DiskOptions {
  /** Whether a file is on the disk, not only with the operating system, before a call returns. */
  readonly fsync: boolean;
  /** Of the folder, if it is made; what exists keeps its mode. */
  readonly mode: number;
}

/** Files below one folder. Paths are relative to it and use `/`. */
export class Disk {
  readonly root: string;
  readonly #fsync: boolean;
  readonly #folderMode: number;
  readonly #known = new Set<string>();
  /** Folders whose entries have changed since the last `sync`. */
  readonly #changed = new Set<string>();
  #isMasked: boolean | undefined;
  #refused = 0;

  /** @param root The folder; made if missing. */
  constructor(root: string, { fsync, mode }: DiskOptions) {
    this.root = root;
    this.#fsync = fsync;
    if (!fs.existsSync(root)) makePrivately(root, mode);
    this.#folderMode = fs.statSync(root).mode & 0o777;
  }

  /** The bytes of a plain file, `undefined` if there is none. */
  read(path: string): Uint8Array | undefined {
    // Most often nothing is there, and that costs less to ask than what is there.
    if (!this.seems(path) || !this.#isFolder(dirname(path))) return undefined;
    const stat = this.#stat(path);
    if (!stat?.isFile() || stat.size > MOST_BYTES) return undefined;
    try {
      const bytes = fs.readFileSync(this.#at(path), { flag: O_RDONLY | O_NOFOLLOW | O_NONBLOCK } as never) as Uint8Array;
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } catch (error) {
      if (["ENOENT", "ELOOP", "ENOTDIR"].includes(codeOf(error) ?? "")) return undefined;
      throw error;
    }
  }

  /** Whether something is there, whatever it is. */
  exists(path: string): boolean {
    return this.seems(path) || this.#stat(path) !== undefined;
  }

  /** Whether something is there that can be opened. Costs least of all. */
  seems(path: string): boolean {
    return fs.existsSync(this.#at(path));
  }

  /** Whether a plain file is there. */
  isFile(path: string): boolean {
    return this.seems(path) && (this.#stat(path)?.isFile() ?? false);
  }

  /** Bytes of a file that can be used again; `undefined` if it is none. */
  size(path: string): number | undefined {
    const stat = this.#stat(path);
    return stat?.isFile() && stat.nlink === 1 ? stat.size : undefined;
  }

  /** Makes a file, in place of one that is there. */
  write(path: string, bytes: Uint8Array): void {
    const flags = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW;
    const open = (): number => fs.openSync(this.#at(path), flags, this.#folderMode & 0o666);
    let file = -1;
    const isNew = succeeds(["EEXIST"], () => this.#attempt(path, () => file = open(), ["EEXIST"]));
    if (!isNew) {
      if (this.overwrite(path, bytes)) return;
      this.#attempt(path, () => file = open());
    }
    try {
      this.#fill(file, bytes, true);
    } catch (error) {
      this.remove(path);
      throw error;
    }
    this.#note(path);
  }

  /** Opens a plain file for writing. */
  openFile(path: string): number {
    return fs.openSync(this.#at(path), O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  }

  /** Whether an open file has a name still. */
  isLinked(file: number): boolean {
    return fs.fstatSync(file).nlink > 0;
  }

  /** Writes into an open file, from its beginning. */
  writeFile(file: number, bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length;) {
      written += fs.writeSync(file, bytes, written, bytes.length - written, written);
    }
    if (this.#fsync) fs.fsyncSync(file);
  }

  /** Closes an open file. */
  closeFile(file: number): void {
    fs.closeSync(file);
  }

  /** Writes into a file that is there, without making it shorter. @returns whether a plain file was there */
  overwrite(path: string, bytes: Uint8Array): boolean {
    let file: number | undefined;
    const codes = ["ENOENT", "ELOOP", "ENXIO", "EISDIR", "ENOTDIR"];
    if (!succeeds(codes, () => void (file = fs.openSync(this.#at(path), O_WRONLY | O_NOFOLLOW | O_NONBLOCK)))) return false;
    const stat = fs.fstatSync(file!);
    if (stat.isFile() && stat.nlink === 1) return this.#fill(file!, bytes, false), true;
    fs.closeSync(file!);
    return false;
  }

  /** Writes at the end of a file, which is made if missing. */
  append(path: string, bytes: Uint8Array): void {
    const flags = O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK;
    const open = (): number => {
      let file = -1;
      this.#attempt(path, () => file = fs.openSync(this.#at(path), flags, this.#folderMode & 0o666));
      return file;
    };
    let file = open();
    let stat = fs.fstatSync(file);
    if (!stat.isFile() || stat.nlink !== 1) {
      fs.closeSync(file);
      this.refuse(path);
      stat = fs.fstatSync(file = open());
    }
    this.#fill(file, bytes, stat.size === 0);
    if (stat.size === 0) this.#note(path);
  }

  /** Moves a file or folder, over a file if there is one. @returns whether it was there to be moved */
  move(from: string, to: string): boolean {
    let isMoved = true;
    this.#attempt(to, () => {
      try {
        fs.renameSync(this.#at(from), this.#at(to));
      } catch (error) {
        if (codeOf(error) !== "ENOENT" || this.exists(from)) throw error;
        isMoved = false;
      }
    });
    if (isMoved) this.#note(from, to);
    return isMoved;
  }

  /** Removes a file. @returns whether it was there */
  remove(path: string): boolean {
    const isRemoved = succeeds(["ENOENT", "EISDIR", "EPERM", "ENOTDIR", "ELOOP"], () => fs.unlinkSync(this.#at(path)));
    if (isRemoved) this.#note(path);
    return isRemoved;
  }

  /** Removes a folder if it is empty. */
  removeEmpty(path: string): void {
    succeeds(["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR", "EBUSY", "ELOOP"], () => fs.rmdirSync(this.#at(path)));
    this.#known.delete(path);
  }

  /** Removes a folder with all that is in it, bit by bit. */
  async removeTree(path: string): Promise<void> {
    await fs.promises.rm(this.#at(path), { recursive: true, force: true });
  }

  /** Makes a folder with one empty file in it, and gives it a name that is free or that of an empty folder. */
  publishFolder(path: string, scratch: string, file: string): void {
    fs.mkdirSync(this.#at(scratch), { recursive: true, mode: this.#folderMode });
    this.#unmask(scratch);
    this.write(`${scratch}/${file}`, new Uint8Array());
    if (succeeds(["ENOTEMPTY", "EEXIST", "ENOTDIR"], () => fs.renameSync(this.#at(scratch), this.#at(path)))) return;
    fs.rmSync(this.#at(scratch), { recursive: true, force: true });
  }

  /** Moves what is in the way. */
  refuse(path: string): void {
    fs.mkdirSync(this.#at("refused"), { recursive: true, mode: this.#folderMode });
    const name = `refused/${ownIsolate().id}-${++this.#refused}`;
    succeeds(["ENOENT", "ENOTDIR", "ELOOP"], () => fs.renameSync(this.#at(path), this.#at(name)));
  }

  /** Names of files in a folder, sorted; none if it is no plain folder. What is no folder counts as a file. */
  list(path: string): string[] {
    if (!this.#isFolder(path)) return [];
    return this.#listing(() => fs.readdirSync(this.#at(path))).sort();
  }

  /** Names of the plain folders in a folder, sorted. */
  folders(path: string): string[] {
    if (!this.#isFolder(path)) return [];
    const entries = this.#listing(() => fs.readdirSync(this.#at(path), { withFileTypes: true }));
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  }

  /** Waits until what has changed in folders is on the disk. */
  sync(): void {
    if (!this.#fsync) return;
    for (const folder of this.#changed) {
      succeeds(["ENOENT", "ENOTDIR", "ELOOP"], () => flush(this.#at(folder)));
    }
    this.#changed.clear();
  }

  #listing<T>(read: () => T[]): T[] {
    try {
      return read();
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP"].includes(codeOf(error) ?? "")) return [];
      throw error;
    }
  }

  /** Calls again when a folder was missing, or something else was in its place or in that of the file. */
  #attempt(path: string, call: () => void, expected: readonly string[] = []): void {
    this.#makeFolder(dirname(path));
    for (let tries = 1;; tries++) {
      try {
        return call();
      } catch (error) {
        const code = codeOf(error);
        if (expected.includes(code ?? "")) throw error;
        if (tries === TRIES || !["ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "ELOOP", "ENOTEMPTY", "ENXIO"].includes(code ?? "")) {
          throw error;
        }
        if (code !== "ENOENT" && code !== "ENOTDIR") this.refuse(path);
        if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") this.#known.clear();
        this.#makeFolder(dirname(path));
      }
    }
  }

  #makeFolder(path: string): void {
    if (path === "." || this.#known.has(path)) return;
    this.#makeFolder(dirname(path));
    const stat = this.#stat(path);
    if (stat !== undefined && !stat.isDirectory()) this.refuse(path);
    if (!stat?.isDirectory()) {
      if (!succeeds(["ENOENT"], () => this.#mkdir(path))) {
        // A folder above has gone since it was looked at.
        this.#known.clear();
        this.#makeFolder(dirname(path));
        this.#mkdir(path);
      }
    }
    this.#know(path);
  }

  #mkdir(path: string): void {
    succeeds(["EEXIST"], () => fs.mkdirSync(this.#at(path), { mode: this.#folderMode }));
    this.#unmask(path);
    this.#note(path);
  }

  /** Whether a path leads through plain folders only. */
  #isFolder(path: string): boolean {
    if (path === "." || this.#known.has(path)) return true;
    if (!this.#isFolder(dirname(path)) || !this.#stat(path)?.isDirectory()) return false;
    this.#know(path);
    return true;
  }

  #know(path: string): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.add(path);
  }

  #fill(file: number, bytes: Uint8Array, isNew: boolean): void {
    try {
      for (let written = 0; written < bytes.length;) written += fs.writeSync(file, bytes, written);
      // The mask of the process must not close a folder that a group shares.
      if (isNew && this.#isMasked !== false) this.#setMode(file);
      if (this.#fsync) fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
  }

  #setMode(file: number): void {
    const mode = this.#folderMode & 0o666;
    if (this.#isMasked === undefined) this.#isMasked = (fs.fstatSync(file).mode & 0o777) !== mode;
    if (this.#isMasked) fs.fchmodSync(file, mode);
  }

  #unmask(folder: string): void {
    const mode = fs.lstatSync(this.#at(folder)).mode;
    if ((mode & 0o777) !== this.#folderMode) fs.chmodSync(this.#at(folder), (mode & 0o7000) | this.#folderMode);
  }

  #note(...paths: string[]): void {
    // The lock need not survive a crash of the machine.
    if (this.#fsync) { for (const path of paths) if (!path.startsWith("lock/")) this.#changed.add(dirname(path)); }
  }

  #stat(path: string): fs.Stats | undefined {
    try {
      return fs.lstatSync(this.#at(path), { throwIfNoEntry: false });
    } catch (error) {
      // Something else in the place of a folder: a file, or a link that leads to itself.
      if (["ENOTDIR", "ELOOP"].includes(codeOf(error) ?? "")) return undefined;
      throw error;
    }
  }

  #at(path: string): string {
    return path === "." ? this.root : `${this.root}/${path}`;
  }
}

function dirname(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end);
}

function makePrivately(root: string, mode: number): void {
  fs.mkdirSync(root, { recursive: true, mode });
  fs.chmodSync(root, mode);
}

function flush(path: string): void {
  const file = fs.openSync(path, "r");
  try {
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

/** The code of a failed system call, such as `"ENOENT"`; `undefined` for other errors. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Runs a system call for which failures with some codes are an answer. @returns whether it succeeded */
function succeeds(codes: readonly string[], call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (codes.includes(codeOf(error) ?? "")) return false;
    throw error;
  }
}
