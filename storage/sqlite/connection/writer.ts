/**
 * Group commit and patience: all writes issued in one tick share one transaction, and a lock held by another process is waited
 * for without stopping the event loop.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";
import { type Clock, sleep } from "../../../lib/primitives/clock.ts";
import { isBusy, lockedError, toStorageError } from "./errors.ts";
import { Changes, type Connection } from "./connection.ts";

/** A write that has been issued. */
interface Job {
  readonly work: SharedWork<unknown, unknown>;
  /** What it is given. */
  readonly part: unknown;
  /** It is a single statement, which is a transaction by itself. */
  readonly isSingle: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** When a lock was in its way for the first time. Most never learn the time, which on some runtimes costs as much as their row. */
  waitsSince?: number;
}

/** Does for several parts, issued one behind the other, what it does for one. @returns an outcome for each, or nothing at all */
export type SharedWork<P, R> = (connection: Connection, parts: readonly P[]) => readonly R[];

/** What a writer needs. */
export interface WriterOptions {
  readonly filename: string;
  /** How long an operation waits for a lock. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Opens the connection; called again after a failure. */
  open(): Connection;
  /** Called after each commit that changed something. */
  committed(changes: Changes): void;
  /** Called at the end of each transaction. */
  tidy(connection: Connection): void;
}

/** Bounds of the pause between two tries for a lock. */
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 25;

/** So often it is looked whether the file is still there. */
const LOOK_MS = 1000;

/** A burst is complete when this many microtasks have brought no further write. */
const QUIET_MICROTASKS = 2;

/** Runs operations on one connection, which is opened at the first of them. */
export class SqliteWriter {
  readonly #options: WriterOptions;
  #connection: Connection | undefined;
  #lookedAt = 0;
  #jobs: Job[] = [];
  /** A flush is planned or waits for a lock. */
  #flushing = false;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Whether a transaction is about to be made anyway. */
  get pending(): boolean {
    return this.#jobs.length > 0;
  }

  /**
   * Runs `work` in a transaction, together with others.
   *
   * @param work All or nothing by itself. It may run more than once, so it must have no effect outside of the database.
   * @param isSingle Whether it runs one statement only; alone, it then needs no transaction around it.
   * @returns What it returned, after the commit.
   * @throws {StorageError} If the medium fails, stays locked, or is closed.
   */
  write<T>(work: (connection: Connection) => T, isSingle = false): Promise<T> {
    return this.writeShared((connection) => [work(connection)], undefined, isSingle);
  }

  /**
   * The same for work that neighbours of the same kind do together. One that fails fails alone.
   *
   * @param part What is its own.
   */
  writeShared<P, R>(work: SharedWork<P, R>, part: P, isSingle = false): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closedError());
      this.#jobs.push({
        work: work as SharedWork<unknown, unknown>,
        part,
        isSingle,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
      if (!this.#flushing) this.#plan();
    });
  }

  /**
   * Runs `work` at once, outside of any transaction.
   *
   * @param work Only reads.
   * @throws {StorageError} If the medium fails, stays locked, or is closed.
   */
  async read<T>(work: (connection: Connection) => T): Promise<T> {
    const { clock } = this.#options;
    let startedAt: number | undefined;
    for (let tries = 1;; tries++) {
      if (this.#closed) throw this.#closedError();
      try {
        return work(this.#open());
      } catch (error) {
        if (!isBusy(error)) throw toStorageError(error, this.#options.filename);
        const now = clock.elapsed();
        const waitedMs = now - (startedAt ??= now);
        if (waitedMs >= this.#options.timeoutMs) throw lockedError(this.#options.filename, waitedMs, error);
        await sleep(clock, pauseMs(tries));
      }
    }
  }

  /** The same for several reads, which see one state of the file. */
  readTogether<T>(work: (connection: Connection) => T): Promise<T> {
    return this.read((connection) => connection.snapshot(() => work(connection)));
  }

  /** Looks without waiting for anything. @returns `undefined` if that cannot be done now */
  tryRead<T>(work: (connection: Connection) => T): T | undefined {
    if (this.#connection === undefined) return undefined;
    try {
      return work(this.#connection);
    } catch {
      // It is only a hint: the operation that follows it reports what is wrong.
      return undefined;
    }
  }

  /** Writes what is under way and closes. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#flushing) await new Promise<void>((resolve) => this.#idle = resolve);
    this.#drop();
  }

  /** Opens the file, also where it was deleted or replaced under the connection. */
  #open(): Connection {
    const now = this.#options.clock.elapsed();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      if (this.#connection?.isGone()) this.#drop();
    }
    return this.#connection ??= this.#options.open();
  }

  #drop(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  #plan(): void {
    this.#flushing = true;
    let quiet = 0;
    let seen = 0;
    const step = (): void => {
      quiet = this.#jobs.length === seen ? quiet + 1 : 0;
      seen = this.#jobs.length;
      if (quiet < QUIET_MICROTASKS) queueMicrotask(step);
      else this.#flush(1);
    };
    queueMicrotask(step);
  }

  #flush(tries: number): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    const left = this.#commitAll(jobs);
    if (left.length > 0) {
      this.#jobs.unshift(...left);
      this.#options.clock.startTimer(pauseMs(tries), () => this.#flush(tries + 1));
    } else if (this.#jobs.length > 0) {
      this.#plan();
    } else {
      this.#flushing = false;
      this.#idle?.();
    }
  }

  /** @returns the jobs that still wait for a lock */
  #commitAll(jobs: Job[]): Job[] {
    try {
      this.#commit(jobs);
      return [];
    } catch (error) {
      if (isBusy(error)) return this.#dropOverdue(jobs, error);
      if (jobs.length > 1) return jobs.flatMap((job) => this.#commitAll([job]));
      jobs[0]?.reject(toStorageError(error, this.#options.filename));
      return [];
    }
  }

  #commit(jobs: Job[]): void {
    const connection = this.#open();
    connection.changes = new Changes();
    const isAlone = jobs.length === 1 && jobs[0]!.isSingle;
    const outcomes = isAlone ? runAll(connection, jobs) : connection.transaction(() => {
      const done = runAll(connection, jobs);
      this.#options.tidy(connection);
      return done;
    });
    jobs.forEach((job, index) => job.resolve(outcomes[index]));
    this.#options.committed(connection.changes);
  }

  #dropOverdue(jobs: Job[], cause: unknown): Job[] {
    const now = this.#options.clock.elapsed();
    return jobs.filter((job) => {
      const waitedMs = now - (job.waitsSince ??= now);
      if (waitedMs < this.#options.timeoutMs) return true;
      job.reject(lockedError(this.#options.filename, waitedMs, cause));
      return false;
    });
  }

  #closedError(): StorageError {
    return new StorageError(`The storage on SQLite file ${JSON.stringify(this.#options.filename)} is closed`);
  }
}

/** Neighbours with the same work as one. @returns the outcome of each */
function runAll(connection: Connection, jobs: readonly Job[]): unknown[] {
  const outcomes: unknown[] = [];
  for (let start = 0; start < jobs.length;) {
    const { work } = jobs[start]!;
    const parts: unknown[] = [];
    for (; start + parts.length < jobs.length && jobs[start + parts.length]!.work === work;) {
      parts.push(jobs[start + parts.length]!.part);
    }
    const done = work(connection, parts);
    for (let index = 0; index < parts.length; index++) outcomes.push(done[index]);
    start += parts.length;
  }
  return outcomes;
}

/** Longer with each try; random, so that two processes do not meet again. */
function pauseMs(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * tries, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
}
