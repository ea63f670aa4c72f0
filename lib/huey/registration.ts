/**
 * What belongs to a Huey in its process: its settings, its tasks, hooks and signal handlers.
 * @module
 */
import { checkBoolean, show } from "../primitives/arguments.ts";
import { markAsHuey } from "../core/core.ts";
import { defineClosing, defineContext, definePeriodic, defineRemote, defineTask } from "../task/definition.ts";
import type { PostExecuteHook, PreExecuteHook, RegisterHook, WorkerHook } from "../observe/hooks.ts";
import { HueyInternals, type StorageSource } from "./internals.ts";
import type { Definition } from "../task/registry.ts";
import type { SignalHandler, SignalName } from "../observe/signals.ts";
import type { Storage } from "../storage.ts";
import type { DefineClosingTask, DefineContextTask, DefinePeriodicTask, DefineTask, TaskOptions } from "../types/definition.ts";
import type { Remote } from "../types/calling.ts";
import type { HueyOptions } from "../types/options.ts";
import { makeRemote, makeWrapper } from "./task_function.ts";

/**
 * The part of a Huey that needs no storage: tasks, hooks and signals.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true });
 * const greet = huey.task("greet", (name: string) => `Hello, ${name}`);
 * huey.postExecute((task, value) => console.log(task.name, value));
 * await greet("Ada"); // greet Hello, Ada
 * ```
 */
export abstract class HueyRegistration {
  /**
   * The inside, for the classes of the library.
   * @internal
   */
  protected readonly core: HueyInternals;

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
   * Makes what belongs to a Huey in its process.
   *
   * @param options Options of every Huey, and the storage.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   * @throws {ConfigurationError} For options that contradict each other.
   */
  constructor(options: HueyOptions & { storage: StorageSource }) {
    if (typeof options?.storage !== "function" && typeof options?.storage?.enqueue !== "function") {
      throw new TypeError(`storage must be a storage or a function that opens one: ${show(options?.storage)}`);
    }
    const core = new HueyInternals(options, options.storage);
    this.core = core;
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
    return this.core.settings.name;
  }
  /** Whether values and errors are stored. */
  get results(): boolean {
    return this.core.settings.results;
  }
  set results(on: boolean) {
    checkBoolean(on, "results");
    this.core.settings.results = on;
  }
  /** Whether `undefined` is stored too. */
  get storeNone(): boolean {
    return this.core.settings.storeNone;
  }
  set storeNone(on: boolean) {
    checkBoolean(on, "storeNone");
    this.core.settings.storeNone = on;
  }
  /** Whether crontab's default zone is UTC. */
  get utc(): boolean {
    return this.core.settings.utc;
  }
  set utc(on: boolean) {
    checkBoolean(on, "utc");
    this.core.settings.utc = on;
  }
  /** Whether tasks run in the call. A change swaps the storage when `immediateUseMemory`; each switch starts with an empty memory. */
  get immediate(): boolean {
    return this.core.immediate;
  }
  set immediate(on: boolean) {
    checkBoolean(on, "immediate");
    this.core.immediate = on;
  }
  /** The storage in use. */
  get storage(): Storage {
    return this.core.storage;
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
    this.core.registry.add(definition);
    return makeRemote(this.core, definition) as unknown as Remote<Fn>;
  }

  /**
   * Removes a pre-execute hook.
   *
   * @param nameOrHook The hook, or the name that it was registered under.
   * @returns Whether it was there.
   */
  unregisterPreExecute(nameOrHook: string | PreExecuteHook): boolean {
    return this.core.hooks.preExecute.remove(nameOrHook);
  }

  /**
   * Removes a post-execute hook.
   *
   * @param nameOrHook The hook, or the name that it was registered under.
   * @returns Whether it was there.
   */
  unregisterPostExecute(nameOrHook: string | PostExecuteHook): boolean {
    return this.core.hooks.postExecute.remove(nameOrHook);
  }

  /**
   * Removes a start-up hook.
   *
   * @param nameOrHook The hook, or the name that it was registered under.
   * @returns Whether it was there.
   */
  unregisterOnStartup(nameOrHook: string | WorkerHook): boolean {
    return this.core.hooks.startup.remove(nameOrHook);
  }

  /**
   * Removes a shutdown hook.
   *
   * @param nameOrHook The hook, or the name that it was registered under.
   * @returns Whether it was there.
   */
  unregisterOnShutdown(nameOrHook: string | WorkerHook): boolean {
    return this.core.hooks.shutdown.remove(nameOrHook);
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
    if (typeof first === "function") return this.core.signals.connect(undefined, first as SignalHandler<never>);
    const names = typeof first === "string" ? [first] : first;
    if (!Array.isArray(names)) throw new TypeError(`signal takes a handler, or names of signals and a handler: ${show(first)}`);
    return this.core.signals.connect(names, handler as SignalHandler<never>);
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
    return this.core.signals.disconnect(handler, signals);
  }

  #register(definition: Definition): unknown {
    this.core.registry.add(definition);
    return makeWrapper(this.core, definition);
  }
}
