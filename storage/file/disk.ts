/**
 * The few things that this driver does to files, all below one folder. Synchronous, because one call takes some microseconds and a
 * turn through the runtime's thread pool takes several times as long. On Deno, asking what a file is and catching an error take as long as
 * ten other calls, so the usual way needs neither.
 *
 * What is no plain file or no plain folder (a symbolic link, a pipe, a device) is never read, followed or written to. Where it
 * is in the way it is moved to `refused`.
 * @module
 */
import * as fs from "node:fs";
import { sep } from "node:path";
import { joinBytes } from "../bytes.ts";
import { ownIsolate } from "./isolate.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = fs.constants;
/** How often something in the way is moved before a call is given up. */
const TRIES = 4;
/** No file of ours is larger. */
const MOST_BYTES = 2 ** 30;
/** Lines for the log that are kept. */
const MOST_LINES = 100;
/** What is read in one piece. */
const PIECE = 65_536;

const GONE = ["ENOENT", "ENOTDIR", "ELOOP"];
const NO_FILE = [...GONE, "EISDIR", "ENXIO", "EAGAIN", "EINVAL"];
const IN_THE_WAY = [...GONE, "EISDIR", "ENXIO", "EEXIST", "ENOTEMPTY"];

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
  /** A file below the root that no other folder has, while there is one: a look at it costs less than to resolve a path. */
  mark: string | undefined;
  readonly #realRoot: string;
  readonly #fsync: boolean;
  readonly #folderMode: number;
  readonly #piece = new Uint8Array(PIECE);
  /** Folders that were plain ones when they were last looked at. */
  readonly #known = new Set<string>();
  /** Folders whose entries have changed since the last `sync`. */
  readonly #changed = new Set<string>();
  /** For the log: what was moved out of the way, or set aside. */
  readonly #lines = new Set<string>();
  #isMasked: boolean | undefined;
  #refused = 0;

  /** @param root The folder; made if missing. */
  constructor(root: string, { fsync, mode }: DiskOptions) {
    this.root = root;
    this.#fsync = fsync;
    if (!fs.existsSync(root)) makePrivately(root, mode);
    this.#realRoot = fs.realpathSync.native(root).replaceAll(sep, "/");
    this.#folderMode = fs.statSync(root).mode & 0o777;
  }

  /** Whether writes wait for the disk. */
  get isSynced(): boolean {
    return this.#fsync;
  }

  /** Looks at all folders again before they are used, in case somebody has put a symbolic link in the place of one. */
  forgetFolders(): void {
    this.#known.clear();
  }

  // ---- files --------------------------------------------------------------------------------------------------------

  /** Whether something is there that can be opened. */
  exists(path: string): boolean {
    return fs.existsSync(this.#at(path));
  }

  /** The bytes of a plain file, `undefined` if there is none. */
  read(path: string): Uint8Array | undefined {
    // Most often nothing is there, and that costs less to ask than what is there.
    if (!this.exists(path) || !this.#isFolder(dirname(path))) return undefined;
    return attempt(NO_FILE, () => {
      const file = fs.openSync(this.#at(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        return this.#readAll(file);
      } finally {
        fs.closeSync(file);
      }
    });
  }

  /** Bytes of a file that can be used again; `undefined` if it is none. */
  size(path: string): number | undefined {
    const stat = this.#stat(path);
    return stat?.isFile() && stat.nlink === 1 ? stat.size : undefined;
  }

  /** Makes a file, in place of one that is there. */
  write(path: string, bytes: Uint8Array): void {
    if (this.exists(path) && this.overwrite(path, bytes)) return;
    const file = this.#open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW);
    try {
      this.#fill(file, bytes, true);
    } catch (error) {
      this.remove(path);
      throw error;
    }
    this.#note(path);
  }

  /** Writes into a file that is there, without making it shorter. @returns whether a plain file was there */
  overwrite(path: string, bytes: Uint8Array): boolean {
    if (!this.#isFolder(dirname(path))) return false;
    const file = attempt(NO_FILE, () => fs.openSync(this.#at(path), O_WRONLY | O_NOFOLLOW | O_NONBLOCK));
    if (file === undefined) return false;
    const stat = fs.fstatSync(file);
    if (stat.isFile() && stat.nlink === 1) return this.#fill(file, bytes, false), true;
    fs.closeSync(file);
    return false;
  }

  /** Writes at the end of a file, which is made if missing. */
  append(path: string, bytes: Uint8Array): void {
    const flags = O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK;
    let file = this.#open(path, flags);
    let stat = fs.fstatSync(file);
    if (!stat.isFile() || stat.nlink !== 1) {
      fs.closeSync(file);
      this.refuse(path);
      stat = fs.fstatSync(file = this.#open(path, flags));
    }
    this.#fill(file, bytes, stat.size === 0);
    if (stat.size === 0) this.#note(path);
  }

  /** Moves a file or folder, over a file if there is one. @returns whether it was there to be moved */
  move(from: string, to: string): boolean {
    if (!from.startsWith("lock/") && !this.#isFolder(dirname(from))) return false;
    const isMoved = this.#attempt(to, () => {
      try {
        fs.renameSync(this.#at(from), this.#at(to));
      } catch (error) {
        if (codeOf(error) !== "ENOENT" || this.#stat(from) !== undefined) throw error;
        return false;
      }
      return true;
    });
    if (isMoved) this.#note(from, to);
    return isMoved;
  }

  /** Removes a file. @returns whether it was there */
  remove(path: string): boolean {
    if (!this.#isFolder(dirname(path))) return false;
    const isRemoved = succeeds([...GONE, "EISDIR", "EPERM"], () => fs.unlinkSync(this.#at(path)));
    if (isRemoved) this.#note(path);
    return isRemoved;
  }

  // ---- files that stay open -----------------------------------------------------------------------------------------

  /** Opens a plain file for writing. */
  openFile(path: string): number {
    return fs.openSync(this.#at(path), O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
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

  // ---- folders ------------------------------------------------------------------------------------------------------

  /** Names of files in a folder, sorted. What is no folder counts as a file. Whether the folder is a plain one tells who uses the names. */
  list(path: string): string[] {
    return (attempt(GONE, () => fs.readdirSync(this.#at(path))) ?? []).sort();
  }

  /** Names of the plain folders in a folder, sorted. */
  folders(path: string): string[] {
    const entries = attempt(GONE, () => fs.readdirSync(this.#at(path), { withFileTypes: true })) ?? [];
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  }

  /** Removes a folder if it is empty. */
  removeEmpty(path: string): void {
    if (!this.#isFolder(path)) return;
    succeeds([...GONE, "ENOTEMPTY", "EEXIST", "EBUSY"], () => fs.rmdirSync(this.#at(path)));
    this.#known.delete(path);
  }

  /** Removes a folder with all that is in it, bit by bit. */
  async removeTree(path: string): Promise<void> {
    if (this.#isFolder(dirname(path))) await fs.promises.rm(this.#at(path), { recursive: true, force: true });
  }

  /** Makes a folder with one empty file in it, and gives it a name that is free or that of an empty folder. */
  publishFolder(path: string, scratch: string, file: string): void {
    fs.mkdirSync(this.root, { recursive: true, mode: this.#folderMode });
    this.write(`${scratch}/${file}`, new Uint8Array());
    if (succeeds(["ENOTEMPTY", "EEXIST", "ENOTDIR"], () => fs.renameSync(this.#at(scratch), this.#at(path)))) return;
    fs.rmSync(this.#at(scratch), { recursive: true, force: true });
    if (!this.#isFolder(path)) this.refuse(path);
  }

  /** Moves what is in the way. */
  refuse(path: string): void {
    const name = `refused/${ownIsolate().id}-${++this.#refused}`;
    if (!this.#isFolder("refused")) {
      succeeds(GONE, () => fs.renameSync(this.#at("refused"), this.#at(name.replace("/", "~"))));
      this.#mkdir("refused");
    }
    if (succeeds(GONE, () => fs.renameSync(this.#at(path), this.#at(name)))) {
      this.tell(`${path} in ${this.root} was not made by this library, and is now ${name}`);
    }
  }

  /** Keeps a line for the log. When nobody asks for them, the first ones stay. */
  tell(line: string): void {
    if (this.#lines.size < MOST_LINES) this.#lines.add(line);
  }

  /** The lines for the log since it was last asked. */
  takeLines(): string[] {
    const lines = [...this.#lines];
    this.#lines.clear();
    return lines;
  }

  /** Waits until what has changed in folders is on the disk. */
  sync(): void {
    if (!this.#fsync) return;
    for (const folder of this.#changed) succeeds(GONE, () => flush(this.#at(folder)));
    this.#changed.clear();
  }

  // ---- inside -------------------------------------------------------------------------------------------------------

  #open(path: string, flags: number): number {
    return this.#attempt(path, () => fs.openSync(this.#at(path), flags, this.#folderMode & 0o666));
  }

  #readAll(file: number): Uint8Array {
    let count = fs.readSync(file, this.#piece, 0, PIECE, null);
    if (count < PIECE) return this.#piece.slice(0, count);
    const pieces: Uint8Array[] = [];
    for (let size = 0; count > 0 && size <= MOST_BYTES; size += count) {
      pieces.push(this.#piece.slice(0, count));
      count = fs.readSync(file, this.#piece, 0, PIECE, null);
    }
    return joinBytes(pieces);
  }

  /** Calls again when a folder was missing, or something else was in its place or in that of the file. */
  #attempt<T>(path: string, call: () => T): T {
    // Whoever moves the lock away has locked the queue, and no more.
    if (!path.startsWith("lock/") && !this.#isFolder(dirname(path))) this.#makeFolder(dirname(path));
    for (let tries = 1;; tries++) {
      try {
        return call();
      } catch (error) {
        const code = codeOf(error) ?? "";
        if (tries === TRIES || !IN_THE_WAY.includes(code)) throw error;
        if (code !== "ENOENT" && code !== "ENOTDIR") this.refuse(path);
        this.#known.clear();
        this.#makeFolder(dirname(path));
      }
    }
  }

  /** Makes a folder, and all above it; whatever else is there is moved. */
  #makeFolder(path: string): void {
    if (path === "." || this.#known.has(path)) return;
    this.#makeFolder(dirname(path));
    const stat = this.#stat(path);
    if (stat !== undefined && !stat.isDirectory()) this.refuse(path);
    if (!stat?.isDirectory()) this.#mkdir(path);
    this.#known.add(path);
  }

  #mkdir(path: string): void {
    if (!succeeds(["EEXIST"], () => fs.mkdirSync(this.#at(path), { mode: this.#folderMode }))) return;
    const mode = fs.lstatSync(this.#at(path)).mode;
    if ((mode & 0o777) !== this.#folderMode) fs.chmodSync(this.#at(path), (mode & 0o7000) | this.#folderMode);
    this.#note(path);
  }

  /** Whether a path leads through no symbolic link. What is no folder at all makes the next call fail. */
  #isFolder(path: string): boolean {
    if (path === "." || this.#known.has(path)) return true;
    const isPlain = this.#isBelowMark(path) || this.#isReal(path);
    if (isPlain) this.#known.add(path);
    return isPlain;
  }

  /** `..` is the folder in which one really stands: from one elsewhere it does not lead to the mark. */
  #isBelowMark(path: string): boolean {
    return this.mark !== undefined && this.exists(`${path}${"/..".repeat(path.split("/").length)}/${this.mark}`);
  }

  #isReal(path: string): boolean {
    const real = attempt(GONE, () => fs.realpathSync.native(this.#at(path)));
    return real?.replaceAll(sep, "/") === `${this.#realRoot}/${path}`;
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

  #note(...paths: string[]): void {
    // The lock need not survive a crash of the machine.
    if (this.#fsync) { for (const path of paths) if (!path.startsWith("lock/")) this.#changed.add(dirname(path)); }
  }

  /** Something else in the place of a folder, a file or a link that leads to itself, is as good as nothing. */
  #stat(path: string): fs.Stats | undefined {
    return attempt(GONE, () => fs.lstatSync(this.#at(path), { throwIfNoEntry: false }));
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

/** Makes a system call for which failures with some codes are an answer: nothing. */
function attempt<T>(codes: readonly string[], call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (codes.includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** The same. @returns whether it succeeded */
function succeeds(codes: readonly string[], call: () => void): boolean {
  return attempt(codes, () => (call(), true)) ?? false;
}
