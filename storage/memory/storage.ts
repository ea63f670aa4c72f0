/**
 * The storage that keeps everything in the memory of one isolate; for tests, immediate mode and small programs.
 * @module
 */
import { systemClock } from "../../lib/primitives/clock.ts";
import { answerAtOnce, CalledStorage } from "../calls.ts";
import { checkItem } from "../check_item.ts";
import { storageName, type StorageOptions } from "../options.ts";
import { MemoryStore } from "./store.ts";

/** Keeps everything in a store, which answers at once. `front.ts` has what applications see. */
export class MemoryStorage extends CalledStorage {
  /** @param options Name of the queue, and the clock. @throws {TypeError} For an unknown option, or a wrong value. */
  constructor(options: StorageOptions = {}) {
    const name = storageName(options, "A memory storage");
    const store = new MemoryStore(options.clock ?? systemClock);
    super({ name, shared: false, descriptor: undefined, check: checkItem }, answerAtOnce(name, store));
  }
}
