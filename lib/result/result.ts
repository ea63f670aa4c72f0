/**
 * The handle of one invocation.
 * @module
 */
import { revocationKey } from "../control/revocation_record.ts";
import { forgetCanceled } from "../settlement/canceled_steps.ts";
import { membershipOf } from "../message/chain.ts";
import type { Core } from "../core/core.ts";
import { isEnded } from "../control/endings.ts";
import { enqueueMessage } from "../enqueue/enqueue.ts";
import { newId } from "../primitives/ids.ts";
import type { Message } from "../message/message.ts";
import { printAs, printed } from "../observe/printing.ts";
import { lastProgress, progressUpdates } from "../attempt/progress.ts";
import { checkGetOptions, readOutcome, type ReadResult, type ReadTarget, takeOutcome, unwrap } from "./reader.ts";
import { waitsOf, type Watcher } from "./waits.ts";
import { isTaskRevoked, restoreKey, revokeTask } from "../control/revocation.ts";
import { taskStatus } from "./state.ts";
import { makeTask } from "../composition/call.ts";
import { callFields, checkReschedule, checkRevokeOptions } from "../task/options.ts";
import { type Instant, instantMs } from "../primitives/time.ts";
import type { RevokeOptions } from "../types/calling.ts";
import type { Task } from "../types/composition.ts";
import type { GetOptions, RescheduleOptions, TaskStatus } from "../types/results.ts";

/** Reads the outcome of one task, and keeps what it has read. */
export class ResultHandle {
  readonly kind = "result" as const;
  readonly #core: Core;
  readonly #message: Message;
  #task: Task | undefined;
  readonly #enqueued: boolean;
  #outcome: ReadResult | undefined;
  /** What was read was left in the store. */
  #preserved = false;
  #reading: Reading | undefined;

  /** @param enqueued Whether it is enqueued already; a later step of a pipeline is not. */
  constructor(core: Core, message: Message, enqueued: boolean = true) {
    this.#core = core;
    this.#message = message;
    this.#enqueued = enqueued;
  }

  get id(): string {
    return this.#message.id;
  }

  get task(): Task {
    return this.#task ??= makeTask(this.#message);
  }

  async get(options: GetOptions = {}): Promise<unknown> {
    checkGetOptions(options);
    const found = this.#keeps(options) ? this.#outcome : await this.#read(options);
    return found === undefined ? undefined : unwrap(found);
  }

  async #read(options: GetOptions): Promise<ReadResult | undefined> {
    const found = await readOutcome(this.#core, this.#target, options, () => this.#take(options));
    // Also what is known of a task that ended without a value.
    if (found !== undefined) this.#outcome ??= found;
    return found;
  }

  /** Whether what was read before is what these options ask for. The error of an attempt is no end to wait for. */
  #keeps({ preserve = false, blocking = false }: GetOptions): boolean {
    if (this.#outcome === undefined || (this.#preserved && !preserve)) return false;
    return this.#outcome.ended || !blocking;
  }

  /** Several readers at once share one read: only one of them would get the value otherwise. */
  async #take(options: GetOptions): Promise<ReadResult | undefined> {
    const { preserve = false, blocking = false } = options;
    for (let shared = this.#reading; shared !== undefined; shared = this.#reading) {
      const serves = shared.blocking === blocking && (preserve || !shared.preserve);
      const found = await shared.found;
      if (serves) return found;
      if (this.#keeps(options)) return this.#outcome;
    }
    const reading = { preserve, blocking, found: this.#takeAlone(options) };
    this.#reading = reading;
    return await reading.found;
  }

  async #takeAlone(options: GetOptions): Promise<ReadResult | undefined> {
    try {
      const found = await takeOutcome(this.#core, this.id, options);
      if (found !== undefined) this.#outcome = found;
      this.#preserved = options.preserve === true;
      // Another reader may have taken what this one has read before.
      return found ?? (this.#keeps(options) ? this.#outcome : undefined);
    } finally {
      this.#reading = undefined;
    }
  }

  /** Has somebody told when the task has ended. @returns what ends that */
  watch(watcher: Watcher): () => void {
    if (this.#outcome?.ended !== true) return waitsOf(this.#core.storage).watch(this.id, watcher);
    queueMicrotask(() => watcher.ended());
    return () => {};
  }

  async isReady(): Promise<boolean> {
    if (this.#outcome !== undefined || await this.#core.storage.results.has(this.id)) return true;
    return isEnded(await this.#core.storage.state(this.id));
  }

  async revoke(options: RevokeOptions = { once: true }): Promise<void> {
    checkRevokeOptions(options);
    await revokeTask(this.#core, this.#target, { ...options, once: options.once ?? options.until === undefined });
  }

  get #target(): ReadTarget {
    return { id: this.id, enqueued: this.#enqueued, etaMs: this.#message.eta, message: this.#message };
  }

  async restore(): Promise<boolean> {
    return await restoreKey(this.#core, revocationKey(this.id));
  }

  async isRevoked(at?: Instant): Promise<boolean> {
    return await isTaskRevoked(this.#core, this.task, at === undefined ? this.#core.clock.now() : instantMs(at, "at"));
  }

  async reschedule(options: RescheduleOptions = {}): Promise<ResultHandle> {
    checkReschedule(options);
    const { preservePipeline, ...call } = options;
    const { eta: _eta, expiresAt: _expiresAt, ...kept } = preservePipeline === false ? alone(this.#message) : this.#message;
    const message: Message = { ...kept, ...callFields(call as never, this.#core.clock.now()), id: newId() };
    await revokeTask(this.#core, this.#target, { once: true }, preservePipeline === false ? "alone" : "whole");
    await forgetCanceled(this.#core, message);
    return new ResultHandle(this.#core, await enqueueMessage(this.#core, message));
  }

  reset(): void {
    this.#outcome = undefined;
  }

  async state(): Promise<TaskStatus> {
    return await taskStatus(this.#core, this.id, this.#message.name);
  }

  async progress(): Promise<unknown> {
    return await lastProgress(this.#core, this.id);
  }

  progressUpdates(): AsyncIterableIterator<unknown> {
    return progressUpdates(this.#core, this.id, this.#enqueued);
  }
}

printAs(ResultHandle.prototype, ({ kind, id, task }) => printed(kind, [`${task.name}: ${id}`]));

/** A read under way. */
interface Reading {
  readonly preserve: boolean;
  readonly blocking: boolean;
  readonly found: Promise<ReadResult | undefined>;
}

/** A message without what follows it; in its chord it takes the place that the last of those would have filled. */
function alone(message: Message): Message {
  return { ...message, next: undefined, onError: undefined, chord: membershipOf(message) };
}
