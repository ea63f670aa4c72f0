/**
 * Loads what the command line names, or finds the application that it does not name.
 * @module
 */
import process from "node:process";
import { systemClock } from "../../lib/primitives/clock.ts";
import type { FindApplication, Loaded } from "./load.ts";
import { LoadError } from "./load.ts";
import { loadHueys } from "./load_several.ts";

/** After this, a module that is still loading is said to be. */
const SLOW_LOAD_MS = 5000;

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
  // Nothing else would be seen of a module whose top level waits for something that does not come.
  const timer = systemClock.startTimer(SLOW_LOAD_MS, () => sayWhatLoads(what), { background: true });
  try {
    if ("targets" in what) return await loadHueys(what.targets, what.all, process.cwd());
    return [await search(what, find!)];
  } finally {
    timer.stop();
  }
}

function sayWhatLoads(what: Applications): void {
  const name = "targets" in what ? what.targets.join(" ") : what.config ?? "huey.config.ts";
  const seconds = SLOW_LOAD_MS / 1000;
  console.error(
    `Still loading ${name} after ${seconds} s: a module waits at its top level, in an await outside of its functions`,
  );
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
