/**
 * The file storage, as applications make it.
 * @module
 */
import { mkdirSync } from "node:fs";
import { StorageError } from "../../lib/errors.ts";
import { LazyStorage } from "../lazy.ts";
import { checkItem, type FileOptions, type FileSettings, fileSettings } from "./options.ts";

export type { FileOptions };

/**
 * Keeps everything in files. A crash of the process loses nothing; one of the computer may, unless `fsync` is set.
 *
 * @example
 * ```ts
 * import { FileStorage, Huey } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new FileStorage({ name, path: "data/huey" }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export class FileStorage extends LazyStorage {
  /**
   * @param options Name of the queue (default "huey"; each name has a folder of its own below `path`) and {@linkcode FileOptions}.
   * @throws {RangeError} If `levels` is no integer from 0 to 4.
   * @throws {ConfigurationError} If there is no path, or something else than a folder is there.
   * @throws {StorageError} If the folder cannot be made.
   */
  constructor(options: { readonly name?: string } & FileOptions) {
    const settings = fileSettings(options);
    makeFolder(settings);
    super({
      name: settings.name,
      shared: true,
      place: settings.path,
      descriptor: { module: import.meta.url, className: "FileStorage", options: { ...settings } },
      check: checkItem,
      load: async () => new (await import("./storage.ts")).FileStorage(settings),
    });
  }
}

function makeFolder({ name, path }: FileSettings): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new StorageError(`File storage "${name}" failed: ${(cause as Error).message}`, { cause });
  }
}
