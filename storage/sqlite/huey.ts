/**
 * A Huey in a SQLite file.
 * @module
 */
import { Huey } from "../../lib/huey/huey.ts";
import { splitOptions } from "../../lib/huey/options.ts";
import type { HueyOptions } from "../../lib/types/options.ts";
import { type SqliteOptions, SqliteStorage } from "./front.ts";
import { SQLITE_KEYS } from "./options.ts";

/**
 * A Huey in a SQLite file: no server, several processes of all runtimes at once, on one machine.
 *
 * @example
 * ```ts
 * import { SqliteHuey } from "@hueyjs/huey";
 *
 * const huey = new SqliteHuey({ filename: "demo.db" });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * const result = await add(1, 2);
 * console.log((await result.state()).state); // waiting
 * await huey.close();
 * ```
 */
export class SqliteHuey extends Huey {
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param options Options of every Huey, and of the SQLite storage.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   */
  constructor(options?: HueyOptions & SqliteOptions);
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param name Name of the queue.
   * @param options Options of every Huey, and of the SQLite storage.
   */
  constructor(name: string, options?: HueyOptions & SqliteOptions);
  constructor(first?: string | (HueyOptions & SqliteOptions), second?: HueyOptions & SqliteOptions) {
    const { huey, storage } = splitOptions<SqliteOptions>("SqliteHuey", SQLITE_KEYS, [first, second]);
    super({ ...huey, name: storage.name, storage: new SqliteStorage(storage) });
  }
}
