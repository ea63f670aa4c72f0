/**
 * From the module named on the command line to its Huey.
 * @module
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { coreOf } from "../../lib/core/core.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { util } from "../../lib/primitives/builtin.ts";
import { toError } from "../../lib/primitives/error_record.ts";
import { moduleUrl } from "../options/settings.ts";
import type { ConsumerOptions } from "../options/settings.ts";

/** A Huey and where it came from. */
export interface Loaded {
  readonly huey: Huey;
  /** URL of the module. */
  readonly module: string;
  readonly exportName: string | undefined;
  /** How many workers the argument asks for. */
  readonly workers?: number | undefined;
  /** From the settings of an application. */
  readonly options?: ConsumerOptions;
}

/** The module cannot be used; the message says why, and `cause` has what it threw. */
export class LoadError extends Error {
  override name = "LoadError";
}

/**
 * Loads the Huey of a module.
 *
 * @param target A path or URL, with `#name` for one of several exports, and `#name:4` for four workers.
 * @param folder What a relative path starts from.
 * @throws {LoadError} If the module is not there, throws, or has no Huey, or several and none is named.
 */
export async function loadHuey(target: string, folder: string): Promise<Loaded> {
  const { path, exportName, workers } = split(target);
  const module = moduleUrl(path, folder);
  return { huey: await importHuey(module, exportName), module, exportName, ...(workers === undefined ? {} : { workers }) };
}

/**
 * Loads all Hueys of a module, each under the first of its names.
 *
 * @param target A path or URL.
 * @param folder What a relative path starts from.
 * @throws {LoadError} If the module is not there, throws, or has no Huey, or the target names an export.
 */
export async function allHueys(target: string, folder: string): Promise<Loaded[]> {
  const { path, exportName: named } = split(target);
  if (named !== undefined) {
    throw new LoadError(`${target} names one Huey, and --all means all of a module: give only one of both`);
  }
  const module = moduleUrl(path, folder);
  const exports = await importModule(module);
  const found = new Map<Huey, Loaded>();
  for (const exportName of hueyNames(exports)) {
    const huey = exports[exportName] as Huey;
    refuseClosed(huey, module);
    if (!found.has(huey)) found.set(huey, { huey, module, exportName });
  }
  if (found.size === 0) throw noHuey(exports, module);
  return [...found.values()];
}

/**
 * Imports a module and finds its Huey.
 *
 * @param module URL of the module.
 * @param exportName Which export; else the default export, else the only Huey.
 * @throws {LoadError} As `loadHuey`.
 */
export async function importHuey(module: string, exportName: string | undefined): Promise<Huey> {
  const exports = await importModule(module);
  const huey = exportName === undefined ? onlyHuey(exports, module) : namedHuey(exports, module, exportName);
  refuseClosed(huey, module);
  return huey;
}

/** As a script does that enqueues something and ends. */
function refuseClosed(huey: Huey, module: string): void {
  const { closed, settings } = coreOf(huey)!;
  if (!closed) return;
  throw new LoadError(
    `Module ${module} has closed its Huey "${settings.name}" when it is loaded: put what a script does behind if (import.meta.main)`,
  );
}

async function importModule(module: string): Promise<Readonly<Record<string, unknown>>> {
  refuseMissing(module);
  try {
    return await import(module);
  } catch (cause) {
    throw new LoadError(`Module ${module} cannot be imported: ${reasonOf(cause)}`, { cause });
  }
}

/** An error of the compiler, as Bun throws it: without a stack, and several in one. */
interface Diagnosis {
  readonly message: string;
  readonly position?: { readonly file: string; readonly line: number; readonly column: number } | null;
}

function reasonOf(cause: unknown): string {
  const error = toError(cause);
  const found = (error as { errors?: unknown }).errors;
  const diagnoses = (Array.isArray(found) && found.length > 0 ? found : [error]) as Diagnosis[];
  return diagnoses.map(({ message, position }) => {
    return position ? `${message} at ${position.file}:${position.line}:${position.column}` : message;
  }).join("; ");
}

function split(target: string): { path: string; exportName: string | undefined; workers?: number } {
  const at = target.lastIndexOf("#");
  const colon = /^(.+\.[cm]?[jt]sx?):([A-Za-z_$][\w$]*)$/.exec(target);
  if (colon !== null) throw new LoadError(`The name of an export comes after a #: ${colon[1]}#${colon[2]}, not ${target}`);
  if (at === -1) return { path: target, exportName: undefined };
  const [path, [exportName = "", workers]] = [target.slice(0, at), target.slice(at + 1).split(/:(.*)/)];
  if (path === "") throw new LoadError(`${JSON.stringify(target)} has no module before the #`);
  if (exportName === "") throw new LoadError(`${JSON.stringify(target)} has no name of an export after the #`);
  if (workers === undefined) return { path, exportName };
  if (!/^[1-9]\d*$/.test(workers)) {
    throw new LoadError(`${JSON.stringify(target)} must have a number of workers after the colon, at least 1`);
  }
  return { path, exportName, workers: Number(workers) };
}

function refuseMissing(module: string): void {
  if (!module.startsWith("file:")) return;
  const path = fileURLToPath(module);
  if (!existsSync(path)) throw new LoadError(`Module ${path} does not exist`);
}

function namedHuey(exports: Readonly<Record<string, unknown>>, module: string, exportName: string): Huey {
  if (!(exportName in exports)) {
    throw new LoadError(`Module ${module} has no export "${exportName}"${hint(hueyNames(exports))}`);
  }
  const value = exports[exportName];
  if (!isHuey(value)) {
    throw new LoadError(`Export "${exportName}" of module ${module} is not a Huey${hint(hueyNames(exports))}`);
  }
  return value;
}

function onlyHuey(exports: Readonly<Record<string, unknown>>, module: string): Huey {
  if (isHuey(exports.default)) return exports.default;
  const names = hueyNames(exports);
  if (names.length === 0) throw noHuey(exports, module);
  if (new Set(names.map((name) => exports[name])).size > 1) {
    throw new LoadError(
      `Module ${module} exports several Hueys: add one of ${names.map((name) => `#${name}`).join(", ")} to the module, ` +
        `or --all to serve them all`,
    );
  }
  return exports[names[0]!] as Huey;
}

function noHuey(exports: Readonly<Record<string, unknown>>, module: string): LoadError {
  const promise = Object.keys(exports).find((name) => util().types.isPromise(exports[name]));
  const advice = promise === undefined
    ? "write, for example, export const huey = new SqliteHuey()"
    : `its export "${promise}" is a promise, which the module has to await`;
  return new LoadError(`Module ${module} exports no Huey: ${advice}`);
}

function hueyNames(exports: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(exports).filter((name) => isHuey(exports[name]));
}

function hint(names: readonly string[]): string {
  return names.length === 0 ? "" : `; its Hueys are ${names.map((name) => `#${name}`).join(", ")}`;
}

/** Whether a value is a Huey, whichever copy of the package made it. */
function isHuey(value: unknown): value is Huey {
  try {
    return coreOf(value) !== undefined;
  } catch {
    // A proxy that throws whatever it is asked.
    return false;
  }
}
