/**
 * What a running task knows of itself, and can do.
 * @module
 */
import type { TaskInfo } from "./calling.ts";
import type { Logger } from "./options.ts";
import type { Stored } from "./values.ts";

/** First argument of a task with `context: true`. */
export interface TaskContext extends TaskInfo {
  /** Aborted at the timeout, when the task is revoked, and when the consumer is forced to stop. Hand it to what the task waits for. */
  readonly signal: AbortSignal;

  /** 1 for the first run, 2 for the first retry. */
  readonly attempt: number;

  /** How often this attempt was handed out; above 1 after a worker died with it. */
  readonly deliveries: number;

  /** Seconds until the timeout, at least 0; `Infinity` without one. */
  readonly timeRemaining: number;

  /** Whether the timeout has passed. */
  readonly isTimedOut: boolean;

  /**
   * The logger of the Huey, whose lines say which task they are of. The last 20 lines of an attempt, each cut to 300 characters, stay with
   * the task until it has completed, and with a failed one: the dashboard and `huey-consumer show` tell them. `debug` is only logged.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true, logger: console });
   * const pay = huey.task({ name: "pay", context: true }, (context, cents: number) => {
   *   context.logger.info(`asks the bank for ${cents}`);
   *   throw new Error("the bank is closed");
   * });
   * await pay(500);
   * const [failed] = await huey.deadLetters();
   * console.log(failed?.history.at(-1)?.log.map(({ text }) => text)); // ["asks the bank for 500"]
   * ```
   */
  readonly logger: Logger;

  /**
   * Ends a long computation that is late: call it now and then.
   *
   * @throws {TaskTimeout} If the timeout has passed.
   */
  checkTimeout(): void;

  /**
   * Tells how far the task is, to the handle's `progress` and `progressUpdates` in any process. Kept for a day.
   *
   * @param value Any value that can be stored.
   * @throws {TypeError} If it cannot be stored.
   */
  setProgress(value: unknown): Promise<void>;

  /**
   * Does something once for this invocation, over all its attempts and deliveries: the value is stored before `step` resolves, and a
   * later attempt gets the stored value, `fn` is not called again. What `fn` throws is thrown on, and not stored. The values go when the
   * task has ended; those of a failed one stay with it, for `retry`. In `callLocal` it just calls `fn`.
   *
   * @param name Name of the step, 1 to 1000 characters; each may be used once in an attempt.
   * @param fn What to do.
   * @returns What `fn` returned, as it was stored.
   * @throws {TypeError} For a value that cannot be stored, and for a name that was used before in this attempt.
   * @throws {WorkerLostError} If the task was taken over by another worker meanwhile; nothing is stored then.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const order = huey.task({ name: "order", context: true, retries: 1 }, async (context, item: string) => {
   *   const payment = await context.step("charge", () => `paid for ${item}`); // never twice
   *   if (context.attempt === 1) throw new Error("the mail server is down");
   *   return payment;
   * });
   * console.log(await (await order("tea")).get()); // paid for tea
   * ```
   */
  step<R>(name: string, fn: () => R | Promise<R>): Promise<Stored<Awaited<R>>>;
}
