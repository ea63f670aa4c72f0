/**
 * A folder for a file storage, whose process can be "killed" before any step that it takes on the disk.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Clock } from "../../lib/primitives/clock.ts";
import { Disk } from "../../storage/file/disk.ts";
import type { FileOptions } from "../../storage/file/front.ts";
import { FileStorage } from "../../storage/file/storage.ts";

/** Everything that changes something on the disk. */
const STEPS = [
  "write",
  "overwrite",
  "writeFile",
  "append",
  "move",
  "remove",
  "removeEmpty",
  "removeTree",
  "publishFolder",
  "refuse",
] as const;
type Step = typeof STEPS[number];
type Changing = Record<Step, (...args: unknown[]) => unknown>;
const changing = Disk.prototype as unknown as Changing;
const originals = Object.fromEntries(STEPS.map((name) => [name, changing[name]])) as Changing;

/** Thrown instead of a step by a process that is dead. */
export class Killed extends Error {}

let deadPid: number | undefined;

/** The id of a process that has ended. */
export function endedProcess(): number {
  return deadPid ??= spawnSync(process.execPath, ["--version"]).pid;
}

/** One folder, and the storages that were opened over it. */
export class Place {
  readonly path: string = mkdtempSync(join(tmpdir(), "huey-file-"));
  readonly #opened: FileStorage[] = [];

  /** The folder of the queue. */
  get root(): string {
    return join(this.path, "huey");
  }

  open(options: Partial<FileOptions> & { readonly name?: string; readonly clock?: Clock } = {}): FileStorage {
    const storage = new FileStorage({ path: this.path, ...options });
    this.#opened.push(storage);
    return storage;
  }

  /** Files below a folder of the queue. */
  files(folder: string = "."): string[] {
    if (!existsSync(join(this.root, folder))) return [];
    const entries = readdirSync(join(this.root, folder), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  }

  /** The files below any folder, and what is in them. */
  contentOf(folder: string): readonly (readonly [path: string, bytes: string])[] {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort()
      .map((path) => [path, readFileSync(path, "latin1")]);
  }

  /** Whoever holds the lock is dead from now on. */
  buryHolder(): void {
    const [name = ""] = existsSync(join(this.root, "lock")) ? readdirSync(join(this.root, "lock")) : [];
    if (!name.startsWith("held.")) return;
    renameSync(join(this.root, "lock", name), join(this.root, "lock", name.replace(`.${process.pid}.`, `.${endedProcess()}.`)));
  }

  /**
   * Runs an action of a process that is killed before a step. What it held is held by a dead process then.
   *
   * @param step Counted from 1.
   * @returns whether it got through before
   */
  async survives(step: number, action: () => Promise<unknown>): Promise<boolean> {
    let count = 0;
    replaceSteps((original) => (...args) => {
      if (++count >= step) throw new Killed();
      return original(...args);
    });
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    } finally {
      revive();
      this.buryHolder();
    }
    return count < step;
  }

  async remove(): Promise<void> {
    revive();
    for (const storage of this.#opened) await storage.close();
    rmSync(this.path, { recursive: true });
  }
}

/** Puts something in the place of each step. */
export function replaceSteps(
  replace: (original: (...args: unknown[]) => unknown, name: Step) => (...args: unknown[]) => unknown,
): void {
  for (const name of STEPS) {
    changing[name] = function (this: Disk, ...args: unknown[]): unknown {
      return replace((...given) => originals[name].apply(this, given), name)(...args);
    };
  }
}

/** All steps are taken again. */
export function revive(): void {
  Object.assign(changing, originals);
}

/**
 * Runs a scenario with a kill before its first step, its second, and so on, until it gets through.
 *
 * @param stride Leaves steps out of a long scenario.
 * @returns how many steps there were
 */
export async function atEachStep(scenario: (step: number, place: Place) => Promise<boolean>, stride = 1): Promise<number> {
  for (let step = 1;; step += stride) {
    const place = new Place();
    try {
      if (await scenario(step, place)) return step - 1;
    } finally {
      await place.remove();
    }
  }
}
