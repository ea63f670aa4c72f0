/**
 * A worker in this isolate: hooks around a pump.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { Pump } from "./pump.ts";
import type { PumpEnd, PumpOptions } from "./pump.ts";

/** Startup hooks, a pump, shutdown hooks. */
export class LocalWorker {
  /** Resolves when the pump has ended and the shutdown hooks have run. */
  readonly ended: Promise<PumpEnd>;
  readonly #core: Core;
  readonly #options: PumpOptions;
  readonly #pump: Pump;
  #started = false;

  constructor(core: Core, options: PumpOptions) {
    this.#core = core;
    this.#options = options;
    this.#pump = new Pump(core, options);
    this.ended = this.#finish();
  }

  /** Runs the startup hooks, then claims. */
  async start(): Promise<void> {
    this.#started = true;
    await this.#core.hooks.startup.run(this.#options.logger);
    this.#pump.start();
  }

  /** As of the pump. */
  pause(): Promise<void> {
    return this.#pump.pause();
  }

  /** Claims again after a `pause`. */
  resume(): void {
    this.#pump.start();
  }

  /** Attempts so far. */
  get started(): number {
    return this.#pump.started;
  }

  /** As of the pump. */
  get isTurning(): boolean {
    return this.#pump.isTurning;
  }

  /** As of the pump. */
  idle(): Promise<number | undefined> {
    return this.#pump.idle();
  }

  /** Claims no more, waits for what runs, and runs the shutdown hooks. */
  async stop(): Promise<void> {
    await this.#pump.stop();
    await this.ended;
  }

  /** Waits for `graceMs` only, then gives back what runs. */
  async interrupt(graceMs: number): Promise<void> {
    await this.#pump.interrupt(graceMs);
    await this.ended;
  }

  async #finish(): Promise<PumpEnd> {
    const end = await this.#pump.ended;
    if (this.#started) await this.#core.hooks.shutdown.run(this.#options.logger);
    return end;
  }
}
