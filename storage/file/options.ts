/**
 * Options of the file storage, and what it can hold.
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigurationError } from "../../lib/errors.ts";
import { checkOptions, rule, type Rules } from "../../lib/primitives/option_rules.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Item } from "../../lib/storage.ts";
import { checkItem as checkAnyItem } from "../check_item.ts";
import { STORAGE_RULES, type StorageOptions } from "../options.ts";
import { encodeName } from "./names.ts";

/** Priorities are 16 bits. */
const MAX_PRIORITY = 65_535;

/** Where a file storage keeps its files, and how. */
export interface FileOptions {
  /** The folder. Made if missing. */
  readonly path: string;
  /** Levels of folders above results and other values, 0 to 4. All who share a folder must agree. Default 2. */
  readonly levels?: number;
  /** Waits until data is on the disk, so that a crash of the computer loses nothing either. Default false. */
  readonly fsync?: boolean;
  /**
   * Who may use the folder of a queue that is made: a mode as `chmod` has it, such as `0o770` for a group. Files get the same
   * without the right to be run. A folder that exists keeps its mode. Default `0o700`: nobody else.
   */
  readonly mode?: number;
}

/** Checked options. */
export interface FileSettings {
  readonly name: string;
  /** The folder, as an absolute path. */
  readonly path: string;
  readonly levels: number;
  readonly fsync: boolean;
  readonly mode: number;
  readonly clock?: Clock | undefined;
}

/** Folders that only Huey 0.1 makes. */
const OLD_FOLDERS = ["staged", "intents", "tracks"];
/** The rule for each option; the path is looked at where it is resolved. */
const RULES: Rules<FileOptions> = {
  path: rule.any,
  levels: rule.whole({ min: 0, max: 4 }),
  fsync: rule.boolean,
  mode: rule.whole({ min: 0o700, max: 0o777 }),
};

/** Names of the options, for the class that takes them beside those of a Huey. */
export const FILE_KEYS: readonly string[] = Object.keys(RULES);

/**
 * @param options As given.
 * @returns Checked, with the defaults filled in.
 * @throws {TypeError} For an unknown option, or a value of a wrong type.
 * @throws {RangeError} If `levels` is no integer from 0 to 4, or `mode` keeps the owner out.
 * @throws {ConfigurationError} If there is no path, something else than a folder is there, or a queue of Huey 0.1.
 */
export function fileSettings(options: StorageOptions & FileOptions): FileSettings {
  checkOptions<StorageOptions & FileOptions>(options, "A file storage", { ...STORAGE_RULES, ...RULES });
  const { name = "huey", levels = 2, fsync = false, mode = 0o700, clock } = options;
  const settings = { name, path: folderOf(options.path), levels, fsync, mode, clock };
  refuseOldQueue(settings);
  return settings;
}

/** The folder of the queue. */
export function rootOf({ path, name }: FileSettings): string {
  return `${path}/${encodeName(name)}`;
}

/**
 * @param item Any item.
 * @throws {RangeError} If it could never be stored, with the rule.
 */
export function checkItem(item: Item): void {
  const { priority } = item;
  if (!Number.isInteger(priority) || priority < 0 || priority > MAX_PRIORITY) {
    throw new RangeError(`Priority must be an integer from 0 to ${MAX_PRIORITY} in a file storage: ${priority}`);
  }
  checkAnyItem(item);
}

function refuseOldQueue(settings: FileSettings): void {
  const root = rootOf(settings);
  if (!OLD_FOLDERS.some((name) => existsSync(`${root}/${name}`))) return;
  throw new ConfigurationError(
    `The folder ${root} holds a queue of Huey 0.1, which this version cannot read. Let a consumer of version 0.1 run until ` +
      "nothing waits and nothing is scheduled, then remove the folder; or give this version another path",
  );
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
