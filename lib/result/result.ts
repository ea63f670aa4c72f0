/**
 * The handle of one invocation whose message is known.
 * @module
 */
import { forgetCanceled } from "../settlement/canceled_steps.ts";
import { membershipOf } from "../message/chain.ts";
import type { Core } from "../core/core.ts";
import { enqueueMessage } from "../enqueue/enqueue.ts";
import { newId } from "../primitives/ids.ts";
import type { Message } from "../message/message.ts";
import { revokeTask } from "../control/revocation.ts";
import { makeTask } from "../composition/call.ts";
import { callFields, checkReschedule } from "../task/options.ts";
import { TaskHandle } from "./task_handle.ts";
import type { Task } from "../types/composition.ts";
import type { RescheduleOptions } from "../types/results.ts";

/** What a call returns. */
export class ResultHandle extends TaskHandle {
  readonly #message: Message;
  #task: Task | undefined;

  /** @param enqueued Whether it is enqueued already; a later step of a pipeline is not. */
  constructor(core: Core, message: Message, enqueued: boolean = true) {
    super(core, message.id, message, enqueued);
    this.#message = message;
  }

  get task(): Task {
    return this.#task ??= makeTask(this.#message);
  }

  async reschedule(options: RescheduleOptions = {}): Promise<ResultHandle> {
    checkReschedule(options);
    const { preservePipeline, ...call } = options;
    const { eta: _eta, expiresAt: _expiresAt, ...kept } = preservePipeline === false ? alone(this.#message) : this.#message;
    const message: Message = { ...kept, ...callFields(call as never, this.core.clock.now()), id: newId() };
    await revokeTask(this.core, this.target, { once: true }, preservePipeline === false ? "alone" : "whole");
    await forgetCanceled(this.core, message);
    return new ResultHandle(this.core, await enqueueMessage(this.core, message));
  }
}

/** A message without what follows it; in its chord it takes the place that the last of those would have filled. */
function alone(message: Message): Message {
  return { ...message, next: undefined, onError: undefined, chord: membershipOf(message) };
}
