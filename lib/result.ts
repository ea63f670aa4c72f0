/**
 * The handle of one invocation.
 * @module
 */
import type { Core } from "./core.ts";
import { enqueueMessage } from "./enqueue.ts";
import { newId } from "./ids.ts";
import type { Message } from "./message.ts";
import { printAs, printed } from "./printing.ts";
import { lastProgress, progressUpdates } from "./progress.ts";
import { type Outcome, readOutcome, takeOutcome, unwrap } from "./result_reader.ts";
import { isTaskRevoked, restoreKey, revokeKey, revokeMoved } from "./revocation.ts";
import { taskStatus } from "./state.ts";
import { makeTask } from "./task.ts";
import { callOverrides, checkReschedule, checkRevokeOptions } from "./task_options.ts";
import { type Instant, instantMs } from "./time.ts";
import type { RevokeOptions } from "./types/calling.ts";
import type { Task } from "./types/composition.ts";
import type { GetOptions, RescheduleOptions, TaskStatus } from "./types/results.ts";

/** Reads the outcome of one task, and keeps what it has read. */
export class ResultHandle {
  readonly kind = "result" as const;
  readonly #core: Core;
  readonly #message: Message;
  #task: Task | undefined;
  #outcome: Outcome | undefined;
  #reading: Promise<Outcome | undefined> | undefined;

  constructor(core: Core, message: Message) {
    this.#core = core;
    this.#message = message;
  }

  get id(): string {
    return this.#message.id;
  }

  get task(): Task {
    return this.#task ??= makeTask(this.#message);
  }

  async get(options: GetOptions = {}): Promise<unknown> {
    if (this.#outcome === undefined) {
      const found = await readOutcome(this.#core, this.id, options, () => this.#take(options.preserve));
      this.#outcome ??= found;
    }
    return this.#outcome === undefined ? undefined : unwrap(this.#outcome);
  }

  /** Several readers at once share one read: only one of them would get the value otherwise. */
  async #take(preserve: boolean | undefined): Promise<Outcome | undefined> {
    this.#reading ??= takeOutcome(this.#core, this.id, preserve);
    try {
      const found = await this.#reading;
      this.#outcome ??= found;
    } finally {
      this.#reading = undefined;
    }
    return this.#outcome;
  }

  async isReady(): Promise<boolean> {
    if (this.#outcome !== undefined || await this.#core.storage.results.has(this.id)) return true;
    return ENDED.has((await this.#core.storage.state(this.id))?.state ?? "");
  }

  async revoke(options: RevokeOptions = { once: true }): Promise<void> {
    checkRevokeOptions(options);
    await revokeKey(this.#core, `r:${this.id}`, { ...options, once: options.once ?? options.until === undefined });
  }

  async restore(): Promise<boolean> {
    return await restoreKey(this.#core, `r:${this.id}`);
  }

  async isRevoked(at?: Instant): Promise<boolean> {
    return await isTaskRevoked(this.#core, this.task, at === undefined ? Date.now() : instantMs(at, "at"));
  }

  async reschedule(options: RescheduleOptions = {}): Promise<ResultHandle> {
    checkReschedule(options);
    const { preservePipeline, ...call } = options;
    const overrides = callOverrides(call as never);
    const { eta: _eta, expiresAt: _expiresAt, ...kept } = this.#message;
    const message: Message = {
      ...kept,
      ...(preservePipeline === false ? { next: undefined, onError: undefined } : {}),
      id: newId(),
      eta: overrides.etaMs,
      priority: overrides.priority ?? kept.priority,
      expires: overrides.expires ?? kept.expires,
    };
    await revokeMoved(this.#core, this.id);
    return await enqueueMessage(this.#core, message);
  }

  reset(): void {
    this.#outcome = undefined;
  }

  async state(): Promise<TaskStatus> {
    return await taskStatus(this.#core, this.id);
  }

  async progress(): Promise<unknown> {
    return await lastProgress(this.#core, this.id);
  }

  progressUpdates(): AsyncIterableIterator<unknown> {
    return progressUpdates(this.#core, this.id);
  }
}

printAs(ResultHandle.prototype, ({ kind, id, task }) => printed(kind, [`${task.name}: ${id}`]));

const ENDED: ReadonlySet<string> = new Set(["complete", "empty", "failed", "revoked", "expired", "canceled"]);
