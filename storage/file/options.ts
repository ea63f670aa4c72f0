/**
 * Options of the file storage, and what it can hold.
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigurationError } from "../../lib/errors.ts";
import { checkOptions, rule, type Rules } from "../../lib/option_rules.ts";
import type { Item } from "../../lib/storage.ts";

/** Where a file storage keeps its files, and how. */
export interface FileOptions {
  /** The folder. Made if missing. */
  readonly path: string;
  /** Levels of folders above results and other values, 0 to 4. All who share a folder must agree. Default 2. */
  readonly levels?: number;
  /** Waits until data is on the disk, so that a crash of the computer loses nothing either. Default false. */
  readonly fsync?: boolean;
}

/** Checked options. */
export interface FileSettings {
  readonly name: string;
  /** The folder, as an absolute path. */
  readonly path: string;
  readonly levels: number;
  readonly fsync: boolean;
}

/** Priorities are 16 bits in the names of files. */
export const MAX_PRIORITY = 65535;

/** The rule for each option; the path is looked at where it is resolved. */
const RULES: Rules<FileOptions> = { path: rule.any, levels: rule.whole({ min: 0, max: 4 }), fsync: rule.boolean };

/** Names of the options, for the class that takes them beside those of a Huey. */
export const FILE_KEYS: readonly string[] = Object.keys(RULES);

/**
 * @param options As given.
 * @returns Checked, with the defaults filled in.
 * @throws {TypeError} For an unknown option, or a value of a wrong type.
 * @throws {RangeError} If `levels` is no integer from 0 to 4.
 * @throws {ConfigurationError} If there is no path, or something else than a folder is there.
 */
export function fileSettings(options: { readonly name?: string } & FileOptions): FileSettings {
  checkOptions<{ readonly name?: string; readonly clock?: unknown } & FileOptions>(options, "A file storage", {
    name: rule.string,
    clock: rule.clock,
    ...RULES,
  });
  const { name = "huey", levels = 2, fsync = false } = options;
  return { name, path: folderOf(options.path), levels, fsync };
}

/**
 * @param item Any item.
 * @throws {RangeError} If it could never be stored, with the rule.
 */
export function checkItem({ priority, dueMs }: Item): void {
  if (!Number.isInteger(priority) || priority < 0 || priority > MAX_PRIORITY) {
    throw new RangeError(`Priority must be an integer from 0 to ${MAX_PRIORITY} in a file storage: ${priority}`);
  }
  if (dueMs !== undefined && !Number.isFinite(dueMs)) {
    throw new RangeError(`Due time must be a finite number of milliseconds: ${dueMs}`);
  }
}

function folderOf(path: string): string {
  if (path === undefined || path === "") throw new ConfigurationError("A file storage needs the path of a folder");
  rule.text(path, "path");
  const folder = resolve(path);
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new ConfigurationError(`The path of a file storage must be a folder: ${folder}`);
  }
  return folder;
}
