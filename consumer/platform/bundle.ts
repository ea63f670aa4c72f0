/**
 * Whether this library is in a bundle, which has all of it in one file: the modules that other isolates start from are not beside it.
 * @module
 */
import { existsSync } from "node:fs";

/** What is to be done in a bundle, as the end of a sentence. */
export const BUNDLE_ADVICE = 'use workerType "greenlet", or leave @hueyjs/huey out of the bundle (docs/bundling.md says how)';

/** Whether the module of another isolate is missing. Of one that is not a file, nobody can tell. */
export function isMissing(module: URL): boolean {
  return module.protocol === "file:" && !existsSync(module);
}
