/**
 * Worker type `greenlet`: all slots in this isolate.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Crew } from "./workers.ts";
import { LocalWorker } from "./local_worker.ts";
import type { ConsumerSettings } from "../options/settings.ts";

/** One pump with the slots of all workers, made anew after `maxTasks`. */
export class LocalCrew implements Crew {
  readonly #core: Core;
  readonly #consumer: string;
  readonly #settings: ConsumerSettings;
  readonly #logger: Logger;
  readonly #onStart: () => void;
  #worker: LocalWorker;
  #incarnation = 1;
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
    await this.#worker.start();
    void this.#recycle();
  }

  async idle(): Promise<number> {
    const worker = this.#worker;
    const started = await worker.idle();
    if (started !== undefined) return this.#before + started;
    // The pump ended meanwhile: ask its successor, if there will be one.
    await worker.ended;
    return this.#stopping ? await new Promise(() => {}) : await this.idle();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#worker.stop();
  }

  async interrupt(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#worker.interrupt(graceMs);
  }

  get isTurning(): boolean {
    return this.#worker.isTurning;
  }

  leaseRenewed(): void {
    // Whatever freezes the consumer freezes the pump.
  }

  check(): void {
    // The pump lives in the isolate of the caller: while that runs, the pump does.
  }

  #make(): LocalWorker {
    const { workers, concurrency, poll, maxTasks } = this.#settings;
    const worker = this.#incarnation === 1 ? "Worker-1" : `Worker-1.${this.#incarnation}`;
    const owner = { consumer: this.#consumer, worker };
    const slots = workers * concurrency;
    return new LocalWorker(this.#core, { slots, owner, poll, maxTasks, logger: this.#logger, onStart: this.#onStart });
  }

  async #recycle(): Promise<void> {
    const { maxTasks = 0 } = this.#settings;
    while (await this.#worker.ended === "exhausted" && !this.#stopping) {
      this.#logger.info(`Worker-1 has done ${maxTasks} tasks and starts anew`);
      this.#incarnation++;
      this.#before += maxTasks;
      this.#worker = this.#make();
      await this.#worker.start();
    }
  }
}
