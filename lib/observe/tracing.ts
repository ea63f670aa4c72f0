/**
 * Where traces come from: what is told around the enqueueing of tasks and around their attempts. Nothing here knows a library of traces.
 * @module
 */
import { describeMessage } from "./logger.ts";
import type { Message, Meta, NextStep } from "../message/message.ts";
import type { Owner } from "../storage.ts";
import type { Logger } from "../types/options.ts";

/** An attempt, as far as traces tell of it. */
export interface TracedAttempt {
  readonly message: Message;
  readonly claim: { readonly deliveries: number };
  readonly options: { readonly owner: Owner | undefined };
  /** The trace that it belongs to; set by who traces, for the log. */
  traceId: string | undefined;
}

/** How an attempt ended, as far as traces tell of it. */
export interface TracedEnd {
  /** The kind of its outcome. */
  readonly kind: string;
  readonly error?: Error | undefined;
}

/** Who traces a Huey. */
export interface Tracing {
  /**
   * Called around each enqueueing.
   *
   * @param steps What is enqueued.
   * @param write Enqueues it, with the meta that it is given.
   */
  enqueue<T>(steps: readonly NextStep[], write: (carried: Meta | undefined) => Promise<T>): Promise<T>;
  /**
   * Called around each attempt, its hooks included.
   *
   * @param attempt The attempt.
   * @param work Runs it.
   */
  execute<E extends TracedEnd | undefined>(attempt: TracedAttempt, work: () => Promise<E>): Promise<E>;
}

/** The key of the context of a trace in meta, as W3C Trace Context names it. */
const TRACE_PARENT = "traceparent";

/** What each line of the log about a task says beside its text. */
export interface AboutTask {
  readonly taskId: string;
  readonly taskName: string;
  /** 1 for the first run. */
  readonly attempt: number;
  readonly queue: string;
  readonly traceId?: string;
}

/** What is needed of a Huey to log a line about a task. */
interface LoggingHuey {
  readonly settings: { readonly name: string };
  readonly logger: Logger;
}

const TRACE_ID = /^[\da-f]{2}-([\da-f]{32})-/;

/**
 * The properties of a line about a task.
 *
 * @param huey Of the queue.
 * @param message The task.
 * @param traceId The trace of its attempt. Default: that of the call.
 */
export function aboutTask(
  { settings }: Pick<LoggingHuey, "settings">,
  message: Message,
  traceId: string | undefined = TRACE_ID.exec(message.meta?.[TRACE_PARENT] ?? "")?.[1],
): AboutTask {
  const { id, name, attempt = 0 } = message;
  const about = { taskId: id, taskName: name, attempt: attempt + 1, queue: settings.name };
  return traceId === undefined ? about : { ...about, traceId };
}

/** What is known beside its message of a task that is logged. */
export interface LoggedTask {
  /** The trace of its attempt. Default: that of the call. */
  readonly traceId?: string | undefined;
  readonly error?: Error | undefined;
}

/** Logs what has become of a task. @param what As the end of a sentence */
export function logTask(
  huey: LoggingHuey,
  level: keyof Logger,
  message: Message,
  what: string,
  { traceId, error }: LoggedTask = {},
): void {
  const about = aboutTask(huey, message, traceId);
  huey.logger[level](`Task ${describeMessage(message)} ${what}`, error === undefined ? { ...about } : { ...about, error });
}
