/**
 * The SQLite storage, as applications make it.
 * @module
 */
import { LazyStorage } from "../lazy.ts";
import type { StorageOptions } from "../options.ts";
import { checkItem } from "./check_item.ts";
import { sqliteDescriptor, type SqliteOptions, sqliteSettings } from "./options.ts";

export type { SqliteOptions };

/**
 * A storage in a SQLite file, for any number of processes of all runtimes on one machine. Several queues may share one file, and
 * the application may have tables of its own in it. The file is opened at the first use.
 *
 * @example
 * ```ts
 * import { Huey, SqliteStorage } from "@hueyjs/huey";
 *
 * const storage = new SqliteStorage({ name: "reports", filename: ":memory:" });
 * const huey = new Huey({ name: "reports", storage });
 * console.log(await huey.pendingCount()); // 0
 * await huey.close();
 * ```
 */
export class SqliteStorage extends LazyStorage {
  /**
   * @param options Name of the queue (default "huey"), the clock (default: the machine's) and {@linkcode SqliteOptions}.
   * @throws {ConfigurationError} For an unknown journal mode or an empty file name.
   * @throws {TypeError | RangeError} For a wrong size or time.
   */
  constructor(options: StorageOptions & SqliteOptions = {}) {
    const settings = sqliteSettings(options);
    // The folder that a relative path starts from may change until the file is opened.
    const absolute = { ...options, filename: settings.filename };
    super({
      name: settings.name,
      shared: settings.shared,
      place: settings.filename,
      descriptor: sqliteDescriptor(import.meta.url, settings),
      check: checkItem,
      load: async () => (await import("./storage.ts")).sqliteStorage(absolute),
    });
  }
}
