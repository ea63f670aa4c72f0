/**
 * Hooks: functions of the application that run at fixed points of a worker's life.
 * @module
 */
import { show } from "../primitives/arguments.ts";
import { ConfigurationError } from "../errors.ts";
import type { Task } from "../types/composition.ts";
import type { Logger } from "../types/options.ts";

/** Runs in the worker just before a task. May throw `CancelExecution`. */
export type PreExecuteHook = (task: Task) => void | Promise<void>;
/** Runs after a task, when its outcome is stored. */
export type PostExecuteHook = (task: Task, value: unknown, error: Error | undefined) => void | Promise<void>;
/** Runs when a worker starts, or ends. */
export type WorkerHook = () => void | Promise<void>;

/** Registers a hook; hooks run in the order of their registration. Returns its remover. A name, also of the function, must be unique. */
export interface RegisterHook<F> {
  (hook: F): () => boolean;
  (name: string, hook: F): () => boolean;
}

interface Entry<F> {
  readonly name: string;
  readonly hook: F;
}

/** The hooks for one point, in order. */
// deno-lint-ignore ban-types -- any function type
export class HookSet<F extends Function> {
  readonly #point: string;
  #entries: Entry<F>[] = [];

  constructor(point: string) {
    this.#point = point;
  }

  /** Whether there is none. */
  get empty(): boolean {
    return this.#entries.length === 0;
  }

  /**
   * Adds a hook.
   * @throws {ConfigurationError} If its name, given or the function's own, is taken.
   * @throws {TypeError} If it is not a function, or the name given is empty.
   */
  readonly add: RegisterHook<F> = (first: string | F, second?: F): () => boolean => {
    const hook = typeof first === "string" ? second : first;
    if (typeof hook !== "function") throw new TypeError(`A ${this.#point} hook must be a function: ${show(hook)}`);
    const entry = { name: typeof first === "string" ? first : hook.name, hook };
    if (first === "") throw new TypeError(`The name of a ${this.#point} hook must not be empty`);
    this.#checkFree(entry.name);
    this.#entries = [...this.#entries, entry];
    return () => this.#remove((other) => other === entry);
  };

  /**
   * Removes by name or function.
   * @returns whether it was there
   * @throws {TypeError} If it is neither.
   */
  remove(nameOrHook: string | F): boolean {
    if (typeof nameOrHook !== "string" && typeof nameOrHook !== "function") {
      throw new TypeError(`A ${this.#point} hook is known by its name or its function: ${show(nameOrHook)}`);
    }
    if (nameOrHook === "") return false;
    return this.#remove((entry) => entry.name === nameOrHook || entry.hook === nameOrHook);
  }

  /** Name and function of each hook. */
  [Symbol.iterator](): IterableIterator<Entry<F>> {
    return this.#entries[Symbol.iterator]();
  }

  #remove(matches: (entry: Entry<F>) => boolean): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => !matches(entry));
    return this.#entries.length < before;
  }

  /** A function without a name of its own is known by itself only. */
  #checkFree(name: string): void {
    if (name !== "" && this.#entries.some((entry) => entry.name === name)) {
      throw new ConfigurationError(`A ${this.#point} hook named "${name}" is registered already: give this one another name`);
    }
  }
}

/** Hooks that take nothing; what they throw is logged. */
export class WorkerHooks extends HookSet<WorkerHook> {
  /** Runs all, one after another. Never rejects. */
  async run(logger: Logger): Promise<void> {
    for (const { name, hook } of this) {
      try {
        await hook();
      } catch (error) {
        logger.error(`Worker hook "${name}" failed`, { error });
      }
    }
  }
}

/** The hooks of one Huey. */
export interface Hooks {
  readonly preExecute: HookSet<PreExecuteHook>;
  readonly postExecute: HookSet<PostExecuteHook>;
  readonly startup: WorkerHooks;
  readonly shutdown: WorkerHooks;
}

/** No hooks yet. */
export function makeHooks(): Hooks {
  return {
    preExecute: new HookSet("preExecute"),
    postExecute: new HookSet("postExecute"),
    startup: new WorkerHooks("onStartup"),
    shutdown: new WorkerHooks("onShutdown"),
  };
}
