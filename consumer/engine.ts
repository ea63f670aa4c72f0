/**
 * The parts of a running consumer, started and stopped in their order.
 * @module
 */
import type { Core } from "../lib/core/core.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { startInterval, type Timer, within } from "../lib/primitives/clock.ts";
import type { Logger } from "../lib/types/options.ts";
import { aboutConsumer, logBanner, logPause } from "./about.ts";
import { SLOW_START_MS, type Workers } from "./worker/workers.ts";
import { newIdentity } from "./platform/identity.ts";
import type { Identity } from "./platform/identity.ts";
import type { Loop } from "./loop/loop.ts";
import { LeaseKeeper } from "./loop/lease.ts";
import { partLogger } from "../lib/observe/logger.ts";
import { recoveryLoop } from "./loop/recover_consumers.ts";
import { schedulerLoop } from "./loop/scheduler.ts";
import { checkPlace } from "./options/requirements.ts";
import type { ConsumerSettings } from "./options/settings.ts";

/** How long the storage may take at the end. */
const GIVE_BACK_MS = 5000;

/** The health of a running consumer. */
export interface ConsumerHealth {
  /** All workers are ready. */
  readonly started: boolean;
  /** The loops that claim and schedule are alive. */
  readonly alive: boolean;
}

/** One run of a consumer, from its start to its end. */
export class Engine {
  readonly #huey: Huey;
  readonly #core: Core;
  readonly #settings: ConsumerSettings;
  readonly #logger: Logger;
  readonly #identity: Identity = newIdentity();
  readonly #lease: LeaseKeeper;
  readonly #recovery: Loop | undefined;
  readonly #scheduler: Loop;
  /** Missing until they are loaded: each type of worker has code that the others do without. */
  #workers: Workers | undefined;
  readonly #forced: PromiseWithResolvers<number> = Promise.withResolvers();
  #healthCheck: Timer | undefined;
  #starting: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #started = false;
  /** A start that is under way, or hangs, does nothing more. */
  #stopping = false;
  /** The storage did not grant the lease, so that nothing was begun. */
  #refused = false;

  /** @throws {ConfigurationError} Where a consumer cannot work. */
  constructor(huey: Huey, core: Core, settings: ConsumerSettings) {
    checkPlace({ queue: core.settings.name, shared: core.storage.shared, workerType: settings.workerType });
    this.#huey = huey;
    this.#core = core;
    this.#settings = settings;
    const logger = this.#logger = partLogger(core.logger, "consumer");
    const { storage, clock } = core;
    const startedMs = clock.now();
    this.#lease = new LeaseKeeper(storage, {
      lease: { ...this.#identity, ttlMs: settings.leaseMs },
      tasksRunHere: settings.workerType === "greenlet",
      poll: settings.poll,
      logger,
      clock,
      about: async () => aboutConsumer(settings, startedMs, await this.#workers?.busy() ?? 0),
      onRenewed: () => this.#workers?.leaseRenewed?.(),
    });
    // What only this isolate sees cannot have been left behind by another.
    if (storage.shared) this.#recovery = recoveryLoop(core, { ...settings, identity: this.#identity, logger });
    this.#scheduler = schedulerLoop(core, { ...settings, logger: partLogger(logger, "Scheduler") });
  }

  /** Resolves when all workers are ready. */
  start(): Promise<void> {
    return this.#starting ??= this.#start();
  }

  /** How it is now. */
  get health(): ConsumerHealth {
    const alive = !this.#started || this.#scheduler.isAlive && (this.#workers?.isAlive ?? false);
    return { started: this.#started, alive };
  }

  /** Resolves when nothing is running and nothing is waiting. */
  async idle(): Promise<void> {
    // Looked at twice: if no attempt began in between, all workers were idle at the same time.
    const workers = this.#workers!;
    let before = await workers.idle();
    for (;;) {
      const after = await workers.idle();
      if (after === before) return;
      before = after;
    }
  }

  /**
   * Stops everything; never leaves a part running, even if another fails. Another call may be less patient than the one before.
   *
   * @param graceMs After this time, what still runs is given back.
   */
  stop(graceMs: number): Promise<void> {
    if (graceMs < Infinity) this.#force(graceMs);
    return this.#stopped ??= this.#stop();
  }

  #force(graceMs: number): void {
    this.#forced.resolve(graceMs);
    void this.#forced.promise.then((first) => {
      if (graceMs < first) return this.#workers?.stop(graceMs);
    });
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    this.#healthCheck?.stop();
    // Whoever started it is told why that failed. A start that hangs in the application ends with its workers; one that hangs because
    // the storage does must not hold up a forced stop.
    const begun = [this.#starting, this.#workers?.stop(Infinity)].map((part) => part?.catch(() => {}));
    await Promise.race([Promise.all(begun), this.#forced.promise]);
    if (this.#refused) return;
    await this.#try("Stopping the workers", () => this.#stopWorkers());
    await this.#try("Stopping the scheduler", () => this.#scheduler.stop());
    await this.#try("Stopping the recovery", () => this.#recovery?.stop());
    await this.#try("Ending the lease", () => this.#giveBack());
    this.#logger.info("All workers have stopped");
  }

  async #start(): Promise<void> {
    for (const step of [this.#takeLease, this.#flushLocks, this.#startWorkers]) {
      await step.call(this);
      if (this.#stopping) return;
    }
    this.#scheduler.start();
    this.#started = true;
    logBanner(this.#core, this.#settings, this.#logger);
    void logPause(this.#core, this.#logger);
    const { checkWorkerHealth, healthCheckIntervalMs } = this.#settings;
    if (checkWorkerHealth) this.#healthCheck = startInterval(this.#core.clock, healthCheckIntervalMs, () => this.#check());
  }

  async #startWorkers(): Promise<void> {
    this.#recovery?.start();
    const workers = await this.#makeWorkers();
    if (this.#stopping) return;
    this.#workers = workers;
    const slow = this.#core.clock.startTimer(SLOW_START_MS, () => this.#logger.warn(workers.slowStart), { background: true });
    await workers.start().finally(() => slow.stop());
  }

  async #takeLease(): Promise<void> {
    await this.#lease.start().catch((error) => {
      this.#refused = true;
      throw error;
    });
  }

  #check(): void {
    this.#logger.debug("Checking workers and scheduler");
    this.#scheduler.restartIfStuck();
    this.#recovery?.restartIfStuck();
    this.#workers?.check?.();
  }

  async #stopWorkers(): Promise<void> {
    const graceful = this.#workers?.stop(Infinity);
    const forced = this.#forced.promise.then((graceMs) => this.#workers?.stop(graceMs));
    await Promise.race([graceful, forced]);
  }

  async #giveBack(): Promise<void> {
    const work = async (): Promise<void> => {
      // The end of the lease, too, lets others recover what is left.
      await this.#try("Giving back what is left", () => this.#core.storage.recover({ consumer: this.#identity.consumer }));
      await this.#lease.stop();
    };
    // A storage that is gone must not keep the process from ending; others recover what it holds.
    await within(this.#core.clock, { ms: GIVE_BACK_MS }, work(), () => {});
  }

  async #flushLocks(): Promise<void> {
    if (!this.#settings.flushLocks) return;
    const cleared = await this.#huey.flushLocks(...this.#settings.extraLocks);
    if (cleared.size > 0) this.#logger.warn(`Locks cleared at the start: ${[...cleared].join(", ")}`);
  }

  async #makeWorkers(): Promise<Workers> {
    const { consumer } = this.#identity;
    const settings = this.#settings;
    const logger = partLogger(this.#logger, "Worker");
    if (settings.workerType === "greenlet") {
      const { AsyncWorkers } = await import("./worker/async_workers.ts");
      return new AsyncWorkers(this.#core, consumer, settings, logger, () => this.#lease.taskStarts());
    }
    const { makePool } = await import("./pool/pool.ts");
    return await makePool(this.#core, consumer, settings, logger);
  }

  async #try(what: string, work: () => Promise<unknown> | undefined): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#logger.error(`${what} failed`, { error });
    }
  }
}
