/**
 * Hueys without a medium: in the memory of one isolate, and nowhere.
 * @module
 */
import { Huey } from "../../lib/huey/huey.ts";
import { splitOptions } from "../../lib/huey/options.ts";
import { provideImmediateStorage } from "../../lib/immediate/storage.ts";
import type { HueyOptions } from "../../lib/types/options.ts";
import { BlackHoleStorage } from "../black_hole.ts";
import { immediateStorage, MemoryStorage } from "./front.ts";

provideImmediateStorage(immediateStorage);

/**
 * A Huey in the memory of this isolate: for tests, and for consumers of the worker type `greenlet`.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * console.log(await (await add(1, 2)).get()); // 3
 * ```
 */
export class MemoryHuey extends Huey {
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param options Options of every Huey.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   */
  constructor(options?: HueyOptions);
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param name Name of the queue.
   * @param options Options of every Huey.
   */
  constructor(name: string, options?: HueyOptions);
  constructor(first?: string | HueyOptions, second?: HueyOptions) {
    const { huey, storage } = splitOptions<object>("MemoryHuey", [], [first, second]);
    super({ ...huey, name: storage.name, storage: new MemoryStorage(storage) });
  }
}

/**
 * A Huey that discards everything: switches a queue off without a change to the code that calls tasks.
 *
 * @example
 * ```ts
 * import { BlackHoleHuey } from "@hueyjs/huey";
 *
 * const huey = new BlackHoleHuey();
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2); // goes nowhere
 * console.log(await huey.pendingCount()); // 0
 * ```
 */
export class BlackHoleHuey extends Huey {
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param options Options of every Huey.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   */
  constructor(options?: HueyOptions);
  /**
   * Makes a queue; nothing is opened before it is first used.
   *
   * @param name Name of the queue.
   * @param options Options of every Huey.
   */
  constructor(name: string, options?: HueyOptions);
  constructor(first?: string | HueyOptions, second?: HueyOptions) {
    const { huey, storage } = splitOptions<object>("BlackHoleHuey", [], [first, second]);
    super({ ...huey, name: storage.name, storage: new BlackHoleStorage(storage) });
  }
}
