/**
 * The consumer: runs the tasks of a Huey.
 * @module
 */
import { coreOf } from "../lib/core/core.ts";
import type { Core } from "../lib/core/core.ts";
import { ConfigurationError } from "../lib/errors.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { show } from "../lib/primitives/arguments.ts";
import { checkOptions, rule } from "../lib/primitives/option_rules.ts";
import { durationMs } from "../lib/primitives/time.ts";
import type { Duration } from "../lib/primitives/time.ts";
import type { ConsumerHealth, Engine } from "./engine.ts";
import type { ConsumerOptions, ConsumerSettings } from "./options/settings.ts";
import { resolveSettings } from "./options/settings.ts";

export type { ConsumerOptions, WorkerType } from "./options/settings.ts";

/** What one can wait for. */
export type ConsumerEvent = "started" | "idle" | "stopped";

/** How to stop. */
export interface StopOptions {
  /** Wait for running tasks, without a limit. Default true. */ graceful?: boolean;
  /** Time that running tasks get if not graceful. Default: the consumer's option. */ grace?: Duration;
}

/** How a consumer of this process is. @returns `undefined` while it does not run, or stops */
export let healthOf: (consumer: Consumer) => ConsumerHealth | undefined;

/**
 * Runs the tasks of a Huey, in this isolate or in Web Workers or child processes that it makes.
 *
 * @example
 * ```ts
 * import { Consumer, MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey();
 * const add = huey.task("add", (a: number, b: number) => a + b);
 * const result = await add(1, 2);
 *
 * const consumer = new Consumer(huey, { workers: 4 });
 * await consumer.start();
 * console.log(await result.get({ blocking: true })); // 3
 * await consumer.stop();
 * await huey.close();
 * ```
 */
export class Consumer implements AsyncDisposable {
  /** The Huey whose tasks it runs. */
  readonly huey: Huey;
  readonly #core: Core;
  readonly #settings: ConsumerSettings;
  /** Loaded at the start: a program that only enqueues, and a worker that imports the application, does without. */
  #engine: Promise<Engine> | undefined;
  #health: (() => ConsumerHealth) | undefined;
  #started: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Aborted when it has stopped. */
  #running: AbortController = new AbortController();
  #stopping: Promise<void> | undefined;

  static {
    // Not a public member: the endpoints of the command line ask.
    healthOf = (consumer) => consumer.#stopping === undefined ? consumer.#health?.() : undefined;
  }

  /**
   * Makes a consumer; it does nothing before `start`.
   *
   * @param huey The Huey.
   * @param options How to run.
   * @throws {ConfigurationError} For contradictory options, a memory storage with Web Workers, or a Huey in immediate mode.
   * @throws {TypeError} For an option that does not exist, or a value of a wrong type.
   * @throws {RangeError} For a value out of range.
   */
  constructor(huey: Huey, options: ConsumerOptions = {}) {
    const core = coreOf(huey);
    if (core === undefined) throw new TypeError(`A consumer needs a Huey: ${String(huey)}`);
    this.huey = huey;
    this.#settings = resolveSettings(options);
    this.#core = core;
    checkHuey(core, this.#settings);
  }

  /**
   * Starts the workers and the scheduler. Resolves when all workers are ready.
   * @throws {ConfigurationError} If it runs already, if the Huey is in immediate mode, in a worker of a consumer, or if the runtime
   * lacks something.
   */
  async start(): Promise<void> {
    if (this.#engine !== undefined) throw new ConfigurationError("This consumer runs already");
    checkHuey(this.#core, this.#settings);
    this.#engine = this.#makeEngine();
    try {
      await (await this.#engine).start();
    } catch (error) {
      await this.stop({ graceful: false, grace: 0 });
      throw error;
    }
    if (this.#stopping === undefined) this.#started.resolve();
  }

  /** Starts, then waits until it is stopped. */
  async run(): Promise<void> {
    const stopped = abortOf(this.#running.signal);
    await this.start();
    await stopped;
  }

  /**
   * Stops: claims no more, and waits for what runs; unless `graceful`, running tasks get the grace time and are then given back to
   * the queue, as `interrupted`. A second call may be less patient than the first. Idempotent, also before `start`.
   *
   * @param options Whether to wait for running tasks, and how long they get if not.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    checkOptions<StopOptions>(options, "stop", { graceful: rule.boolean, grace: rule.duration() });
    const { graceful = true, grace } = options;
    const graceMs = grace === undefined ? this.#settings.graceMs : durationMs(grace, "grace");
    const engine = this.#engine;
    if (engine === undefined) return;
    const stopped = engine.then((engine) => engine.stop(graceful ? Infinity : graceMs));
    await (this.#stopping ??= this.#finish(stopped));
  }

  /**
   * Waits for something to happen.
   *
   * @param event `"started"`: all workers are ready. `"idle"`: nothing is running and nothing is waiting in the queue.
   * `"stopped"`: it has stopped.
   * @param options `signal` ends the wait.
   * @throws The signal's reason; ConfigurationError if it is stopped while one waits for `"idle"`.
   */
  async waitFor(event: ConsumerEvent, options: { signal?: AbortSignal } = {}): Promise<void> {
    checkOptions<{ signal?: AbortSignal }>(options, "waitFor", { signal: rule.signal });
    const { signal } = options;
    signal?.throwIfAborted();
    const over = new AbortController();
    const waits = [this.#event(event, over.signal)];
    if (signal !== undefined) waits.push(abortOf(signal, over.signal).then(() => signal.throwIfAborted()));
    try {
      await Promise.race(waits);
    } finally {
      over.abort();
    }
  }

  /** A graceful stop. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** @param over Aborted when nobody waits any more, so that a long life does not gather what waits for its end */
  #event(event: ConsumerEvent, over: AbortSignal): Promise<void> {
    if (event === "started") return this.#started.promise;
    if (event === "stopped") return abortOf(this.#running.signal, over);
    if (event === "idle") return this.#idle(over);
    throw new TypeError(`One can wait for "started", "idle" or "stopped": ${show(event)}`);
  }

  async #idle(over: AbortSignal): Promise<void> {
    const idle = this.#started.promise.then(() => this.#engine!).then((engine) => engine.idle());
    const stopped = abortOf(this.#running.signal, over).then(() => {
      throw new ConfigurationError("The consumer was stopped before it was idle");
    });
    await Promise.race([idle, stopped]);
  }

  async #makeEngine(): Promise<Engine> {
    const { Engine } = await import("./engine.ts");
    const engine = new Engine(this.huey, this.#core, this.#settings);
    this.#health = () => engine.health;
    return engine;
  }

  async #finish(stopped: Promise<void>): Promise<void> {
    try {
      await stopped;
    } finally {
      this.#engine = undefined;
      this.#health = undefined;
      this.#stopping = undefined;
      const running = this.#running;
      this.#started = Promise.withResolvers();
      this.#running = new AbortController();
      running.abort();
    }
  }
}

function checkHuey(core: Core, settings: ConsumerSettings): void {
  if (core.immediate) {
    throw new ConfigurationError(
      `Huey "${core.settings.name}" is in immediate mode: its tasks run in the call, so there is nothing to consume`,
    );
  }
  if (settings.workerType !== "greenlet" && !core.storage.shared) {
    throw new ConfigurationError(
      `workerType "${settings.workerType}" needs a storage that other isolates can see: ` +
        `that of Huey "${core.settings.name}" lives in this one; use workerType "greenlet"`,
    );
  }
}

/** Resolves when a signal is aborted. @param over Ends the wait, which then never resolves, and leaves nothing behind */
function abortOf(signal: AbortSignal, over?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true, ...(over === undefined ? {} : { signal: over }) });
  });
}
