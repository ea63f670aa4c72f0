/**
 * One named queue, as applications see it.
 * @module
 */
import { checkBoolean, checkKeys, checkName, checkNumber, show } from "./arguments.ts";
import { decodeMessage, decodeValue } from "./codec.ts";
import { CORE, type Core } from "./core.ts";
import { brand } from "./core.ts";
import { listDeadLetters } from "./dead_letters.ts";
import { defineClosing, defineContext, definePeriodic, defineTask } from "./definition.ts";
import { enqueueAll, enqueueAny } from "./enqueue.ts";
import type { PostExecuteHook, PreExecuteHook, RegisterHook, WorkerHook } from "./hooks.ts";
import { HueyCore, type StorageSource } from "./huey_core.ts";
import { flushLocks, isLocked, taskLock } from "./lock.ts";
import { withChordValues } from "./open_claim.ts";
import { rateLimit } from "./rate_limit.ts";
import { readOutcome, unwrap } from "./result_reader.ts";
import { isKeyRevoked, isTaskRevoked, restoreKey, revokeKey } from "./revocation.ts";
import type { SignalHandler, SignalName } from "./signals.ts";
import { taskStatus } from "./state.ts";
import type { Item, Storage } from "./storage.ts";
import { makeTask } from "./task.ts";
import { checkRevokeOptions } from "./task_options.ts";
import { type Instant, instantMs } from "./time.ts";
import type { RegisteredTask, RevokeOptions, TaskInfo } from "./types/calling.ts";
import type { Chord, Group, GroupValues, HandleOf, Member, Pipeline, Task } from "./types/composition.ts";
import type { DefineClosingTask, DefineContextTask, DefinePeriodicTask, DefineTask } from "./types/definition.ts";
import type { LockOptions, RateLimit, RateLimitOptions, TaskLock } from "./types/limits.ts";
import type { DeadLetter, HueyOptions } from "./types/options.ts";
import type { BlockingGetOptions, ChordResult, GetOptions, Result, ResultGroup, TaskStatus } from "./types/results.ts";
import type { Stored, StoredAll } from "./types/values.ts";
import { makeWrapper } from "./wrapper.ts";

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
  readonly #core: HueyCore;

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

  /**
   * @param options Options of every Huey, and the storage: an instance, or a function that opens one when it is first used.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For options that contradict each other.
   */
  constructor(options: HueyOptions & { storage: StorageSource }) {
    if (typeof options?.storage !== "function" && typeof options?.storage?.enqueue !== "function") {
      throw new TypeError(`storage must be a storage or a function that opens one: ${show(options?.storage)}`);
    }
    const core = new HueyCore(options, options.storage);
    this.#core = core;
    brand(this, core);
    this.task = ((...args: unknown[]) => this.#register(defineTask(args))) as DefineTask;
    this.periodicTask = ((...args: unknown[]) => this.#register(definePeriodic(args))) as DefinePeriodicTask;
    this.contextTask = ((...args: unknown[]) => this.#register(defineContext(args))) as DefineContextTask;
    this.closingTask = ((...args: unknown[]) => this.#register(defineClosing(args))) as DefineClosingTask;
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
    return await enqueueAny(this.#core, item) as never;
  }

  /** Enqueues several invocations in one round trip. @throws as `enqueue`; then none is enqueued */
  async enqueueMany<const M extends readonly Member[]>(members: M): Promise<ResultGroup<GroupValues<M>, HandleOf<M[number]>>> {
    if (!Array.isArray(members)) throw new TypeError(`enqueueMany takes an array of tasks: ${show(members)}`);
    return await enqueueAll(this.#core, members) as never;
  }

  /** Stops one invocation until it is restored, or `until`, or only `once`. */
  async revoke(task: TaskInfo, options: RevokeOptions = {}): Promise<void> {
    await this.revokeById(idOf(task), options);
  }

  /** `revoke` by the id of the invocation. */
  async revokeById(id: string, options: RevokeOptions = {}): Promise<void> {
    checkName(id, "id");
    checkRevokeOptions(options);
    await revokeKey(this.#core, `r:${id}`, options);
  }

  /** Stops every invocation of a task. */
  async revokeAll(task: RegisteredTask, options: RevokeOptions = {}): Promise<void> {
    checkRevokeOptions(options);
    await revokeKey(this.#core, taskKey(task), options);
  }

  /** Ends the revocation of an invocation. @returns whether there was one */
  async restore(task: TaskInfo): Promise<boolean> {
    return await this.restoreById(idOf(task));
  }

  /** `restore` by the id of the invocation. */
  async restoreById(id: string): Promise<boolean> {
    checkName(id, "id");
    return await restoreKey(this.#core, `r:${id}`);
  }

  /** Ends the revocation of a task. @returns whether there was one */
  async restoreAll(task: RegisteredTask): Promise<boolean> {
    return await restoreKey(this.#core, taskKey(task));
  }

  /** Whether a task, an invocation, or the invocation with an id is revoked. By id, only its own revocation is seen. */
  async isRevoked(target: RegisteredTask | TaskInfo | Result | string, at?: Instant): Promise<boolean> {
    const atMs = at === undefined ? Date.now() : instantMs(at, "at");
    if (typeof target === "string") return await isKeyRevoked(this.#core, `r:${target}`, atMs);
    if (typeof target === "function") return await isKeyRevoked(this.#core, taskKey(target), atMs);
    const task = (target as Partial<Result>)?.kind === "result" ? (target as Result).task : target as TaskInfo;
    idOf(task);
    return await isTaskRevoked(this.#core, task, atMs);
  }

  /** Reads a result by id, as `Result.get`. @throws as `Result.get` */
  result<T = unknown>(id: string, options: BlockingGetOptions): Promise<T>;
  result<T = unknown>(id: string, options?: GetOptions): Promise<T | undefined>;
  async result(id: string, options: GetOptions = {}): Promise<never> {
    checkName(id, "id");
    const outcome = await readOutcome(this.#core, id, options);
    return (outcome === undefined ? undefined : unwrap(outcome)) as never;
  }

  /** Where the invocation with an id is. */
  async state(id: string): Promise<TaskStatus> {
    checkName(id, "id");
    return await taskStatus(this.#core, id);
  }

  /** A lock of this Huey; it is taken by `acquire`, `run` or `wrap`. */
  lockTask(name: string, options: LockOptions = {}): TaskLock {
    checkKeys(options, "Options of a lock", ["ttl", "slots"]);
    return taskLock(this.#core, name, options);
  }

  /** Whether no slot of a lock is free. */
  async isLocked(name: string): Promise<boolean> {
    return await isLocked(this.#core, name);
  }

  /** Clears all locks of this Huey that the process knows, and those named. @returns the names of those that were held */
  async flushLocks(...names: string[]): Promise<Set<string>> {
    return await flushLocks(this.#core, names);
  }

  /** A rate limit of this Huey; a call is counted by `acquire`, `run` or `wrap`. */
  rateLimit(name: string, options: RateLimitOptions): RateLimit {
    return rateLimit(this.#core, name, options);
  }

  /** Stores a value under a key of the application's own. */
  async put(key: string, value: unknown): Promise<void> {
    checkName(key, "key");
    await this.#core.storage.data.put(key, await this.#core.serializer.serialize(value));
  }

  /** Reads a value. Takes it out of the store, unless `peek`. */
  async get<T = unknown>(key: string, options: { peek?: boolean } = {}): Promise<T | undefined> {
    checkName(key, "key");
    checkKeys(options, "Options of get", ["peek"]);
    const { data } = this.#core.storage;
    const found = await (options.peek ? data.peek(key) : data.pop(key));
    return found === undefined ? undefined : await decodeValue(this.#core, found) as T;
  }

  /** Stores a value if there is none under the key. @returns whether it was put */
  async putIfEmpty(key: string, value: unknown): Promise<boolean> {
    checkName(key, "key");
    return await this.#core.storage.data.putIfEmpty(key, await this.#core.serializer.serialize(value));
  }

  /** Deletes a value. @returns whether it was there */
  async delete(key: string): Promise<boolean> {
    checkName(key, "key");
    return await this.#core.storage.data.delete(key);
  }

  /** The tasks on the queue, in the order in which they will run; nothing is taken. */
  async pending(limit?: number): Promise<Task[]> {
    return await this.#tasks(await this.#core.storage.pending(checkLimit(limit)));
  }

  /** The tasks on the schedule, soonest first. */
  async scheduled(limit?: number): Promise<Task[]> {
    return await this.#tasks(await this.#core.storage.scheduled(checkLimit(limit)));
  }

  /** Everything in the result store by key, serialised: results, values put, locks, revocations. */
  async allResults(): Promise<Map<string, Uint8Array>> {
    const { data, revocations } = this.#core.storage;
    return new Map([...await data.entries(), ...await revocations.entries()]);
  }

  /** How many tasks are on the queue. */
  async pendingCount(): Promise<number> {
    return await this.#core.storage.pendingCount();
  }

  /** How many tasks are on the schedule. */
  async scheduledCount(): Promise<number> {
    return await this.#core.storage.scheduledCount();
  }

  /** How many keys are in the result store. */
  async resultCount(): Promise<number> {
    const { data, revocations } = this.#core.storage;
    return await data.size() + await revocations.size();
  }

  /** Deletes everything of this name: queue, schedule, results, locks, counters, dead letters. */
  async flush(): Promise<void> {
    await this.#core.storage.flush();
  }

  /** Messages that could not be decoded, or name an unknown task; oldest first. */
  async deadLetters(limit?: number): Promise<DeadLetter[]> {
    return await listDeadLetters(this.#core, checkLimit(limit));
  }

  /** How many dead letters there are. */
  async deadLetterCount(): Promise<number> {
    return await this.#core.storage.deadLetterCount();
  }

  /** Puts a dead letter back on the queue. @returns whether it was there */
  async requeueDeadLetter(id: string): Promise<boolean> {
    checkName(id, "id");
    return await this.#core.storage.requeueDeadLetter(id);
  }

  /** Deletes a dead letter. @returns whether it was there */
  async deleteDeadLetter(id: string): Promise<boolean> {
    checkName(id, "id");
    return await this.#core.storage.deleteDeadLetter(id);
  }

  /** Removes a pre-execute hook. @returns whether it was there */
  unregisterPreExecute(nameOrHook: string | PreExecuteHook): boolean {
    return this.#core.hooks.preExecute.remove(nameOrHook);
  }

  /** Removes a post-execute hook. @returns whether it was there */
  unregisterPostExecute(nameOrHook: string | PostExecuteHook): boolean {
    return this.#core.hooks.postExecute.remove(nameOrHook);
  }

  /** Removes a start-up hook. @returns whether it was there */
  unregisterOnStartup(nameOrHook: string | WorkerHook): boolean {
    return this.#core.hooks.startup.remove(nameOrHook);
  }

  /** Removes a shutdown hook. @returns whether it was there */
  unregisterOnShutdown(nameOrHook: string | WorkerHook): boolean {
    return this.#core.hooks.shutdown.remove(nameOrHook);
  }

  /** Connects a handler to all signals, or to those named. @returns its disconnect function */
  signal(handler: SignalHandler): () => void;
  signal<K extends SignalName>(signals: K | readonly K[], handler: SignalHandler<K>): () => void;
  signal(first: SignalHandler | SignalName | readonly SignalName[], handler?: SignalHandler): () => void {
    if (typeof first === "function") return this.#core.signals.connect(undefined, first as SignalHandler<never>);
    const names = typeof first === "string" ? [first] : first;
    return this.#core.signals.connect(names, handler as SignalHandler<never>);
  }

  /** Disconnects a handler from the signals named, or from all. @returns whether it was connected */
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

  #register(definition: ReturnType<typeof defineTask>): unknown {
    this.#core.registry.add(definition);
    return makeWrapper(this.#core, definition);
  }

  /** The tasks of items; what cannot be decoded becomes a dead letter when it is claimed, and is left out here. */
  async #tasks(items: readonly Item[]): Promise<Task[]> {
    const tasks: Task[] = [];
    for (const item of items) {
      try {
        tasks.push(makeTask(await withChordValues(this.#core, await decodeMessage(this.#core, item.data))));
      } catch (error) {
        this.#core.logger.warn(`Message ${item.id} cannot be listed`, { error });
      }
    }
    return tasks;
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

function checkLimit(limit: number | undefined): number | undefined {
  if (limit !== undefined) checkNumber(limit, "limit", { min: 0, whole: true });
  return limit;
}
