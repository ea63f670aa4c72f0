/**
 * The same tests on every storage.
 * @module
 */
import { afterAll, afterEach, beforeAll, describe } from "bun:test";
import { Huey } from "../../lib/huey/huey.ts";
import type { HueyOptions } from "../../lib/types/options.ts";
import { type Place, PLACES } from "../faults/storages.ts";
import { silent } from "../helpers.ts";

/** Makes a Huey on the storage that is tested. */
export type MakeHuey = (options?: HueyOptions) => Huey;

/** Registers tests for each storage; what they leave is deleted after each. */
export function onEveryStorage(tests: (make: MakeHuey, label: string) => void): void {
  for (const [label, { open }] of Object.entries(PLACES)) {
    describe(`on ${label}`, () => {
      let place: Place;
      beforeAll(async () => void (place = await open()));
      afterAll(async () => await place.end());
      afterEach(async () => await place.storage.flush());
      tests((options = {}) => new Huey({ logger: silent, ...options, storage: () => place.storage }), label);
    });
  }
}
