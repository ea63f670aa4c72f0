/**
 * One attempt while it runs: its clock, its abort signal, and the context that its function may ask for.
 * @module
 */
import type { Core, Running } from "../core/core.ts";
import type { AttemptLock, CurrentAttempt } from "../core/current.ts";
import { hasReason, withoutReasons } from "../primitives/error_record.ts";
import { CancelExecution, TaskTimeout } from "../errors.ts";
import { type AboutTask, aboutTask } from "../observe/tracing.ts";
import { KeptLines, taskLogger } from "./lines.ts";
import type { LineRecord, Message } from "../message/message.ts";
import { callStorage, type StorageCall } from "../core/patience.ts";
import { ProgressWriter } from "./progress.ts";
import type { Claim } from "../storage.ts";
import { InvocationInfo, makeTask } from "../composition/call.ts";
import type { Task } from "../types/composition.ts";
import type { TaskContext } from "../types/context.ts";
import type { Logger } from "../types/options.ts";
import type { Stored } from "../types/values.ts";
import { Steps } from "./steps.ts";

/** What an attempt must know of its claim. */
export interface AttemptOptions {
  /** Token to which locks belong; `undefined` when there is no claim. */
  readonly claimToken: string | undefined;
  /** Whether it may run at most once. */
  readonly begun: boolean;
  /** Ends the patience with a storage that is down. */
  readonly stop: AbortSignal | undefined;
  /** The trace that it belongs to. */
  readonly traceId?: string | undefined;
  /** It is called like a function, and nothing of it is stored. */
  readonly isLocal?: boolean | undefined;
}

/** An attempt under way. */
export class Attempt implements Running, CurrentAttempt {
  readonly claim: Claim;
  readonly message: Message;
  readonly startedMs: number;
  readonly claimToken: string | undefined;
  readonly begun: boolean;
  readonly isLocal: boolean;
  readonly traceId: string | undefined;
  readonly held: Set<AttemptLock> = new Set();
  abandoned = false;
  /** Progress that is being written; the attempt ends after it. */
  reports: Promise<void> | undefined;
  /** Whether it may have kept steps. */
  usesSteps = false;
  /** Ends with its function, if that goes on after its timeout. */
  overrun: Promise<void> | undefined;
  readonly #core: Core;
  readonly #stop: AbortSignal | undefined;
  #ranMs: number | undefined;
  /** What it has logged; made with the first line. */
  #lines: KeptLines | undefined;
  #task: Task | undefined;
  #reason: Error | undefined;
  #controller: AbortController | undefined;

  constructor(core: Core, claim: Claim, message: Message, { claimToken, begun, stop, isLocal, traceId }: AttemptOptions) {
    this.#core = core;
    this.claim = claim;
    this.message = message;
    this.claimToken = claimToken;
    this.begun = begun;
    this.isLocal = isLocal ?? false;
    this.traceId = traceId;
    this.#stop = stop;
    this.startedMs = core.clock.elapsed();
  }

  get taskId(): string {
    return this.message.id;
  }
  get taskName(): string {
    return this.message.name;
  }
  get about(): AboutTask {
    return aboutTask(this.#core, this.message, this.traceId);
  }
  get task(): Task {
    return this.#task ??= makeTask(this.message);
  }

  /** Notes that its function has ended, or that nobody waits for it any more. */
  end(): void {
    this.#ranMs ??= Math.max(0, this.#core.clock.elapsed() - this.startedMs);
  }

  /** How long its function ran, or has run so far. */
  get ranMs(): number {
    return this.#ranMs ?? this.#core.clock.elapsed() - this.startedMs;
  }

  /** When it started, by the clock of the day. @param endedMs When it ended */
  startedAtMs(endedMs: number): number {
    return Math.round(endedMs - this.ranMs);
  }

  /** The last lines that it has logged. */
  get lines(): readonly LineRecord[] | undefined {
    return this.#lines?.all;
  }

  keepLine(level: "info" | "warn" | "error", text: string, error?: unknown): void {
    this.#lines ??= new KeptLines(this.#core.clock);
    this.#lines.add(level, text, error);
  }

  /** Made when it is first asked for: most tasks never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  throwIfOver(): void {
    if (this.abandoned || this.overrun !== undefined) throw this.#reason ?? new CancelExecution(`Task ${this.taskId} is over`);
  }

  async callStorage<T>(what: string, call: StorageCall<T>): Promise<T> {
    return await callStorage(this.#core, `${what} for task ${this.taskName}: ${this.taskId}`, this.#stop, call);
  }

  /** Aborts the signal; the first reason stays. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  /** What the attempt failed of: once aborted, the reason, whatever the function made of it. */
  explain(thrown: unknown): unknown {
    if (this.#reason === undefined || thrown === this.#reason) return thrown;
    // What was thrown may itself have the reason as its cause, since a function can read that from its signal.
    this.#reason.cause ??= hasReason(thrown, this.#reason) ? withoutReasons(thrown) : thrown;
    return this.#reason;
  }

  /** Time left in milliseconds; `Infinity` without a timeout. */
  get remainingMs(): number {
    const { timeout } = this.message;
    return timeout ? Math.max(0, this.startedMs + timeout - this.#core.clock.elapsed()) : Infinity;
  }

  /** The error of an attempt that ran longer than its timeout. */
  timeoutError(): TaskTimeout {
    return new TaskTimeout(
      `Task ${this.taskName}: ${this.taskId} ran longer than its timeout of ${(this.message.timeout ?? 0) / 1000} s`,
    );
  }

  /** Runs the function; at the timeout aborts the signal and rejects. */
  async withinTimeout<R>(fn: () => R): Promise<Awaited<R>> {
    const { clock } = this.#core;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = clock.startTimer(this.message.timeout ?? 0, () => {
      this.abort(this.timeoutError());
      // A function that reacts to its signal gets the chance to end in its own words.
      clock.startTimer(0, () => reject(this.#reason));
    });
    let ended = false;
    const running = (async (): Promise<Awaited<R>> => await fn())();
    const over = running.then(() => void (ended = true), () => void (ended = true));
    try {
      return await Promise.race([running, promise]);
    } finally {
      timer.stop();
      if (!ended) this.#overrun(over);
    }
  }

  /** The function goes on. Nobody waits for it any more, but its locks stay until it has ended. */
  #overrun(over: Promise<void>): void {
    this.overrun = over.then(() => this.freeLocks());
  }

  /** The function has ended: the locks without a ttl are freed, each by itself, the others are left. */
  async freeLocks(): Promise<void> {
    for (const lock of [...this.held]) {
      lock.leave();
      if (!lock.ends) await lock.release().catch(() => {}); // Told already, and the claim drops it.
    }
  }
}

/** The context of an attempt. */
export class Context extends InvocationInfo implements TaskContext {
  readonly #attempt: Attempt;
  readonly #core: Core;
  #progress: ProgressWriter | undefined;
  #steps: Steps | undefined;
  #logger: Logger | undefined;

  constructor(core: Core, attempt: Attempt) {
    super(attempt.message);
    this.#core = core;
    this.#attempt = attempt;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }
  get attempt(): number {
    return (this.#attempt.message.attempt ?? 0) + 1;
  }
  get deliveries(): number {
    return this.#attempt.claim.deliveries;
  }
  get timeRemaining(): number {
    return this.#attempt.remainingMs / 1000;
  }
  get isTimedOut(): boolean {
    return this.#attempt.remainingMs === 0;
  }

  get logger(): Logger {
    return this.#logger ??= taskLogger(this.#core.logger, this.#attempt);
  }

  checkTimeout(): void {
    if (this.isTimedOut) throw this.#attempt.timeoutError();
  }

  async setProgress(value: unknown): Promise<void> {
    this.#progress ??= new ProgressWriter(this.#core, this.#attempt);
    const written = this.#progress.write(value);
    // Also a report that the task does not wait for is there when the task has ended.
    const before = this.#attempt.reports;
    this.#attempt.reports = written.catch(() => {}).then(() => before);
    await written;
  }

  async step<R>(name: string, fn: () => R | Promise<R>): Promise<Stored<Awaited<R>>> {
    this.#steps ??= new Steps(this.#core, this.#attempt);
    return await this.#steps.run(name, fn) as Stored<Awaited<R>>;
  }
}
