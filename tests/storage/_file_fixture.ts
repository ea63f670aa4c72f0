/**
 * A folder for a file storage, whose process can be "killed" before any step that it takes on the disk, or in the middle of a write.
 * @module
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import { Folder } from "../../storage/file/folder.ts";
import type { FileOptions } from "../../storage/file/front.ts";
import { fileStorage } from "../../storage/file/storage.ts";

/** Everything that changes something on the disk. */
const STEPS = ["makeFolder", "prepare", "link", "replace", "append", "write", "renew", "remove", "setAside"] as const;
type Step = typeof STEPS[number];
type Steps = Record<Step, (...args: unknown[]) => unknown>;
const changing = Folder.prototype as unknown as Steps;
const originals = Object.fromEntries(STEPS.map((name) => [name, changing[name]])) as Steps;

/** Thrown instead of a step by a process that is dead. */
export class Killed extends Error {}

/** One folder, and the storages that were opened over it. */
export class Place {
  readonly path: string = mkdtempSync(join(tmpdir(), "huey-file-"));
  readonly #opened: Storage[] = [];

  /** The folder of the queue. */
  get root(): string {
    return join(this.path, "huey");
  }

  open(options: Partial<FileOptions> & { readonly name?: string; readonly clock?: Clock } = {}): Storage {
    const storage = fileStorage({ path: this.path, ...options });
    this.#opened.push(storage);
    return storage;
  }

  /** Absolute paths of the files below a folder of the queue. */
  files(folder: string = "."): string[] {
    if (!existsSync(join(this.root, folder))) return [];
    const entries = readdirSync(join(this.root, folder), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  }

  /** Names of the logs, oldest first. */
  logs(): string[] {
    return readdirSync(this.root).filter((name) => name.startsWith("log-")).sort();
  }

  /** Absolute path of the newest log. */
  get log(): string {
    return join(this.root, this.logs().at(-1)!);
  }

  /** Another place with the same files. */
  copy(): Place {
    const place = new Place();
    cpSync(this.path, place.path, { recursive: true });
    return place;
  }

  /**
   * Runs an action of a process that is killed before a step.
   *
   * @param step Counted from 1.
   * @param torn It is killed in the middle of it, if it is one that writes.
   * @returns whether it got through before
   */
  async survives(step: number, action: () => Promise<unknown>, torn: boolean = false): Promise<boolean> {
    let count = 0;
    replaceSteps((original, name) => (...args) => {
      if (++count === step && torn && name === "append") original(args[0], half(args[1] as Uint8Array));
      if (count === step && torn && name === "write") {
        original(args[0], [...args[1] as Iterable<Uint8Array>].map(half).slice(0, 1));
      }
      if (count >= step) throw new Killed();
      return original(...args);
    });
    try {
      await action();
    } catch (error) {
      if (!isKilled(error)) throw error;
    } finally {
      revive();
    }
    return count < step;
  }

  async remove(): Promise<void> {
    revive();
    for (const storage of this.#opened) await storage.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

function half(bytes: Uint8Array): Uint8Array {
  return bytes.slice(0, Math.floor(bytes.length / 2));
}

function isKilled(error: unknown): boolean {
  return error instanceof Killed || error instanceof Error && error.cause !== undefined && isKilled(error.cause);
}

/** Puts something in the place of each step. */
export function replaceSteps(
  replace: (original: (...args: unknown[]) => unknown, name: Step) => (...args: unknown[]) => unknown,
): void {
  for (const name of STEPS) {
    changing[name] = function (this: Folder, ...args: unknown[]): unknown {
      return replace((...given) => originals[name].apply(this, given), name)(...args);
    };
  }
}

/** All steps are taken again. */
export function revive(): void {
  Object.assign(changing, originals);
}

/**
 * Runs a scenario with a kill before its first step, its second, and so on, until it gets through; and again with kills in the middle of writes.
 *
 * @returns how many steps there were
 */
export async function atEachStep(scenario: (step: number, place: Place, torn: boolean) => Promise<boolean>): Promise<number> {
  let steps = 0;
  for (const torn of [false, true]) {
    for (let step = 1, isThrough = false; !isThrough; step++) {
      const place = new Place();
      try {
        isThrough = await scenario(step, place, torn);
        steps = step - 1;
      } finally {
        await place.remove();
      }
    }
  }
  return steps;
}

/** As much as makes a log end. */
export const LOG_BYTES = 4_194_304;

/** Writes so much that the next log begins. */
export async function endLog(storage: Storage, key: string = "ballast"): Promise<void> {
  const value = new Uint8Array(4000);
  const times = Math.ceil(LOG_BYTES / value.length) + 10;
  await Promise.all(Array.from({ length: times }, () => storage.data.put(key, value)));
  await storage.data.delete(key);
}

/** What a storage tells of everything, in the order in which it is there. */
export async function tellAll(storage: Storage): Promise<unknown> {
  const spaces = [storage.data, storage.results, storage.locks, storage.revocations, storage.meta];
  return await Promise.all([
    ...spaces.map((space) => space.entries()),
    storage.pending(),
    storage.scheduled(),
    storage.blocked(),
    storage.running(),
    storage.deadLetters(),
    storage.leases(),
    storage.collect("chord"),
    storage.paused(),
    storage.kept("held"),
    storage.counts({ step: "minute", fromMs: 0, toMs: 2 ** 42, limit: 10 }),
    storage.recent(10),
    storage.oldestMs(),
    storage.dueMs(),
    ...["done", "dead", "held", "waits", "later", "blocked"].map((id) => storage.state(id)),
  ]);
}
