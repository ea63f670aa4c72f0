/**
 * The file storage, as applications make it.
 * @module
 */
import { LazyStorage } from "../lazy.ts";
import type { StorageOptions } from "../options.ts";
import { checkItem, type FileOptions, fileSettings } from "./options.ts";

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
   * @throws {TypeError} For an unknown option, or a value of a wrong type.
   * @throws {RangeError} If `levels` is no integer from 0 to 4, or `mode` keeps the owner out.
   * @throws {ConfigurationError} If there is no path, something else than a folder is there, or a queue of Huey 0.1.
   */
  constructor(options: StorageOptions & FileOptions) {
    const settings = fileSettings(options);
    const { clock: _, ...plain } = settings;
    super({
      name: settings.name,
      shared: true,
      place: settings.path,
      descriptor: { module: import.meta.url, className: "FileStorage", options: plain },
      check: checkItem,
      load: async () => (await import("./storage.ts")).fileStorage(settings),
    });
  }
}
