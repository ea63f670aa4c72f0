/**
 * A Huey in a folder.
 * @module
 */
import { Huey } from "../../lib/huey/huey.ts";
import { splitOptions } from "../../lib/huey/options.ts";
import type { HueyOptions } from "../../lib/types/options.ts";
import { type FileOptions, FileStorage } from "./front.ts";
import { FILE_KEYS } from "./options.ts";

/**
 * A Huey in a folder. No server and no database, several processes at once, on a local disk.
 *
 * @example
 * ```ts
 * import { FileHuey } from "@hueyjs/huey";
 *
 * const huey = new FileHuey({ path: "data/huey" });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * console.log(await huey.pendingCount()); // 1
 * await huey.close();
 * ```
 */
export class FileHuey extends Huey {
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param options Options of every Huey, and of the file storage; `path` is required.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   */
  constructor(options: HueyOptions & FileOptions);
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param name Name of the queue.
   * @param options Options of every Huey, and of the file storage; `path` is required.
   */
  constructor(name: string, options: HueyOptions & FileOptions);
  constructor(first: string | (HueyOptions & FileOptions), second?: HueyOptions & FileOptions) {
    const { huey, storage } = splitOptions<FileOptions>("FileHuey", FILE_KEYS, [first, second]);
    super({ ...huey, name: storage.name, storage: new FileStorage(storage) });
  }
}
