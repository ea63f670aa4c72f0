/**
 * One named queue, as applications see it.
 * @module
 */
import { lastProgress } from "../attempt/progress.ts";
import { flushLocks, isLocked, taskLock } from "../control/lock.ts";
import { pauseQueue } from "../control/pause.ts";
import { rateLimit } from "../control/rate_limit.ts";
import { restoreKey, revocationKey, revokeAll, revokeTask, taskRevocationKey } from "../control/revocation.ts";
import { markAsHuey } from "../core/core.ts";
import type { PostExecuteHook, PreExecuteHook, RegisterHook, WorkerHook } from "../observe/hooks.ts";
import type { SignalHandler, SignalName } from "../observe/signals.ts";
import { consumerInfos } from "../operation/consumers.ts";
import { deleteDeadLetter, filterQuery, limitedQuery, listDeadLetters } from "../operation/dead_letters.ts";
import { listTasks, queueLatency, runningTasks } from "../operation/listings.ts";
import { periodicInfos } from "../operation/periodic.ts";
import { retryAllDeadLetters, retryDeadLetter } from "../operation/retry.ts";
import { runNow } from "../operation/run_now.ts";
import { checkBoolean, checkName, show } from "../primitives/arguments.ts";
import type { Instant } from "../primitives/time.ts";
import { enqueueAll, enqueueAny } from "../result/handles.ts";
import { readById } from "../result/reader.ts";
import { taskStatus } from "../result/state.ts";
import { TaskHandle } from "../result/task_handle.ts";
import { readRecent, readStats } from "../statistics/read.ts";
import type { Storage } from "../storage.ts";
import { defineClosing, defineContext, definePeriodic, defineRemote, defineTask } from "../task/definition.ts";
import { checkRevokeOptions } from "../task/options.ts";
import type { Definition } from "../task/registry.ts";
import type { RegisteredTask, Remote, RevokeOptions, TaskInfo } from "../types/calling.ts";
import type { Chord, Group, GroupValues, HandleOf, Member, Pipeline, Task } from "../types/composition.ts";
import type { DefineClosingTask, DefineContextTask, DefinePeriodicTask, DefineTask, TaskOptions } from "../types/definition.ts";
import type { LockOptions, RateLimit, RateLimitOptions, TaskLock } from "../types/limits.ts";
import type {
  ConsumerInfo,
  DeadLetter,
  DeadLetterFilter,
  PauseOptions,
  PeriodicInfo,
  RunningTask,
} from "../types/operating.ts";
import type { FlushOptions, HueyOptions } from "../types/options.ts";
import type { BlockingGetOptions, ChordResult, GetOptions, Handle, Result, ResultGroup, TaskStatus } from "../types/results.ts";
import type { RecentTask, Stats, StatsOptions } from "../types/statistics.ts";
import type { Stored, StoredAll } from "../types/values.ts";
import { flushStorage } from "./flush.ts";
import { HueyInternals, type StorageSource } from "./internals.ts";
import { idOf, isTargetRevoked, nameOf } from "./targets.ts";
import { makeRemote, makeWrapper } from "./task_function.ts";
import { allEntries, deleteValue, entryCount, getValue, putValue, putValueIfEmpty } from "./values.ts";

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
export class Huey implements AsyncDisposable {
  /** Defines a task: `(fn)`, `(name, fn)`, `(options, fn)`, `(name, options, fn)`, `({ name, fn, ... })`. */
  readonly task: DefineTask;
  /** Defines a task that a consumer runs by the clock. */
  readonly periodicTask: DefinePeriodicTask;
  /** Defines a task that runs inside a resource, opened before each attempt and closed after it. */
  readonly contextTask: DefineContextTask;
  /** Defines a task that runs between `open()` and `close()` of a resource. */
  readonly closingTask: DefineClosingTask;
  /** Registers a hook that runs before each task; it may throw `CancelExecution`. */
  readonly preExecute: RegisterHook<PreExecuteHook>;
  /** Registers a hook that runs after each task. */
  readonly postExecute: RegisterHook<PostExecuteHook>;
  /** Registers a hook that runs when a worker starts. */
  readonly onStartup: RegisterHook<WorkerHook>;
  /** Registers a hook that runs when a worker ends. */
  readonly onShutdown: RegisterHook<WorkerHook>;
  readonly #core: HueyInternals;

  /**
   * Makes a queue; its storage is opened when it is first used.
   *
   * @param options Options of every Huey, and the storage: an instance, or a function that opens one when it is first used.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For options that contradict each other.
   */
  constructor(options: HueyOptions & { storage: StorageSource }) {
    if (typeof options?.storage !== "function" && typeof options?.storage?.enqueue !== "function") {
      throw new TypeError(`storage must be a storage or a function that opens one: ${show(options?.storage)}`);
    }
    const core = new HueyInternals(options, options.storage);
    this.#core = core;
    markAsHuey(this, core);
    this.task = ((...args: unknown[]) => this.#register(defineTask(args))) as DefineTask;
    this.periodicTask = ((...args: unknown[]) => this.#register(definePeriodic(args))) as DefinePeriodicTask;
    this.contextTask = ((...args: unknown[]) => this.#register(defineContext(args, core.logger))) as DefineContextTask;
    this.closingTask = ((...args: unknown[]) => this.#register(defineClosing(args, core.logger))) as DefineClosingTask;
    this.preExecute = core.hooks.preExecute.add;
    this.postExecute = core.hooks.postExecute.add;
    this.onStartup = core.hooks.startup.add;
    this.onShutdown = core.hooks.shutdown.add;
  }

  /** Name of the queue. */
  get name(): string {
    return this.#core.settings.name;
  }

  /** Whether values and errors are stored. */
  get results(): boolean {
    return this.#core.settings.results;
  }
  set results(on: boolean) {
    checkBoolean(on, "results");
    this.#core.settings.results = on;
  }

  /** Whether `undefined` is stored too. */
  get storeNone(): boolean {
    return this.#core.settings.storeNone;
  }
  set storeNone(on: boolean) {
    checkBoolean(on, "storeNone");
    this.#core.settings.storeNone = on;
  }

  /** Whether crontab's default zone is UTC. */
  get utc(): boolean {
    return this.#core.settings.utc;
  }
  set utc(on: boolean) {
    checkBoolean(on, "utc");
    this.#core.settings.utc = on;
  }

  /** Whether tasks run in the call. A change swaps the storage when `immediateUseMemory`; each switch starts with an empty memory. */
  get immediate(): boolean {
    return this.#core.immediate;
  }
  set immediate(on: boolean) {
    checkBoolean(on, "immediate");
    this.#core.immediate = on;
  }

  /** The storage in use. */
  get storage(): Storage {
    return this.#core.storage;
  }

  /**
   * A task that is defined elsewhere, in another program or language: it can be called, scheduled, put into pipelines and revoked.
   * A consumer that knows it so leaves its messages to those that define it.
   *
   * @param name What messages call the task.
   * @param options Options of a task; those of its definition are not known here. `lock` and `rateLimit` have no effect.
   * @returns The task; `Fn` gives its types: that of the task where it is defined, or a plain type of a function.
   * @throws {TypeError | RangeError} For a wrong name or option.
   * @throws {ConfigurationError} If a task of this Huey has the name.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey();
   * const resize = huey.remote<(path: string, width: number) => string>("resize", { retries: 3 });
   * await resize("cat.png", 200);
   * console.log((await huey.pending())[0]?.name); // resize
   * ```
   */
  remote<Fn = (...args: unknown[]) => unknown>(name: string, options: Omit<TaskOptions, "name" | "context"> = {}): Remote<Fn> {
    const definition = defineRemote(name, options);
    this.#core.registry.add(definition);
    return makeRemote(this.#core, definition) as Remote<Fn>;
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
    return await enqueueAny(this.#core, item) as never;
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
    return await enqueueAll(this.#core, members) as never;
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
    return await readById(this.#core, id, options) as never;
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
    return new TaskHandle(this.#core, id) as Handle<T>;
  }

  /**
   * Where the invocation with an id is.
   *
   * @param id The id.
   * @returns The state; while it runs also the worker and since when. `unknown` if nothing is known of it, or not any more.
   */
  async state(id: string): Promise<TaskStatus> {
    checkName(id, "id");
    return await taskStatus(this.#core, id);
  }

  /**
   * The last value that the invocation with an id has reported as its progress.
   *
   * @param id The id.
   * @returns The value, or `undefined` if it has reported none.
   */
  async progress(id: string): Promise<unknown> {
    checkName(id, "id");
    return await lastProgress(this.#core, id);
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
    await revokeTask(this.#core, { id: idOf(task), etaMs: task.eta?.getTime() }, options);
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
    await revokeTask(this.#core, { id }, options);
  }

  /**
   * Stops every invocation of a task.
   *
   * @param task What `huey.task` returned.
   * @param options `once`: only the next one. `until`: those that are due before then. Default: until it is restored.
   */
  async revokeAll(task: RegisteredTask, options: RevokeOptions = {}): Promise<void> {
    checkRevokeOptions(options);
    await revokeAll(this.#core, nameOf(task), options);
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
    return await restoreKey(this.#core, revocationKey(id));
  }

  /**
   * Ends the revocation of a task.
   *
   * @param task What `huey.task` returned.
   * @returns Whether there was one.
   */
  async restoreAll(task: RegisteredTask): Promise<boolean> {
    return await restoreKey(this.#core, taskRevocationKey(nameOf(task)));
  }

  /**
   * Whether something is revoked. Uses nothing up.
   *
   * @param target A task, an invocation, a result, or the id of an invocation; by id, only its own revocation is seen.
   * @param at The time to ask about. Default now.
   * @returns Whether it would be stopped then.
   */
  async isRevoked(target: RegisteredTask | TaskInfo | Result | string, at?: Instant): Promise<boolean> {
    return await isTargetRevoked(this.#core, target, at);
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
    return taskLock(this.#core, name, options);
  }

  /**
   * Whether a lock is taken.
   *
   * @param name Name of the lock.
   * @returns Whether no slot of it is free.
   */
  async isLocked(name: string): Promise<boolean> {
    return await isLocked(this.#core, name);
  }

  /**
   * Takes locks from whoever holds them: all that this process knows, and those named.
   *
   * @param names Locks that only other processes know.
   * @returns The names of those that were held.
   */
  async flushLocks(...names: string[]): Promise<Set<string>> {
    return await flushLocks(this.#core, names);
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
    return rateLimit(this.#core, name, options);
  }

  /**
   * Stores a value under a key of the application's own.
   *
   * @param key The key.
   * @param value Any value that can be stored.
   * @throws {TypeError} For a wrong key, or a value that cannot be stored.
   */
  async put(key: string, value: unknown): Promise<void> {
    await putValue(this.#core, key, value);
  }

  /**
   * Reads a value. Takes it out of the store, unless `peek`.
   *
   * @param key The key.
   * @param options `peek: true` leaves the value there.
   * @returns The value; `undefined` if there is none.
   * @throws {TypeError} For a wrong key or option.
   */
  async get<T = unknown>(key: string, options: { peek?: boolean } = {}): Promise<T | undefined> {
    return await getValue(this.#core, key, options) as T | undefined;
  }

  /**
   * Stores a value if there is none under the key.
   *
   * @param key The key.
   * @param value Any value that can be stored.
   * @returns Whether it was put.
   * @throws {TypeError} For a wrong key, or a value that cannot be stored.
   */
  async putIfEmpty(key: string, value: unknown): Promise<boolean> {
    return await putValueIfEmpty(this.#core, key, value);
  }

  /**
   * Deletes a value.
   *
   * @param key The key.
   * @returns Whether it was there.
   * @throws {TypeError} For a wrong key.
   */
  async delete(key: string): Promise<boolean> {
    return await deleteValue(this.#core, key);
  }

  /**
   * Everything in the result store: results, values put, locks, revocations.
   *
   * @returns The values by key, serialised.
   */
  async allResults(): Promise<Map<string, Uint8Array>> {
    return await allEntries(this.#core);
  }

  /**
   * How many keys are in the result store: results, values put, locks, revocations.
   *
   * @returns Their number.
   */
  async resultCount(): Promise<number> {
    return await entryCount(this.#core);
  }

  /**
   * The tasks on the queue; nothing is taken.
   *
   * @param limit How many at most. Default: all.
   * @returns The tasks, in the order in which they will run.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async pending(limit?: number): Promise<Task[]> {
    return await listTasks(this.#core, "pending", limit);
  }

  /**
   * The tasks on the schedule.
   *
   * @param limit How many at most. Default: all.
   * @returns The tasks, soonest first.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async scheduled(limit?: number): Promise<Task[]> {
    return await listTasks(this.#core, "scheduled", limit);
  }

  /**
   * What waits for a place of its `concurrency`.
   *
   * @param limit How many at most. Default: all, of at most 10,000.
   * @returns The tasks, in the order in which they came.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async blocked(limit?: number): Promise<Task[]> {
    return await listTasks(this.#core, "blocked", limit);
  }

  /**
   * What runs now.
   *
   * @param limit How many at most. Default: all, of at most 10,000.
   * @returns The tasks that workers hold, longest first.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async running(limit?: number): Promise<RunningTask[]> {
    return await runningTasks(this.#core, limit);
  }

  /**
   * How many tasks are on the queue.
   *
   * @returns Their number.
   */
  async pendingCount(): Promise<number> {
    return await this.#core.storage.pendingCount();
  }

  /**
   * How many tasks are on the schedule.
   *
   * @returns Their number.
   */
  async scheduledCount(): Promise<number> {
    return await this.#core.storage.scheduledCount();
  }

  /**
   * How many tasks wait for a place of their `concurrency`; `pendingCount` does not count them.
   *
   * @returns Their number.
   */
  async blockedCount(): Promise<number> {
    return await this.#core.storage.blockedCount();
  }

  /**
   * How far the consumers are behind: the age of the task that has been on the queue for longest, counted from when it was called, became
   * due, was to be tried again, or got its place. Of many priorities the highest 100 are looked at.
   *
   * @returns Seconds, with fractions; 0 if nothing waits.
   */
  async latency(): Promise<number> {
    return await queueLatency(this.#core);
  }

  /**
   * The consumers with a lease, and what they said of themselves when they renewed it.
   *
   * @returns Also those that are silent. A consumer that was stopped in order is not among them.
   */
  async consumers(): Promise<ConsumerInfo[]> {
    return await consumerInfos(this.#core);
  }

  /**
   * The registered periodic tasks.
   *
   * @returns In the order of their registration.
   */
  async periodic(): Promise<PeriodicInfo[]> {
    return await periodicInfos(this.#core);
  }

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
    await pauseQueue(this.#core, options);
  }

  /**
   * Ends a pause; idle consumers start at once.
   *
   * @returns Whether the queue was paused.
   */
  async resume(): Promise<boolean> {
    return await this.#core.storage.resume();
  }

  /**
   * Whether the queue is paused.
   *
   * @returns true until `resume`, or until the pause has ended by itself.
   */
  async isPaused(): Promise<boolean> {
    return await this.#core.storage.paused() !== undefined;
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
    return await runNow(this.#core, id);
  }

  /**
   * Deletes everything of this name: queue, schedule, results, locks, revocations, counters, failed tasks and dead letters,
   * statistics, and values of `put`. With parts, only those: `flush({ results: true })`. A pause stays, and what consumers say of themselves.
   *
   * @param parts What to delete. Default: everything.
   * @throws {TypeError} For an unknown part, a value that is no boolean, or if no part is named.
   */
  async flush(parts?: FlushOptions): Promise<void> {
    await flushStorage(this.#core, parts);
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
    return await listDeadLetters(this.#core, options);
  }

  /**
   * How many dead letters there are.
   *
   * @param filter Which ones. Default: all kinds.
   * @returns Their number; with a `taskName` or `before`, of at most 10,000 that are examined.
   * @throws {TypeError | RangeError} For a wrong option.
   */
  async deadLetterCount(filter: DeadLetterFilter = {}): Promise<number> {
    return await this.#core.storage.deadLetterCount(filterQuery(filter, "deadLetterCount"));
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
    return await retryDeadLetter(this.#core, id);
  }

  /**
   * `retry` of all dead letters that match. What is set aside meanwhile is left alone.
   *
   * @param filter Which ones, at most `limit` of them. Default: all kinds, 1000.
   * @returns How many were enqueued.
   * @throws {TypeError | RangeError} For a wrong option.
   */
  async retryAll(filter: DeadLetterFilter & { limit?: number } = {}): Promise<number> {
    return await retryAllDeadLetters(this.#core, limitedQuery(filter, "retryAll"));
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
    return await deleteDeadLetter(this.#core, id);
  }

  /**
   * Counts and times, by task and by minute or hour. Each process that enqueues or runs tasks writes what it has counted every two
   * seconds and when it closes; one that is killed loses what it had not written.
   *
   * @param options The range, the step and the task. Default: the last hour of all tasks by minute.
   * @returns A row for each step and task in which something happened, and the totals. Minutes are kept for a day, hours for 30 days.
   * @throws {TypeError | RangeError} For a wrong option, or a range that ends before it begins.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true, immediateUseMemory: false });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * await add(1, 2);
   * const { totals } = await huey.stats();
   * console.log(totals.enqueued, totals.completed, totals.failed); // 1 1 0
   * await huey.close();
   * ```
   */
  async stats(options: StatsOptions = {}): Promise<Stats> {
    const { statistics, storage, clock } = this.#core;
    await statistics?.write();
    return await readStats(storage, clock, options);
  }

  /**
   * A sample of the tasks that ended last: consumers write some with their counts, and the last 1,000 are kept.
   *
   * @param limit How many at most. Default: 1000, which is the most there are.
   * @returns The tasks, newest first.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async recent(limit?: number): Promise<RecentTask[]> {
    const { statistics, storage } = this.#core;
    await statistics?.write();
    return await readRecent(storage, limit);
  }

  /**
   * Removes a pre-execute hook.
   *
   * @param nameOrHook The hook, or the name that it was registered under.
   * @returns Whether it was there.
   */
  unregisterPreExecute(nameOrHook: string | PreExecuteHook): boolean {
    return this.#core.hooks.preExecute.remove(nameOrHook);
  }

  /**
   * Removes a post-execute hook.
   *
   * @param nameOrHook The hook, or the name that it was registered under.
   * @returns Whether it was there.
   */
  unregisterPostExecute(nameOrHook: string | PostExecuteHook): boolean {
    return this.#core.hooks.postExecute.remove(nameOrHook);
  }

  /**
   * Removes a start-up hook.
   *
   * @param nameOrHook The hook, or the name that it was registered under.
   * @returns Whether it was there.
   */
  unregisterOnStartup(nameOrHook: string | WorkerHook): boolean {
    return this.#core.hooks.startup.remove(nameOrHook);
  }

  /**
   * Removes a shutdown hook.
   *
   * @param nameOrHook The hook, or the name that it was registered under.
   * @returns Whether it was there.
   */
  unregisterOnShutdown(nameOrHook: string | WorkerHook): boolean {
    return this.#core.hooks.shutdown.remove(nameOrHook);
  }

  /**
   * Connects a handler to all signals.
   *
   * @param handler Called with the signal, the task, and the error if the signal has one.
   * @returns What disconnects it.
   * @throws {TypeError} For a handler that is no function.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true });
   * huey.signal("complete", (_signal, task) => console.log(task.name));
   * await huey.task("add", (a: number, b: number) => a + b)(1, 2); // add
   * ```
   */
  signal(handler: SignalHandler): () => void;

  /**
   * Connects a handler to the signals named.
   *
   * @param signals Their names.
   * @param handler Called with the signal, the task, and the error if the signal has one.
   * @returns What disconnects it.
   * @throws {TypeError} For a signal that does not exist, or a handler that is no function.
   */
  signal<K extends SignalName>(signals: K | readonly K[], handler: SignalHandler<K>): () => void;
  signal(first: SignalHandler | SignalName | readonly SignalName[], handler?: SignalHandler): () => void {
    if (typeof first === "function") return this.#core.signals.connect(undefined, first as SignalHandler<never>);
    const names = typeof first === "string" ? [first] : first;
    if (!Array.isArray(names)) throw new TypeError(`signal takes a handler, or names of signals and a handler: ${show(first)}`);
    return this.#core.signals.connect(names, handler as SignalHandler<never>);
  }

  /**
   * Disconnects a handler from the signals named, or from all. One that was connected to all stays connected to the others.
   *
   * @param handler The handler.
   * @param signals The signals. Default: all.
   * @returns Whether it was connected.
   * @throws {TypeError} For a signal that does not exist.
   */
  disconnectSignal(handler: SignalHandler<never>, ...signals: SignalName[]): boolean {
    return this.#core.signals.disconnect(handler, signals);
  }

  /** Closes the storage. Idempotent; calls afterwards reject with `StorageError`. */
  async close(): Promise<void> {
    await this.#core.close();
  }

  /** `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #register(definition: Definition): unknown {
    this.#core.registry.add(definition);
    return makeWrapper(this.#core, definition);
  }
}
