/**
 * Options of the SQLite storage.
 * @module
 */
import { resolve } from "node:path";
import { show } from "../../lib/arguments.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import { checkOptions, rule, type Rules } from "../../lib/option_rules.ts";
import type { StorageDescriptor } from "../../lib/storage.ts";
import { type Duration, durationMs } from "../../lib/time.ts";

/** Where the file is and how it is used. */
export interface SqliteOptions {
  /** Default "huey.db". Made if missing; its folder is not. ":memory:" is seen by one isolate only. */
  filename?: string;
  /** Page cache. Default 8. */
  cacheMb?: number;
  /** Write through to the disk at each commit, so that a power failure loses nothing either. Default false. */
  fsync?: boolean;
  /** Default "wal". */
  journalMode?: string;
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
  readonly timeoutMs: number;
}

/** Without "off", which could not undo half a transaction. */
const JOURNAL_MODES = ["wal", "delete", "truncate", "persist", "memory"];

/** The rule for each option. */
const RULES: Rules<SqliteOptions> = {
  filename: checkFilename,
  cacheMb: checkCache,
  fsync: rule.boolean,
  journalMode: checkJournalMode,
  timeout: rule.duration(),
  strictFifo: rule.boolean,
};

/** Names of the options, for the class that takes them beside those of a Huey. */
export const SQLITE_KEYS: readonly string[] = Object.keys(RULES);

/**
 * @param options As given.
 * @returns Checked, with the defaults filled in.
 * @throws {ConfigurationError} For an unknown journal mode or an empty file name.
 * @throws {TypeError | RangeError} For a wrong size or time.
 */
export function sqliteSettings(options: { name?: string } & SqliteOptions): SqliteSettings {
  checkOptions<{ name?: string; clock?: unknown } & SqliteOptions>(options, "A SQLite storage", {
    name: rule.string,
    clock: rule.clock,
    ...RULES,
  });
  const { name = "huey", filename = "huey.db", cacheMb = 8, fsync = false, journalMode = "wal", timeout = 5 } = options;
  const shared = filename !== ":memory:";
  return {
    name,
    filename: shared ? resolve(filename) : filename,
    shared,
    cacheMb,
    fsync,
    journalMode: journalMode.toLowerCase(),
    timeoutMs: durationMs(timeout, "timeout"),
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

/** How another isolate opens the same file. */
export function sqliteDescriptor(module: string, settings: SqliteSettings): StorageDescriptor | undefined {
  if (!settings.shared) return undefined;
  const { name, filename, cacheMb, fsync, journalMode, timeoutMs } = settings;
  const options = { name, filename, cacheMb, fsync, journalMode, timeout: timeoutMs / 1000 };
  return { module, className: "SqliteStorage", options };
}
