/**
 * The storage that keeps nothing: writes vanish, reads find nothing. For tests, and for switching a queue off.
 * @module
 */
import { answerAtOnce, CalledStorage, SPACE_ANSWERS, type SpaceName, SPACES, STORAGE_ANSWERS } from "./calls.ts";
import { storageName, type StorageOptions } from "./options.ts";

/**
 * Keeps nothing. The queue is always empty, and a wait for a result ends at once, because no result will ever come.
 * What is put conditionally counts as put: the key is always free.
 *
 * @example
 * ```ts
 * import { BlackHoleStorage, Huey } from "@hueyjs/huey";
 *
 * const huey = new Huey({ storage: (name) => new BlackHoleStorage({ name }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2);
 * await huey.close();
 * ```
 */
export class BlackHoleStorage extends CalledStorage {
  /**
   * @param options Name of the queue, and the clock.
   * @throws {TypeError} For an unknown option, or a wrong value.
   */
  constructor(options: StorageOptions = {}) {
    const name = storageName(options, "A black hole");
    const descriptor = { module: import.meta.url, className: "BlackHoleStorage", options: { name } };
    const spaces = Object.fromEntries(SPACES.map((space) => [space, SPACE_ANSWERS])) as Record<SpaceName, typeof SPACE_ANSWERS>;
    // Any item can be forgotten.
    super({ name, shared: true, descriptor, check: () => {} }, answerAtOnce(name, { ...STORAGE_ANSWERS, ...spaces }));
  }
}
