/**
 * The handle of one invocation whose message is known.
 * @module
 */
import { deleteCanceledEnds } from "../settlement/canceled_steps.ts";
import { membershipOf } from "../message/chain.ts";
import type { Core } from "../core/core.ts";
import { enqueueSteps } from "../enqueue/enqueue.ts";
import { newId } from "../primitives/ids.ts";
import type { Message } from "../message/message.ts";
import { revokeTask } from "../control/revocation.ts";
import { makeTask } from "../composition/call.ts";
import { callFields, checkReschedule } from "../task/options.ts";
import { TaskException } from "../errors.ts";
import { canceledMetadata } from "../core/stored_results.ts";
import { checkGetOptions } from "./reader.ts";
import { type HandleOptions, TaskHandle, USUAL } from "./task_handle.ts";
import { tellEnded, type Watcher } from "./waits.ts";
import type { Task } from "../types/composition.ts";
import type { GetOptions, RescheduleOptions, TaskStatus } from "../types/results.ts";

/** What a call returns. */
export class ResultHandle extends TaskHandle {
  readonly #message: Message;
  readonly #canceled: string | undefined;
  #task: Task | undefined;

  constructor(core: Core, message: Message, options: HandleOptions = USUAL) {
    super(core, message.id, message, options);
    this.#message = message;
    this.#canceled = options.canceled;
  }

  get task(): Task {
    return this.#task ??= makeTask(this.#message);
  }

  override async get(options: GetOptions = {}): Promise<unknown> {
    if (this.#canceled === undefined && !this.duplicate) return await super.get(options);
    checkGetOptions(options);
    if (this.#canceled !== undefined) throw new TaskException(canceledMetadata(this.#message, this.#canceled));
    // What a duplicate reads is the value of another call, whose handle takes it.
    return await super.get({ ...options, preserve: true });
  }

  override async isReady(): Promise<boolean> {
    return this.#canceled !== undefined || await super.isReady();
  }

  override async state(): Promise<TaskStatus> {
    return this.#canceled === undefined ? await super.state() : { state: "canceled", ended: true };
  }

  override watch(watcher: Watcher): () => void {
    return this.#canceled === undefined ? super.watch(watcher) : tellEnded(watcher);
  }

  async reschedule(options: RescheduleOptions = {}): Promise<ResultHandle> {
    checkReschedule(options);
    const { preservePipeline, ...call } = options;
    const copied = preservePipeline === false ? alone(this.#message) : this.#message;
    const { eta: _eta, expiresAt: _expiresAt, run: _run, ...kept } = copied;
    const message: Message = { ...kept, ...callFields(call as never, this.core.clock.now()), id: newId() };
    await revokeTask(this.core, this.target, { once: true }, preservePipeline === false ? "alone" : "whole");
    await deleteCanceledEnds(this.core, message);
    const { messages: [copy], duplicates } = await enqueueSteps(this.core, [message], this.id);
    return handleOfCall(this.core, copy!, duplicates?.get(0));
  }
}

/** The handle of a message that was enqueued. @param holder Id of the task that it is a duplicate of */
export function handleOfCall(core: Core, message: Message, holder: string | undefined): ResultHandle {
  return holder === undefined
    ? new ResultHandle(core, message)
    : new ResultHandle(core, { ...message, id: holder }, { duplicate: true });
}

/** A message without what follows it; in its chord it takes the place that the last of those would have filled. */
function alone(message: Message): Message {
  return { ...message, next: undefined, onError: undefined, chord: membershipOf(message) };
}
