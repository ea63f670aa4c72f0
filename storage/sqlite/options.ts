/**
 * Options of the SQLite storage.
 * @module
 */
import { resolve } from "node:path";
import { isOptions, show } from "../../lib/primitives/arguments.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import { checkOptions, rule, type Rules } from "../../lib/primitives/option_rules.ts";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import type { StorageDescriptor } from "../../lib/storage.ts";
import { type Duration, durationMs } from "../../lib/primitives/time.ts";
import { STORAGE_RULES, type StorageOptions } from "../options.ts";

/** Where the file is and how it is used. */
export interface SqliteOptions {
  /** Default "huey.db". Made if missing; its folder is not. ":memory:" is seen by one isolate only. */
  filename?: string;
  /** Page cache. Default 8. */
  cacheMb?: number;
  /** Write through to the disk at each commit, so that a power failure loses nothing either. Default false. */
  fsync?: boolean;
  /** How SQLite keeps its promises: "wal", "delete", "truncate" or "persist". Default "wal". */
  journalMode?: string;
  /** Further settings of SQLite for each connection, such as `{ mmap_size: 268435456 }`; not journal and locking mode. */
  pragmas?: Readonly<Record<string, string | number | boolean>>;
  /** Mode of a file that is made. One that exists keeps its own. Default 0o600. */
  mode?: number;
  /** Wait for a lock. Default 5. */
  timeout?: Duration;
  /** No effect: the queue is always first in first out. */
  strictFifo?: boolean;
}

/** Checked options. */
export interface SqliteSettings {
  readonly name: string;
  /** Absolute, or ":memory:". */
  readonly filename: string;
  readonly shared: boolean;
  readonly cacheMb: number;
  readonly fsync: boolean;
  readonly journalMode: string;
  readonly mode: number;
  /** As they are written in SQL. */
  readonly pragmas: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Without "off" and "memory": a process that is killed could leave half a transaction in the file. */
const JOURNAL_MODES = ["wal", "delete", "truncate", "persist"];

/** Each would break what the storage promises, or is set by an option of its own. */
const REFUSED_PRAGMAS: Readonly<Record<string, string>> = {
  journal_mode: "use journalMode",
  locking_mode: "other processes could not work on the file",
  synchronous: "use fsync",
  cache_size: "use cacheMb",
  busy_timeout: "use timeout",
  query_only: "nothing could be written",
  writable_schema: "the file could be damaged",
  schema_version: "the file could be damaged",
  full_column_names: "nothing could be read",
};

/** The rule for each option. */
const RULES: Rules<SqliteOptions> = {
  filename: checkFilename,
  cacheMb: checkCache,
  fsync: rule.boolean,
  journalMode: checkJournalMode,
  pragmas: checkPragmas,
  mode: rule.whole({ min: 0, max: 0o777 }),
  timeout: rule.duration(),
  strictFifo: rule.boolean,
};

/** Names of the options, for the class that takes them beside those of a Huey. */
export const SQLITE_KEYS: readonly string[] = Object.keys(RULES);

/**
 * @param options As given.
 * @returns Checked, with the defaults filled in.
 * @throws {ConfigurationError} For an unknown journal mode, an empty file name, or a setting of SQLite that must not be made.
 * @throws {TypeError | RangeError} For a wrong size or time.
 */
export function sqliteSettings(options: StorageOptions & SqliteOptions): SqliteSettings {
  checkOptions<StorageOptions & SqliteOptions>(options, "A SQLite storage", { ...STORAGE_RULES, ...RULES });
  const { name = "huey", filename = "huey.db", cacheMb = 8, fsync = false, journalMode = "wal", timeout = 5 } = options;
  const { mode = 0o600, pragmas = {}, clock = systemClock } = options;
  const shared = filename !== ":memory:";
  return {
    name,
    filename: shared ? resolve(filename) : filename,
    shared,
    cacheMb,
    fsync,
    journalMode: journalMode.toLowerCase(),
    mode,
    pragmas: Object.fromEntries(Object.entries(pragmas).map(([key, value]) => [key.toLowerCase(), String(value)])),
    timeoutMs: durationMs(timeout, "timeout"),
    clock,
  };
}

function checkFilename(value: unknown, name: string): void {
  if (value === "") throw new ConfigurationError('filename must not be empty; use ":memory:" for a database without a file');
  rule.text(value, name);
}

function checkCache(value: unknown, name: string): void {
  rule.number()(value, name);
  if (value as number <= 0) throw new RangeError(`cacheMb must be more than 0: ${show(value)}`);
}

function checkJournalMode(value: unknown, name: string): void {
  rule.text(value, name);
  if (JOURNAL_MODES.includes((value as string).toLowerCase())) return;
  throw new ConfigurationError(`journalMode must be one of ${JOURNAL_MODES.join(", ")}: ${show(value)}`);
}

function checkPragmas(value: unknown, name: string): void {
  if (!isOptions(value)) throw new TypeError(`${name} must be an object, such as { mmap_size: 0 }: ${show(value)}`);
  for (const [pragma, setting] of Object.entries(value)) checkPragma(`${name}.${pragma}`, pragma.toLowerCase(), setting);
}

function checkPragma(name: string, pragma: string, setting: unknown): void {
  const reason = Object.hasOwn(REFUSED_PRAGMAS, pragma) ? REFUSED_PRAGMAS[pragma] : undefined;
  if (reason !== undefined) throw new ConfigurationError(`${name} must not be set: ${reason}`);
  if (!/^[a-z_]+$/.test(pragma)) throw new ConfigurationError(`${name} is no name of a setting of SQLite`);
  const isNumber = typeof setting === "number" && Number.isFinite(setting);
  const isWord = typeof setting === "string" && /^[\w-]+$/.test(setting);
  if (!isNumber && !isWord && typeof setting !== "boolean") {
    throw new TypeError(`${name} must be a number, a word or a boolean: ${show(setting)}`);
  }
}

/** How another isolate opens the same file. */
export function sqliteDescriptor(module: string, settings: SqliteSettings): StorageDescriptor | undefined {
  if (!settings.shared) return undefined;
  const { name, filename, cacheMb, fsync, journalMode, mode, pragmas, timeoutMs } = settings;
  const options = { name, filename, cacheMb, fsync, journalMode, mode, pragmas, timeout: timeoutMs / 1000 };
  return { module, className: "SqliteStorage", options };
}
