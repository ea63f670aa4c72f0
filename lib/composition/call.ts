/**
 * One invocation, as applications see it: immutable, not enqueued by itself.
 * @module
 */
import { newId } from "../primitives/ids.ts";
import type { Message } from "../message/message.ts";
import { printed } from "../observe/printing.ts";
import { handlerCall, makePipeline, stagesOf } from "./pipeline.ts";
import type { Definition } from "../task/registry.ts";
import type { CallFields } from "../task/options.ts";
import { type Duration, type Instant, instantMs, isInstant } from "../primitives/time.ts";
import type { TaskInfo } from "../types/calling.ts";
import type { Callable, Pipeline, Step, Task } from "../types/composition.ts";

/** What is known of an invocation, read from its message. */
export class InvocationInfo implements TaskInfo {
  readonly message: Message;

  constructor(message: Message) {
    this.message = message;
  }

  get id(): string {
    return this.message.id;
  }
  get name(): string {
    return this.message.name;
  }
  get args(): readonly unknown[] {
    return this.message.args;
  }
  get eta(): Date | undefined {
    return toDate(this.message.eta);
  }
  get retries(): number {
    return this.message.retries ?? 0;
  }
  get retryDelay(): number {
    return (this.message.retryDelay ?? 0) / 1000;
  }
  get retryBackoff(): number {
    return this.message.retryBackoff ?? 0;
  }
  get priority(): number {
    return this.message.priority ?? 0;
  }
  get expires(): Duration | Instant | undefined {
    const { expires } = this.message;
    return isInstant(expires) ? new Date(instantMs(expires, "expires")) : expires;
  }
  get expiresAt(): Date | undefined {
    return toDate(this.message.expiresAt);
  }
  get timeout(): number | undefined {
    const { timeout } = this.message;
    return timeout === undefined ? undefined : timeout / 1000;
  }
  get meta(): Readonly<Record<string, string>> {
    return this.message.meta ?? NO_META;
  }
  get enqueuedAt(): Date | undefined {
    return toDate(this.message.enqueuedAt);
  }
}

const NO_META: Readonly<Record<string, string>> = Object.freeze({});

class Invocation extends InvocationInfo {
  readonly kind = "task" as const;

  override toString(): string {
    return printed(this.kind, [`${this.name}: ${this.id}`]);
  }

  andThen(next: Step, ...given: unknown[]): Pipeline<unknown[]> {
    return makePipeline([this as Task, ...stagesOf(next, given)]);
  }

  onError(handler: Callable, ...given: unknown[]): Task {
    return makeTask(withErrorHandler(this.message, messageOf(handlerCall(handler, given))));
  }
}

/** The task of a message. */
export function makeTask<R = unknown>(message: Message): Task<R> {
  return new Invocation(message) as Task<R>;
}

/** The message of a task. @throws {TypeError} If it is no task. */
export function messageOf(task: Task): Message {
  const message = (task as Partial<InvocationInfo> | null)?.message;
  if (message === undefined) throw new TypeError("Not a task: make one with task.s(...)");
  return message;
}

/** A first message for a call of a task. */
export function makeMessage({ blank }: Definition, args: readonly unknown[], call?: CallFields): Message {
  if (call === undefined) return { ...blank, id: newId(), args };
  const message = { ...blank, ...call, id: call.id ?? newId(), args };
  // An id that the caller has given may be used again, and the steps of the one are none of the other.
  return call.id === undefined ? message : { ...message, run: newId() };
}

/** A message that may be enqueued more than once, with one id. */
export function makeReusable(definition: Definition, message: Message): Message {
  return definition.context && message.run === undefined ? { ...message, run: newId() } : message;
}

/** The message with a further error handler at the end of its chain of handlers. */
function withErrorHandler(message: Message, handler: Message): Message {
  const onError = message.onError === undefined ? handler : withErrorHandler(message.onError, handler);
  return { ...message, onError };
}

function toDate(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}
