/**
 * Loads an application: its configuration, and every module that defines tasks.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "../lib/errors.ts";
import { type Application, applicationIfAny, currentApplication, defineConfig } from "./application.ts";
import { findTasks, TASK_MODULES } from "./find_tasks.ts";
import type { Settings } from "./settings.ts";

/** Names of the file that configures an application. */
const CONFIG_FILES = ["huey.config.ts", "huey.config.js", "huey.config.mjs"];

/** Environment variable that says what to load, as JSON. */
export const PLACE_VARIABLE = "HUEY_APPLICATION";

/** What is to be loaded. */
export interface Place {
  /** Path of the configuration. */
  readonly config: string;
  /** Folder in which tasks are looked for. */
  readonly root: string;
  /** Whether they are. */
  readonly autoload: boolean;
}

/** The configuration in a folder, if there is one. */
export function findConfig(folder: string): string | undefined {
  return CONFIG_FILES.map((name) => join(folder, name)).find((path) => existsSync(path));
}

/**
 * Loads an application.
 *
 * @param place What to load.
 * @throws {ConfigurationError} If a module cannot be imported, with its path and what it threw as the cause; or if the
 * configuration has no default export.
 */
export async function loadApplication({ config, root, autoload }: Place): Promise<Application> {
  const exports = await importModule(config);
  if (applicationIfAny() === undefined) configureFrom(exports.default, config);
  const { tasks = TASK_MODULES, ignore } = currentApplication();
  if (autoload) { for (const path of findTasks(root, tasks, ignore)) await importModule(path); }
  return currentApplication();
}

function configureFrom(settings: unknown, config: string): void {
  if (settings === undefined) {
    throw new ConfigurationError(
      `${config} configures nothing: write, for example, export default defineConfig({ name: "my-app" })`,
    );
  }
  try {
    defineConfig(settings as Settings);
  } catch (error) {
    throw new ConfigurationError(`${config}: ${(error as Error).message}`, { cause: error });
  }
}

async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(`Module ${path} cannot be imported: ${reason}`, { cause });
  }
}
