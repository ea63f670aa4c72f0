/**
 * Finds the application in a folder, for the consumer's command line.
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { ConfigurationError } from "../lib/errors.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { findConfig, type Place, PLACE_VARIABLE } from "./load.ts";
import type { ConsumerSettings } from "./settings.ts";

/** An application that was found. */
export interface FoundApplication {
  readonly huey: Huey;
  /** URL of the module that its workers import. */
  readonly module: string;
  /** Options of the consumer, from the settings. */
  readonly options: ConsumerSettings;
}

/**
 * Finds and loads the application in a folder, in this process; workers that are started later load the same.
 *
 * @param folder Where `huey.config.ts` is looked for.
 * @param config Path of another configuration, from that folder; tasks are looked for beside and below it.
 * @param autoload Whether modules with tasks are imported.
 * @returns The application; `undefined` if no configuration is named and there is none.
 * @throws {ConfigurationError} If the one that is named does not exist, or a module cannot be imported.
 */
export async function findApplication(
  folder: string,
  config: string | undefined,
  autoload: boolean,
): Promise<FoundApplication | undefined> {
  const path = config === undefined ? findConfig(folder) : resolve(folder, config);
  if (path === undefined) return undefined;
  if (!existsSync(path)) throw new ConfigurationError(`The configuration ${path} does not exist`);
  const place: Place = { config: path, root: dirname(path), autoload };
  process.env[PLACE_VARIABLE] = JSON.stringify(place);
  const ending = import.meta.url.endsWith(".js") ? "js" : "ts";
  const module = new URL(`./autoload.${ending}`, import.meta.url).href;
  const loaded = await import(module) as { readonly default: Huey; readonly consumer: ConsumerSettings };
  return { huey: loaded.default, module, options: loaded.consumer };
}
