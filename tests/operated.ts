/**
 * The storages on which what operates a queue is tried.
 * @module
 */
import { Huey } from "../lib/huey/huey.ts";
import type { HueyOptions } from "../lib/types/options.ts";
import { silent } from "./helpers.ts";
import { type Place, PLACES } from "./faults/storages.ts";

/** Their names, and how to open them. */
export const STORAGES: readonly (readonly [string, () => Promise<Place>])[] = Object.entries(PLACES).map(([name, { open }]) => {
  return [name, open];
});

/** A Huey on a storage that is open already. */
export function on({ storage }: Place, options: HueyOptions = {}): Huey {
  return new Huey({ logger: silent, ...options, name: storage.name, storage });
}
