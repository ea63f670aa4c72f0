/**
 * One named queue, as applications see it.
 * @module
 */
import { checkKeys, checkName, show } from "./arguments.ts";
import { enqueueAll, enqueueAny } from "./enqueue.ts";
import { HueyContents } from "./huey_contents.ts";
import type { StorageSource } from "./huey_core.ts";
import { flushLocks, isLocked, taskLock } from "./lock.ts";
import { rateLimit } from "./rate_limit.ts";
import { readOutcome, unwrap } from "./result_reader.ts";
import { isKeyRevoked, isTaskRevoked, restoreKey, revokeKey } from "./revocation.ts";
import { taskStatus } from "./state.ts";
import { checkRevokeOptions } from "./task_options.ts";
import { type Instant, instantMs } from "./time.ts";
import type { RegisteredTask, RevokeOptions, TaskInfo } from "./types/calling.ts";
import type { Chord, Group, GroupValues, HandleOf, Member, Pipeline, Task } from "./types/composition.ts";
import type { LockOptions, RateLimit, RateLimitOptions, TaskLock } from "./types/limits.ts";
import type { HueyOptions } from "./types/options.ts";
import type { BlockingGetOptions, ChordResult, GetOptions, Result, ResultGroup, TaskStatus } from "./types/results.ts";
import type { Stored, StoredAll } from "./types/values.ts";

/**
 * One named queue: a registry of tasks, a storage, hooks and signals. Constructing opens nothing and needs no server; the first
 * call that uses the storage opens it. Usually one of its subclasses is used: `SqliteHuey`, `RedisHuey`, `FileHuey`, `MemoryHuey`.
 *
 * @example
 * ```ts
 * import { Huey, MemoryStorage } from "@hueyjs/huey";
 *
 * const huey = new Huey({ name: "demo", storage: (name) => new MemoryStorage({ name }) });
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * await add(1, 2); // enqueued; a consumer runs it
 * console.log(await huey.pendingCount()); // 1
 * await huey.close();
 * ```
 */
export class Huey extends HueyContents implements AsyncDisposable {
  /**
   * @param options Options of every Huey, and the storage: an instance, or a function that opens one when it is first used.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For options that contradict each other.
   */
  constructor(options: HueyOptions & { storage: StorageSource }) {
    super(options);
  }

  /**
   * Enqueues a task, a pipeline, a group or a chord.
   *
   * @returns The handle: `Result`, `ResultGroup` or `ChordResult`.
   * @throws {UnknownTaskError} For a task whose name is not registered here.
   * @throws {TypeError} For arguments that cannot be stored, naming the path, before anything is written.
   */
  enqueue<R>(task: Task<R>): Promise<Result<Stored<R>>>;
  enqueue<S extends unknown[]>(pipeline: Pipeline<S>): Promise<ResultGroup<StoredAll<S>>>;
  enqueue<M extends readonly Member[]>(group: Group<M>): Promise<ResultGroup<GroupValues<M>, HandleOf<M[number]>>>;
  enqueue<V, S extends unknown[]>(chord: Chord<V, S>): Promise<ChordResult<V, StoredAll<S>>>;
  async enqueue(item: Member | Group<readonly Member[]>): Promise<never> {
    return await enqueueAny(this.core, item) as never;
  }

  /** Enqueues several invocations in one round trip. @throws as `enqueue`; then none is enqueued */
  async enqueueMany<const M extends readonly Member[]>(members: M): Promise<ResultGroup<GroupValues<M>, HandleOf<M[number]>>> {
    if (!Array.isArray(members)) throw new TypeError(`enqueueMany takes an array of tasks: ${show(members)}`);
    return await enqueueAll(this.core, members) as never;
  }

  /** Stops one invocation until it is restored, or `until`, or only `once`. */
  async revoke(task: TaskInfo, options: RevokeOptions = {}): Promise<void> {
    await this.revokeById(idOf(task), options);
  }

  /** `revoke` by the id of the invocation. */
  async revokeById(id: string, options: RevokeOptions = {}): Promise<void> {
    checkName(id, "id");
    checkRevokeOptions(options);
    await revokeKey(this.core, `r:${id}`, options);
  }

  /** Stops every invocation of a task. */
  async revokeAll(task: RegisteredTask, options: RevokeOptions = {}): Promise<void> {
    checkRevokeOptions(options);
    await revokeKey(this.core, taskKey(task), options);
  }

  /** Ends the revocation of an invocation. @returns whether there was one */
  async restore(task: TaskInfo): Promise<boolean> {
    return await this.restoreById(idOf(task));
  }

  /** `restore` by the id of the invocation. */
  async restoreById(id: string): Promise<boolean> {
    checkName(id, "id");
    return await restoreKey(this.core, `r:${id}`);
  }

  /** Ends the revocation of a task. @returns whether there was one */
  async restoreAll(task: RegisteredTask): Promise<boolean> {
    return await restoreKey(this.core, taskKey(task));
  }

  /** Whether a task, an invocation, or the invocation with an id is revoked. By id, only its own revocation is seen. */
  async isRevoked(target: RegisteredTask | TaskInfo | Result | string, at?: Instant): Promise<boolean> {
    const atMs = at === undefined ? Date.now() : instantMs(at, "at");
    if (typeof target === "string") return await isKeyRevoked(this.core, `r:${target}`, atMs);
    if (typeof target === "function") return await isKeyRevoked(this.core, taskKey(target), atMs);
    const task = (target as Partial<Result>)?.kind === "result" ? (target as Result).task : target as TaskInfo;
    idOf(task);
    return await isTaskRevoked(this.core, task, atMs);
  }

  /** Reads a result by id, as `Result.get`. @throws as `Result.get` */
  result<T = unknown>(id: string, options: BlockingGetOptions): Promise<T>;
  result<T = unknown>(id: string, options?: GetOptions): Promise<T | undefined>;
  async result(id: string, options: GetOptions = {}): Promise<never> {
    checkName(id, "id");
    const outcome = await readOutcome(this.core, id, options);
    return (outcome === undefined ? undefined : unwrap(outcome)) as never;
  }

  /** Where the invocation with an id is. */
  async state(id: string): Promise<TaskStatus> {
    checkName(id, "id");
    return await taskStatus(this.core, id);
  }

  /** A lock of this Huey; it is taken by `acquire`, `run` or `wrap`. */
  lockTask(name: string, options: LockOptions = {}): TaskLock {
    checkKeys(options, "Options of a lock", ["ttl", "slots"]);
    return taskLock(this.core, name, options);
  }

  /** Whether no slot of a lock is free. */
  async isLocked(name: string): Promise<boolean> {
    return await isLocked(this.core, name);
  }

  /** Clears all locks of this Huey that the process knows, and those named. @returns the names of those that were held */
  async flushLocks(...names: string[]): Promise<Set<string>> {
    return await flushLocks(this.core, names);
  }

  /** A rate limit of this Huey; a call is counted by `acquire`, `run` or `wrap`. */
  rateLimit(name: string, options: RateLimitOptions): RateLimit {
    return rateLimit(this.core, name, options);
  }

  /** Closes the storage. Idempotent; calls afterwards reject with `StorageError`. */
  async close(): Promise<void> {
    await this.core.close();
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function idOf(task: TaskInfo): string {
  const { id, name } = task ?? {} as Partial<TaskInfo>;
  if (typeof id !== "string" || typeof name !== "string") throw new TypeError(`Expected a task or a result: ${show(task)}`);
  return id;
}

function taskKey(task: RegisteredTask): string {
  if (task?.kind !== "function") throw new TypeError(`Expected what huey.task returned: ${show(task)}`);
  return `rt:${task.name}`;
}
