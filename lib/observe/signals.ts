/**
 * Signals: what happens to tasks, told to whoever listens.
 * @module
 */
import { checkFunction, show } from "../primitives/arguments.ts";
import type { Logger } from "../types/options.ts";
import type { Task } from "../types/composition.ts";
import type { RateLimitExceeded, TaskLockedException, TaskTimeout } from "../errors.ts";

/** A task is about to be put on the queue. */
export const SIGNAL_ENQUEUED = "enqueued" as const;
/** A task waits for a place of its `concurrency`; `enqueued` follows when it has one. */
export const SIGNAL_BLOCKED = "blocked" as const;
/** A task was put on the schedule. */
export const SIGNAL_SCHEDULED = "scheduled" as const;
/** A worker starts a task; before the hooks. */
export const SIGNAL_EXECUTING = "executing" as const;
/** A task succeeded; its result is stored. */
export const SIGNAL_COMPLETE = "complete" as const;
/** A task threw. */
export const SIGNAL_ERROR = "error" as const;
/** A failed task is tried again. */
export const SIGNAL_RETRYING = "retrying" as const;
/** A task, or a hook before it, threw `CancelExecution`. */
export const SIGNAL_CANCELED = "canceled" as const;
/** A task was found revoked when it was due, or was aborted by a revocation. */
export const SIGNAL_REVOKED = "revoked" as const;
/** A task was found past its expiry. */
export const SIGNAL_EXPIRED = "expired" as const;
/** A task met a lock that is held. */
export const SIGNAL_LOCKED = "locked" as const;
/** A task ran longer than its timeout. */
export const SIGNAL_TIMEOUT = "timeout" as const;
/** A task exceeded a rate limit. */
export const SIGNAL_RATE_LIMITED = "rate-limited" as const;
/** A running task was given back to the queue at a forced stop. */
export const SIGNAL_INTERRUPTED = "interrupted" as const;
/** A task was taken over from a consumer or worker that died. */
export const SIGNAL_RECOVERED = "recovered" as const;

/** What a handler gets after the signal and the task: the error of the four failures, else nothing. */
export interface SignalErrors {
  /** Nothing. */
  enqueued: undefined;
  /** Nothing. */
  blocked: undefined;
  /** Nothing. */
  scheduled: undefined;
  /** Nothing. */
  executing: undefined;
  /** Nothing. */
  complete: undefined;
  /** Nothing. */
  retrying: undefined;
  /** Nothing. */
  canceled: undefined;
  /** Nothing. */
  revoked: undefined;
  /** Nothing. */
  expired: undefined;
  /** Nothing. */
  interrupted: undefined;
  /** Nothing. */
  recovered: undefined;
  /** What the function threw. */
  error: Error;
  /** Which lock is held. */
  locked: TaskLockedException;
  /** What the attempt ended with. */
  timeout: TaskTimeout;
  /** Which limit, and when to try again. */
  "rate-limited": RateLimitExceeded;
}

/** Name of a signal. */
export type SignalName = keyof SignalErrors;

/** Called with the signal, the task, and the error if the signal has one. May be async; what it throws is logged. */
export type SignalHandler<K extends SignalName = SignalName> = (
  signal: K,
  task: Task,
  error: SignalErrors[K],
) => void | Promise<void>;

/** Each of them, so that none can be left out. */
const SIGNALS: Readonly<Record<SignalName, true>> = {
  [SIGNAL_ENQUEUED]: true,
  [SIGNAL_BLOCKED]: true,
  [SIGNAL_SCHEDULED]: true,
  [SIGNAL_EXECUTING]: true,
  [SIGNAL_COMPLETE]: true,
  [SIGNAL_ERROR]: true,
  [SIGNAL_RETRYING]: true,
  [SIGNAL_CANCELED]: true,
  [SIGNAL_REVOKED]: true,
  [SIGNAL_EXPIRED]: true,
  [SIGNAL_LOCKED]: true,
  [SIGNAL_TIMEOUT]: true,
  [SIGNAL_RATE_LIMITED]: true,
  [SIGNAL_INTERRUPTED]: true,
  [SIGNAL_RECOVERED]: true,
};
const NAMES: ReadonlySet<SignalName> = new Set(Object.keys(SIGNALS) as SignalName[]);

type AnyHandler = SignalHandler<never>;

/** One connection; the same handler may have several. */
interface Connection {
  readonly handler: AnyHandler;
  /** The signals of which it still hears. */
  readonly names: Set<SignalName>;
  readonly isOfAll: boolean;
}

/** The handlers of one Huey. */
export class Signals {
  /** Those of signals that were named come before those of all. */
  #connections: readonly Connection[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Connects a handler to some signals, or to all.
   * @returns what disconnects it
   * @throws {TypeError} For a handler that is no function, or a signal that does not exist.
   */
  connect(names: readonly SignalName[] | undefined, handler: AnyHandler): () => void {
    checkFunction(handler, "A signal handler");
    for (const name of names ?? []) checkName(name);
    const connection = { handler, names: new Set(names ?? NAMES), isOfAll: names === undefined };
    const all = [...this.#connections, connection];
    this.#connections = all.sort((one, other) => Number(one.isOfAll) - Number(other.isOfAll));
    return () => void this.#disconnect([connection], NAMES);
  }

  /**
   * Disconnects a handler from the signals named, or from everything.
   * @returns whether it was connected
   */
  disconnect(handler: AnyHandler, names: readonly SignalName[] = []): boolean {
    checkFunction(handler, "A signal handler");
    for (const name of names) checkName(name);
    const ofHandler = this.#connections.filter((connection) => connection.handler === handler);
    return this.#disconnect(ofHandler, names.length > 0 ? names : NAMES);
  }

  /** Whether anybody listens; saves making the task that a handler would get. */
  has(name: SignalName): boolean {
    return this.#connections.length > 0 && this.#connections.some(({ names }) => names.has(name));
  }

  /** Calls the handlers of the signal, then the handlers of all, one after another. Never rejects. */
  async emit<K extends SignalName>(name: K, task: Task, error?: SignalErrors[K]): Promise<void> {
    for (const { handler } of this.#connections.filter(({ names }) => names.has(name))) {
      try {
        await (handler as SignalHandler<K>)(name, task, error as SignalErrors[K]);
      } catch (failure) {
        this.#logger.error(`Handler of signal "${name}" failed for task ${task.name}: ${task.id}`, { error: failure });
      }
    }
  }

  /** @returns whether one of them was connected to one of the signals */
  #disconnect(connections: readonly Connection[], from: Iterable<SignalName>): boolean {
    let was = false;
    for (const { names } of connections) for (const name of from) was = names.delete(name) || was;
    this.#connections = this.#connections.filter(({ names }) => names.size > 0);
    return was;
  }
}

function checkName(name: unknown): void {
  if (typeof name !== "string" || !(NAMES as ReadonlySet<string>).has(name)) {
    throw new TypeError(`There is no signal ${show(name)}: known are ${[...NAMES].join(", ")}`);
  }
}
