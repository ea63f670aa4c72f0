/**
 * The application of this process: its Huey and its settings.
 * @module
 */
import { show } from "../lib/primitives/arguments.ts";
import { coreOf } from "../lib/core/core.ts";
import { ConfigurationError } from "../lib/errors.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { defaultLogger } from "../lib/observe/logger.ts";
import { withResource } from "../lib/task/resource.ts";
import type { Resource } from "../lib/types/definition.ts";
import { checkInstance, makeHuey } from "./check_settings.ts";
import { Database } from "./database.ts";
import type { ConsumerSettings, Given, Settings } from "./settings.ts";

/** What was configured. */
export interface Application {
  readonly huey: Huey;
  readonly database: Database<unknown> | Resource | undefined;
  readonly consumer: ConsumerSettings;
  /** Patterns of the modules that define tasks; `undefined` for the usual ones. */
  readonly tasks: readonly string[] | undefined;
  readonly ignore: readonly string[];
}

/** All copies of the package share it: the consumer's command may come from another one than the application's imports. */
const KEY: unique symbol = Symbol.for("@hueyjs/huey.application") as never;
const shared = globalThis as { [KEY]?: Application };

/**
 * Configures the application: `task`, `enqueue` and all other helpers of this module belong to its Huey from now on. It is the
 * default export of `huey.config.ts`, where the consumer looks for it; a web process imports that file before the modules that
 * define tasks. Nothing is opened and no server is needed. Called again, as by a hot reload, it replaces the configuration; tasks
 * that were defined before stay with their Huey.
 *
 * @param settings A Huey, or settings from which one is made.
 * @returns The Huey.
 * @throws {TypeError | RangeError} For a setting that does not exist, suggesting the right one, or that has a wrong value.
 * @throws {ConfigurationError} For settings that contradict each other.
 * @example
 * ```ts
 * import { defineConfig } from "@hueyjs/huey/app";
 *
 * export default defineConfig({ hueyClass: "SqliteHuey", name: "my-app", filename: "huey.db", consumer: { workers: 4 } });
 * ```
 */
export function defineConfig(settings: Settings | Huey = {}): Huey {
  const application = coreOf(settings) === undefined ? fromSettings(settings as Given) : fromHuey(settings as Huey, {});
  shared[KEY] = application;
  return application.huey;
}

/**
 * The application.
 * @throws {ConfigurationError} If nothing is configured yet.
 */
export function currentApplication(): Application {
  const application = shared[KEY];
  if (application !== undefined) return application;
  throw new ConfigurationError(
    "No Huey is configured: import your huey.config.ts, which calls defineConfig, before the modules that define tasks",
  );
}

/** The application, if there is one yet. */
export function applicationIfAny(): Application | undefined {
  return shared[KEY];
}

function fromSettings(settings: Given): Application {
  if (typeof settings !== "object" || settings === null) {
    throw new TypeError(`defineConfig takes settings or a Huey: ${show(settings)}`);
  }
  if (settings.huey === undefined) return fromHuey(makeHuey(settings), settings);
  if (coreOf(settings.huey) === undefined) throw new TypeError(`huey must be a Huey: ${show(settings.huey)}`);
  checkInstance(settings);
  return fromHuey(settings.huey as Huey, settings);
}

function fromHuey(huey: Huey, settings: Given): Application {
  const { database, consumer, tasks, ignore } = settings as Settings;
  return {
    huey,
    database: checkDatabase(database),
    consumer: consumer ?? {},
    tasks: tasks === undefined ? undefined : [tasks].flat(),
    ignore: ignore ?? [],
  };
}

function checkDatabase(database: unknown): Database<unknown> | Resource | undefined {
  if (database === undefined || Database.is(database)) return database;
  try {
    withResource(database as Resource, false, () => {}, defaultLogger());
  } catch (error) {
    throw new TypeError(`database: ${(error as Error).message}; for a client library there is kyselyDatabase and its like`, {
      cause: error,
    });
  }
  return database as Resource;
}
