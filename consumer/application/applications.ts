/**
 * The Hueys that one process serves: loaded as the command line names them, or found where it names none, and closed at the end.
 * @module
 */
import process from "node:process";
import type { Huey } from "../../lib/huey/huey.ts";
import { systemClock, within } from "../../lib/primitives/clock.ts";
import { oneLine } from "../../lib/primitives/log_text.ts";
import type { Logger } from "../../lib/types/options.ts";
import { UsageError } from "../options/read_arguments.ts";
import type { ConsumerOptions } from "../options/settings.ts";
import { allHueys, LoadError, loadHuey } from "./load.ts";
import type { Loaded } from "./load.ts";

/** After this, a module that is still loading is said to be. */
const SLOW_LOAD_MS = 5000;
/** A storage that hangs must not keep the process from ending. */
const CLOSE_MS = 5000;

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

/** An application that was found by its configuration. */
export interface FoundApplication {
  readonly huey: Huey;
  /** URL of the module that its workers import. */
  readonly module: string;
  /** From its settings. */
  readonly options: ConsumerOptions;
}

/** Finds the application in a folder; `undefined` if there is no configuration. */
export type FindApplication = (
  folder: string,
  config: string | undefined,
  autoload: boolean,
) => Promise<FoundApplication | undefined>;

/** Said where no application is named, and none can be found. */
export const MISSING_MODULE = "The module of the application is missing, such as ./app.ts or ./app.ts#huey";

/** How to find the application, as the options say. @param values By the keys of options. */
export function searchOf(values: ReadonlyMap<string, unknown>): Search {
  return { config: values.get("config") as string | undefined, autoload: !values.has("autoload") };
}

/**
 * Loads the Hueys of the command line, from the current folder.
 *
 * @param what As parsed.
 * @param find Finds the application that is not named.
 * @throws {LoadError} If a module cannot be used, or one Huey is named twice.
 * @throws {UsageError} If nothing is named and nothing is found.
 */
export async function loadApplications(what: Applications, find: FindApplication | undefined): Promise<Loaded[]> {
  // Nothing else would be seen of a module whose top level waits for something that does not come.
  const timer = systemClock.startTimer(SLOW_LOAD_MS, () => sayWhatLoads(what), { background: true });
  // Nor of one that ends the process.
  const sayExit = (code: number): void => say(`The process ended with exit code ${code} while ${nameOf(what)} was loading`);
  process.on("exit", sayExit);
  try {
    if ("targets" in what) return await loadNamed(what.targets, what.all, process.cwd());
    return [await search(what, find!)];
  } finally {
    timer.stop();
    process.off("exit", sayExit);
  }
}

function sayWhatLoads(what: Applications): void {
  const seconds = SLOW_LOAD_MS / 1000;
  say(
    `Still loading ${nameOf(what)} after ${seconds} s: a module waits at its top level, in an await outside of its functions`,
  );
}

function nameOf(what: Applications): string {
  return "targets" in what ? what.targets.join(" ") : what.config ?? "huey.config.ts";
}

function say(sentence: string): void {
  process.stderr.write(`${oneLine(sentence)}\n`);
}

/** Closes the storages, for a few seconds at most. Never rejects. */
export async function closeHueys(loaded: readonly Loaded[], logger?: Logger): Promise<void> {
  const close = loaded.map(({ huey }) => huey.close().catch((error) => logger?.error("Closing the storage failed", { error })));
  await within(systemClock, { ms: CLOSE_MS }, Promise.all(close), () => []);
}

/** Finds the application that is not named, with the options of its settings. */
async function search({ config, autoload }: Search, find: FindApplication): Promise<Loaded> {
  const found = await find(process.cwd(), config, autoload).catch((error: Error) => {
    throw new LoadError(error.message, { cause: error.cause });
  });
  if (found === undefined) throw new UsageError(`${MISSING_MODULE}, and there is no huey.config.ts here`);
  return { ...found, exportName: undefined, options: { workerType: "thread", ...found.options } };
}

/** Loads the Hueys that are named, each once. */
async function loadNamed(targets: readonly string[], all: boolean, folder: string): Promise<Loaded[]> {
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
