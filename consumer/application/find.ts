/**
 * Loads what the command line names, or finds the application that it does not name.
 * @module
 */
import process from "node:process";
import type { FindApplication, Loaded } from "./load.ts";
import { LoadError } from "./load.ts";
import { loadHueys } from "./load_several.ts";

/** How an application is found that is not named. */
export interface Search {
  /** Path of its configuration; else `huey.config.ts` in the current folder. */
  readonly config: string | undefined;
  /** Whether the modules with its tasks are imported. */
  readonly autoload: boolean;
}

/** The applications, as written: `app.ts` or `app.ts#huey`; or how to find the one. */
export type Applications = Search | {
  readonly targets: readonly string[];
  /** Whether a module stands for all Hueys that it exports. */
  readonly all: boolean;
};

/** The command line is wrong; the message is a whole sentence for the user. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * Loads the Hueys of the command line, from the current folder.
 *
 * @param what As parsed.
 * @param find Finds the application that is not named.
 * @throws {LoadError} If a module cannot be used.
 * @throws {UsageError} If nothing is named and nothing is found.
 */
export async function loadApplications(what: Applications, find: FindApplication | undefined): Promise<Loaded[]> {
  if ("targets" in what) return await loadHueys(what.targets, what.all, process.cwd());
  return [await search(what, find!)];
}

/** Finds the application that is not named, with the options of its settings. */
async function search({ config, autoload }: Search, find: FindApplication): Promise<Loaded> {
  const found = await find(process.cwd(), config, autoload).catch((error: Error) => {
    throw new LoadError(error.message, { cause: error.cause });
  });
  if (found === undefined) {
    throw new UsageError(
      "The module of the application is missing, such as ./app.ts or ./app.ts#huey, and there is no huey.config.ts here",
    );
  }
  return { ...found, exportName: undefined, options: { workerType: "thread", ...found.options } };
}
