/**
 * The handle of a task of which at least the id is known.
 * @module
 */
import { isKeyRevoked, isTaskRevoked, restoreKey, revocationKey, revokeTask } from "../control/revocation.ts";
import type { Core } from "../core/core.ts";
import { isEnded } from "../core/about.ts";
import { answerInTime, realTime } from "../core/patience.ts";
import { lastProgress, progressUpdates } from "../attempt/progress.ts";
import type { Message } from "../message/message.ts";
import { printAs, printed } from "../observe/printing.ts";
import { checkGetOptions, type ReadResult, readResult, type ReadTarget, takeResult, unwrap } from "./reader.ts";
import { tellEnded, waitsOf, type Watcher } from "./waits.ts";
import { taskStatus } from "./state.ts";
import { checkRevokeOptions } from "../task/options.ts";
import { type Instant, instantMs } from "../primitives/time.ts";
import type { RevokeOptions } from "../types/calling.ts";
import type { GetOptions, TaskStatus } from "../types/results.ts";

/** How a handle stands to what it is the handle of. */
export interface HandleOptions {
  /** It is a later step of a pipeline, and not enqueued yet. */
  readonly later?: boolean | undefined;
  /** It was there already when it was called. */
  readonly duplicate?: boolean | undefined;
  /** It will never be enqueued: why, as the end of a sentence. */
  readonly canceled?: string | undefined;
}

/** That of most calls; one for all of them. */
export const USUAL: HandleOptions = {};

/** Reads the outcome of one task, and keeps what it has read. */
export class TaskHandle {
  readonly kind = "result" as const;
  readonly id: string;
  readonly duplicate: boolean;
  protected readonly core: Core;
  readonly #message: Message | undefined;
  readonly #enqueued: boolean | undefined;
  #outcome: ReadResult | undefined;
  /** What was read was left in the store. */
  #preserved = false;
  #reading: Reading | undefined;

  static {
    printAs(TaskHandle.prototype, (handle) => {
      const message = handle.#message;
      return printed(handle.kind, [message === undefined ? handle.id : `${message.name}: ${handle.id}`]);
    });
  }

  /** @param message Left out where only the id is known. */
  constructor(core: Core, id: string, message?: Message, { later = false, duplicate = false }: HandleOptions = USUAL) {
    this.core = core;
    this.id = id;
    this.duplicate = duplicate;
    this.#message = message;
    this.#enqueued = message && !later;
  }

  protected get target(): ReadTarget {
    const message = this.#message;
    return { id: this.id, enqueued: this.#enqueued, etaMs: message?.eta, message };
  }

  async get(options: GetOptions = {}): Promise<unknown> {
    checkGetOptions(options);
    const found = this.#keeps(options) ? this.#outcome : await this.#read(options);
    return found === undefined ? undefined : unwrap(found);
  }

  async #read(options: GetOptions): Promise<ReadResult | undefined> {
    const found = await readResult(this.core, this.target, options, () => this.#take(options));
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
      const found = await answerInTime(realTime, `read the result of task ${this.id}`, this.#takeAndKeep(options));
      // Another reader may have taken what this one has read before.
      return found ?? (this.#keeps(options) ? this.#outcome : undefined);
    } finally {
      this.#reading = undefined;
    }
  }

  /** Also what comes when nobody waits for it any more is kept: it is no longer in the store. */
  async #takeAndKeep(options: GetOptions): Promise<ReadResult | undefined> {
    const found = await takeResult(this.core, this.id, options);
    // The error of an attempt stays in the store for who does not wait, and one who waits is given another.
    if (found?.ended === false && options.blocking) return found;
    if (found !== undefined) this.#outcome = found;
    this.#preserved = options.preserve === true;
    return found;
  }

  /** Has somebody told when the task has ended. @returns what ends that */
  watch(watcher: Watcher): () => void {
    return this.#outcome?.ended ? tellEnded(watcher) : waitsOf(this.core.storage).watch(this.id, watcher);
  }

  async isReady(): Promise<boolean> {
    if (this.#outcome !== undefined || await this.core.storage.results.has(this.id)) return true;
    return isEnded(await this.core.storage.state(this.id));
  }

  async revoke(options: RevokeOptions = { once: true }): Promise<void> {
    checkRevokeOptions(options);
    await revokeTask(this.core, this.target, { ...options, once: options.once ?? options.until === undefined });
  }

  async restore(): Promise<boolean> {
    return await restoreKey(this.core, revocationKey(this.id));
  }

  async isRevoked(at?: Instant): Promise<boolean> {
    const atMs = at === undefined ? this.core.clock.now() : instantMs(at, "at");
    const message = this.#message;
    // Of which task it is only the message tells.
    if (message === undefined) return await isKeyRevoked(this.core, revocationKey(this.id), atMs);
    return await isTaskRevoked(this.core, message, atMs);
  }

  reset(): void {
    this.#outcome = undefined;
  }

  async state(): Promise<TaskStatus> {
    return await taskStatus(this.core, this.id, this.#message?.name);
  }

  async progress(): Promise<unknown> {
    return await lastProgress(this.core, this.id);
  }

  progressUpdates(): AsyncIterableIterator<unknown> {
    // Who has an id and no more has it of somebody who has enqueued the task.
    return progressUpdates(this.core, this.id, this.#message === undefined || this.#enqueued);
  }
}

/** A read under way. */
interface Reading {
  readonly preserve: boolean;
  readonly blocking: boolean;
  readonly found: Promise<ReadResult | undefined>;
}
