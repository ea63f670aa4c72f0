/**
 * Tasks that query the database: it is opened before each attempt and closed after it.
 * @module
 */
import { coreOf } from "../lib/core/core.ts";
import { ConfigurationError } from "../lib/errors.ts";
import { withResource } from "../lib/task/resource.ts";
import type { DefinePeriodicTask, DefineTask } from "../lib/types/definition.ts";
import { definitionOf } from "../lib/task/registry.ts";
import { currentApplication } from "./application.ts";
import { Database } from "./database.ts";
import { periodicTask, task } from "./helpers.ts";

type AnyFunction = (...args: unknown[]) => unknown;

/**
 * Defines a task with the database of the settings around it, in the ways of `task`. The handle is `database.current`. A database
 * that cannot be opened or closed makes the attempt fail, and it is retried as usual. In immediate mode a task that is called where
 * the database is open, as in `atomic`, uses that handle.
 * @throws {ConfigurationError} If the settings name no database.
 */
export const dbTask: DefineTask = ((...args: unknown[]) => task(...withDatabase(args) as [never])) as DefineTask;

/**
 * Defines a periodic task with the database of the settings around it, in the ways of `periodicTask`.
 * @throws {ConfigurationError} If the settings name no database.
 */
export const dbPeriodicTask: DefinePeriodicTask = ((...args: unknown[]) => {
  return periodicTask(...withDatabase(args) as Parameters<DefinePeriodicTask>);
}) as DefinePeriodicTask;

/** The arguments with the function, which comes last or is in the definition, replaced. */
function withDatabase(args: readonly unknown[]): unknown[] {
  const last = args.at(-1);
  const fn = typeof last === "function" ? last : (last as { fn?: unknown } | null | undefined)?.fn;
  // The Huey says what is wrong with the definition.
  if (typeof fn !== "function") return [...args];
  const wrapped = around((definitionOf(fn)?.fn ?? fn) as AnyFunction);
  Object.defineProperty(wrapped, "name", { value: fn.name });
  return [...args.slice(0, -1), fn === last ? wrapped : { ...last as object, fn: wrapped }];
}

function around(fn: AnyFunction): AnyFunction {
  const { database, huey } = currentApplication();
  if (database === undefined) {
    throw new ConfigurationError(
      "dbTask needs a database: name one in the settings, such as database: kyselyDatabase(...)",
    );
  }
  const { logger } = coreOf(huey)!;
  if (!Database.is(database)) return withResource(database, false, fn, logger);
  return (...args) => {
    // In immediate mode the task runs inside the code that called it: it joins what is open there, and its transaction.
    if (huey.immediate && database.currentIfAny !== undefined) return fn(...args);
    return database.use(() => fn(...args), logger);
  };
}
