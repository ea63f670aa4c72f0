/**
 * The few things that this driver does to files. Synchronous, because one call takes some microseconds and a turn through the
 * runtime's thread pool takes several times as long; whoever handles many files pauses in between.
 * @module
 */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers";
import { codeOf, succeeds } from "./errors.ts";
import { isolateName, nextNumber } from "./isolate.ts";

/** A folder may be removed as empty right after it was made, so some tries are needed; more than that is another failure. */
const TRIES = 50;
/** How many files are handled before others get their turn. */
const CHUNK = 64;

/** Lets everything else run that is due. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** `pause`, but only for every 64th call. */
export function pauseAt(count: number): Promise<void> | undefined {
  return count % CHUNK === CHUNK - 1 ? pause() : undefined;
}

/** Files below one folder. Paths are relative to it and use `/`. */
export class Disk {
  readonly root: string;
  readonly #fsync: boolean;

  /**
   * @param root The folder; made if missing.
   * @param fsync Whether a file is on the disk, not only with the operating system, before it is published.
   */
  constructor(root: string, fsync: boolean) {
    this.root = root;
    this.#fsync = fsync;
    fs.mkdirSync(root, { recursive: true });
  }

  /** A name in this isolate's own folder, where nobody looks. */
  stagedPath(name: string = "scratch"): string {
    return `staged/${isolateName()}/${nextNumber()}~${name}`;
  }

  /** Writes a file that nobody reads yet. What could not be written whole is removed. */
  write(path: string, bytes: Uint8Array | string): void {
    try {
      this.#inFolder(path, () => fs.writeFileSync(`${this.root}/${path}`, bytes));
      if (this.#fsync) this.#flush(path);
    } catch (error) {
      fs.rmSync(`${this.root}/${path}`, { force: true });
      throw error;
    }
  }

  /** Makes a file, if there is none. @returns whether there was none */
  create(path: string): boolean {
    return succeeds(["EEXIST"], () => this.#inFolder(path, () => fs.writeFileSync(`${this.root}/${path}`, "", { flag: "wx" })));
  }

  /** Appends a byte to a file. @returns its size now, or more */
  append(path: string): number {
    this.#inFolder(path, () => fs.appendFileSync(`${this.root}/${path}`, "+"));
    return this.size(path);
  }

  /** Moves a file, over another if there is one. Of several who try, one wins. @returns whether it was there to be moved */
  move(from: string, to: string): boolean {
    return this.#publish(from, to, () => fs.renameSync(`${this.root}/${from}`, `${this.root}/${to}`));
  }

  /** Gives a file another name, if that is free. @returns whether it was free (false also if the file is not there) */
  link(from: string, to: string): boolean {
    let isLinked = false;
    succeeds(["EEXIST"], () => {
      isLinked = this.#publish(from, to, () => fs.linkSync(`${this.root}/${from}`, `${this.root}/${to}`));
    });
    return isLinked;
  }

  /** Whether two names are the same file. */
  isSame(one: string, other: string): boolean {
    const identity = this.identity(one);
    return identity !== undefined && identity === this.identity(other);
  }

  /** Tells this file from any that takes its name later. */
  identity(path: string): string | undefined {
    const stat = fs.statSync(`${this.root}/${path}`, { throwIfNoEntry: false });
    return stat && `${stat.ino} ${stat.mtimeMs}`;
  }

  /** The bytes of a file, `undefined` if it is not there. */
  read(path: string): Uint8Array | undefined {
    try {
      const bytes = fs.readFileSync(`${this.root}/${path}`);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Whether a file or folder is there. */
  exists(path: string): boolean {
    return fs.existsSync(`${this.root}/${path}`);
  }

  /** Bytes of a file; 0 if it is not there. */
  size(path: string): number {
    return fs.statSync(`${this.root}/${path}`, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Removes a file. @returns whether it was there */
  remove(path: string): boolean {
    return succeeds(["ENOENT"], () => fs.unlinkSync(`${this.root}/${path}`));
  }

  /** Removes a folder if it is empty. @returns whether it was */
  removeEmpty(path: string): boolean {
    return succeeds(["ENOENT", "ENOTEMPTY", "EEXIST"], () => fs.rmdirSync(`${this.root}/${path}`));
  }

  /** Removes a folder with all that is in it: at once for everybody who looks, then bit by bit. */
  async removeTree(path: string): Promise<void> {
    const trash = this.stagedPath("trash");
    if (this.move(path, trash)) await fs.promises.rm(`${this.root}/${trash}`, { recursive: true, force: true });
  }

  /** The names in a folder, sorted; none if it is not there. */
  list(path: string): string[] {
    // Asking first is cheap; on some runtimes an error is not.
    if (!this.exists(path)) return [];
    try {
      return fs.readdirSync(`${this.root}/${path}`).sort();
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  /** How many files there are, so many levels of folders below. */
  async count(path: string, levels: number): Promise<number> {
    const names = await this.#listLater(path);
    if (levels === 0) return names.length;
    let total = 0;
    for (const name of names) total += await this.count(`${path}/${name}`, levels - 1);
    return total;
  }

  async #listLater(path: string): Promise<string[]> {
    try {
      return await fs.promises.readdir(`${this.root}/${path}`);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  #publish(from: string, to: string, call: () => void): boolean {
    const isThere = this.#inFolder(to, call, () => this.exists(from));
    if (isThere && this.#fsync) this.#flush(dirname(to));
    return isThere;
  }

  /** @returns false if `isWorthIt` says so */
  #inFolder(path: string, call: () => void, isWorthIt: () => boolean = () => true): boolean {
    for (let tries = 1;; tries++) {
      if (succeeds(tries < TRIES ? ["ENOENT"] : [], call)) return true;
      if (!isWorthIt()) return false;
      succeeds(["ENOENT"], () => fs.mkdirSync(`${this.root}/${dirname(path)}`, { recursive: true }));
    }
  }

  #flush(path: string): void {
    const file = fs.openSync(`${this.root}/${path}`, "r");
    try {
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
  }
}
