/**
 * One attempt while it runs: its clock, its abort signal, and the context that its function may ask for.
 * @module
 */
import type { Core, Running } from "./core.ts";
import type { CurrentAttempt, LooseLock } from "./current.ts";
import { hasReason } from "./error_record.ts";
import { TaskTimeout } from "./errors.ts";
import type { Message } from "./message.ts";
import { ProgressWriter } from "./progress.ts";
import type { Claim } from "./storage.ts";
import { InvocationInfo, makeTask } from "./task.ts";
import { systemClock } from "./primitives/clock.ts";
import type { Task } from "./types/composition.ts";
import type { TaskContext } from "./types/results.ts";

/** An attempt under way. */
export class Attempt implements Running, CurrentAttempt {
  readonly claim: Claim;
  readonly message: Message;
  readonly startedMs: number = performance.now();
  readonly claimToken: string | undefined;
  abandoned = false;
  /** Progress that is being written; the attempt ends after it. */
  reports: Promise<void> | undefined;
  locksHeld = 0;
  /** Locks that it has taken without a claim. */
  readonly locks: LooseLock[] = [];
  readonly #onLock: ((lock: LooseLock) => Promise<void>) | undefined;
  #task: Task | undefined;
  #reason: Error | undefined;
  #controller: AbortController | undefined;

  /**
   * @param claimToken Token to which locks belong; `undefined` when the claim was given up or there is none.
   * @param onLock Told of each lock that is about to be taken without a claim; waited for.
   */
  constructor(claim: Claim, message: Message, claimToken: string | undefined, onLock?: (lock: LooseLock) => Promise<void>) {
    this.claim = claim;
    this.message = message;
    this.claimToken = claimToken;
    this.#onLock = onLock;
  }

  get unclaimed(): boolean {
    return this.claimToken === undefined;
  }
  get taskId(): string {
    return this.message.id;
  }
  get taskName(): string {
    return this.message.name;
  }
  get task(): Task {
    return this.#task ??= makeTask(this.message);
  }

  /** Made when it is first asked for: most tasks never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  async takesLock(lock: LooseLock): Promise<void> {
    this.locks.push(lock);
    await this.#onLock?.(lock);
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
    if (!hasReason(thrown, this.#reason)) this.#reason.cause ??= thrown;
    return this.#reason;
  }

  /** Time left in milliseconds; `Infinity` without a timeout. */
  get remainingMs(): number {
    const { timeout } = this.message;
    return timeout ? Math.max(0, this.startedMs + timeout - performance.now()) : Infinity;
  }

  /** The error of an attempt that ran longer than its timeout. */
  timeoutError(): TaskTimeout {
    return new TaskTimeout(
      `Task ${this.taskName}: ${this.taskId} ran longer than its timeout of ${(this.message.timeout ?? 0) / 1000} s`,
    );
  }

  /** Runs the function; at the timeout aborts the signal and rejects. */
  async withinTimeout<R>(fn: () => R): Promise<Awaited<R>> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = systemClock.startTimer(this.message.timeout ?? 0, () => {
      this.abort(this.timeoutError());
      // A function that reacts to its signal gets the chance to end in its own words.
      setTimeout(() => reject(this.#reason), 0);
    });
    try {
      return await Promise.race([fn(), promise]);
    } finally {
      timer.stop();
    }
  }
}

/** The context of an attempt. */
export class Context extends InvocationInfo implements TaskContext {
  readonly #attempt: Attempt;
  readonly #core: Core;
  #progress: ProgressWriter | undefined;

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

  checkTimeout(): void {
    if (this.isTimedOut) throw this.#attempt.timeoutError();
  }

  async setProgress(value: unknown): Promise<void> {
    this.#progress ??= new ProgressWriter(this.#core, this.id);
    const written = this.#progress.write(value);
    // Also a report that the task does not wait for is there when the task has ended.
    const before = this.#attempt.reports;
    this.#attempt.reports = written.catch(() => {}).then(() => before);
    await written;
  }
}
