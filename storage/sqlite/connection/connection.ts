/**
 * One open connection with its prepared statements, and what its current transaction has changed.
 * @module
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { StorageError } from "../../../lib/errors.ts";
import type { Clock } from "../../../lib/primitives/clock.ts";
import type { Owner } from "../../../lib/storage.ts";
import { allToStored } from "./columns.ts";
import { type Database, openDatabase, type Row, type SqlValue, type Statement, within } from "./database.ts";
import { isBusy, reasonOf, toStorageError } from "./errors.ts";
import { filesOf, isGone, type KnownFile, makeFile, truePath } from "./file.ts";
import { prepareSchema } from "./schema.ts";

/** How to open the file. */
export interface ConnectionOptions {
  /** Name of the queue. */
  readonly name: string;
  readonly filename: string;
  readonly cacheMb: number;
  readonly fsync: boolean;
  readonly journalMode: string;
  /** Of a file that is made. */
  readonly mode: number;
  /** Further settings of the connection, as they are written in SQL. */
  readonly pragmas: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** What a transaction did that others may wait for. */
export class Changes {
  /** Messages were added to the queue. */
  queue = false;
  /** Messages were added to the schedule. */
  schedule = false;
  /** A revocation was stored. */
  revoked = false;
  /** Ids of tasks that have got a result or have ended. */
  readonly ended: string[] = [];
  /** Revocations that are to be deleted at the end: see `forget` in entries.ts. */
  readonly forgotten: string[] = [];
  /** Whether any revocation is stored, if a claim has found out. */
  revocations: boolean | undefined;
}

/** Where a round through rows is, and how many rows were written on the way: see sweep.ts. */
export interface Round {
  kind: number;
  key: string | number;
  written: number;
}

/** How long SQLite itself may wait for a lock, which stops the event loop. Longer waits are asynchronous. */
const BUSY_TIMEOUT_MS = 2;

/** Pages of the write-ahead log before a commit writes them back to the file. */
const CHECKPOINT_PAGES = 2000;

/** A connection. Not to be kept across an `await`. */
export class Connection {
  /** Number of the queue within the file. */
  readonly queue: number;
  /** Of the transaction under way. */
  changes: Changes = new Changes();
  /** Its round in search of entries whose time is over. */
  readonly round: Round = { kind: 0, key: "", written: 0 };
  /** The same of notices of plain endings. */
  readonly noticeRound: Round = { kind: 0, key: "", written: 0 };
  /** What its plain endings have left to do: how many rows, how many were moved at once, up to which number. See endings.ts. */
  readonly ended = { rows: 0, moved: 0, last: 0 };
  /** Who claimed last; its row may have been deleted meanwhile. */
  owner: (Owner & { readonly number: number }) | undefined;
  /** Plain messages claimed since the bounds of the queue were moved. */
  taken = 0;
  /** The path by which everybody knows the file; `undefined` in memory. */
  readonly path: string | undefined;
  readonly #files: readonly KnownFile[];
  readonly #clock: Clock;
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  /** @throws The binding's error when busy, {@linkcode StorageError}, or a ConfigurationError for other tables. */
  constructor(options: ConnectionOptions) {
    const isFile = options.filename !== ":memory:";
    if (isFile) makeFile(options.filename, options.mode);
    this.#clock = options.clock;
    this.#database = open(options.filename);
    try {
      configure(this.#database, options);
      this.queue = prepareSchema(this.#database, options.filename, options.name);
      this.path = isFile ? truePath(options.filename) : undefined;
      this.#files = this.path === undefined ? [] : filesOf(this.path);
    } catch (error) {
      this.#database.close();
      throw isBusy(error) ? error : toStorageError(error, options.filename);
    }
  }

  /** Runs a statement. @returns how many rows were changed */
  run(sql: string, ...values: SqlValue[]): number {
    return this.#prepared(sql).run(...allToStored(values));
  }

  /** The same with many values, which are used up. */
  runAll(sql: string, values: SqlValue[]): number {
    return this.#prepared(sql).run(...allToStored(values));
  }

  /** @returns the first row */
  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#prepared(sql).get(...allToStored(values));
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#prepared(sql).all(...allToStored(values));
  }

  /** Runs `work` in a transaction. @throws what it or the database throws; then nothing is changed */
  transaction<T>(work: () => T): T {
    try {
      return within("begin immediate", (sql) => this.run(sql), work);
    } catch (error) {
      // Its row may have been made in this transaction, and then its number is free for another owner.
      this.owner = undefined;
      throw error;
    }
  }

  /** Runs reads that see one state of the file. @throws what `work` or the database throws */
  snapshot<T>(work: () => T): T {
    return within("begin", (sql) => this.run(sql), work);
  }

  /**
   * Whether the file, or one of its write-ahead log, was deleted, or another one stands in its place: what is written here would be
   * found by nobody. Where somebody has removed the log, and nobody else has the file open, closing saves what was in it.
   */
  isGone(): boolean {
    return this.#files.some(isGone);
  }

  /** The time of day. */
  now(): number {
    return this.#clock.now();
  }

  close(): void {
    this.#database.close();
  }

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#database.prepare(sql));
    return statement;
  }
}

function open(filename: string): Database {
  try {
    return openDatabase(filename);
  } catch (error) {
    if (isBusy(error)) throw error;
    const folder = dirname(filename);
    const reason = filename !== ":memory:" && !existsSync(folder)
      ? `the folder ${JSON.stringify(folder)} does not exist`
      : reasonOf(error as Error);
    throw new StorageError(`Cannot open SQLite file ${JSON.stringify(filename)}: ${reason}`, { cause: error });
  }
}

function configure(database: Database, options: ConnectionOptions): void {
  // First, because changing the journal mode takes a lock.
  database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
  const mode = database.prepare("pragma journal_mode").get()?.journal_mode;
  if (mode !== options.journalMode) database.prepare(`pragma journal_mode = ${options.journalMode}`).get();
  database.exec(`pragma synchronous = ${options.fsync ? "full" : "normal"}`);
  database.exec(`pragma cache_size = ${-Math.round(options.cacheMb * 1024)}`);
  database.prepare(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`).get();
  for (const [name, value] of Object.entries(options.pragmas)) database.prepare(`pragma ${name} = ${value}`).get();
}
