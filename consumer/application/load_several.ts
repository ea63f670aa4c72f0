/**
 * From the arguments of the command line to the Hueys that one process serves.
 * @module
 */
import type { Huey } from "../../lib/huey/huey.ts";
import { allHueys, LoadError, loadHuey } from "./load.ts";
import type { Loaded } from "./load.ts";

/**
 * Loads the Hueys that are named.
 *
 * @param targets As written: `app.ts`, `app.ts#mail`, `app.ts#mail:4` for four workers.
 * @param all Whether a module stands for all Hueys that it exports.
 * @param folder What a relative path starts from.
 * @throws {LoadError} As `loadHuey`; if one Huey is named twice; if `all` meets the name of an export.
 */
export async function loadHueys(targets: readonly string[], all: boolean, folder: string): Promise<Loaded[]> {
  const loaded: Loaded[] = [];
  for (const target of targets) loaded.push(...all ? await allHueys(target, folder) : [await loadHuey(target, folder)]);
  const names = new Map<Huey, string>();
  for (const [index, { huey, exportName }] of loaded.entries()) {
    const name = all ? `#${exportName}` : targets[index]!;
    const before = names.get(huey);
    if (before !== undefined) throw new LoadError(`${before} and ${name} are the same Huey: name it once`);
    names.set(huey, name);
  }
  return loaded;
}
