/**
 * One worker in another isolate, as its consumer sees it: from its start to its end.
 * @module
 */
import { showSafely } from "../../lib/primitives/log_text.ts";
import { systemClock, within } from "../../lib/primitives/clock.ts";
import type { Timer } from "../../lib/primitives/clock.ts";
import type { OperationTotals } from "../../lib/statistics/operations.ts";
import type { TaskTotals } from "../../lib/statistics/totals.ts";
import type { Claim } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { onLogReopened } from "../log/file.ts";
import type { FromWorker, Init, Start, ToWorker } from "./protocol.ts";
import { readFromWorker } from "./protocol_check.ts";
import type { KillReason } from "./recover_worker.ts";
import type { WebWorker, WebWorkerEvents } from "../platform/web_worker.ts";

/** How a worker ended. */
export interface RemoteWorkerEnd {
  /** `lost`: it died, or was killed. */
  readonly kind: "stopped" | "exhausted" | "lost";
  readonly reason: string;
  /** Attempts because of which it was killed. */
  readonly killReason?: KillReason;
  /** Whether it did not answer any more. */
  readonly silent?: boolean;
}

/** Makes the isolate of a worker. */
export type OpenWorker = (events: WebWorkerEvents) => WebWorker;

/** Told what a worker has counted since it was told last. */
export type OnCounted = (tasks: readonly TaskTotals[], operations: readonly OperationTotals[]) => void;

/** How long after its timeout a task may go on before its worker is asked whether it still answers. */
const OVERRUN_MS = 500;
/** A worker that ends sooner than this has not been of use, whether it had a task or not. */
const SHORT_LIFE_MS = 1000;
const IDLE_LIFE_MS = 30_000;
/** How long it has for the answer. */
const ANSWER_MS = 1000;
/** For one that nothing depends on. */
const BRIEF_MS = 200;

/** A worker, alive or dead. */
export class RemoteWorker {
  readonly name: string;
  /** Whether it has begun a task. */
  worked = false;
  /** Whether it left by a fault of its own, not because of a task, and so soon that its successor may do the same. */
  leftUntimely = false;
  /** Attempts so far, as far as they are known. */
  started = 0;
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #ended: PromiseWithResolvers<RemoteWorkerEnd> = Promise.withResolvers();
  readonly #leaves: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Resolves when it takes tasks; rejects if it could not be made. */
  readonly ready: Promise<void> = this.#ready.promise;
  /** Resolves when it has ended; its isolate is then gone, or given up. */
  readonly ended: Promise<RemoteWorkerEnd> = this.#ended.promise;
  /** Resolves when it takes no more tasks, which may be long before it has ended. */
  readonly leaves: Promise<void> = this.#leaves.promise;
  readonly #isolate: WebWorker;
  readonly #logger: Logger;
  readonly #onCounted: OnCounted | undefined;
  readonly #deadlines: Map<string, Timer> = new Map();
  readonly #questions: Map<number, (started: number | undefined) => void> = new Map();
  readonly #stopListening: () => void;
  readonly #madeMs: number = systemClock.elapsed();
  #readyMs: number | undefined;
  #lastQuestion = 0;
  #busy = 0;
  #strange = 0;
  #open = true;

  /** Starts it. */
  constructor(open: OpenWorker, init: Init, logger: Logger, onCounted?: OnCounted) {
    this.#logger = logger;
    this.#onCounted = onCounted;
    this.name = init.worker;
    // Who does not wait for it must not be ended by its failure.
    this.ready.catch(() => {});
    this.#stopListening = onLogReopened(() => this.#post({ type: "reopenLog" }));
    this.#isolate = open({
      message: (message) => this.#receive(message),
      end: (reason) => this.#endAsLost(reason),
    });
    this.#isolate.post(init);
  }

  /** For how long it has been starting; `undefined` once it has started. */
  startingMs(nowMs: number): number | undefined {
    return this.isReady ? undefined : nowMs - this.#madeMs;
  }

  /** Whether it has started. */
  get isReady(): boolean {
    return this.#readyMs !== undefined;
  }

  /** Asks it to claim no more, and to end when nothing runs, or after `graceMs`. */
  stop(graceMs: number): void {
    this.#post(graceMs < Infinity ? { type: "stop", graceMs } : { type: "stop" });
  }

  /** Tells it that the lease was renewed. */
  renewed(atMs: number): void {
    this.#post({ type: "renewed", atMs });
  }

  /**
   * Resolves when it had nothing to run and found nothing in the queue.
   *
   * @returns the number of its attempts; `undefined` if it ended before
   */
  async idle(): Promise<number | undefined> {
    const started = await this.#ask("idle");
    if (started !== undefined) this.started = started;
    return started;
  }

  /** How many attempts run in it; `undefined` if it does not answer at once: something in it does not yield. */
  async busy(): Promise<number | undefined> {
    if (!this.isReady) return 0;
    return await this.#answersWithin(BRIEF_MS) ? this.#busy : undefined;
  }

  /** Kills it. */
  terminate(reason: string): void {
    this.#endAsLost(reason);
  }

  /** Kills it because of tasks that were revoked and go on. */
  async endRevoked(revoked: readonly Claim[]): Promise<void> {
    const silent = !await this.#answersWithin(ANSWER_MS);
    const ids = revoked.map(({ id }) => id).join(", ");
    this.#endAsLost(`it was ended because of what was revoked and did not end within the grace time: ${ids}`, {
      killReason: { revoked },
      silent,
    });
  }

  #receive(message: unknown): void {
    if (!this.#open) return;
    const known = readFromWorker(message);
    if (known !== undefined) return this.#onMessage(known);
    // A task may send any number of them.
    const method = this.#strange++ === 0 ? "warn" : "debug";
    this.#logger[method](
      `${this.name} sent a message that is not of this library, which is ignored: ${showSafely(message, 200)}`,
    );
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.#readyMs ??= systemClock.elapsed();
        return this.#ready.resolve();
      case "worked":
        this.worked = true;
        return;
      case "start":
        return this.#watch(message);
      case "end":
        return this.#forget(message.token);
      case "answer":
        this.#busy = message.busy;
        return this.#answer(message.id, message.started);
      case "counted":
        return this.#onCounted?.(message.tasks, message.operations);
      case "broken":
        this.#noteFault();
        return this.#leaves.resolve();
      case "stopped":
        this.started = message.started;
        return this.#end({ kind: message.end, reason: message.end });
      case "exit":
        return this.#endAsLost(`${this.worked ? "a task" : "its module"} called process.exit(${message.code})`);
      case "failed":
      case "lost":
        return this.#endAsLost(message.reason);
    }
  }

  #post(message: ToWorker): void {
    if (this.#open) this.#isolate.post(message);
  }

  #ask(type: "idle" | "ping"): Promise<number | undefined> {
    if (!this.#open) return Promise.resolve(undefined);
    const id = ++this.#lastQuestion;
    return new Promise((resolve) => {
      this.#questions.set(id, resolve);
      this.#post({ type, id });
    });
  }

  #answer(id: number, started: number | undefined): void {
    this.#questions.get(id)?.(started);
    this.#questions.delete(id);
  }

  #watch(start: Start): void {
    this.#deadlines.get(start.token)?.stop();
    const timer = systemClock.startTimer(start.timeoutMs + OVERRUN_MS, () => void this.#check(start));
    this.#deadlines.set(start.token, timer);
  }

  #forget(token: string): void {
    this.#deadlines.get(token)?.stop();
    this.#deadlines.delete(token);
  }

  /** A worker that answers has ended, or will end, the attempt itself. */
  async #check(start: Start): Promise<void> {
    const answers = await this.#answersWithin(ANSWER_MS);
    this.#deadlines.delete(start.token);
    if (answers) return;
    this.#endAsLost(`task ${start.name}: ${start.id} overran its timeout and does not yield`, {
      killReason: { overdue: [start] },
      silent: true,
    });
  }

  #answersWithin(ms: number): Promise<boolean> {
    return within(systemClock, { ms }, this.#ask("ping").then(() => true), () => false);
  }

  #noteFault(): void {
    const livedMs = systemClock.elapsed() - (this.#readyMs ?? Infinity);
    this.leftUntimely = this.#readyMs === undefined || livedMs < (this.worked ? SHORT_LIFE_MS : IDLE_LIFE_MS);
  }

  #endAsLost(reason: string, details: Pick<RemoteWorkerEnd, "killReason" | "silent"> = {}): void {
    if (this.#open && details.killReason === undefined) this.#noteFault();
    this.#end({ kind: "lost", reason, ...details });
  }

  #end(end: RemoteWorkerEnd): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stopListening();
    for (const token of this.#deadlines.keys()) this.#forget(token);
    for (const id of this.#questions.keys()) this.#answer(id, undefined);
    this.#ready.reject(new Error(end.reason));
    this.#leaves.resolve();
    this.#ended.resolve(end);
    // Last, so that it can hold up nothing if it fails.
    this.#isolate.terminate();
  }
}
