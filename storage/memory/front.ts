/**
 * The memory storage, as applications make it.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import { checkItem } from "../check_item.ts";
import { LazyStorage } from "../lazy.ts";
import { storageName, type StorageOptions } from "../options.ts";

let driver: typeof import("./storage.ts") | undefined;

/**
 * Keeps everything in the memory of this isolate. Two instances share nothing, whatever their names. Of tasks that have ended
 * without a result, the last 50,000 are remembered.
 *
 * Bytes are copied on the way in; those that come out are the stored ones and must not be changed.
 *
 * @example
 * ```ts
 * import { MemoryStorage, Huey } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new MemoryStorage({ name }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export class MemoryStorage extends LazyStorage {
  /** @param options Name of the queue, and the clock. @throws {TypeError} For an unknown option, or a wrong value. */
  constructor(options: StorageOptions = {}) {
    const known = { ...options, name: storageName(options, "A memory storage") };
    super({
      name: known.name,
      shared: false,
      descriptor: undefined,
      check: checkItem,
      load: async () => new (driver ??= await import("./storage.ts")).MemoryStorage(known),
    });
  }
}

/** A storage for immediate mode, which needs one for each call: nothing is put before the driver once that is there. */
export function immediateStorage(name: string, clock: Clock): Storage {
  return driver === undefined ? new MemoryStorage({ name, clock }) : new driver.MemoryStorage({ name, clock });
}
