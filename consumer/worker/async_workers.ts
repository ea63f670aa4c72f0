/**
 * Worker type `greenlet`: all slots in this isolate.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import type { Logger } from "../../lib/types/options.ts";
import { SLOW_START_MS, type Workers } from "./workers.ts";
import { Worker } from "./worker.ts";
import type { ConsumerSettings } from "../options/settings.ts";

/** One worker with the slots of all, made anew after `maxTasks`. */
export class AsyncWorkers implements Workers {
  readonly #core: Core;
  readonly #consumer: string;
  readonly #settings: ConsumerSettings;
  readonly #logger: Logger;
  readonly #onStart: () => void;
  #worker: Worker;
  #starting: Promise<void> | undefined;
  #generation = 1;
  #before = 0;
  #stopping = false;

  /**
   * @param consumer Id of the consumer.
   * @param onStart Told just before a task runs.
   */
  constructor(core: Core, consumer: string, settings: ConsumerSettings, logger: Logger, onStart: () => void) {
    this.#onStart = onStart;
    this.#core = core;
    this.#consumer = consumer;
    this.#settings = settings;
    this.#logger = logger;
    this.#worker = this.#make();
  }

  async start(): Promise<void> {
    await (this.#starting = this.#worker.start());
    void this.#recycle();
  }

  get slowStart(): string {
    return `Worker-1 still starting after ${SLOW_START_MS / 1000} s: a startup hook does not end`;
  }

  async idle(): Promise<number> {
    const worker = this.#worker;
    const started = await worker.idle();
    if (started !== undefined) return this.#before + started;
    // The worker ended meanwhile: ask its successor, if there will be one.
    await worker.ended;
    return this.#stopping ? await new Promise(() => {}) : await this.idle();
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    // The shutdown hooks come after the startup hooks.
    if (graceMs === Infinity) await this.#starting;
    await this.#worker.stop(graceMs);
  }

  busy(): Promise<number> {
    return Promise.resolve(this.#worker.busy);
  }

  get isAlive(): boolean {
    return this.#worker.isAlive;
  }

  #make(): Worker {
    const { workers, concurrency, poll, maxTasks } = this.#settings;
    const worker = this.#generation === 1 ? "Worker-1" : `Worker-1.${this.#generation}`;
    const owner = { consumer: this.#consumer, worker };
    const slots = workers * concurrency;
    return new Worker(this.#core, { slots, owner, poll, maxTasks, logger: this.#logger, onStart: this.#onStart });
  }

  async #recycle(): Promise<void> {
    const { maxTasks = 0 } = this.#settings;
    while (await this.#worker.ended === "exhausted" && !this.#stopping) {
      this.#logger.info(`Worker-1 has done ${maxTasks} tasks and starts anew`);
      this.#generation++;
      this.#before += maxTasks;
      this.#worker = this.#make();
      await this.#worker.start();
    }
  }
}
