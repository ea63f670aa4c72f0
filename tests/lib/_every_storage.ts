/**
 * The same tests on every storage.
 * @module
 */
import { afterAll, afterEach, beforeAll } from "bun:test";
import { Huey } from "../../lib/huey/huey.ts";
import type { HueyOptions } from "../../lib/types/options.ts";
import { type Place, PLACES } from "../faults/storages.ts";
import { silent } from "../helpers.ts";

/** Makes a Huey on the storage that is tested. */
export type MakeHuey = (options?: HueyOptions) => Huey;

/** Names of the storages. */
export const STORAGES: readonly string[] = Object.keys(PLACES);

/** Opens a storage for the tests of a `describe`; what they leave is deleted after each. */
export function hueyOn(label: string): MakeHuey {
  let place: Place;
  beforeAll(async () => void (place = await PLACES[label]!.open()));
  afterAll(async () => await place.end());
  afterEach(async () => await place.storage.flush());
  return (options = {}) => new Huey({ logger: silent, ...options, storage: () => place.storage });
}
