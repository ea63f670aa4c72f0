/**
 * Operating a queue: pausing it, looking at it while it works, and what failed.
 * @module
 */
import { isPaused, pauseQueue, resumeQueue } from "../control/pause.ts";
import { consumerInfos } from "../operation/consumers.ts";
import { deleteDeadLetter, filterQuery, limitedQuery, listDeadLetters } from "../operation/dead_letters.ts";
import { queueLatency, runningTasks, tasksOf } from "../operation/listings.ts";
import { periodicInfos } from "../operation/periodic.ts";
import { retryAllDeadLetters, retryDeadLetter } from "../operation/retry.ts";
import { runNow } from "../operation/run_now.ts";
import { checkName } from "../primitives/arguments.ts";
import { TaskHandle } from "../result/task_handle.ts";
import type { Task } from "../types/composition.ts";
import type {
  ConsumerInfo,
  DeadLetter,
  DeadLetterFilter,
  PauseOptions,
  PeriodicInfo,
  RunningTask,
} from "../types/operating.ts";
import type { Handle } from "../types/results.ts";
import { checkLimit } from "./contents.ts";
import { HueyHistory } from "./history.ts";

/**
 * The part of a Huey for those who run it: in production, in a dashboard, on the command line.
 *
 * @example
 * ```ts
 * import { Consumer, MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * const charge = huey.task("charge", (cents: number) => {
 *   throw new RangeError(`too much: ${cents}`);
 * });
 * await charge(5_000_000);
 * await using consumer = new Consumer(huey);
 * await consumer.start();
 * await consumer.waitFor("idle");
 * const [failed] = await huey.deadLetters({ kind: "failed" });
 * console.log(failed?.taskName, failed?.error?.message); // charge too much: 5000000
 * await huey.retry(failed!.id);
 * ```
 */
export abstract class HueyOperation extends HueyHistory {
  /**
   * Pauses the queue: consumers claim nothing from now on, within a second, wherever they run, and finish what runs. Enqueueing, the
   * schedule and periodic tasks go on, and a restart does not end it. A second pause replaces the first. Immediate mode runs its tasks
   * all the same.
   *
   * @param options `until`: it ends by itself, at a time or after a time; a number is seconds. Default: it lasts until `resume`.
   * @throws {TypeError} For a wrong option.
   * @throws {RangeError} If it would be over already.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * await huey.pause({ until: { minutes: 10 } });
   * console.log(await huey.isPaused()); // true
   * console.log(await huey.resume(), await huey.resume()); // true false
   * ```
   */
  async pause(options: PauseOptions = {}): Promise<void> {
    await pauseQueue(this.core, options);
  }

  /**
   * Ends a pause; idle consumers start at once.
   *
   * @returns Whether the queue was paused.
   */
  async resume(): Promise<boolean> {
    return await resumeQueue(this.core);
  }

  /**
   * Whether the queue is paused.
   *
   * @returns true until `resume`, or until the pause has ended by itself.
   */
  async isPaused(): Promise<boolean> {
    return await isPaused(this.core);
  }

  /**
   * A handle for the id of a task, from any process. Asks the storage nothing by itself.
   *
   * @param id Id of the invocation.
   * @returns The handle; as that of the call, without `task` and `reschedule`.
   * @throws {TypeError | RangeError} For a wrong id.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const { id } = await add(1, 2);
   * console.log(await huey.handle<number>(id).get({ blocking: true })); // 3
   * ```
   */
  handle<T = unknown>(id: string): Handle<T> {
    checkName(id, "id");
    return new TaskHandle(this.core, id) as unknown as Handle<T>;
  }

  /**
   * What runs now.
   *
   * @param limit How many at most. Default: all, of at most 10,000.
   * @returns The tasks that workers hold, longest first.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async running(limit?: number): Promise<RunningTask[]> {
    return await runningTasks(this.core, checkLimit(limit));
  }

  /**
   * What waits for a place of its `concurrency`.
   *
   * @param limit How many at most. Default: all, of at most 10,000.
   * @returns The tasks, in the order in which they came.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async blocked(limit?: number): Promise<Task[]> {
    return await tasksOf(this.core, await this.core.storage.blocked(checkLimit(limit)));
  }

  /**
   * How many tasks wait for a place of their `concurrency`; `pendingCount` does not count them.
   *
   * @returns Their number.
   */
  async blockedCount(): Promise<number> {
    return await this.core.storage.blockedCount();
  }

  /**
   * Enqueues a scheduled task now, under its id. Looks at no more than the next 10,000 scheduled ones.
   *
   * @param id Id of the invocation.
   * @returns Whether it was found.
   * @throws {TypeError | RangeError} For a wrong id.
   */
  async runNow(id: string): Promise<boolean> {
    checkName(id, "id");
    return await runNow(this.core, id);
  }

  /**
   * How far the consumers are behind: the age of the task that has been on the queue for longest, counted from when it was called, became
   * due, was to be tried again, or got its place. Of many priorities the highest 100 are looked at.
   *
   * @returns Seconds, with fractions; 0 if nothing waits.
   */
  async latency(): Promise<number> {
    return await queueLatency(this.core);
  }

  /**
   * The consumers with a lease, and what they said of themselves when they renewed it.
   *
   * @returns Also those that are silent. A consumer that was stopped in order is not among them.
   */
  async consumers(): Promise<ConsumerInfo[]> {
    return await consumerInfos(this.core);
  }

  /**
   * The registered periodic tasks.
   *
   * @returns In the order of their registration.
   */
  async periodic(): Promise<PeriodicInfo[]> {
    return await periodicInfos(this.core);
  }

  /**
   * Messages that are set aside: of tasks that failed for good, and those that could not be read or name an unknown task.
   *
   * @param options Which ones: of a `kind`, of a `taskName`, `before` a time, at most `limit` (default 1000); or the limit alone.
   * @returns The newest first. At most 10,000 are examined.
   * @throws {TypeError | RangeError} For a wrong option.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const fail = huey.task("fail", () => {
   *   throw new Error("no luck");
   * });
   * await fail();
   * for (const { taskName, error, attempts } of await huey.deadLetters({ kind: "failed" })) {
   *   console.log(taskName, error?.message, attempts); // fail no luck 1
   * }
   * ```
   */
  async deadLetters(options: number | (DeadLetterFilter & { limit?: number }) = {}): Promise<DeadLetter[]> {
    return await listDeadLetters(this.core, options);
  }

  /**
   * How many dead letters there are.
   *
   * @param filter Which ones. Default: all kinds.
   * @returns Their number; with a `taskName` or `before`, of at most 10,000 that are examined.
   * @throws {TypeError | RangeError} For a wrong option.
   */
  async deadLetterCount(filter: DeadLetterFilter = {}): Promise<number> {
    return await this.core.storage.deadLetterCount(filterQuery(filter, "deadLetterCount"));
  }

  /**
   * Enqueues the task of a dead letter again: a new run under its id, with the retries of its definition. What was to follow it is
   * kept, and so are its `meta` and the steps that it has stored. A chord that was told of its end is not told again.
   *
   * @param id Id of the task or of the dead letter.
   * @returns Whether it is enqueued: not if there is no such dead letter, or another task holds its unique key. Of several who try at
   * once, one is told true.
   * @throws {TypeError | RangeError} For a wrong id.
   */
  async retry(id: string): Promise<boolean> {
    checkName(id, "id");
    return await retryDeadLetter(this.core, id);
  }

  /**
   * `retry` of all dead letters that match. What is set aside meanwhile is left alone.
   *
   * @param filter Which ones, at most `limit` of them. Default: all kinds, 1000.
   * @returns How many were enqueued.
   * @throws {TypeError | RangeError} For a wrong option.
   */
  async retryAll(filter: DeadLetterFilter & { limit?: number } = {}): Promise<number> {
    return await retryAllDeadLetters(this.core, limitedQuery(filter, "retryAll"));
  }

  /**
   * The same as `retry`.
   *
   * @param id Id of the task or of the dead letter.
   * @returns Whether it is enqueued.
   * @throws {TypeError | RangeError} For a wrong id.
   */
  async requeueDeadLetter(id: string): Promise<boolean> {
    return await this.retry(id);
  }

  /**
   * Deletes a dead letter, and the steps that its task has stored.
   *
   * @param id Id of the dead letter or of its task.
   * @returns Whether it was there.
   * @throws {TypeError | RangeError} For a wrong id.
   */
  async deleteDeadLetter(id: string): Promise<boolean> {
    checkName(id, "id");
    return await deleteDeadLetter(this.core, id);
  }
}
