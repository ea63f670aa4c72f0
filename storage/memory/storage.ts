/**
 * The storage that keeps everything in the memory of one isolate; for tests, immediate mode and small programs.
 * @module
 */
import { systemClock } from "../../lib/primitives/clock.ts";
import { answerAtOnce, CalledStorage } from "../calls.ts";
import { checkItem } from "../check_item.ts";
import { memoryName, type MemoryStorageOptions } from "./options.ts";
import { MemoryStore } from "./store.ts";

export type { MemoryStorageOptions };

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
export class MemoryStorage extends CalledStorage {
  /** @param options Name of the queue, and the clock. @throws {TypeError} For an unknown option, or a wrong value. */
  constructor(options: MemoryStorageOptions = {}) {
    const name = memoryName(options);
    const store = new MemoryStore(options.clock ?? systemClock);
    super({ name, shared: false, descriptor: undefined, check: checkItem }, answerAtOnce(name, store));
  }
}
