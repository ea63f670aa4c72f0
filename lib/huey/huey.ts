/**
 * One named queue, as applications see it.
 * @module
 */
import { revocationKey, taskRevocationKey } from "../control/revocation_record.ts";
import { checkName, show } from "../primitives/arguments.ts";
import { enqueueAll, enqueueAny } from "../result/handles.ts";
import { HueyOperation } from "./operation.ts";
import type { StorageSource } from "./internals.ts";
import { flushLocks, isLocked, taskLock } from "../control/lock.ts";
import { lastProgress } from "../attempt/progress.ts";
import { rateLimit } from "../control/rate_limit.ts";
import { readResult, unwrap } from "../result/reader.ts";
import { isKeyRevoked, isTaskRevoked, restoreKey, revokeAll, revokeTask } from "../control/revocation.ts";
import { taskStatus } from "../result/state.ts";
import { checkRevokeOptions } from "../task/options.ts";
import { type Instant, instantMs } from "../primitives/time.ts";
import type { RegisteredTask, RevokeOptions, TaskInfo } from "../types/calling.ts";
import type { Chord, Group, GroupValues, HandleOf, Member, Pipeline, Task } from "../types/composition.ts";
import type { LockOptions, RateLimit, RateLimitOptions, TaskLock } from "../types/limits.ts";
import type { HueyOptions } from "../types/options.ts";
import type { BlockingGetOptions, ChordResult, GetOptions, Result, ResultGroup, TaskStatus } from "../types/results.ts";
import type { Stored, StoredAll } from "../types/values.ts";

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
export class Huey extends HueyOperation implements AsyncDisposable {
  /**
   * Makes a queue; its storage is opened when it is first used.
   *
   * @param options Options of every Huey, and the storage: an instance, or a function that opens one when it is first used.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For options that contradict each other.
   */
  constructor(options: HueyOptions & { storage: StorageSource }) {
    super(options);
  }

  /**
   * Enqueues an invocation.
   *
   * @param task What `task.s(...)` returned.
   * @returns The handle of its result.
   * @throws {UnknownTaskError} For a task whose name is not registered here.
   * @throws {TypeError} For arguments that cannot be stored, naming the path, before anything is written.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const result = await huey.enqueue(add.s(1, 2)); // the same as add(1, 2)
   * console.log(await result.get()); // 3
   *
   * const pipeline = add.s(1, 2).andThen(add, 3).andThen(add, 4);
   * console.log(await (await huey.enqueue(pipeline)).get()); // [3, 6, 10]
   * ```
   */
  enqueue<R>(task: Task<R>): Promise<Result<Stored<R>>>;
  /**
   * Enqueues the steps of a pipeline; each is enqueued by the settlement of the one before.
   *
   * @param pipeline What `andThen` returned.
   * @returns The handles of all steps.
   * @throws As for a single task; then nothing is enqueued.
   */
  enqueue<S extends unknown[]>(pipeline: Pipeline<S>): Promise<ResultGroup<StoredAll<S>>>;
  /**
   * Enqueues all members of a group, in one round trip.
   *
   * @param group What `group` returned.
   * @returns The handles of its members.
   * @throws As for a single task; then nothing is enqueued.
   */
  enqueue<M extends readonly Member[]>(group: Group<M>): Promise<ResultGroup<GroupValues<M>, HandleOf<M[number]>>>;
  /**
   * Enqueues the members of a chord; its callback runs when the last of them has ended.
   *
   * @param chord What `chord` returned.
   * @returns The handle of the callback, with those of the members beside it.
   * @throws As for a single task; then nothing is enqueued.
   */
  enqueue<V, S extends unknown[]>(chord: Chord<V, S>): Promise<ChordResult<V, StoredAll<S>>>;
  async enqueue(item: Member | Group<readonly Member[]>): Promise<never> {
    return await enqueueAny(this.core, item) as never;
  }

  /**
   * Enqueues several invocations in one round trip.
   *
   * @param members Tasks, pipelines and chords.
   * @returns Their handles, in order.
   * @throws As `enqueue`; then none is enqueued.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const results = await huey.enqueueMany([add.s(1, 2), add.s(3, 4)]);
   * console.log(await results.get()); // [3, 7]
   * ```
   */
  async enqueueMany<const M extends readonly Member[]>(members: M): Promise<ResultGroup<GroupValues<M>, HandleOf<M[number]>>> {
    if (!Array.isArray(members)) throw new TypeError(`enqueueMany takes an array of tasks: ${show(members)}`);
    return await enqueueAll(this.core, members) as never;
  }

  /**
   * Stops one invocation before it runs; a running one is aborted and not retried.
   *
   * @param task The invocation, or what is known of it.
   * @param options `once`: it may be enqueued again under the same id. `until`: it may run from then on. Default: until it is restored.
   * @throws {TypeError} For wrong options.
   */
  async revoke(task: TaskInfo, options: RevokeOptions = {}): Promise<void> {
    checkRevokeOptions(options);
    await revokeTask(this.core, { id: idOf(task), etaMs: task.eta?.getTime() }, options);
  }

  /**
   * `revoke` by the id of the invocation.
   *
   * @param id The id.
   * @param options As for `revoke`.
   */
  async revokeById(id: string, options: RevokeOptions = {}): Promise<void> {
    checkName(id, "id");
    checkRevokeOptions(options);
    await revokeTask(this.core, { id }, options);
  }

  /**
   * Stops every invocation of a task.
   *
   * @param task What `huey.task` returned.
   * @param options `once`: only the next one. `until`: those that are due before then. Default: until it is restored.
   */
  async revokeAll(task: RegisteredTask, options: RevokeOptions = {}): Promise<void> {
    checkRevokeOptions(options);
    await revokeAll(this.core, nameOf(task), options);
  }

  /**
   * Ends the revocation of an invocation.
   *
   * @param task The invocation.
   * @returns Whether there was one.
   */
  async restore(task: TaskInfo): Promise<boolean> {
    return await this.restoreById(idOf(task));
  }

  /**
   * `restore` by the id of the invocation.
   *
   * @param id The id.
   * @returns Whether there was a revocation.
   */
  async restoreById(id: string): Promise<boolean> {
    checkName(id, "id");
    return await restoreKey(this.core, revocationKey(id));
  }

  /**
   * Ends the revocation of a task.
   *
   * @param task What `huey.task` returned.
   * @returns Whether there was one.
   */
  async restoreAll(task: RegisteredTask): Promise<boolean> {
    return await restoreKey(this.core, taskRevocationKey(nameOf(task)));
  }

  /**
   * Whether something is revoked. Uses nothing up.
   *
   * @param target A task, an invocation, a result, or the id of an invocation; by id, only its own revocation is seen.
   * @param at The time to ask about. Default now.
   * @returns Whether it would be stopped then.
   */
  async isRevoked(target: RegisteredTask | TaskInfo | Result | string, at?: Instant): Promise<boolean> {
    const atMs = at === undefined ? this.core.clock.now() : instantMs(at, "at");
    if (typeof target === "string") {
      checkName(target, "id");
      return await isKeyRevoked(this.core, revocationKey(target), atMs);
    }
    if (typeof target === "function") return await isKeyRevoked(this.core, taskRevocationKey(nameOf(target)), atMs);
    const task = (target as Partial<Result>)?.kind === "result" ? (target as Result).task : target as TaskInfo;
    idOf(task);
    return await isTaskRevoked(this.core, task, atMs);
  }

  /**
   * Reads a result by its id, as `Result.get`.
   *
   * @param id The id of the invocation.
   * @param options With `blocking: true` it waits until the task has ended.
   * @returns The value. Without `blocking` it is `undefined` while there is none.
   * @throws {TaskException} If the task failed.
   * @throws {ResultTimeout} If a blocking read waits longer than `timeout`.
   * @throws {ConfigurationError} If its task or the Huey has `results: false`.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * const { id } = await add(1, 2);
   * console.log(await huey.result<number>(id, { preserve: true })); // 3
   * ```
   */
  result<T = unknown>(id: string, options: BlockingGetOptions): Promise<T>;
  /**
   * Reads a result by its id without waiting for it.
   *
   * @param id The id of the invocation.
   * @param options As for `Result.get`.
   * @returns The value, or `undefined` when it is not ready, or nothing was stored.
   * @throws {TaskException} If the task failed.
   */
  result<T = unknown>(id: string, options?: GetOptions): Promise<T | undefined>;
  async result(id: string, options: GetOptions = {}): Promise<never> {
    checkName(id, "id");
    const outcome = await readResult(this.core, { id }, options);
    return (outcome === undefined ? undefined : unwrap(outcome)) as never;
  }

  /**
   * Where the invocation with an id is.
   *
   * @param id The id.
   * @returns The state; while it runs also the worker and since when. `unknown` if nothing is known of it, or not any more.
   */
  async state(id: string): Promise<TaskStatus> {
    checkName(id, "id");
    return await taskStatus(this.core, id);
  }

  /**
   * The last value that the invocation with an id has reported as its progress.
   *
   * @param id The id.
   * @returns The value, or `undefined` if it has reported none.
   */
  async progress(id: string): Promise<unknown> {
    checkName(id, "id");
    return await lastProgress(this.core, id);
  }

  /**
   * A lock of this Huey. It is taken by `acquire`, `run` or `wrap`.
   *
   * @param name Its name; the same name is the same lock in every process.
   * @param options `ttl`: it ends by itself. `slots`: holders at once, default 1.
   * @returns The lock, not taken yet.
   * @throws {TypeError | RangeError} For a wrong option.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * {
   *   await using _held = await huey.lockTask("db-backup", { ttl: { minutes: 5 } }).acquire();
   *   console.log(await huey.isLocked("db-backup")); // true
   * }
   * console.log(await huey.isLocked("db-backup")); // false
   * ```
   */
  lockTask(name: string, options: LockOptions = {}): TaskLock {
    return taskLock(this.core, name, options);
  }

  /**
   * Whether a lock is taken.
   *
   * @param name Name of the lock.
   * @returns Whether no slot of it is free.
   */
  async isLocked(name: string): Promise<boolean> {
    return await isLocked(this.core, name);
  }

  /**
   * Takes locks from whoever holds them: all that this process knows, and those named.
   *
   * @param names Locks that only other processes know.
   * @returns The names of those that were held.
   */
  async flushLocks(...names: string[]): Promise<Set<string>> {
    return await flushLocks(this.core, names);
  }

  /**
   * A rate limit of this Huey. A call is counted by `acquire`, `run` or `wrap`.
   *
   * @param name Its name; the same name is the same limit in every process.
   * @param options `limit` calls in `per`; `retry` and `algorithm`.
   * @returns The rate limit.
   * @throws {TypeError | RangeError} For a wrong option.
   *
   * @example
   * ```ts
   * import { MemoryHuey, RateLimitExceeded } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * const limit = huey.rateLimit("api", { limit: 1, per: { minutes: 1 }, algorithm: "sliding" });
   * await limit.acquire();
   * try {
   *   await limit.acquire();
   * } catch (error) {
   *   console.log(error instanceof RateLimitExceeded); // true
   * }
   * ```
   */
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

function nameOf(task: RegisteredTask): string {
  if (task?.kind !== "function") throw new TypeError(`Expected what huey.task returned: ${show(task)}`);
  return task.name;
}
